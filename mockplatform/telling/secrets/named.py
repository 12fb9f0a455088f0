"""Secrets that stand behind telling names, in forms, JSON, pages, settings, logs, and several of them at once.

`_TAILS` has what may follow such a name, by its first sign. No pattern looks at a part of a text more than once, or at
more than a few hundred characters of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mockplatform.telling.secrets.dots import masked_as
from mockplatform.telling.secrets.names import ENDING, Kind, kind_of
from mockplatform.telling.secrets.rule import PERCENT, QUOTE

__all__ = ["without_named"]

_TAG: Final = re.compile(r"<[A-Za-z][^<>\"']*+[\"']")
_DOCUMENT: Final = ("{", "[", "<", '"')
"""How JSON and pages begin."""
_NAME_BEFORE: Final = re.compile(r"[\w%\\-]*\Z")
_LONGEST_NAME: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tail:
    """What may follow a name: its groups are `before`, which stays, and `secret`."""

    pattern: re.Pattern[str]
    told: Callable[[Kind, str], str] = masked_as


def _tail(pattern: str, told: Callable[[Kind, str], str] = masked_as) -> _Tail:
    return _Tail(pattern=re.compile(pattern, re.IGNORECASE), told=told)


def _perhaps(kind: Kind, value: str) -> str:
    return masked_as(kind, value, sure=False)


def _listed(kind: Kind, values: str) -> str:
    return re.sub(r"[^\s\"',\\&;]+", lambda found: masked_as(kind, found[0]), values)


def _value(kind: Kind, value: str) -> str:
    """What follows an equals sign; a header is not written so."""
    return masked_as(kind, value) if kind in ("secret", "token") else value


_IN_FORM: Final = _tail(r"(?P<before>=)(?P<secret>[^&\s]+)", _value)
_IN_PROSE: Final = _tail(r"(?P<before>=)(?P<secret>(?:[^&\s\"']|[\"'](?!\s|/?>))++)", _value)
"""An address in the attribute of a tag that stands in a text ends with the quotes that end the tag, too."""
_IN_DOCUMENT: Final = _tail(r"(?P<before>=)(?P<secret>(?:[^&\s\"<>\\]|\\(?!\\*[\"'&]))++)", _value)
"""An address inside of JSON or a page ends where its text or attribute does."""
_QUOTED: Final = _tail(r"(?P<before>=\")(?P<secret>[^\"]*+)(?=\"(?:[\s,;&)>\]}/]|$))", _value)
"""As in the header of a request that is signed by OAuth 1.0 (RFC 5849, section 3.5.1)."""
_ENCODED: Final = _tail(
    rf"(?P<before>{PERCENT}3D)(?P<secret>(?:(?!{PERCENT}26)[^&\s\"'<>])++)",
    _value,
)
"""In an address that stands in a parameter of another one."""
_MEMBER: Final = _tail(
    rf"(?P<before>{QUOTE}\]?\s*+(?::|=>?)\s*+b?(?P<quote>{QUOTE}))(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\r\n]))*+)"
)
_NUMBER: Final = _tail(rf"(?P<before>{QUOTE}\s*+:\s*+)(?P<secret>-?\d[\d.]*+)")
_LIST: Final = _tail(rf"(?P<before>{QUOTE}\s*+:\s*+\[)(?P<secret>[^\]]{{0,4000}})", _listed)
_NESTED: Final = _tail(
    rf"(?P<before>{QUOTE}\s*+:\s*+\{{\s*+{QUOTE}value{QUOTE}\s*+:\s*+(?P<quote>{QUOTE}))"
    r"(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\r\n]))*+)"
)
_INDEXED: Final = _tail(
    rf"(?P<before>(?:\[\w{{0,20}}\]|\]|{PERCENT}5B\w{{0,20}}{PERCENT}5D|{PERCENT}5D)=)(?P<secret>[^&\s\"'<>]+)", _value
)
"""As forms name a field of many: `user[password]`, and one of several: `secret[0]`."""
_ELEMENT: Final = _tail(
    rf"(?P<before>>(?:<!\[CDATA\[)?)(?P<secret>[^<>\]]{{1,400}}+)(?=(?:\]\]>)?</[\w:.-]{{0,40}}?(?:{ENDING.pattern})>)"
)
"""In XML, where the end has the same name."""
_PAIR: Final = _tail(
    rf"(?P<before>{QUOTE}\s*+,\s*+b?(?P<quote>{QUOTE}))(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\r\n]))*+)", _perhaps
)
"""A header as a pair of a list; other names may stand so in a list of names."""
_CELL: Final = _tail(
    rf"(?P<before>\s*+(?:</?[a-z][^<>]{{0,200}}>\s*+){{2,5}}{QUOTE}?)(?P<secret>(?:(?!{QUOTE})[^<])++)", _perhaps
)
"""In the next cell of a table."""
_SAID: Final = _tail(r"(?P<before>[ \t]{0,3}(?::|=>?)[ \t]{0,3})(?P<secret>[^\s\"'`,;<>&]{6,})", _perhaps)
_SAID_QUOTED: Final = _tail(
    r"(?P<before>[ \t]{0,3}(?:[:=][ \t]{0,3}|[ \t](?:is[ \t]|was[ \t])?)(?P<quote>[\"'`]))"
    r"(?P<secret>[^\s\"'`]{6,400})(?=(?P=quote))",
    _perhaps,
)
_SET: Final = _tail(
    r"(?P<before>[ \t]{0,3}(?:=|:=)[ \t]{0,3}(?P<quote>[\"'`]))(?P<secret>[^\"'`\r\n]{1,400})(?=(?P=quote))",
)

_TAILS: Final[Mapping[str, tuple[_Tail, ...]]] = {
    "%": (_ENCODED, _INDEXED),
    **dict.fromkeys("[]", (_INDEXED,)),
    ">": (_ELEMENT,),
    **dict.fromkeys("\"'\\&", (_MEMBER, _NUMBER, _LIST, _NESTED, _PAIR)),
    "<": (_CELL,),
    ":": (_SET, _SAID_QUOTED, _SAID),
    **dict.fromkeys(" \t", (_SET, _SAID_QUOTED, _SAID, _CELL)),
    **dict.fromkeys("\r\n", (_CELL,)),
}


def without_named(text: str) -> str:
    """The text without what stands behind telling names."""
    small = text.lower()
    if len(small) != len(text):
        # Few letters become two; then places would not be the same.
        small = "".join(one.lower() if one.isascii() else one for one in text)
    tails = {**_TAILS, "=": (_QUOTED, _SET, _assigned(text))}
    pieces, at = [], 0
    for found in ENDING.finditer(small):
        end = found.end()
        possible = tails.get(text[end : end + 1], ()) if found.start() >= at else ()
        # First what it is named, since what follows may be the whole rest of the text.
        kind = kind_of(_name(text, end)) if possible else ""
        tail, follows = _following(possible, text, end) if kind else (None, None)
        if tail and follows:
            pieces += [text[at : follows.start("secret")], tail.told(kind, follows["secret"])]
            at = follows.end("secret")
    return "".join((*pieces, text[at:])) if pieces else text


def _following(tails: Sequence[_Tail], text: str, end: int) -> tuple[_Tail, re.Match[str]] | tuple[None, None]:
    found = ((tail, tail.pattern.match(text, end)) for tail in tails)
    return next(((tail, follows) for tail, follows in found if follows), (None, None))


def _name(text: str, end: int) -> str:
    before = _NAME_BEFORE.search(text[max(0, end - _LONGEST_NAME) : end])
    return before[0] if before else ""


def _assigned(text: str) -> _Tail:
    """Where the values of parameters end depends on what a text is."""
    if text.lstrip().startswith(_DOCUMENT):
        return _IN_DOCUMENT
    return _IN_PROSE if _TAG.search(text) else _IN_FORM
