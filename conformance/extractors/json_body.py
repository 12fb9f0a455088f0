"""A JSON body, with a path to each axis: `code = "$.error.code"`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from conformance.sighting import Page, Sighting, Words
from mockplatform.tables import named

__all__ = ["KIND", "RANK", "Settings", "at_path", "axes", "is_path", "read"]

KIND = "json"
RANK = 3
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `kind = "json"`: a path for each axis that the body tells."""

    klass: str | None = named("class", default=None)
    """The path of the class, such as `$.error.class`."""
    type: str | None = None
    """The path of the type, or of a word of the tool that `[observe.names]` explains."""
    code: str | None = None
    """The path of the code."""
    message: str | None = None
    """The path of what a person is shown."""

    def __post_init__(self) -> None:
        for path in (self.klass, self.type, self.code, self.message):
            if path is not None and not is_path(path):
                raise ValueError(f"{path!r} is not a path such as $.error.code or $.errors[0].type")


def is_path(text: str) -> bool:
    """Whether `at_path` understands it."""
    return re.fullmatch(rf"\$(?:{_STEP.pattern})+", text) is not None


def at_path(body: Any, path: str) -> Any:
    """The value at a path such as `$.errors[0].code`; None if there is none."""
    for name, index in _STEP.findall(path):
        if name and isinstance(body, dict):
            body = body.get(name)
        elif index and isinstance(body, list) and int(index) < len(body):
            body = body[int(index)]
        else:
            return None
    return body


def axes(settings: Settings, words: Words) -> frozenset[str]:
    """Those with a path; a path to the tool's own word tells what its names tell."""
    told = {
        axis for axis, path in (("class", settings.klass), ("type", settings.type), ("code", settings.code)) if path
    }
    derived = {"class"} if settings.type else set()
    return frozenset(told | derived | (words.kinds if settings.type else set()))


def read(settings: Settings, page: Page, words: Words) -> Sighting | None:
    """What stands at the paths."""
    if "json" not in (page.header("content-type") or ""):
        return None
    body = page.data
    found = {
        axis: words.meaning(value)
        for axis, path in (("class", settings.klass), ("type", settings.type), ("code", settings.code))
        if path and (value := at_path(body, path)) is not None
    }
    if not found:
        return None
    kind = found.get("type", Sighting())
    return Sighting(
        klass=found.get("class", kind).klass or kind.klass,
        type=kind.type,
        code=found.get("code", kind).code or kind.code,
        message=str(at_path(body, settings.message) or "") if settings.message else "",
    )
