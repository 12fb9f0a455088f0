"""The report for a terminal: a table, then each failure with all that is needed to act on it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from conformance.errors import codes, types
from conformance.model import Answer, Attempt, Observation, Result, Status
from conformance.report import Report
from conformance.requirements import documents, requirements
from conformance.tally import Row, code_rows, finding_rows, type_rows, worst

__all__ = ["closing_text", "failure_text", "render"]

WIDTH = 100
_MARKS = {
    "passed": "✓",
    "failed": "✗",
    "warned": "!",
    "skipped": "–",
    "waived": "w",
    "error": "?",
    "not-run": "·",
}


def render(report: Report) -> str:
    """The report as text."""
    parts = [
        *_table(report),
        *_failures(report),
        *_skips(report),
        *_chapters(report),
        *_findings(report),
        *_summary(report),
    ]
    return "\n".join(parts) + "\n"


def failure_text(result: Result) -> str:
    """All that is needed to act on one result."""
    return "\n".join(_failure(result))


def closing_text(report: Report) -> str:
    """What is worth saying about a run as a whole, and its counts."""
    return "\n".join([*_findings(report), *_summary(report)]).strip("\n")


def _table(report: Report) -> Iterator[str]:
    yield f"{report.tool} · profile {report.profile.name}: {report.profile.question}"
    yield ""
    if "code" in report.profile.axes:
        yield from _rows(code_rows(report))
    elif "type" in report.profile.axes:
        yield from _rows(row for row in type_rows(report) if types()[row.name].surface == "launch" or _used(report))
    else:
        yield from _areas(report)


def _rows(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        number = f"{row.code} " if row.code is not None else ""
        count = f"{len(row.scenarios)} scenario{'s' if len(row.scenarios) != 1 else ''}" if row.scenarios else ""
        yield f"  {_MARKS[row.status]} {number}{row.name:<46} {row.status:<8} {count or row.reason}".rstrip()


def _used(report: Report) -> bool:
    """Whether the tool was tried at any service."""
    return any(result.scenario.serviced and result.status != "skipped" for result in report.results)


def _areas(report: Report) -> Iterator[str]:
    areas: dict[str, list[Result]] = {}
    for result in report.results:
        areas.setdefault(result.scenario.id.partition("/")[0], []).append(result)
    for area, results in areas.items():
        status = worst(results)
        passed = sum(result.status == "passed" for result in results)
        yield f"  {_MARKS[status]} {area:<20} {status:<8} {passed} of {len(results)} passed"


def _failures(report: Report) -> Iterator[str]:
    for result in report.results:
        if result.status in ("failed", "warned", "error"):
            yield ""
            yield from _failure(result)


def _failure(result: Result) -> Iterator[str]:
    scenario, seen = result.scenario, result.observation
    yield f"{_MARKS[result.status]} {scenario.id} – {scenario.title} ({result.status})"
    yield from _line("because", result.verdict.reason)
    yield from _line("sent", _sent(result))
    for number, attempt in enumerate(scenario.before, 1):
        yield from _line(f"{number}.", _step(attempt))
    if scenario.before:
        yield from _line("then", _step(scenario.attempt))
    answers = dict.fromkeys(answer_text(answer) for answer in result.expectation.answers)
    yield from _line("expected", " or ".join(answers))
    if seen is not None:
        yield from _line("observed", _observed(seen))
        for exchange in seen.exchanges:
            address = exchange.url.partition("?")[0]
            yield f"             {exchange.method} {address} → {exchange.status or exchange.trouble}"
    yield from _line("why", scenario.why)
    for id_ in scenario.requirement:
        rule = requirements()[id_]
        url = documents()[rule.document].url
        yield from _line("says", f"{rule.citation}: {rule.text}" + (f" ({url})" if url else ""))
    code = result.expectation.preferred.code
    if code is not None and result.status != "error":
        yield from _line("people", f"{code}: {codes()[code].remedy}")
    if result.replay:
        # Not wrapped: a command is copied.
        yield f"  {'repeat':<10} {result.replay}"
    if result.recipe:
        yield f"  {'recipe':<10} {result.recipe}"


def _line(label: str, text: str) -> Iterator[str]:
    # break_long_words would cut a command that has to be copied.
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"  {label:<10} ",
        subsequent_indent=" " * 13,
        break_long_words=False,
        break_on_hyphens=False,
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


def answer_text(answer: Answer) -> str:
    """An answer in a few words, such as `rejected (1001, TokenExpired, class security)`."""
    parts = [str(part) for part in (answer.code, answer.type, answer.klass and f"class {answer.klass}") if part]
    return f"{answer.outcome} ({', '.join(parts)})" if parts else answer.outcome


def _observed(seen: Observation) -> str:
    told = [str(part) for part in (seen.code, seen.type, seen.klass and f"class {seen.klass}") if part]
    parts = [
        seen.outcome,
        f"status {seen.status_code}" if seen.status_code else "",
        f"{', '.join(told)} by {seen.channel}" if told else "",
        f"saying: {seen.message[:200]}" if seen.message else seen.trouble,
    ]
    return ", ".join(part for part in parts if part)


def _skips(report: Report) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for result in report.results:
        if result.status == "skipped":
            reasons.setdefault(result.verdict.reason, []).append(result.scenario.id)
    if reasons:
        yield ""
        yield "Not tested:"
    for reason, ids in reasons.items():
        yield from textwrap.wrap(
            f"– {len(ids)}: {reason} ({_some(ids)})", WIDTH, initial_indent="  ", subsequent_indent="    "
        )


def _chapters(report: Report) -> Iterator[str]:
    for chapter in report.chapters:
        yield ""
        yield f"{chapter.title}:"
        for line in chapter.lines:
            yield from textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="      ")


def _findings(report: Report) -> Iterator[str]:
    rows = finding_rows(report)
    if rows:
        yield ""
        yield "Findings:"
    for row in rows:
        shown = f" ({len(row.scenarios)}: {_some(row.scenarios)})" if row.scenarios else ""
        yield from textwrap.wrap(f"• {row.id}: {row.text}{shown}", WIDTH, initial_indent="  ", subsequent_indent="    ")


def _some(ids: Iterable[str]) -> str:
    first, *rest = ids
    return ", ".join([first, *rest[:2]]) + (", …" if len(rest) > 2 else "")


def _summary(report: Report) -> Iterator[str]:
    yield ""
    for sentence in report.stale_waivers:
        yield f"! {sentence}"
    if report.stopped:
        yield f"✗ The run ended early: {report.stopped}"
    statuses: tuple[Status, ...] = ("passed", "failed", "warned", "skipped", "waived", "error")
    counts = ", ".join(f"{n} {status}" for status in statuses if (n := report.counted(status)))
    incomplete = "" if report.complete else f", incomplete: {report.untried} not tried"
    yield f"{counts or 'nothing was tried'}{incomplete} · {report.duration_s:.1f} s · seed {report.seed}"
