"""From what the items of a pytest run have found out to its reports."""

from __future__ import annotations

import base64
import datetime
import pickle
import platform as machine
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from conformance.catalogue import scenarios, select
from conformance.model import Profile
from conformance.phases import properties
from conformance.report import Report
from conformance.reporting import write_each
from conformance.results.waivers import stale_waivers
from conformance.under_pytest.closing import closing_lines, waiver_lines
from conformance.under_pytest.naming import marked, marks
from conformance.under_pytest.values import Group, Trial
from mockplatform._version import __version__
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from conformance.under_pytest.planning import Plan
    from conformance.under_pytest.session import Conductor

__all__ = ["decoded", "encoded", "finish", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What is true of all reports of a pytest run."""

    seed: int
    strict: bool
    started: datetime.datetime
    duration_s: float
    complete: bool


def encoded(trial: Trial, plan: Plan) -> str:
    """The trial as text, which xdist can carry from a worker, with what the worker has to tell of its plan."""
    return base64.b64encode(pickle.dumps((trial, plan))).decode("ascii")


def decoded(text: str) -> tuple[Trial, Plan]:
    """The trial that a worker of this run has sent, and its plan."""
    sent: tuple[Trial, Plan] = pickle.loads(base64.b64decode(text))  # noqa: S301 - from a process of this run
    return sent


def note(conductor: Conductor, trial: Trial) -> None:
    """Remember a trial, and keep its result should this process be killed."""
    conductor.record(trial)
    if trial.result is None:
        return
    notebook = conductor.notebook
    begun = notebook.chosen(trial)
    ids = dict.fromkeys((*begun, *conductor.plan.get((trial.source, trial.profile.name), (trial.scenario,))))
    if len(ids) > len(begun):
        # No result says anything of a waiver before all have come.
        head = replace(_report([trial], _run(conductor, complete=False)), only=_only(ids, trial.profile), waivers=())
        notebook.begin(trial.group, head, tuple(ids))
    notebook.add(trial)


def finish(conductor: Conductor, *, complete: bool) -> tuple[Sequence[str], int]:
    """Write the reports of a run that is over; returns what to say about it and the exit status it deserves."""
    if not conductor.trials:
        return (["no scenario was tried, so no report was written"] if conductor.outputs else []), 0
    reports = _reports(conductor.trials.values(), conductor.plan, _run(conductor, complete=complete))
    notebook = conductor.notebook
    dossiers = {group: notebook.dossier(group, report) for group, report in reports.items()}
    told = [*dossiers.values()]
    lines = [*closing_lines(dossiers, conductor.settings.root)]
    stale = [sentence for dossier in told for sentence in dossier.waivers]
    try:
        write_each(
            dict(zip(marks([(dossier.tool, dossier.profile) for dossier in told]), told, strict=True)),
            conductor.outputs,
            named=marked,
            show=lambda text: lines.extend(["", *text.splitlines()]),
            wrote=lambda name, path: lines.append(f"{name} report in {path}"),
        )
    except UsageError as error:
        lines += [*waiver_lines(stale), "; ".join(filter(None, (str(error), notebook.kept)))]
        return lines, pytest.ExitCode.USAGE_ERROR
    notebook.done()
    return [*lines, *waiver_lines(stale)], pytest.ExitCode.TESTS_FAILED if stale else 0


def _run(conductor: Conductor, *, complete: bool) -> _Run:
    return _Run(
        seed=conductor.settings.seed,
        strict=conductor.settings.strict,
        started=conductor.started,
        duration_s=time.perf_counter() - conductor.began,
        complete=complete,
    )


def _reports(trials: Iterable[Trial], plan: Plan, run: _Run) -> dict[Group, Report]:
    """A report for each tool and profile, in the order of their first items."""
    groups: dict[Group, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.group, []).append(trial)
    order = {scenario.id: index for index, scenario in enumerate(scenarios())}
    reports = {}
    for group, found in groups.items():
        report = _report(sorted(found, key=lambda trial: order[trial.scenario]), run)
        reports[group] = report if report.complete else replace(report, untried=_untried(found, plan))
    return reports


def _untried(trials: Iterable[Trial], plan: Plan) -> int:
    """How many scenarios have no result, of those that were planned for the tool of these trials."""
    wanted: set[str] = set()
    done: set[str] = set()
    for trial in trials:
        wanted |= {trial.scenario, *plan.get((trial.source, trial.profile.name), ())}
        done |= {trial.scenario} if trial.result is not None else set()
    return len(wanted - done)


def _report(trials: Sequence[Trial], run: _Run) -> Report:
    first = trials[0]
    results = tuple(trial.result for trial in trials if trial.result is not None)
    stopped = next((trial.trouble for trial in trials if trial.trouble), None)
    findings = {finding.id: finding for trial in trials for finding in trial.findings}
    today = run.started.date()
    # `-k` and `--lf` often leave out the one that still fails.
    whole = select((*scenarios(), *properties()), first.profile) if first.waivers else ()
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
        only=_only([result.scenario.id for result in results], first.profile),
        stopped=stopped,
        known=frozenset().union(*(trial.known for trial in trials)),
    )


def _only(ids: Iterable[str], profile: Profile) -> tuple[str, ...]:
    """What chose these scenarios, in the words of `--only`: pytest has many ways to leave some out."""
    ids = set(ids)
    whole = {scenario.id for scenario in scenarios() if profile.expectation(scenario) is not None}
    return () if whole <= ids else tuple(sorted(ids))
