"""The law: the correct sample tool passes everything, and each flaw is found by the scenarios that guard it.

A flaw is killed when the scenarios that end `failed` or `error` are exactly those that guard it: one that stays
silent would be a false pass in somebody's project, one more would be a false alarm. A broken SHOULD counts here
as it does under `--strict`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from conformance.catalogue import scenarios, select
from conformance.model import Expectation, Profile, Scenario
from conformance.profile import load_profile, profile_names
from conformance.sample_tool import FLAWS, Flaw

__all__ = ["Law", "Trial", "guarding", "prove", "try_flaw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one flaw, or the correct tool under one profile, did to the catalogue."""

    flaw: str | None
    profile: str
    broke: tuple[str, ...]
    """Scenarios that ended `failed` or `error`."""
    expected: tuple[str, ...]

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


def guarding(flaw: Flaw, profile: Profile, chosen: Sequence[Scenario]) -> tuple[str, ...]:
    """The scenarios that must notice a flaw under its profile."""
    if flaw.fails == "guards":
        return tuple(scenario.id for scenario in chosen if flaw.name in scenario.guards)
    concerns = _SELECTORS[flaw.fails]
    return tuple(s.id for s in chosen if (wanted := profile.expectation(s)) is not None and concerns(wanted))


def _refuses(wanted: Expectation) -> bool:
    return all(answer.outcome == "rejected" for answer in wanted.answers)


_SELECTORS: Mapping[str, Callable[[Expectation], bool]] = {
    "everything": lambda _: True,
    "refusals": _refuses,
    "classes": lambda wanted: _refuses(wanted) and all(a.klass not in (None, "invalid") for a in wanted.answers),
    "types": lambda wanted: _refuses(wanted) and all(answer.type is not None for answer in wanted.answers),
    "codes": lambda wanted: _refuses(wanted) and all(answer.code is not None for answer in wanted.answers),
}
"""What a global flaw must break: a flaw that spoils every answer of a kind is not guarded one by one."""


def try_flaw(name: str | None, profile_name: str) -> Trial:
    """Run a whole profile against the sample tool with a flaw, or against the correct one."""
    from conformance.demo import demo_lab
    from conformance.runner import Options, Runner
    from conformance.target import Start

    profile = load_profile(profile_name)
    chosen = select(scenarios(), profile)
    with demo_lab(profile, Start(seed=0), without=name) as lab:
        runner = Runner(lab, Options(strict=True, repeat_failures=False))
        broke = [result.scenario.id for result in runner.run(chosen) if result.status in ("failed", "error")]
    expected = guarding(FLAWS[name], profile, chosen) if name is not None else ()
    return Trial(flaw=name, profile=profile_name, broke=tuple(sorted(broke)), expected=expected)


def prove(only: Sequence[str] = (), *, processes: int | None = None) -> Iterator[Trial]:
    """The trials of the correct tool under each profile and of every flaw, as they come in."""
    flaws = [flaw for flaw in FLAWS.values() if not only or flaw.name in only]
    tasks: list[tuple[str | None, str]] = [] if only else [(None, name) for name in profile_names()]
    tasks += [(flaw.name, flaw.profile) for flaw in flaws]
    workers = min(processes or os.cpu_count() or 1, len(tasks))
    if workers <= 1:
        yield from (try_flaw(*task) for task in tasks)
        return
    # A fresh interpreter for each worker: a fork would inherit locks held by threads of the caller.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(try_flaw, *zip(*tasks, strict=True))
