"""The law: the correct sample tool passes everything, and each flaw is found by the scenarios that guard it.

A flaw is killed when the scenarios that end `failed` or `error` are exactly those that guard it: one that stays
silent would be a false pass in somebody's project, one more would be a false alarm. A broken SHOULD counts here
as it does under `--strict`. Each flaw is tried with the scenarios that go through the part of the tool that it changes;
one that is guarded by properties of a deep run, with all of these as well. That an honest launch works after a refusal
is asked of the correct tool, and of a flawed one where a scenario guards the flaw.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields, replace

from conformance.catalogue import scenarios, select
from conformance.entrances import entrances_of
from conformance.model import SERVICES, Answer, Expectation, Observation, Profile, Result, Scenario
from conformance.phases import EXAMPLES, Depth, phases, properties
from conformance.profile import load_profile, profile_names
from conformance.runner import Options, Runner
from conformance.sample_tool import FLAWS, Flaw
from conformance.sample_tool.steps import Plan, plan_of
from conformance.statuses import RED
from conformance.strictness import strictly

__all__ = ["Law", "Seen", "Trial", "guarding", "prove", "try_flaw"]


FEW = 10
"""How many launches are generated for a property that is not about the flaw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the correct tool answered to a scenario: the yardstick for flaws that spoil all answers of a kind."""

    answer: Answer
    told: bool
    """Whether it refused and told an error; a bare refusal comes from the web framework, before any step."""
    at_launch: bool
    """Whether it was the launch that it answered, in a browser without an earlier session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one flaw, or the correct tool under one profile, did to the catalogue."""

    flaw: str | None
    profile: str
    broke: tuple[str, ...]
    """Scenarios that ended `failed` or `error`."""
    seen: Mapping[str, Seen]
    entrances: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By which entrances of the correct tool each scenario came."""
    expected: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Scenarios that guard the flaw and did not notice it."""
        return tuple(sorted(set(self.expected) - set(self.broke)))

    @property
    def surplus(self) -> tuple[str, ...]:
        """Scenarios that failed without guarding the flaw."""
        return tuple(sorted(set(self.broke) - set(self.expected)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The trials of all flaws, and of the correct tool."""

    trials: tuple[Trial, ...]

    @property
    def flaws(self) -> tuple[Trial, ...]:
        """The trials with a flaw."""
        return tuple(trial for trial in self.trials if trial.flaw is not None)

    @property
    def killed(self) -> int:
        """How many flaws were found by all that guard them, and at least by one."""
        return sum(bool(trial.expected) and not trial.missing and not trial.surplus for trial in self.flaws)

    @property
    def survivors(self) -> tuple[Trial, ...]:
        """The flaws that some guard did not notice, or that nothing guards."""
        return tuple(trial for trial in self.flaws if trial.missing or not trial.expected)

    @property
    def false_alarms(self) -> tuple[tuple[str | None, str], ...]:
        """Each flaw, or None for the correct tool, with a scenario that failed without reason."""
        return tuple((trial.flaw, scenario) for trial in self.trials for scenario in trial.surplus)

    @property
    def holds(self) -> bool:
        """Whether every flaw is killed and nothing else failed."""
        return self.killed == len(self.flaws) and not self.false_alarms

    def as_json(self) -> str:
        """The result as `selftest --json` writes it."""
        return json.dumps(
            {
                "flaws": len(self.flaws),
                "killed": self.killed,
                "survivors": [{"flaw": t.flaw, "missing": list(t.missing)} for t in self.survivors],
                "false_alarms": [{"flaw": flaw, "scenario": scenario} for flaw, scenario in self.false_alarms],
            },
            indent=1,
        )


