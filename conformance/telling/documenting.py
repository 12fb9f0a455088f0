"""From a run to what its reports tell of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from conformance.exchanges.clearing import Clearing
from conformance.exchanges.exchange_legs import legs_of, told
from conformance.exchanges.known_secrets import witnessed
from conformance.exchanges.lies import lies_of
from conformance.model import AXES, Attempt, Expectation, Observation, Result
from conformance.report import Report
from conformance.statuses import BROKEN
from conformance.telling.dossier import (
    Dossier,
    Entry,
    Expected,
    FindingRow,
    Observed,
    RightAnswer,
)
from conformance.telling.tally import summed

__all__ = ["dossier_of", "entry_of", "expected_of", "head_of"]


def dossier_of(report: Report) -> Dossier:
    """A run as its reports tell it."""
    known = report.known.union(*(result.known for result in report.results))
    clearing = Clearing()
    entries = tuple(entry_of(result, clearing) for result in report.results)
    return summed(head_of(replace(report, known=known)), entries)


def head_of(report: Report) -> Dossier:
    """What is known of a run beside its results."""
    return Clearing().cleared(
        Dossier(
            tool=report.tool,
            profile=report.profile.name,
            question=report.profile.question,
            axes=report.profile.axes,
            seed=report.seed,
            only=report.only,
            strict=report.strict,
            started=report.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            duration_s=round(report.duration_s, 3),
            complete=report.complete,
            stopped=report.stopped,
            untried=report.untried,
            versions=dict(report.versions),
            findings=tuple(FindingRow(id=finding.id, text=finding.text) for finding in report.findings),
            chapters=report.chapters,
            waivers=report.waivers,
        ),
        report.known,
    )


def entry_of(result: Result, clearing: Clearing | None = None) -> Entry:
    """What came of one scenario, as a report tells it.

    Args:
        clearing: that of the report in which it is told.
    """
    clears = clearing or Clearing()
    scenario, verdict, expectation, seen = result.scenario, result.verdict, result.expectation, result.observation
    legs = result.timeline or (legs_of(seen) if seen and verdict.status in BROKEN else ())
    known = result.known | witnessed(seen, legs)
    timeline = told(legs, known, clears)
    entry = clears.cleared(
        Entry(
            id=scenario.id,
            title=scenario.title,
            severity=expectation.severity,
            requirement=scenario.requirement,
            mutations=(),
            faults=(),
            status=verdict.status,
            outcome=seen.outcome if seen else None,
            expected=expected_of(expectation),
            observed=_observed(seen) if seen else None,
            axes={axis: verdict.axes.get(axis, "unobserved") for axis in AXES},
            cause=verdict.cause,
            reason=verdict.reason,
            findings=result.findings,
            duration_s=round(result.duration_s, 4),
            replay=result.replay,
            why=scenario.why,
            fix=scenario.fix,
            recipe=result.recipe,
            serviced=scenario.serviced,
        ),
        known,
    )
    lies: dict[str, Any] = {"lies": tuple(lies_of(timeline)), "timeline": timeline} if timeline else {}
    return replace(entry, **_catalogued(result, known, clears), **lies)


def _catalogued(result: Result, known: frozenset[str], clears: Clearing) -> dict[str, Any]:
    """What the catalogue has written: the `secret` with which a lie signs is no secret, unless it is known as one."""
    scenario = result.scenario

    def told(texts: Iterable[object]) -> tuple[str, ...]:
        return tuple(clears.unknown_to(str(text), known) for text in texts)

    return {
        "mutations": told(scenario.mutations),
        "faults": told((*scenario.faults, *scenario.wire)),
        "sent": clears.unknown_to(_sent(result), known),
        "steps": told(map(_step, (*scenario.before, scenario.attempt)) if scenario.before else ()),
    }


def expected_of(expectation: Expectation) -> Expected:
    """The right answers, as a report tells them."""
    first = expectation.preferred
    return Expected(
        outcome=first.outcome,
        klass=first.klass,
        type=first.type,
        code=first.code,
        allowed=tuple(
            RightAnswer(outcome=answer.outcome, klass=answer.klass, type=answer.type, code=answer.code)
            for answer in expectation.allowed
        ),
    )


def _observed(seen: Observation) -> Observed:
    return Observed(
        outcome=seen.outcome,
        status_code=seen.status_code,
        klass=seen.klass,
        type=seen.type,
        code=seen.code,
        channel=seen.channel,
        session=seen.session,
        message=seen.message,
        trouble=seen.trouble,
    )


def _sent(result: Result) -> str:
    scenario = result.scenario
    lies = [*scenario.mutations, *map(str, scenario.faults), *map(str, scenario.wire)]
    before = f", after {len(scenario.before)} earlier" if scenario.before else ""
    return f"a launch as {scenario.role} with {', '.join(lies) or 'no lie'}{before}"


def _step(attempt: Attempt) -> str:
    """One launch of a story in a line."""
    logins = {"fresh": "a launch", "none": "an answer that nobody asked for"}
    parts = [
        f"«{attempt.name}»: {logins.get(attempt.login, f'the answer to the login of «{attempt.login}»')}",
        f"in the browser {attempt.browser}",
        f"by the {attempt.person}" if attempt.person else "",
        f"from the platform {attempt.registration}" if attempt.registration else "",
        f"with {', '.join(map(str, attempt.mutations))}" if attempt.mutations else "",
        "" if attempt.finish else "left before the answer was posted",
        f"posted {attempt.copies} times at once" if attempt.copies > 1 else "",
    ]
    return ", ".join(part for part in parts if part)
