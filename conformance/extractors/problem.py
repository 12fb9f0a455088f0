"""A body of `application/problem+json` (RFC 9457), with our members `error_class`, `error_type` and `code`."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.sighting import Page, Sighting, Words
from mockplatform.tables import named

__all__ = ["KIND", "RANK", "Settings", "axes", "read"]

KIND = "problem"
RANK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `kind = "problem"`: the members that hold each axis."""

    klass: str = named("class", default="error_class")
    type: str = "error_type"
    code: str = "code"


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
    tail = str(problem.get("type", "")).replace("#", "/").replace(":", "/").rsplit("/", 1)[-1]
    kind = words.meaning(problem.get(settings.type, tail))
    return Sighting(
        klass=words.meaning(problem.get(settings.klass, "")).klass or kind.klass,
        type=kind.type,
        code=words.meaning(problem.get(settings.code, "")).code or kind.code,
        message=str(problem.get("detail") or problem.get("title") or ""),
    )
