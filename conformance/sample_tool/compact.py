"""A signed token in its compact form, taken apart strictly (RFC 7515 7.1)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

__all__ = ["Token", "json_object", "read_token", "strict_base64url"]

SIZE_LIMIT = 1 << 20
DEPTH_LIMIT = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """The parts of a token, nothing of which has been verified."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    signed: bytes
    signature: bytes


def strict_base64url(part: str) -> bytes:
    """Decodes the one encoding that a run of bytes has: no padding, no other alphabet, no stray bits."""
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise ValueError("not base64url without padding")
    return data


def json_object(data: bytes) -> dict[str, Any]:
    """Reads a JSON object that every reader would understand alike (RFC 7515 4, RFC 7493)."""
    value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    if type(value) is not dict:
        raise ValueError("not an object")
    if _depth(value) > DEPTH_LIMIT:
        raise ValueError("nested too deeply")
    if b"\\u" in data:
        # Half of a surrogate pair is no character: it could be neither stored nor shown.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def read_token(
    compact: str,
    *,
    decode: Callable[[str], bytes] = strict_base64url,
    parse: Callable[[bytes], Mapping[str, Any]] = json_object,
) -> Token:
    """Takes a token apart; ValueError when it has not the shape of one."""
    if len(compact) > SIZE_LIMIT:
        raise ValueError("too large")
    header, payload, signature = compact.split(".")
    try:
        return Token(
            header=parse(decode(header)),
            payload=parse(decode(payload)),
            signed=f"{header}.{payload}".encode(),
            signature=decode(signature),
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name is given twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        depth, level = (depth + 1, [child for parent in level for child in _children(parent)])
    return depth


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
