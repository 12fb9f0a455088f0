"""The HTTP status, by `[observe.status]`: the weakest channel, and it tells no more than a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.model import ErrorClass
from conformance.sighting import Page, Sighting, Words

__all__ = ["KIND", "RANK", "Settings", "axes", "read"]

KIND = "status"
RANK = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The classes of statuses such as `401` or `5xx`."""

    classes: Mapping[str, ErrorClass] = field(default_factory=dict)


def axes(settings: Settings, words: Words) -> frozenset[str]:
    """The class."""
    return frozenset({"class"}) if settings.classes else frozenset()


def read(settings: Settings, page: Page, words: Words) -> Sighting | None:
    """The class of the exact status, or of its hundred."""
    if page.status is None:
        return None
    exact = settings.classes.get(str(page.status))
    return Sighting(klass=exact or settings.classes.get(f"{page.status // 100}xx"))
