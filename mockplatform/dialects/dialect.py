"""How a platform speaks: what its honest launches and services have that others do not."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mockplatform.dialects.flavour import flavour_named, flavours
from mockplatform.dialects.quirk import named_quirk, quirks, setting_of
from mockplatform.model import Course, Launch, Person, ResourceLink, Stage

__all__ = ["Dialect", "checked_quirks", "dialect_of", "flavours", "quirks", "quirks_typed"]

Shaped = TypeVar("Shaped", bound=Stage | Person | Course | ResourceLink)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The quirks of a flavour, and those that were switched on beside it."""

    name: str = "neutral"
    quirks: Mapping[str, Any] = field(default_factory=dict)
    """Their settings by full name; a quirk that is missing is neutral."""

    def shape(self, value: Shaped, launch: Launch | None = None) -> Shaped:
        """An honest stage of a launch as this platform would send it; a person, course or link with the platform's id.

        An id that has the platform's form already stays as it is, so that it may be asked for twice.
        """
        for name, setting in self.quirks.items():
            known = quirks()[name]
            if type(value) in known.stages and known.function is not None and setting != known.neutral:
                value = known.function(value, launch, setting)
        return value

    def value(self, quirk: str, otherwise: Any) -> Any:
        """The setting of a quirk that concerns no stage, such as the size of a page."""
        return self.quirks.get(quirk, otherwise)


_NEUTRAL = Dialect()


def dialect_of(flavour: str, quirks: Mapping[str, Any]) -> Dialect:
    """The dialect of a flavour with further quirks.

    Raises:
        UsageError: there is no such flavour, quirk or setting.
    """
    if quirks:
        return _mixed(flavour, checked_quirks(quirks, where="quirks"))
    return _NEUTRAL if flavour == "neutral" else _pure(flavour)


@functools.cache
def _pure(flavour: str) -> Dialect:
    return _mixed(flavour, {})


def _mixed(flavour: str, further: Mapping[str, Any]) -> Dialect:
    given = {**flavour_named(flavour, where="flavour").values, **further}
    # Quirks are applied in one order, however they were switched on.
    return Dialect(name=flavour, quirks={name: given[name] for name in quirks() if name in given})


def checked_quirks(given: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """Settings of quirks under their full names.

    Raises:
        UsageError: a quirk or a setting is unknown.
    """
    found = {}
    for name, setting in given.items():
        known = named_quirk(name, where=where)
        found[known.name] = known.checked(setting, where)
    return found


def quirks_typed(texts: Iterable[str], *, where: str) -> dict[str, Any]:
    """The settings of `NAME=VALUE` texts; the last one of a quirk counts.

    Raises:
        UsageError: a text is none, or names something unknown.
    """
    return dict(setting_of(text, where=where) for text in texts)