def guarding(flaw: Flaw, profile: Profile, correct: Mapping[str, Seen]) -> tuple[str, ...]:
    """The scenarios that must notice a flaw under its profile, given what the correct tool answered."""
    chosen = select(scenarios(), profile)
    held = select(properties(), profile)
    guards = tuple(scenario.id for scenario in (*chosen, *held) if flaw.name in scenario.guards)
    if flaw.fails == "guards":
        return guards
    if flaw.fails in _NEEDS:
        needing = (scenario.id for scenario in chosen if _NEEDS[flaw.fails].intersection(scenario.needs))
        return tuple(dict.fromkeys((*guards, *needing)))
    # A tool that listens to no objection of a launch still cannot show what a service did not give.
    launches = [s for s in chosen if flaw.fails != "refusals" or not SERVICES.intersection(s.needs)]
    notices = _SELECTORS[flaw.fails]
    wanted = {scenario.id: profile.expectation(scenario) for scenario in launches}
    noticed = (id_ for id_, seen in correct.items() if (answers := wanted.get(id_)) and notices(answers, seen, profile))
    return tuple(dict.fromkeys((*guards, *noticed)))


def _fits(wanted: Expectation, seen: Answer, profile: Profile) -> bool:
    """Whether an answer is a right one, by a shorter way than the judge's own."""
    for answer in wanted.answers:
        pairs = {
            "class": (answer.klass, seen.klass),
            "type": (answer.type, seen.type),
            "code": (answer.code, seen.code),
        }
        if answer.outcome == seen.outcome and all(
            pairs[a][0] in (None, pairs[a][1]) for a in profile.axes if a in pairs
        ):
            return True
    return False


def _refuses(wanted: Expectation) -> bool:
    return all(answer.outcome == "rejected" for answer in wanted.answers)


_SELECTORS: Mapping[str, Callable[[Expectation, Seen, Profile], bool]] = {
    "everything": lambda _wanted, _seen, _profile: True,
    "refusals": lambda wanted, seen, _profile: seen.told and _refuses(wanted),
    "errors": lambda _wanted, seen, _profile: seen.told,
    "launches": lambda _wanted, seen, _profile: seen.told and seen.at_launch,
    "classes": lambda wanted, seen, p: seen.told and not _fits(wanted, replace(seen.answer, klass="invalid"), p),
    "types": lambda wanted, seen, p: seen.told and not _fits(wanted, replace(seen.answer, type=None), p),
    "codes": lambda wanted, seen, p: seen.told and not _fits(wanted, replace(seen.answer, code=None), p),
    "next codes": lambda wanted, seen, p: seen.told and not _fits(wanted, _next_code(seen.answer), p),
}
"""Which answers of the correct tool a global flaw spoils: such a flaw is not guarded scenario by scenario."""


_NEEDS: Mapping[str, frozenset[str]] = {
    "services": SERVICES - {"keys"},
    "grades": frozenset({"ags"}),
    "answers": frozenset({"keys"}),
}
"""What scenarios need of a tool that a flaw keeps from using any service, or from answering any request."""


def _next_code(answer: Answer) -> Answer:
    return replace(answer, code=answer.code and answer.code + 1)


def changed_by(flaw: Flaw, profile: Profile) -> frozenset[str]:
    """The parts of the correct plan that a flaw changes: whoever goes through others meets the correct tool."""
    correct = plan_of("class" if profile.policy == "class" else "open")
    spoilt = flaw.spoil(correct)
    return frozenset(f.name for f in fields(Plan) if getattr(spoilt, f.name) != getattr(correct, f.name))


def concerned(flaw: Flaw, profile: Profile, correct: Trial) -> tuple[str, ...]:
    """The scenarios that come across what a flaw changes; a changed refusal concerns all."""
    changed = changed_by(flaw, profile)
    everywhere = changed & {"tell", "send"}
    return tuple(id_ for id_, entrances in correct.entrances.items() if everywhere or entrances & changed)


def is_deep(flaw: Flaw) -> bool:
    """Whether a flaw is one that properties guard, and not the catalogue alone."""
    return any(flaw.name in wanted.guards for wanted in properties())


