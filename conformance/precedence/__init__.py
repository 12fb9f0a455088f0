"""The checks that tools make, each shown by a scenario of the catalogue, and the rules about their order."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conformance.catalogue import scenarios
from conformance.model import Answer, Attempt, Expectation, Scenario, Severity
from conformance.profile import profile_names
from conformance.requirements import requirements
from mockplatform.errors import UsageError
from mockplatform.tables import build, keyed, read_toml

__all__ = ["AREA", "Check", "Kind", "Rule", "checks", "known_rules", "ordered"]

AREA = "precedence"
_FILE = Path(__file__).with_name("precedence.toml")

Kind = Literal["one-of-the-two", "same-answer-twice", "no-circle", "independent", "nonce", "order"]
Own = Literal["role", "states", "registration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckTable:
    name: str
    title: str
    group: str
    scenario: str
    own: tuple[Own, ...] = ()
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One property of the order in which a tool checks."""

    name: str
    kind: Kind
    title: str
    why: str
    requirement: tuple[str, ...]
    fix: str = ""
    severity: Severity = "must"
    order: tuple[tuple[str, ...], ...] = ()
    """Of each two, checks or groups of them, the first is told."""
    profiles: tuple[str, ...] = ("any",)
    guards: tuple[str, ...] = ()

    @property
    def property(self) -> Scenario:
        """The rule as a scenario that is refused."""
        expected = Expectation(preferred=Answer(), severity=self.severity)
        return Scenario(
            id=f"{AREA}/{self.name}",
            title=self.title,
            why=self.why,
            fix=self.fix,
            requirement=self.requirement,
            attempt=Attempt(name="judged"),
            before=(),
            role="instructor",
            registration="main",
            needs=("1.3",),
            states=None,
            faults=(),
            checks=(),
            guards=self.guards,
            expect=dict.fromkeys(self.profiles, expected),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    check: tuple[_CheckTable, ...]
    rule: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check that a tool may make, with a launch that fails it.

    Args:
        own: what of the scenario the fault cannot do without.
        excludes: checks whose faults cannot be there at the same time.
    """

    name: str
    title: str
    group: str
    scenario: Scenario
    own: frozenset[Own] = frozenset()
    excludes: frozenset[str] = frozenset()


@functools.cache
def _file() -> _File:
    file = build(_File, read_toml(_FILE), where=_FILE.name)
    names = {check.name for check in file.check} | {check.group for check in file.check}
    keyed(file.check, lambda check: check.name, where=f"{_FILE.name}: [[check]]")
    keyed(file.rule, lambda rule: rule.name, where=f"{_FILE.name}: [[rule]]")
    for rule in file.rule:
        _known([name for two in rule.order for name in two], names, f"rule '{rule.name}': order")
        _known(rule.requirement, requirements(), f"rule '{rule.name}': requirement")
        _known(rule.profiles, ("any", *profile_names()), f"rule '{rule.name}': profiles")
        if any(len(two) != 2 for two in rule.order):
            raise UsageError(f"{_FILE.name}: rule '{rule.name}': order: expected two names each")
    for check in file.check:
        _known(check.excludes, names, f"check '{check.name}': excludes")
    return file


def _known(names: Sequence[str], known: Collection[str], where: str) -> None:
    for name in names:
        if name not in known:
            raise UsageError(f"{_FILE.name}: {where}: unknown '{name}'")


def known_rules() -> tuple[Rule, ...]:
    """The rules, in the order of the file.

    Raises:
        UsageError: the file names something unknown.
    """
    return _file().rule


def checks(found: Sequence[Scenario] | None = None) -> tuple[Check, ...]:
    """The checks, in the order of the file.

    Args:
        found: the scenarios as a tool file rules them; those of the catalogue unless given.

    Raises:
        UsageError: a check names a scenario that is not there.
    """
    known = {scenario.id: scenario for scenario in (scenarios() if found is None else found)}
    _known([check.scenario for check in _file().check], known, "[[check]]: scenario")
    return tuple(
        Check(
            name=check.name,
            title=check.title,
            group=check.group,
            scenario=known[check.scenario],
            own=frozenset(check.own),
            excludes=frozenset(check.excludes),
        )
        for check in _file().check
    )


def ordered(rule: Rule, found: Sequence[Check]) -> frozenset[tuple[str, str]]:
    """The names of each two checks of which the rule wants the first told."""
    named = {word: [c.name for c in found if word in (c.name, c.group)] for two in rule.order for word in two}
    return frozenset((a, b) for before, after in rule.order for a in named[before] for b in named[after] if a != b)
