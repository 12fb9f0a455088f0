"""The token of a launch taken apart, its lies marked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mockplatform.keys import b64url, from_b64url
from mockplatform.lms import Platform
from mockplatform.model import AuthRequest, Params
from mockplatform.pending import PendingLaunch
from mockplatform.telling.lines import Line, compared
from mockplatform.telling.masking import masked
from mockplatform.telling.rehearsal import honest_token

__all__ = ["TokenView", "part_params", "taken_apart", "token_view"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token taken apart.

    Args:
        signature: what is known of it, in one sentence.
        trouble: why a part of it cannot be read, if so.
    """

    header: tuple[Line, ...]
    claims: tuple[Line, ...]
    signature: str
    fits: bool | None
    text: str
    trouble: str = ""


def token_view(
    platform: Platform, pending: PendingLaunch, request: AuthRequest, fields: Mapping[str, str]
) -> TokenView:
    """The token that was sent, each part of it beside what an honest platform would have said."""
    text = fields.get("id_token") or (pending.token.text if pending.token else "")
    header, claims, trouble = taken_apart(text)
    lies = (_beside(header, header), _beside(claims, claims))
    if pending.mutations:
        # The token was made a moment after the request came, perhaps in the next second: the likelier one counts.
        since = pending.asked_s or pending.begun_s
        # The keys may have turned since then.
        kid = pending.signed_kid or platform.key_set.signing_kid()
        honest = [honest_token(platform, pending.launch, request, kid=kid, now_s=since + later) for later in (0, 1)]
        both = [(_beside(header, one.header), _beside(claims, one.claims)) for one in honest]
        lies = min(both, key=lambda pair: sum(line.was is not None for part in pair for line in part))
    fits = _fits(platform, text, header, {(pending.signed_with, pending.signed_kid), *_keys(platform)})
    return TokenView(
        header=lies[0], claims=lies[1], signature=_SIGNATURES[fits], fits=fits, text=masked(text), trouble=trouble
    )


_SIGNATURES: Final[Mapping[bool | None, str]] = {
    True: "The signature fits the key of the platform that the header names.",
    False: "The signature does not fit the key of the platform.",
    None: "The header names no key with which this platform signs now.",
}


def taken_apart(text: str) -> tuple[Mapping[str, Any] | bytes, Mapping[str, Any] | bytes, str]:
    """Header and claims of a compact token, and what of them cannot be read (RFC 7515, section 3.1)."""
    parts = text.split(".")
    trouble = "" if len(parts) == 3 else f"it has {len(parts)} parts in place of 3"
    read: list[Mapping[str, Any] | bytes] = []
    for name, part in zip(("header", "payload"), (*parts, "")[:2], strict=True):
        content, problem = _read(part)
        read.append(content)
        trouble = trouble or (f"its {name} {problem}" if problem else "")
    return read[0], read[1], trouble


def _read(part: str) -> tuple[Mapping[str, Any] | bytes, str]:
    try:
        raw = from_b64url(part)
    except ValueError:
        return part.encode(), "is not Base64url"
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return raw, "is not JSON"
    return (value, "") if isinstance(value, dict) else (raw, "is no JSON object")


def part_params(part: Mapping[str, Any] | bytes) -> Params:
    """Header or claims as names and values; what could not be read, as it stands."""
    if isinstance(part, bytes):
        return (("as it stands", part.decode("utf-8", "replace")),)
    return tuple((name, value if isinstance(value, str) else _json(value)) for name, value in part.items())


def _beside(now: Mapping[str, Any] | bytes, honest: Mapping[str, Any] | bytes) -> tuple[Line, ...]:
    """The parts compared as JSON, in which a number and its text differ, and shown as plain as that leaves them."""
    return tuple(map(_plain, compared(_as_json(now), _as_json(honest))))


def _as_json(part: Mapping[str, Any] | bytes) -> Params:
    if isinstance(part, bytes):
        return tuple((name, _json(text)) for name, text in part_params(part))
    return tuple((name, _json(value)) for name, value in part.items())


def _plain(line: Line) -> Line:
    plain = replace(line, value=_text(line.value), was=_text(line.was))
    return line if plain.value == plain.was else plain


def _text(told: str | None) -> str | None:
    return str(json.loads(told)) if told and told.startswith('"') else told


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _keys(platform: Platform) -> Iterator[tuple[str, str]]:
    """The keys with which this platform signs, or that it publishes, each with a key id that it has had."""
    ring = platform.keys
    yield "platform", ring.kid("platform")
    yield platform.key_set.signing_key()
    for entry in platform.key_set.now.listed:
        if entry.key and ring.jwk(entry.key)["alg"] == "RS256":
            yield entry.key, ring.kid(entry.kid_of or entry.key)


def _fits(
    platform: Platform, text: str, header: Mapping[str, Any] | bytes, keys: Iterable[tuple[str, str]]
) -> bool | None:
    named = header.get("kid") if isinstance(header, Mapping) else None
    names = sorted({key for key, kid in keys if key and kid == named})
    if not names:
        return None
    signed, _, signature = text.rpartition(".")
    # RS256 makes the same signature each time (RFC 8017, section 8.2), so that it can be made anew to compare.
    content = signed.encode("utf-8", "surrogatepass")
    return any(b64url(platform.keys.signature("RS256", name, content)) == signature for name in names)