def try_flaw(name: str | None, profile_name: str, only: Sequence[str] | None = None, *, deep: bool = False) -> Trial:
    """Run a profile, or some of its scenarios, against the sample tool with a flaw, or against the correct one.

    Args:
        deep: whether it is held to the properties of a deep run as well.
    """
    from conformance.demo import demo_lab
    from conformance.target import Start

    profile = load_profile(profile_name)
    with demo_lab(profile, Start(seed=0), without=name) as lab:
        runner = Runner(lab, Options(strict=True, repeat_failures=False, timelines=False))
        chosen = [s for s in select(scenarios(), profile) if only is None or s.id in only]
        results = list(_tried_out(runner, name, chosen))
        held = list(_held(runner, name)) if deep else []
        launch_url = lab.tool.tool.launch_url
    broke = [result.scenario.id for result in (*results, *held) if result.status in RED]
    seen = {r.scenario.id: _seen(r.observation, launch_url) for r in results if r.observation and name is None}
    entrances = {r.scenario.id: entrances_of(r.scenario, r.observation) for r in results}
    return Trial(flaw=name, profile=profile_name, broke=tuple(sorted(broke)), seen=seen, entrances=entrances)


def _tried_out(runner: Runner, flaw: str | None, chosen: Sequence[Scenario]) -> Iterator[Result]:
    """The results of the scenarios, those that are exclusive last; within each kind, first those that do not guard."""
    # The global flaws stand in no scenario's guards.
    everywhere = flaw is None or FLAWS[flaw].fails != "guards"
    whole = {scenario.id for scenario in chosen if everywhere or flaw in scenario.guards}
    # A tool may keep a spoilt key set for longer than one scenario.
    for order in ((False, False), (True, False), (True, True)):
        kind = [scenario for scenario in chosen if (runner.lab.alone(scenario), scenario.rotates) == order]
        yield from runner.brief().run([scenario for scenario in kind if scenario.id not in whole])
        yield from runner.run([scenario for scenario in kind if scenario.id in whole])


def _held(runner: Runner, flaw: str | None) -> Iterator[Result]:
    """The results of the properties; those that do not guard the flaw get by with few examples."""
    for phase in phases():
        chosen = select(phase.properties(), runner.lab.profile)
        guards = [wanted for wanted in chosen if flaw in wanted.guards]
        others = [wanted for wanted in chosen if wanted not in guards]
        for held, examples in ((guards, EXAMPLES), (others, FEW)):
            told = phase.run(runner, held, Depth(examples=examples)) if held else ()
            yield from (strictly(result) for result in told if isinstance(result, Result))


def _seen(observation: Observation, launch_url: str) -> Seen:
    refused = observation.outcome == "rejected"
    return Seen(
        answer=Answer(
            outcome="rejected" if refused else "launched",
            klass=observation.klass,
            type=observation.type,
            code=observation.code,
        ),
        told=refused and observation.channel is not None,
        at_launch=observation.session is False and observation.exchanges[-1].url.partition("?")[0] == launch_url,
    )


def prove(only: Sequence[str] = (), *, processes: int | None = None) -> Iterator[Trial]:
    """The trials of the correct tool under each profile and of every flaw, as they come in."""
    flaws = [flaw for flaw in FLAWS.values() if not only or flaw.name in only]
    profiles = {name: load_profile(name) for name in ({flaw.profile for flaw in flaws} if only else profile_names())}
    with _workers(processes or os.cpu_count() or 1) as tried:
        correct = {trial.profile: trial for trial in tried([(None, name, None, True) for name in profiles])}
        yield from correct.values()
        tasks = [(f.name, f.profile, concerned(f, profiles[f.profile], correct[f.profile]), is_deep(f)) for f in flaws]
        for flaw, trial in zip(flaws, tried(tasks), strict=True):
            expected = guarding(flaw, profiles[flaw.profile], correct[flaw.profile].seen)
            yield replace(trial, expected=expected)


Task = tuple[str | None, str, Sequence[str] | None, bool]


@contextlib.contextmanager
def _workers(processes: int) -> Iterator[Callable[[Sequence[Task]], Iterator[Trial]]]:
    """What makes the bare trials of tasks, in their order."""
    if processes == 1:
        yield lambda tasks: map(_tried, tasks)
        return
    # A fresh interpreter for each worker: a fork would inherit locks held by threads of the caller.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield lambda tasks: pool.map(_tried, tasks)


def _tried(task: Task) -> Trial:
    name, profile, only, deep = task
    return try_flaw(name, profile, only, deep=deep)
