"""Secrets in fields: of forms on pages, of forms that are sent in parts, and of keys in JSON."""

from __future__ import annotations

import re
from typing import Final

from mockplatform.telling.secrets.dots import dotted, masked_as
from mockplatform.telling.secrets.names import Kind, kind_of
from mockplatform.telling.secrets.rule import QUOTE, Rule

__all__ = ["FIELD_RULES"]

_ATTRIBUTE_NAME: Final = re.compile(
    r"\b(?:name|id|type)\s{0,9}=\s{0,9}\\{0,8}[\"']?([^\s\"'>\\]+)", re.IGNORECASE | re.ASCII
)
"""That of a type tells as much: one is `password`."""
_ATTRIBUTE_VALUE: Final = re.compile(
    r"(?P<before>\b(?:value|content)\s{0,9}=\s{0,9}\\{0,8})(?:(?P<quote>[\"'])"
    r"(?P<quoted>(?:(?!(?P=quote))(?:[^\\]|\\(?!\\*[\"'])))*+)|(?P<plain>[^\s\"'>\\]+))",
    re.IGNORECASE | re.ASCII,
)


def _field(found: re.Match[str]) -> str:
    """A field of a form, whose attributes may come in any order."""
    kinds = {kind_of(name) for name in _ATTRIBUTE_NAME.findall(found[0])} - {""}
    if not kinds:
        return found[0]
    kind = "secret" if "secret" in kinds else next(iter(kinds))
    return _ATTRIBUTE_VALUE.sub(lambda value: _attribute(kind, value), found[0])


def _attribute(kind: Kind, found: re.Match[str]) -> str:
    if found["plain"] is not None:
        return found["before"] + masked_as(kind, found["plain"])
    return found["before"] + found["quote"] + masked_as(kind, found["quoted"])


def _lines(found: re.Match[str]) -> str:
    """A field of many lines, or a part of a form."""
    kinds = {kind_of(name) for name in _ATTRIBUTE_NAME.findall(found["before"])} & {"secret", "token"}
    return found["before"] + masked_as(kinds.pop(), found["secret"]) if kinds else found[0]


_MEMBERS: Final = re.compile(
    rf"(?P<before>{QUOTE}(?:d|p|q|dp|dq|qi|k){QUOTE}\s*+:\s*+(?P<quote>{QUOTE}))(?P<secret>(?:(?!(?P=quote)).)*+)"
)
"""What is private of a key (RFC 7518, section 6)."""


def _web_key(found: re.Match[str]) -> str:
    if not re.search(rf"{QUOTE}kty{QUOTE}", found[0]):
        return found[0]
    return _MEMBERS.sub(lambda member: member["before"] + dotted(member["secret"]), found[0])


FIELD_RULES: Final = (
    Rule(
        sign="<",
        hints=("<input", "<button", "<meta", "<param"),
        pattern=re.compile(
            r"<(?:input|button|meta|param)\b(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+(?:[\"'][^<]*+)?",
            re.IGNORECASE | re.ASCII,
        ),
        told=_field,
    ),
    Rule(
        sign="<textarea",
        pattern=re.compile(
            r"(?P<before><textarea\b(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+>)(?P<secret>[^<]++)", re.IGNORECASE | re.ASCII
        ),
        told=_lines,
    ),
    # A part of a form in parts (RFC 7578, section 4.2).
    Rule(
        sign="form-data",
        pattern=re.compile(
            r"(?P<before>\bname=\"[^\"\r\n]{1,100}\"[^\r\n]{0,200}\r?\n(?:[\w-]{1,40}:[^\r\n]{0,200}\r?\n){0,3}\r?\n)"
            r"(?P<secret>[^\r\n]+)",
            re.IGNORECASE | re.ASCII,
        ),
        told=_lines,
    ),
    Rule(sign="kty", pattern=re.compile(r"\{[^{}]*+"), told=_web_key),
)
