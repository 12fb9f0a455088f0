"""A comparison of two reports for people, the verdict in its first line, and for machines. Pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.reports.escaping import printable
from conformance.results.comparing import Change, Comparison, Kind

__all__ = ["comparison_json", "comparison_text"]

WIDTH = 100
DROP_STALE = "`lti-conformance waive --from REPORT --drop-stale`"


@dataclass(frozen=True, slots=True)
class Telling:
    """How changes of a kind are told.

    Args:
        many: what the verdict says of them; of one it says `one`. Empty: they are no part of it.
        heading: what stands above them; empty: they are not told one by one.
        broken: whether the reason and the command that repeats them are wanted.
    """

    one: str
    many: str
    heading: str = ""
    broken: bool = False


TELLINGS: Mapping[Kind, Telling] = {
    "regression": Telling("regression", "regressions", "Regressions", broken=True),
    "silenced": Telling("scenario stopped asserting", "scenarios stopped asserting", "Stopped asserting", broken=True),
    "new-failure": Telling(
        "failure without an earlier verdict",
        "failures without an earlier verdict",
        "Fails, and the old report has no verdict on it (no regression)",
        broken=True,
    ),
    "fixed": Telling("fixed", "fixed", "Fixed"),
    "warned": Telling("only warns now", "only warn now", "Only warns now"),
    "waived": Telling("waived since", "waived since", "Waived since"),
    "failing": Telling("still fails", "still fail"),
    "begun": Telling("tested for the first time", "tested for the first time"),
    "added": Telling("not in the old report", "not in the old report"),
    "gone": Telling("no longer in the catalogue", "no longer in the catalogue"),
    "not-chosen": Telling("not chosen by the new run", "not chosen by the new run"),
    "untried": Telling("not reached by the new run", "not reached by the new run"),
}
"""Every kind but `same`, in the order in which they are told."""


def comparison_text(comparison: Comparison) -> str:
    """The comparison for a terminal or a log."""
    lines = [_verdict(comparison), *_notes(comparison)]
    for kind, telling in TELLINGS.items():
        if telling.heading:
            lines += _listed(comparison.of(kind), telling)
    # What a tool or a file has said must not steer the terminal.
    return "".join(f"{printable(line)}\n" for line in lines)


def comparison_json(comparison: Comparison) -> str:
    """The comparison as one JSON document, with every kind of change that there is."""
    document = {
        "old": _run(comparison.old.started, comparison.old.tool, complete=comparison.old.complete),
        "new": _run(comparison.new.started, comparison.new.tool, complete=comparison.new.complete),
        "profile": comparison.new.profile,
        "verdict": _word(comparison),
        "exit_code": comparison.exit_code,
        "dropped_axes": list(comparison.dropped),
        "summary": {kind: len(comparison.of(kind)) for kind in TELLINGS},
        "changes": [_change(change) for kind in TELLINGS for change in comparison.of(kind)],
    }
    return json.dumps(document, indent=1) + "\n"


def _run(started: str, tool: str, *, complete: bool) -> dict[str, Any]:
    return {"started": started, "tool": tool, "complete": complete}


def _word(comparison: Comparison) -> str:
    return "worse" if comparison.red else "partial" if comparison.partial else "no-regression"


def _change(change: Change) -> dict[str, Any]:
    return {
        "id": change.entry.id,
        "title": change.entry.title,
        "kind": change.kind,
        "old": change.old.status if change.old else None,
        "new": change.new.status if change.new else None,
        "axes": list(change.axes),
        "flaky": change.flaky,
        "drop_waiver": change.unwaived,
        "reason": _reason(change),
        "replay": change.entry.replay,
    }


def _verdict(comparison: Comparison) -> str:
    """The first line: what is worse, then the rest, and since when."""
    counts = [
        f"{len(found)} {telling.one if len(found) == 1 else telling.many}"
        for kind, telling in TELLINGS.items()
        if (found := comparison.of(kind))
    ]
    if comparison.dropped:
        counts.insert(0, f"the profile does not count the {' and '.join(comparison.dropped)} any more")
    if not comparison.red:
        counts.insert(0, "no verdict: the new report is partial" if comparison.partial else "no regression")
    return f"{', '.join(counts)} since {comparison.old.started} ({comparison.new.tool}, {comparison.new.profile})"


def _notes(comparison: Comparison) -> Iterator[str]:
    """What a reader has to know before believing the verdict."""
    old, new = comparison.old, comparison.new
    if old.tool != new.tool:
        yield f"The reports name two tools: {old.tool} before, {new.tool} now."
    if not new.complete:
        why = f": {new.stopped}" if new.stopped else f": {new.untried} not tried" if new.untried else ""
        yield f"The new report is partial{why}. What it has not tried may be worse; run it again."
    if not old.complete or (old.only and old.only != new.only):
        yield "The old report is partial: what it has not tried cannot count as a regression."
    if old.strict != new.strict:
        yield f"Only the {'new' if new.strict else 'old'} run was strict; its failures may be warnings of the other."
    flaky = [change.entry.id for change in comparison.changes if change.flaky]
    if flaky:
        yield f"Flaky in one of the reports, so look twice: {', '.join(flaky)}"


def _listed(changes: Sequence[Change], telling: Telling) -> Iterator[str]:
    if changes:
        yield ""
        yield f"{telling.heading}:"
    for change in changes:
        yield f"  {change.entry.id} – {change.entry.title} ({_from_to(change)}){' (flaky)' if change.flaky else ''}"
        if change.unwaived:
            yield f"    drop its waiver: {DROP_STALE}"
        if telling.broken:
            yield from textwrap.wrap(
                _reason(change),
                WIDTH,
                initial_indent="    because  ",
                subsequent_indent=" " * 13,
                break_long_words=False,
                break_on_hyphens=False,
            )
        if telling.broken and change.entry.replay:
            # Not wrapped: a command is copied.
            yield f"    repeat   {change.entry.replay}"


def _from_to(change: Change) -> str:
    before = change.old.status if change.old else "not there"
    return f"{before} → {change.new.status if change.new else 'missing'}"


def _reason(change: Change) -> str:
    if change.new is None:
        return "the new report does not have it" + (", although it was to be tried" * (change.kind == "silenced"))
    if change.axes:
        return f"its {' and '.join(change.axes)} cannot be observed any more: {change.new.reason}"
    return change.new.reason
