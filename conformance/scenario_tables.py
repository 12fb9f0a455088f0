"""A scenario as its file writes it: each table is one dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.model import ErrorClass, Fault, LtiVersion, Role, Severity, Who, Wire
from mockplatform.model import Message
from mockplatform.tables import named

__all__ = ["AnswerTable", "AttemptTable", "ExpectTable", "FileTable", "RulingTable", "ScenarioTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """An answer as a scenario writes it; what it leaves out follows from what it says."""

    outcome: Literal["launched", "rejected"] | None = None
    klass: ErrorClass | None = named("class", default=None)
    type: str | None = None
    code: int | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectTable:
    """`expect.<profile>`: the preferred answer, the alternates, and another severity where it differs."""

    outcome: Literal["launched", "rejected"] | None = None
    klass: ErrorClass | None = named("class", default=None)
    type: str | None = None
    code: int | None = None
    status: int | None = None
    allowed: tuple[AnswerTable, ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTable:
    """`before`: a launch sent earlier in the story."""

    name: str = ""
    mutations: tuple[str, ...] = ()
    browser: str = "user"
    login: str = "fresh"
    finish: bool = True
    lti: LtiVersion | None = None
    action: str = ""
    role: Role | None = None
    registration: Literal["", "main", "attributes", "second"] = ""
    states: tuple[str, ...] = ()
    message: Message | None = None
    person: Who = ""
    copies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingTable:
    """`ruling`: what is expected instead when the tool file sets a switch to this value."""

    switch: str
    value: bool | int | str
    expect: Mapping[str, ExpectTable]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTable:
    """One `[[scenario]]`."""

    name: str
    title: str
    why: str
    fix: str = ""
    requirement: tuple[str, ...]
    severity: Severity = "must"
    mutations: tuple[str, ...] = ()
    browser: str = "user"
    login: str = "fresh"
    lti: LtiVersion = "1.3"
    action: str = ""
    message: Message = "resource_link"
    person: Who = ""
    copies: int = 1
    before: tuple[AttemptTable, ...] = ()
    role: Role = "instructor"
    registration: Literal["main", "attributes", "second"] = "main"
    needs: tuple[str, ...] = ()
    states: tuple[str, ...] | None = None
    faults: tuple[Fault, ...] = ()
    wire: tuple[Wire, ...] = ()
    quirks: Mapping[str, Any] = field(default_factory=dict)
    crowd: int = 0
    about: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    expect: Mapping[str, ExpectTable] = field(default_factory=dict)
    ruling: tuple[RulingTable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTable:
    """A scenario file.

    Args:
        fix: that of each scenario which has none of its own.
    """

    fix: str = ""
    scenario: tuple[Mapping[str, Any], ...] = ()
