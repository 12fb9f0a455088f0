"""Long stories: many launches in several browsers, by several people, from two platforms, in every order."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.arrange import ArrangementFailedError
from conformance.catalogue import scenario_of
from conformance.chance import own_cache
from conformance.evidence import lacking, unjudged
from conformance.model import Result, Scenario, Verdict
from conformance.phases import Depth, Telling
from conformance.runner import Runner, TimeIsUp, ToolLost
from conformance.scenario_tables import FileTable, ScenarioTable
from conformance.sequences.judging import AREA, Sequences, role_of
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
    file = build(FileTable, read_toml(path), where=path.name)
    rows = [
        build(ScenarioTable, {"fix": file.fix, **table}, where=f"{path.name}: {table.get('name')!r}:")
        for table in file.scenario
    ]
    return tuple(scenario_of(row, f"{NAME}/{row.name}", f"{path.name}: '{row.name}'") for row in rows)


def run(runner: Runner, chosen: Sequence[Scenario], depth: Depth) -> Iterator[Telling]:
    """A result for each chosen property, however many stories it takes.

    Raises:
        ToolLost: nobody answers any more.
        TimeIsUp: the run is over before all stories were told.
        UsageError: Hypothesis is not installed.
    """
    hypothesis_or_advice()
    with own_cache():
        yield from run_with(None, runner, chosen, depth)


def run_with(
    machine: type[LaunchMachine] | None, runner: Runner, chosen: Sequence[Scenario], depth: Depth
) -> Iterator[Result]:
    """The same with a machine that has rules of its own; None: those that there are."""
    hypothesis_or_advice()
    began = time.perf_counter()
    unable = {wanted.id: verdict for wanted in chosen if (verdict := _lacking(runner, wanted)) is not None}
    able = {wanted.id.partition("/")[2]: wanted for wanted in chosen if wanted.id not in unable}
    for wanted in chosen:
        if wanted.id in unable:
            yield _untried(runner, wanted, unable[wanted.id])
    if not able:
        return
    sequences = Sequences(runner=runner, wanted=able, role=role_of(runner.lab), second=False)
    ended = _told(machine, sequences, depth.examples)
    share_s = (time.perf_counter() - began) / len(able)
    lost = ended if isinstance(ended, ToolLost) else None
    for name, wanted in able.items():
        before = time.perf_counter()
        result, lost = _found(sequences, name, ended, lost)
        if result is None and isinstance(ended, ArrangementFailedError):
            result = _untried(runner, wanted, unjudged("arrangement-failed", str(ended)))
        if result is not None:
            yield replace(result, duration_s=share_s + time.perf_counter() - before)
    if isinstance(ended, TimeIsUp):
        raise ended
    if lost is not None:
        raise lost


def _told(machine: type[LaunchMachine] | None, sequences: Sequences, examples: int) -> BaseException | None:
    """What has ended the stories before all of them were told."""
    from conformance.machine import LaunchMachine, run_machine

    try:
        sequences.second = _second_works(sequences.runner)
        run_machine(machine or LaunchMachine, sequences, examples=examples)
    except ArrangementFailedError as failure:
        return ToolLost(f"{failure} (noticed in {NAME})") if failure.lost else failure
    except (TimeIsUp, ToolLost) as event:
        return event
    return None


def _found(
    sequences: Sequences, name: str, ended: BaseException | None, lost: ToolLost | None
) -> tuple[Result | None, ToolLost | None]:
    """What was found out about a property, and whether nobody answers any more.

    What was found out before the end stands; what was not, may still be there.
    """
    if name not in sequences.complaints:
        return (sequences.result(name) if ended is None else None), lost
    # A tool that is gone, or that cannot be arranged any more, would answer the same story otherwise.
    if lost is None and not isinstance(ended, ArrangementFailedError):
        try:
            return sequences.result(name), None
        except ToolLost as event:
            lost = event
    return sequences.unrepeated(name), lost


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
