"""The HTTP status, by `[observe.status]`: the weakest channel, and it tells no more than a class."""

from __future__ import annotations

import re
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
    """The class that each status means; `[observe.status]` says the same."""

    def __post_init__(self) -> None:
        for status in self.classes:
            if not re.fullmatch(r"[1-5](?:\d\d|xx)", status):
                raise ValueError(f"{status!r} is neither a status such as 401 nor a kind such as 4xx")


def axes(settings: Settings, words: Words) -> frozenset[str]:
    """The class."""
    return frozenset({"class"}) if settings.classes else frozenset()


def read(settings: Settings, page: Page, words: Words) -> Sighting | None:
    """The class of the exact status, or of its hundred."""
    if page.status is None:
        return None
    exact = settings.classes.get(str(page.status))
    return Sighting(klass=exact or settings.classes.get(f"{page.status // 100}xx"))
