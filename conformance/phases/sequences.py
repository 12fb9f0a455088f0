"""Long stories: many launches in several browsers, by several people, from two platforms, in every order."""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.catalogue import scenario_of
from conformance.evidence import lacking
from conformance.model import Result, Scenario, Verdict
from conformance.phases import Depth, Telling
from conformance.runner import Runner, TimeIsUp
from conformance.scenario_tables import FileTable, ScenarioTable
from conformance.sequence_judging import AREA, Sequences, role_of
from conformance.story import honest
from conformance.strategies.lazily import hypothesis_or_advice
from mockplatform.tables import build, read_toml

if TYPE_CHECKING:
    from conformance.machine import LaunchMachine

__all__ = ["NAME", "RANK", "properties", "run", "run_with"]

NAME = AREA
RANK = 30


@functools.cache
def properties() -> tuple[Scenario, ...]:
    """What a tool is held to in long stories; each resembles the step that it is about."""
    path = Path(__file__).with_suffix(".toml")
    tables = build(FileTable, read_toml(path), where=path.name).scenario
    rows = [build(ScenarioTable, table, where=f"{path.name}: {table.get('name')!r}:") for table in tables]
    return tuple(scenario_of(row, f"{NAME}/{row.name}", f"{path.name}: '{row.name}'") for row in rows)


def run(runner: Runner, chosen: Sequence[Scenario], depth: Depth) -> Iterator[Telling]:
    """A result for each chosen property, however many stories it takes.

    Raises:
        ToolLost: nobody answers any more.
        UsageError: Hypothesis is not installed, or the tool cannot be brought into a state that launches need.
    """
    hypothesis_or_advice()
    from hypothesis import configuration

    place: Callable[[str | None], None] = configuration.set_hypothesis_home_dir
    # What Hypothesis keeps between runs would be left where the command was called.
    with tempfile.TemporaryDirectory(prefix="lti-conformance-") as folder:
        place(folder)
        try:
            yield from run_with(None, runner, chosen, depth)
        finally:
            place(None)


def run_with(
    machine: type[LaunchMachine] | None, runner: Runner, chosen: Sequence[Scenario], depth: Depth
) -> Iterator[Result]:
    """The same with a machine that has rules of its own; None: those that there are."""
    hypothesis_or_advice()
    from conformance.machine import LaunchMachine, run_machine

    began = time.perf_counter()
    role = role_of(runner.lab)
    unable = {wanted.id: verdict for wanted in chosen if (verdict := _lacking(runner, wanted)) is not None}
    able = {wanted.id.partition("/")[2]: wanted for wanted in chosen if wanted.id not in unable}
    for wanted in chosen:
        if wanted.id in unable:
            yield _untried(runner, wanted, unable[wanted.id])
    if not able:
        return
    sequences = Sequences(runner=runner, wanted=able, role=role, second=_second_works(runner))
    ended = None
    try:
        run_machine(machine or LaunchMachine, sequences, examples=depth.examples)
    except TimeIsUp as event:
        ended = event
    share_s = (time.perf_counter() - began) / len(able)
    for name in able:
        # What was found out so far stands; what was not, may still be there.
        if ended is None or name in sequences.complaints:
            before = time.perf_counter()
            result = sequences.result(name)
            yield replace(result, duration_s=share_s + time.perf_counter() - before)
    if ended is not None:
        raise ended


def _lacking(runner: Runner, wanted: Scenario) -> Verdict | None:
    role = role_of(runner.lab)
    return lacking(runner.lab, replace(wanted, role=role), runner.lab.honest_states(role))


def _untried(runner: Runner, wanted: Scenario, verdict: Verdict) -> Result:
    expectation = runner.lab.profile.expectation(wanted)
    assert expectation is not None, "properties are selected for the profile"
    return Result(scenario=wanted, expectation=expectation, verdict=verdict)


def _second_works(runner: Runner) -> bool:
    """Whether people come in from the second platform at all: if not, each story would only say that again."""
    lab = runner.lab
    if "second" not in lab.registrations:
        return False
    role = role_of(lab)
    told = honest(lab, f"{NAME} second", role, "second", lab.honest_states(role), "1.3")
    return told.seen.outcome == "launched"
