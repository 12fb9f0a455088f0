"""Profiles: which expectations apply, read from the folder `profiles` or from a user's own file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from conformance.model import Axis, Profile
from mockplatform.errors import UsageError
from mockplatform.tables import build, read_toml

__all__ = ["load_profile", "profile_names"]

FOLDER = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTable:
    """A profile file."""

    title: str
    question: str
    axes: tuple[Axis, ...]
    inherits: str = "any"
    crash: Literal["refusal", "failure"] = "failure"
    policy: Literal["open", "class"] = "open"
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@cache
def profile_names() -> tuple[str, ...]:
    """The names of the profiles that come with the package."""
    return tuple(path.stem for path in sorted(FOLDER.glob("*.toml")))


def load_profile(name: str) -> Profile:
    """A profile by its name, or by the path of a file.

    Raises:
        UsageError: there is no such profile, or its file does not fit.
    """
    return _read(name) if name.endswith(".toml") else _of_the_package(name)


@cache
def _of_the_package(name: str) -> Profile:
    """A profile that cannot change while the program runs; a run asks for it thousands of times."""
    return _read(name)


def _read(name: str) -> Profile:
    lineage: list[str] = []
    tables: list[ProfileTable] = []
    while name != "any":
        path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
        if not name.endswith(".toml") and name not in profile_names():
            raise UsageError(f"unknown profile '{name}'; known are {', '.join(profile_names())}, or a path to a .toml")
        table = build(ProfileTable, read_toml(path), where=f"{path}:")
        if path.stem in lineage:
            raise UsageError(f"{path}: inherits: the profiles inherit from each other in a circle")
        lineage.append(path.stem)
        tables.append(table)
        name = table.inherits
    first = tables[0]
    return Profile(
        name=lineage[0],
        title=first.title,
        question=first.question,
        axes=first.axes,
        lineage=(*lineage, "any"),
        crash=first.crash,
        policy=first.policy,
        states=first.states,
    )
