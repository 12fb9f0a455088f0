"""JWTs that stand in a text, found by their headers."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mockplatform.telling.secrets.rule import PERCENT

__all__ = ["TOKEN_LIKE", "FoundToken", "header_in", "tokens_in"]

_PART: Final = r"[A-Za-z0-9_•-]*+"
"""It may have been masked before."""
_DOT: Final = rf"(?:\.|{PERCENT}2[Ee]|\\{{1,8}}u002[Ee])"
"""As addresses and JSON may write it."""
TOKEN_LIKE: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*?e[wy])(?P<first>[A-Za-z0-9_-]++)"
    rf"(?={_DOT}(?P<claims>{_PART}){_DOT}(?P<signature>{_PART})(?:{_DOT}(?P<fourth>{_PART}){_DOT}(?P<fifth>{_PART}))?)"
)
"""What may be a JWT, whatever it is called: its header is a JSON object, which begins so in Base64url, perhaps with
something written right before it. Looked for once in each run of such characters, so that no text takes long."""
_HEADER_BEGINS: Final = re.compile(rb'\{[ \t\r\n]*+"(?:[^"\\\x00-\x1f]|\\.)++"[ \t\r\n]*+:')
_BEGINNING: Final = re.compile("e[wy]")
_SHORTEST_HEADER: Final = len("eyJhbGciOiIifQ")
"""As long as `{"alg":""}` is in Base64url."""
_ENOUGH: Final = 64
"""As many characters of a header show its first name; that no more are read keeps a text of beginnings short work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundToken:
    """A JWT in a text, taken apart."""

    header: str
    claims: str
    signature: str
    secrets: tuple[tuple[int, int], ...]
    """Where in the text the parts begin and end that are worth something: the signature of a signed token; of an
    encrypted one all but its header and its initialization vector (RFC 7516, section 7.1)."""


def tokens_in(text: str) -> Iterator[FoundToken]:
    """The JWTs in a text, none of which begins inside of another."""
    end = 0
    for found in TOKEN_LIKE.finditer(text):
        header = header_in(found["first"]) if found.start() >= end else ""
        if header:
            worth = ("signature",) if found["fifth"] is None else ("claims", "fourth", "fifth")
            spans = tuple(found.span(name) for name in worth)
            end = spans[-1][1]
            yield FoundToken(header=header, claims=found["claims"], signature=found["signature"], secrets=spans)


def header_in(first: str) -> str:
    """The header with which a text ends; empty if it has none."""
    for found in _BEGINNING.finditer(first):
        at = found.start()
        if at > len(first) - _SHORTEST_HEADER:
            break
        beginning = first[at : at + _ENOUGH]
        whole = beginning[: len(beginning) // 4 * 4]
        if _HEADER_BEGINS.match(base64.urlsafe_b64decode(whole)):
            return first[at:]
    return ""
