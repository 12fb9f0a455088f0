"""The text of the page: a regular expression, or the words of `[observe.names]` and labelled numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.sighting import Page, Sighting, Words

__all__ = ["KIND", "RANK", "Settings", "axes", "read"]

KIND = "text"
RANK = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `kind = "text"`; the pattern's group `code`, `type` or `class`, or its first group, is the word."""

    pattern: str | None = None
    """A regular expression with a group for the error; without it, labelled numbers and the tool's own words."""

    def __post_init__(self) -> None:
        if self.pattern is None:
            return
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise ValueError(f"pattern is not a regular expression: {error}") from None
        if groups == 0:
            raise ValueError("pattern has no group; put brackets around the part that is the error")


def axes(settings: Settings, words: Words) -> frozenset[str]:
    """A code, and whatever the tool's own words say."""
    named = set(re.compile(settings.pattern).groupindex) if settings.pattern else {"code"}
    return frozenset(((named or {"code"}) & {"class", "type", "code"}) | words.kinds)


def read(settings: Settings, page: Page, words: Words) -> Sighting | None:
    """The meaning of what the pattern finds, or of the page's words."""
    if settings.pattern is None:
        return words.search(page.visible) or None
    match = re.search(settings.pattern, page.visible)
    if match is None:
        return None
    groups = [word for word in match.groups() if word]
    # An error in words that mean nothing to us is an error all the same.
    return next(filter(None, (words.meaning(word) for word in groups)), Sighting())
