"""What a report's results add up to: status per code and type, findings, and the exit code. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from conformance.errors import codes, types
from conformance.model import Axis, Result, Status
from conformance.report import Report

__all__ = ["FindingRow", "Row", "code_rows", "exit_code", "finding_rows", "type_rows"]

_WORST_FIRST: tuple[Status, ...] = ("failed", "error", "warned", "waived", "passed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A code or a type, and how the tool did on the scenarios that expect it."""

    name: str
    code: int | None
    status: Status | Literal["not-run"]
    scenarios: tuple[str, ...]
    reason: str = ""
    """Why there is no scenario, where there can be none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding of the run, once, with the scenarios that showed it."""

    id: str
    text: str
    scenarios: tuple[str, ...]


def code_rows(report: Report) -> tuple[Row, ...]:
    """One row for each code; none of them ran under a profile that does not count codes."""
    return tuple(
        _row(
            report,
            "code",
            entry.name,
            entry.code,
            [r for r in report.results if r.expectation.preferred.code == entry.code],
        )
        for entry in codes().values()
    )


def type_rows(report: Report) -> tuple[Row, ...]:
    """One row for each error type; none of them ran under a profile that does not count types."""
    return tuple(
        replace(_row(report, "type", name, None, _expecting(report, name)), reason=kind.unprovoked)
        for name, kind in types().items()
    )


def _expecting(report: Report, kind: str) -> Sequence[Result]:
    return [result for result in report.results if result.expectation.preferred.type == kind]


def _row(report: Report, axis: Axis, name: str, code: int | None, results: Sequence[Result]) -> Row:
    counted = [result for result in results if axis in report.profile.axes and not _by_alternate(result, axis)]
    return Row(name=name, code=code, status=worst(counted), scenarios=tuple(r.scenario.id for r in counted))


def _by_alternate(result: Result, axis: Axis) -> bool:
    """Whether it passed by another answer than the row's: right, and no evidence that the tool knows this one."""
    return result.status == "passed" and result.verdict.axes.get(axis) in ("allowed", "unobserved")


def worst(results: Iterable[Result]) -> Status | Literal["not-run"]:
    """The worst status, skipped ones left aside; `not-run` if nothing else is left."""
    found = {result.status for result in results}
    return next((status for status in _WORST_FIRST if status in found), "not-run")


def finding_rows(report: Report) -> tuple[FindingRow, ...]:
    """Each finding once, in the order of first sight; the text is that of the first."""
    texts: dict[str, str] = {}
    where: dict[str, list[str]] = {}
    for finding in report.findings:
        texts.setdefault(finding.id, finding.text)
        where.setdefault(finding.id, [])
    for result in report.results:
        for finding in result.findings:
            texts.setdefault(finding.id, finding.text)
            where.setdefault(finding.id, []).append(result.scenario.id)
    return tuple(
        FindingRow(id=id_, text=text, scenarios=tuple(dict.fromkeys(where[id_]))) for id_, text in texts.items()
    )


def exit_code(report: Report) -> int:
    """The exit code of `run`: the first that applies of 3, 2, 1, 4 and 0.

    3 stands before 2 here because a plain launch that failed was executed.
    """
    if report.stopped:
        return 3
    if all(result.status == "skipped" for result in report.results):
        return 2
    if report.counted("failed") or report.counted("error"):
        return 1
    if not report.complete:
        return 2
    return 4 if report.stale_waivers else 0
