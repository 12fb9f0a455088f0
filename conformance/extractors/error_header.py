"""The `LTI-Error` response header: `class=security, type="TokenExpired", code=1001, ref="SEC 5.1.3-7"`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.sighting import Page, Sighting, Words

__all__ = ["KIND", "RANK", "Settings", "axes", "read"]

KIND = "header"
RANK = 1
# Keys as RFC 8941 spells them, so that `error_type=…` is not taken for `type=…`.
_MEMBER = re.compile(r'(?<![\w.*-])([a-z*][a-z0-9_.*-]*)=(?:"([^"]*)"|([^,;\s]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `kind = "header"`."""

    name: str = "LTI-Error"
    """Another header holds a single word or number."""


def axes(settings: Settings, words: Words) -> frozenset[str]:
    """All of them."""
    return frozenset({"class", "type", "code"})


def read(settings: Settings, page: Page, words: Words) -> Sighting | None:
    """The members of the structured field, or the meaning of the single word."""
    text = page.header(settings.name)
    if not text:
        return None
    members = {name: quoted or plain for name, quoted, plain in _MEMBER.findall(text)}
    if not members:
        return words.meaning(text)
    parts = {name: words.meaning(value) for name, value in members.items() if name in ("class", "type", "code")}
    kind = parts.get("type", Sighting())
    return Sighting(
        klass=parts.get("class", kind).klass or kind.klass,
        type=kind.type,
        code=parts.get("code", kind).code or kind.code,
    )
