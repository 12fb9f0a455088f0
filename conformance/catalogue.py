"""Scenarios and profiles, read from their folders and bound to what they name.

A scenario's id is where it lives: `scenarios/nonce.toml`, `name = "replayed"` → `nonce/replayed`. A scenario
says what it expects per profile; `any` stands for all that inherit from it. An alternate answer takes from the
preferred one whatever it does not say itself. What its file says of how to mend a tool is said of each scenario that
does not say it itself.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.checks import checks
from conformance.choosing import chosen
from conformance.errors import codes, types
from conformance.faults import fault_points
from conformance.model import (
    SERVICES,
    Answer,
    Attempt,
    Expectation,
    Profile,
    Ruling,
    Scenario,
    Severity,
)
from conformance.profile import profile_names
from conformance.requirements import requirements
from conformance.scenario_tables import AnswerTable, AttemptTable, ExpectTable, FileTable, ScenarioTable
from mockplatform.errors import UsageError
from mockplatform.misbehaving.faults import endpoint_names
from mockplatform.model import KeySet
from mockplatform.mutation import bind
from mockplatform.tables import build, read_toml

__all__ = ["attempt_of", "read_scenarios", "ruled", "scenario_of", "scenarios", "select"]

FOLDER = Path(__file__).parent
NEEDS = ("attributes", "second", "accounts", *sorted(SERVICES))
SERVICE_OF: Mapping[str, str] = {
    "read_roster": "nrps",
    "post_score": "ags",
    "read_results": "ags",
    "read_groups": "groups",
    "pick_content": "keys",
}
"""What the platform has to offer, or to know of the tool, for the requests of `[actions]` that have fixed names."""


@functools.cache
def scenarios() -> tuple[Scenario, ...]:
    """The catalogue, in the order of its files."""
    return read_scenarios(FOLDER / "scenarios")


def read_scenarios(folder: Path) -> tuple[Scenario, ...]:
    """The scenarios of a folder.

    Raises:
        UsageError: a file does not fit, names something unknown, or gives an id twice.
    """
    found: dict[str, Scenario] = {}
    for path in sorted(folder.glob("*.toml")):
        file = build(FileTable, read_toml(path), where=path.name)
        for index, table in enumerate(file.scenario):
            where = f"{path.name}: scenario {table.get('name', index)!r}:"
            row = build(ScenarioTable, {"fix": file.fix, **table}, where=where)
            scenario = scenario_of(row, f"{path.stem}/{row.name}", f"{path.name}: scenario '{row.name}'")
            if scenario.id in found:
                raise UsageError(f"{path.name}: the scenario '{row.name}' is there twice; rename one")
            found[scenario.id] = scenario
    return tuple(found.values())


def scenario_of(row: ScenarioTable, id_: str, where: str) -> Scenario:
    """The scenario that a table describes.

    Raises:
        UsageError: it names something unknown.
    """
    _require_known_names(row, where)
    tables = (*row.before, _judged(row))
    _require_known_attempts(row, tables, where)
    attempts = [attempt_of(table, row, where) for table in tables]
    return Scenario(
        id=id_,
        title=row.title,
        why=row.why,
        fix=row.fix,
        requirement=row.requirement,
        attempt=attempts[-1],
        before=tuple(attempts[:-1]),
        role=row.role,
        registration=row.registration,
        needs=_needs(row, attempts),
        states=row.states,
        faults=row.faults,
        checks=row.checks,
        guards=row.guards,
        aliases=row.aliases,
        expect=_expectations(row.expect, row.severity, where),
        rulings=tuple(
            Ruling(switch=r.switch, value=r.value, expect=_expectations(r.expect, row.severity, f"{where}: ruling"))
            for r in row.ruling
        ),
        rotates=_rotates(row, attempts),
        wire=row.wire,
        quirks=row.quirks,
        crowd=row.crowd,
        about=row.about,
    )


def _require_known_names(row: ScenarioTable, where: str) -> None:
    _known(row.requirement, requirements(), f"{where}: requirement")
    _known(row.checks, checks(), f"{where}: check")
    _known(row.needs, NEEDS, f"{where}: needs")
    _known(row.about, endpoint_names() if row.about else (), f"{where}: about")
    _known([fault.point for fault in row.faults], fault_points(), f"{where}: fault point")


def _judged(row: ScenarioTable) -> AttemptTable:
    """The last launch, which the scenario itself describes."""
    return AttemptTable(
        name="judged",
        mutations=row.mutations,
        browser=row.browser,
        login=row.login,
        action=row.action,
        person=row.person,
        copies=row.copies,
    )


def _require_known_attempts(row: ScenarioTable, tables: Sequence[AttemptTable], where: str) -> None:
    """A fault begins with a launch of the story, and a login that is used again is that of an earlier one."""
    for key, armed in (("faults", row.faults), ("wire", row.wire)):
        _known([f.since for f in armed if f.since], [table.name for table in tables], f"{where}: {key}.since")
    for index, table in enumerate(tables):
        _known([table.login], ("fresh", "none", *(earlier.name for earlier in tables[:index])), f"{where}: login")


def _rotates(row: ScenarioTable, attempts: Sequence[Attempt]) -> bool:
    """Whether the story has a key id of its own: a tool that keeps the key set must ask its endpoint again."""
    mutated = any(m.mutation.stage is KeySet for attempt in attempts for m in attempt.mutations)
    return mutated or any(fault.endpoint == "jwks" for fault in row.wire)


def _needs(row: ScenarioTable, attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """What the tool file has to give: as the scenario says, and as follows from what it sends."""
    needs = set(row.needs) | {attempt.lti for attempt in attempts if not attempt.action}
    needs |= {f"action:{attempt.action}" for attempt in attempts if attempt.action}
    needs |= {SERVICE_OF[attempt.action] for attempt in attempts if attempt.action in SERVICE_OF}
    needs |= {row.registration, *(attempt.registration for attempt in attempts)} - {"", "main"}
    needs |= {"deep_linking"} if any(attempt.message == "deep_linking" for attempt in attempts) else set()
    needs |= {"second"} if "claims.of_second_platform" in row.mutations else set()
    return tuple(sorted(needs))


def attempt_of(table: AttemptTable, row: ScenarioTable, where: str) -> Attempt:
    """The launch that a table describes.

    Raises:
        UsageError: it names something unknown.
    """
    return Attempt(
        name=table.name,
        mutations=tuple(bind(text, where=where) for text in table.mutations),
        browser=table.browser,
        login=table.login,
        finish=table.finish,
        lti=table.lti or row.lti,
        action=table.action,
        role=table.role,
        registration=table.registration,
        states=table.states,
        message=table.message or row.message,
        person=table.person,
        copies=table.copies,
    )


def _expectations(tables: Mapping[str, ExpectTable], severity: Severity, where: str) -> Mapping[str, Expectation]:
    _known(tables, ("any", *profile_names()), f"{where}: profile")
    return {name: _expectation(table, severity, f"{where}: expect.{name}") for name, table in tables.items()}


def _expectation(table: ExpectTable, severity: Severity, where: str) -> Expectation:
    first = AnswerTable(outcome=table.outcome, klass=table.klass, type=table.type, code=table.code, status=table.status)
    preferred = _answer(first, None, where)
    allowed = tuple(_answer(other, preferred, f"{where}.allowed") for other in table.allowed)
    return Expectation(preferred=preferred, allowed=allowed, severity=table.severity or severity)


def _answer(table: AnswerTable, base: Answer | None, where: str) -> Answer:
    """The answer with what follows from it: a type has a class, a code has one, an alternate leans on `base`."""
    if table.type not in (None, "any"):
        _known([str(table.type)], types(), f"{where}: type")
    if table.code is not None:
        _known([table.code], codes(), f"{where}: code")
    outcome = table.outcome or "rejected"
    if outcome == "launched":
        return Answer(outcome="launched")
    lean = base if base is not None and base.outcome == "rejected" else Answer()
    type_ = None if table.type == "any" else table.type or lean.type
    code = table.code or lean.code
    klass = table.klass or (types()[table.type].klass if table.type and table.type in types() else lean.klass)
    if klass is None and type_ is not None:
        klass = types()[type_].klass
    if klass is None and code is not None:
        klass = codes()[code].klass
    return Answer(klass=klass, type=type_, code=code, status=table.status)


def _known(names: Iterable[Any], known: Collection[Any], where: str) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(str(name), map(str, known), n=1)
            raise UsageError(f"{where}: unknown '{name}'" + (f"; did you mean '{near[0]}'?" if near else ""))


def ruled(found: Sequence[Scenario], rulings: Mapping[str, bool | int | str], *, where: str) -> tuple[Scenario, ...]:
    """The scenarios as the switches of a tool file rule them.

    Raises:
        UsageError: there is no such switch, or no such setting of it.
    """
    settings: dict[str, set[bool | int | str]] = {"allow_waits": {True, False}}
    for scenario in found:
        for ruling in scenario.rulings:
            settings.setdefault(ruling.switch, set()).add(ruling.value)
    for switch, value in rulings.items():
        if switch not in settings:
            raise UsageError(f"{where} rulings.{switch}: unknown switch; known are {', '.join(sorted(settings))}")
        if value not in settings[switch] and not isinstance(value, bool):
            raise UsageError(f"{where} rulings.{switch}: {value!r} is none of {_listed(settings[switch])}")
    return tuple(_as_ruled(scenario, rulings) for scenario in found)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(sorted(map(repr, values)))


def _as_ruled(scenario: Scenario, rulings: Mapping[str, bool | int | str]) -> Scenario:
    matching = [r.expect for r in scenario.rulings if r.switch in rulings and rulings[r.switch] == r.value]
    merged = {name: expectation for expect in matching for name, expectation in expect.items()}
    return replace(scenario, expect={**scenario.expect, **merged}) if merged else scenario


def select(found: Sequence[Scenario], profile: Profile, patterns: Sequence[str] = ()) -> tuple[Scenario, ...]:
    """The scenarios of a profile that match any of the patterns: globs of ids, codes and error types.

    Raises:
        UsageError: a pattern matches nothing in the whole catalogue.
    """
    for pattern in patterns:
        if not any(chosen(words(scenario), [pattern]) for scenario in found):
            near = difflib.get_close_matches(pattern, [scenario.id for scenario in found], n=1)
            hint = f"; did you mean '{near[0]}'?" if near else "; `lti-conformance list` shows all"
            raise UsageError(f"--only {pattern}: no scenario, code or error type matches{hint}")
    return tuple(
        scenario
        for scenario in found
        if profile.expectation(scenario) is not None and chosen(words(scenario), patterns)
    )


def words(scenario: Scenario) -> tuple[str, ...]:
    """What a scenario can be chosen by: its id, its old ids, and each code and type that it prefers."""
    answers = [expectation.preferred for expectation in scenario.expect.values()]
    named_errors = {str(value) for answer in answers for value in (answer.code, answer.type) if value is not None}
    return (scenario.id, *scenario.aliases, *sorted(named_errors))
