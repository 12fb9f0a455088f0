"""What results add up to: status per code, type and area, findings, and the exit code. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from conformance.errors import codes, types
from conformance.model import Axis, Status
from conformance.requirements import documents, requirements
from conformance.statuses import RED, STATUSES, WORST_FIRST, RowStatus
from conformance.telling.dossier import Area, CodeRow, Dossier, Entry, FindingRow, Rule, TypeRow

__all__ = ["areas_of", "exit_code", "remedies_for", "rules_for", "summed", "worst"]


def summed(head: Dossier, entries: Sequence[Entry]) -> Dossier:
    """The dossier with these results, and all that they add up to.

    Args:
        head: what is known of the run beside its results; its findings are those of the run alone.
    """
    told = replace(
        head,
        summary=_summary(entries),
        codes=_code_rows(entries, head.axes),
        types=_type_rows(entries, head.axes),
        areas=areas_of(entries),
        findings=_finding_rows(head.findings, entries),
        rules=rules_for(entries),
        remedies=remedies_for(entries),
        results=tuple(entries),
    )
    return replace(told, exit_code=exit_code(told))


def exit_code(dossier: Dossier) -> int:
    """The exit code of `run` without a baseline: the first that applies, in the order of `exit_codes.RUN`.

    3 stands before 2 there because a plain launch that failed was executed.
    """
    if dossier.stopped:
        return 3
    if not dossier.executed:
        return 2
    if any(dossier.summary[status] for status in RED):
        return 1
    if not dossier.complete:
        return 2
    return 4 if dossier.waivers else 0


def worst(entries: Iterable[Entry]) -> RowStatus:
    """The worst status, skipped ones left aside; `not-run` if nothing else is left."""
    found = {entry.status for entry in entries}
    return next((status for status in WORST_FIRST if status in found), "not-run")


def rules_for(entries: Iterable[Entry]) -> Mapping[str, Rule]:
    """The demands that entries name, by id; one that this version does not know is left out."""
    named = dict.fromkeys(id_ for entry in entries for id_ in entry.requirement)
    known = ((id_, requirements()[id_]) for id_ in named if id_ in requirements())
    return {
        id_: Rule(citation=rule.citation, level=rule.level, text=rule.text, url=documents()[rule.document].url)
        for id_, rule in known
    }


def remedies_for(entries: Iterable[Entry]) -> Mapping[str, str]:
    """What people have to do about the codes that entries expect, by code."""
    expected = {entry.expected.code for entry in entries if entry.expected.code in codes()}
    return {str(code): codes()[code].remedy for code in sorted(filter(None, expected))}


def _summary(entries: Iterable[Entry]) -> Mapping[Status, int]:
    found = [entry.status for entry in entries]
    return {status: found.count(status) for status in STATUSES}


def areas_of(entries: Iterable[Entry]) -> tuple[Area, ...]:
    """The parts of the catalogue that entries belong to, in the order of first sight."""
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.area, []).append(entry)
    return tuple(
        Area(name=name, status=worst(found), summary={s: n for s, n in _summary(found).items() if n})
        for name, found in by_name.items()
    )


def _code_rows(entries: Sequence[Entry], axes: Sequence[Axis]) -> tuple[CodeRow, ...]:
    """One row for each code; none of them ran under a profile that does not count codes."""
    return tuple(
        CodeRow(code=code, name=error.name, status=worst(counted), scenarios=_ids(counted))
        for code, error in codes().items()
        for counted in [[entry for entry in _counted(entries, axes, "code") if entry.expected.code == code]]
    )


def _type_rows(entries: Sequence[Entry], axes: Sequence[Axis]) -> tuple[TypeRow, ...]:
    """One row for each error type; none of them ran under a profile that does not count types."""
    return tuple(
        TypeRow(type=name, status=worst(counted), scenarios=_ids(counted), surface=kind.surface, reason=kind.unprovoked)
        for name, kind in types().items()
        for counted in [[entry for entry in _counted(entries, axes, "type") if entry.expected.type == name]]
    )


def _counted(entries: Sequence[Entry], axes: Sequence[Axis], axis: Axis) -> Sequence[Entry]:
    """The results that show how the tool does on an axis, if the profile counts that."""
    return [entry for entry in entries if not _by_alternate(entry, axis)] if axis in axes else ()


def _by_alternate(entry: Entry, axis: Axis) -> bool:
    """Whether it passed by another answer than the row's: right, and no evidence that the tool knows this one."""
    return entry.status == "passed" and entry.axes.get(axis) in ("allowed", "unobserved")


def _ids(entries: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(entry.id for entry in entries)


def _finding_rows(of_run: Iterable[FindingRow], entries: Iterable[Entry]) -> tuple[FindingRow, ...]:
    """Each finding once, in the order of first sight; the text is that of the first."""
    rows: dict[str, FindingRow] = {}
    # Keys in their order, for a finding may have been shown by tens of thousands.
    scenarios: dict[str, dict[str, None]] = {}
    for row in of_run:
        rows.setdefault(row.id, row)
    for entry in entries:
        for finding in entry.findings:
            row = rows.setdefault(finding.id, FindingRow(id=finding.id, text=finding.text))
            scenarios.setdefault(finding.id, dict.fromkeys(row.scenarios))[entry.id] = None
    return tuple(replace(row, scenarios=tuple(scenarios.get(id_, row.scenarios))) for id_, row in rows.items())
