"""A body of `application/problem+json` (RFC 9457), with our members `error_class`, `error_type` and `code`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.sighting import Page, Sighting, Words
from mockplatform.tables import named

__all__ = ["KIND", "RANK", "Settings", "axes", "read", "tail_of"]

KIND = "problem"
RANK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `kind = "problem"`: the members that hold each axis."""

    klass: str = named("class", default="error_class")
    """The member with the class."""
    type: str = "error_type"
    """The member with the type."""
    code: str = "code"
    """The member with the code."""


def axes(settings: Settings, words: Words) -> frozenset[str]:
    """All of them."""
    return frozenset({"class", "type", "code"})


def read(settings: Settings, page: Page, words: Words) -> Sighting | None:
    """The members of the problem; a type may also be the tail of the problem's own `type` URI."""
    if "application/problem+json" not in (page.header("content-type") or ""):
        return None
    problem = page.data
    if not isinstance(problem, dict):
        return None
    kind = words.meaning(problem.get(settings.type, tail_of(problem)))
    return Sighting(
        klass=words.meaning(problem.get(settings.klass, "")).klass or kind.klass,
        type=kind.type,
        code=words.meaning(problem.get(settings.code, "")).code or kind.code,
        message=str(problem.get("detail") or problem.get("title") or ""),
    )


def tail_of(problem: Mapping[str, Any]) -> str:
    """The end of the URI that is the problem's `type` (RFC 9457 3.1.1)."""
    return str(problem.get("type", "")).replace("#", "/").replace(":", "/").rsplit("/", 1)[-1]
