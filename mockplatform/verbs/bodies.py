"""Verbs that send another body than the endpoint's."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Annotated, Any, Literal

from mockplatform.misbehaving.arguments import Within
from mockplatform.misbehaving.wire_call import WireCall

__all__ = ["bom", "duplicate_keys", "gzip_lie", "html", "huge", "json_merge", "junk", "malformed_json"]

_SIGN_IN = b"<!doctype html><html><head><title>Sign in</title></head><body><p>Please sign in.</p></body></html>"
_BLOCK = b" " * 65_536


async def html(call: WireCall) -> None:
    """Sends a page for people with the status of the right answer, as a proxy or a sign-in page does."""
    answer = await call.honest()
    await call.reply(replace(answer, body=_SIGN_IN).with_header("content-type", "text/html; charset=utf-8"))


async def junk(
    call: WireCall, *, length: Annotated[int, Within(1, 1 << 20)] = 512, seed: Annotated[int, Within(0, 1 << 31)] = 0
) -> None:
    """Sends bytes without a meaning under the right media type; the same ones for the same seed."""
    answer = await call.honest()
    body = random.Random(seed).randbytes(length)  # noqa: S311
    await call.reply(replace(answer, body=body))


async def malformed_json(call: WireCall) -> None:
    """Sends only the first half of the body, as if that were all of it."""
    answer = await call.honest()
    await call.reply(replace(answer, body=answer.body[: len(answer.body) // 2] or b"{"))


async def duplicate_keys(call: WireCall, *, right: Literal["first", "last"] = "last") -> None:
    """Names every member of the JSON object twice, once with null; readers differ in which one counts (RFC 8259, 4).

    In an array this is done to every object of it. What is no JSON passes as it is.
    """
    answer = await call.honest()
    found = answer.json
    if isinstance(found, list):
        body = "[" + ", ".join(_doubled(one, right=right) for one in found) + "]"
    else:
        body = _doubled(found, right=right)
    changed = isinstance(found, (dict, list))
    await call.reply(replace(answer, body=body.encode()) if changed else answer)


def _doubled(value: Any, *, right: str) -> str:
    if not isinstance(value, dict):
        return json.dumps(value)
    told = [f"{json.dumps(name)}: {json.dumps(member)}" for name, member in value.items()]
    null = [f"{json.dumps(name)}: null" for name in value]
    return "{" + ", ".join(told + null if right == "first" else null + told) + "}"


async def bom(call: WireCall) -> None:
    """Puts a byte order mark before the body (RFC 8259, section 8.1, forbids it)."""
    answer = await call.honest()
    await call.reply(replace(answer, body=b"\xef\xbb\xbf" + answer.body))


async def gzip_lie(call: WireCall) -> None:
    """Says that the body is compressed, and sends it as it is."""
    await call.pass_on(lambda answer: answer.with_header("content-encoding", "gzip"))


async def huge(call: WireCall, *, mib: Annotated[int, Within(1, 1024)] = 64) -> None:
    """Sends so many mebibytes of white space after the body, which stays what it was to a reader of JSON."""
    answer = await call.honest()
    await call.begin(answer, length=len(answer.body) + (mib << 20))
    await call.part(answer.body)
    for _ in range((mib << 20) // len(_BLOCK)):
        await call.part(_BLOCK)
    await call.part(b"", last=True)


async def json_merge(call: WireCall, *, patch: dict[str, Any]) -> None:
    """Changes members of the JSON object; null takes one away, objects are merged (RFC 7396).

    In an array this is done to every object of it. What is no JSON passes as it is.
    """
    answer = await call.honest()
    found = answer.json
    if isinstance(found, dict):
        merged: Any = _merged(found, patch)
    elif isinstance(found, list):
        merged = [_merged(one, patch) if isinstance(one, dict) else one for one in found]
    else:
        await call.reply(answer)
        return
    await call.reply(replace(answer, body=json.dumps(merged, ensure_ascii=False).encode()))


def _merged(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for name, member in patch.items():
        if member is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), member)
    return merged
