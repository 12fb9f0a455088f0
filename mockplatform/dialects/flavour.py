"""Flavours: the dialects of real platforms as data, each setting with where it was seen."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

from mockplatform.dialects.quirk import named_quirk, quirks
from mockplatform.errors import UsageError
from mockplatform.tables import build, read_toml

__all__ = ["CONFIDENCES", "Difference", "Flavour", "Seen", "differences", "flavour_named", "flavours", "read_flavour"]

FOLDER: Final = Path(__file__).parent.parent / "flavours"

Confidence = Literal["code", "doc", "obs", "inf", "own"]

CONFIDENCES: Final[Mapping[Confidence, str]] = {
    "code": "read in the platform's source",
    "doc": "said by its vendor",
    "obs": "seen in a published message",
    "inf": "inferred, not seen",
    "own": "made up for this flavour, after no platform",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A setting, and how it is known.

    Args:
        date: when it was true, as far as that is known: a year, a month or a day.
    """

    value: Any
    source: str
    confidence: Confidence
    date: str = ""

    def __post_init__(self) -> None:
        if not self.source:
            raise ValueError("source is empty; say where it was seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    issuer: Seen | None = None
    client_id: Seen | None = None
    deployment_id: Seen | None = None
    key_set: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    title: str
    summary: str
    registration: _Facts = field(default_factory=_Facts)
    quirk: Mapping[str, Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """The dialect of one platform; a quirk that it does not name is neutral.

    Args:
        settings: by the full name of the quirk, in the order in which quirks are applied.
        facts: what its registrations look like, in words; a registration itself is whatever its user says.
    """

    name: str
    title: str
    summary: str
    settings: Mapping[str, Seen] = field(default_factory=dict)
    facts: Mapping[str, Seen] = field(default_factory=dict)

    @property
    def values(self) -> Mapping[str, Any]:
        """The bare settings."""
        return {name: seen.value for name, seen in self.settings.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A quirk in which two flavours differ; None: neutral, perhaps because nobody has looked."""

    quirk: str
    one: Seen | None
    other: Seen | None


@functools.cache
def flavours() -> Mapping[str, Flavour]:
    """Every flavour by name, found by walking the folder `flavours`."""
    return {path.stem: read_flavour(path) for path in sorted(FOLDER.glob("*.toml"))}


def read_flavour(path: Path) -> Flavour:
    """The flavour of a file.

    Raises:
        UsageError: it does not fit, or names an unknown quirk or setting.
    """
    file = build(_File, read_toml(path), where=path.name)
    given: dict[str, Seen] = {}
    for name, seen in file.quirk.items():
        known = named_quirk(name, where=path.name)
        value = known.checked(seen.value, path.name)
        given[known.name] = Seen(value=value, source=seen.source, confidence=seen.confidence, date=seen.date)
    settings = {name: given[name] for name in quirks() if name in given}
    facts = {known.name: getattr(file.registration, known.name) for known in fields(_Facts)}
    return Flavour(
        name=path.stem,
        title=file.title,
        summary=file.summary,
        settings=settings,
        facts={name: seen for name, seen in facts.items() if seen is not None},
    )


def flavour_named(name: str, *, where: str) -> Flavour:
    """The flavour of a name.

    Raises:
        UsageError: there is none.
    """
    known = flavours()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(known)}"
    raise UsageError(f"{where}: unknown flavour '{name}'{hint}")


def differences(one: Flavour, other: Flavour) -> tuple[Difference, ...]:
    """What changes from one flavour to another, in the order in which quirks are applied."""
    found = []
    for name, known in quirks().items():
        left, right = one.settings.get(name), other.settings.get(name)
        if (left.value if left else known.neutral) != (right.value if right else known.neutral):
            found.append(Difference(quirk=name, one=left, other=right))
    return tuple(found)
