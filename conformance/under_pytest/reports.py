"""From what the items of a pytest run have found out to its reports."""

from __future__ import annotations

import base64
import datetime
import pickle
import platform as machine
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.catalogue import scenarios, select
from conformance.model import Profile, Result
from conformance.phases import properties
from conformance.report import Report
from conformance.reporting import SCREEN, Output, output_of, write_whole
from conformance.reports import formats
from conformance.reports.as_text import closing_text
from conformance.results.waivers import stale_waivers
from conformance.telling.documenting import dossier_of
from conformance.telling.dossier import Dossier
from conformance.under_pytest.values import Trial
from mockplatform._version import __version__
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from conformance.under_pytest.session import Conductor

__all__ = ["decoded", "encoded", "finish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What is true of all reports of a pytest run."""

    seed: int
    strict: bool
    started: datetime.datetime
    duration_s: float
    complete: bool


def encoded(trial: Trial) -> str:
    """The trial as text, which xdist can carry from a worker."""
    return base64.b64encode(pickle.dumps(trial)).decode("ascii")


def decoded(text: str) -> Trial:
    """The trial that a worker of this run has sent."""
    trial: Trial = pickle.loads(base64.b64decode(text))  # noqa: S301 - from a process that this run has started
    return trial


def finish(conductor: Conductor, *, complete: bool) -> tuple[Sequence[str], int]:
    """Write the reports of a run that is over; returns what to say about it and the exit status it deserves."""
    settings = conductor.settings
    if not conductor.trials:
        return (["no scenario was tried, so no report was written"] if settings.reports else []), 0
    run = _Run(
        seed=settings.seed,
        strict=settings.strict,
        started=conductor.started,
        duration_s=time.perf_counter() - conductor.began,
        complete=complete,
    )
    reports = _reports(conductor.trials.values(), run)
    # Why a run ended early stands at the item that noticed it.
    told = [dossier_of(report) for report in reports]
    shown = [replace(dossier, stopped=None) for dossier in told]
    lines = [line for dossier in shown for line in closing_text(dossier).splitlines()]
    try:
        lines += _written(told, [output_of(text, option="--lti-report") for text in settings.reports])
    except UsageError as error:
        return [*lines, str(error)], pytest.ExitCode.USAGE_ERROR
    stale = any(report.waivers for report in reports)
    return lines, pytest.ExitCode.TESTS_FAILED if stale else 0


def _reports(trials: Iterable[Trial], run: _Run) -> tuple[Report, ...]:
    """A report for each tool and profile, in the order of their first items."""
    groups: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.tool, trial.profile.name), []).append(trial)
    order = {scenario.id: index for index, scenario in enumerate(scenarios())}
    return tuple(_report(sorted(group, key=lambda trial: order[trial.scenario]), run) for group in groups.values())


def _report(trials: Sequence[Trial], run: _Run) -> Report:
    first = trials[0]
    results = tuple(trial.result for trial in trials if trial.result is not None)
    stopped = next((trial.trouble for trial in trials if trial.trouble), None)
    findings = {finding.id: finding for trial in trials for finding in trial.findings}
    today = run.started.date()
    # `-k` and `--lf` often leave out the one that still fails.
    whole = select((*scenarios(), *properties()), first.profile)
    return Report(
        tool=first.tool,
        profile=first.profile,
        seed=run.seed,
        started=run.started,
        duration_s=run.duration_s,
        complete=run.complete and not stopped,
        results=results,
        findings=tuple(findings.values()),
        versions={"lti-conformance": __version__, "python": machine.python_version()},
        waivers=stale_waivers(results, first.waivers, first.profile, today, whole),
        strict=run.strict,
        only=_only(results, first.profile),
        stopped=stopped,
    )


def _only(results: Sequence[Result], profile: Profile) -> tuple[str, ...]:
    """What chose these scenarios, in the words of `--only`: pytest has many ways to leave some out."""
    ids = {result.scenario.id for result in results}
    whole = {scenario.id for scenario in scenarios() if profile.expectation(scenario) is not None}
    return () if whole <= ids else tuple(sorted(ids))


def _written(dossiers: Sequence[Dossier], outputs: Iterable[Output]) -> list[str]:
    """Write the reports; returns the lines for the screen.

    Several reports of one path get their profile, and where that is not enough their tool, into the file name.
    """
    lines: list[str] = []
    for output in outputs:
        for dossier, mark in zip(dossiers, _marks(dossiers), strict=True):
            text = formats()[output.format](dossier)
            if output.path == SCREEN:
                lines += ["", *text.splitlines()]
                continue
            path = Path(output.path)
            path = path.with_name(f"{path.stem}-{mark}{path.suffix}") if mark else path
            write_whole(path, text)
            lines.append(f"{output.format} report in {path}")
    return lines


def _marks(dossiers: Sequence[Dossier]) -> Sequence[str]:
    """What tells the reports apart; nothing if there is one."""
    if len(dossiers) == 1:
        return [""]
    profiles = [dossier.profile for dossier in dossiers]
    if len(set(profiles)) == len(profiles):
        return profiles
    return [f"{re.sub(r'[^a-z0-9]+', '-', told.tool.lower())}-{told.profile}" for told in dossiers]
