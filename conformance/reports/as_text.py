"""The report for a terminal: a table, then each failure with all that is needed to act on it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from conformance.exchanges.legs import Leg
from conformance.reports.escaping import printable
from conformance.reports.marks import MARKS
from conformance.statuses import OPEN, URGENT_FIRST, RowStatus
from conformance.telling.conclusion import Verdict
from conformance.telling.dossier import CodeRow, Dossier, Entry, Rule, TypeRow

__all__ = ["HEAD", "closing_text", "failure_text", "render"]

HEAD = re.compile(r"\A[^\n]* · profile ")
"""How an earlier report of this format is known."""

WIDTH = 100
_MOST_LIES = 6
_MOST_HOPS = 12
_TONES: Mapping[Verdict, RowStatus] = {"conformant": "passed", "not conformant": "failed", "regressed": "failed"}


def render(dossier: Dossier) -> str:
    """The report as text."""
    parts = [
        _heading(dossier),
        *_table(dossier),
        *_failures(dossier),
        *_waived(dossier),
        *_skips(dossier),
        *_chapters(dossier),
        *_findings(dossier),
        *_ending(dossier, dossier.headline),
    ]
    return _told(parts) + "\n"


def failure_text(entry: Entry, rules: Mapping[str, Rule], remedies: Mapping[str, str]) -> str:
    """All that is needed to act on one result, with the rules and remedies of its dossier."""
    return _told(_failure(entry, rules, remedies))


def closing_text(dossier: Dossier) -> str:
    """What is worth saying about a run as a whole, and its counts, where another program decides the exit code."""
    ending = [*_findings(dossier), *_ending(dossier, dossier.verdict.capitalize())]
    return _told([_heading(dossier), *ending[1:]])


def _told(lines: Iterable[str]) -> str:
    # What a tool has said must not steer the terminal.
    return "\n".join(map(printable, lines))


def _heading(dossier: Dossier) -> str:
    return f"{dossier.tool} · profile {dossier.profile}: {dossier.question}"


def _table(dossier: Dossier) -> Iterator[str]:
    yield ""
    rows = {
        "codes": (_row(row, f"{row.code} {row.name}") for row in dossier.codes),
        "types": (_row(row, row.type, row.reason) for row in dossier.met_types),
        "areas": _areas(dossier),
    }
    yield from rows[dossier.table]


def _row(row: CodeRow | TypeRow, name: str, reason: str = "") -> str:
    count = f"{len(row.scenarios)} scenario{'s' if len(row.scenarios) != 1 else ''}" if row.scenarios else ""
    # With a code the name begins later, and so does what follows.
    width = 51 if isinstance(row, CodeRow) else 46
    return f"  {MARKS[row.status]} {name:<{width}} {row.status:<8} {count or reason}".rstrip()


def _areas(dossier: Dossier) -> Iterator[str]:
    for area in dossier.areas:
        skipped = area.summary.get("skipped", 0)
        tried = area.total - skipped
        told = [f"{area.passed} of {tried} passed"] * bool(tried) + [f"{skipped} skipped"] * bool(skipped)
        yield f"  {MARKS[area.status]} {area.name:<20} {area.status:<8} {', '.join(told)}"


def _failures(dossier: Dossier) -> Iterator[str]:
    found = [entry for entry in dossier.results if entry.status in OPEN]
    for entry in sorted(found, key=lambda entry: URGENT_FIRST.index(entry.status)):
        yield ""
        yield from _failure(entry, dossier.rules, dossier.remedies)


def _failure(entry: Entry, rules: Mapping[str, Rule], remedies: Mapping[str, str]) -> Iterator[str]:
    yield f"{MARKS[entry.status]} {entry.id} – {entry.title} ({entry.status})"
    yield from _line("because", entry.reason)
    yield from _story(entry)
    yield from _line("why", entry.why)
    for rule in (rules[id_] for id_ in entry.requirement if id_ in rules):
        yield from _line("says", f"{rule.citation}: {rule.text}" + (f" ({rule.url})" if rule.url else ""))
    yield from _line("fix", entry.fix)
    if str(entry.expected.code) in remedies and entry.status != "error":
        yield from _line("people", f"{entry.expected.code}: {remedies[str(entry.expected.code)]}")
    if entry.replay:
        # Not wrapped: a command is copied.
        yield f"  {'repeat':<10} {entry.replay}"
    if entry.recipe:
        yield f"  {'recipe':<10} {entry.recipe}"


def _story(entry: Entry) -> Iterator[str]:
    """What was sent, what was to come back, and what did."""
    yield from _line("sent", entry.sent)
    *before, judged = entry.steps or ("",)
    for number, step in enumerate(before, 1):
        yield from _line(f"{number}.", step)
    if before:
        yield from _line("then", judged)
    for lie in entry.lies[:_MOST_LIES]:
        yield from _line("instead", lie)
    if len(entry.lies) > _MOST_LIES:
        yield from _line("", f"… and {len(entry.lies) - _MOST_LIES} more places, which the JSON report tells")
    yield from _line("expected", str(entry.expected))
    if entry.observed is not None:
        yield from _line("observed", str(entry.observed))
    yield from _hops(entry.timeline)


def _hops(timeline: Sequence[Leg]) -> Iterator[str]:
    """Each request with its answer; of very many the first and the last."""
    told = [
        f"             {leg.method} {leg.url.partition('?')[0]} → {leg.reply.status or leg.reply.trouble}"
        for leg in timeline
        if leg.reply is not None
    ]
    left_out = len(told) - _MOST_HOPS
    if left_out > 0:
        half = _MOST_HOPS // 2
        told[half:-half] = [f"             … {left_out} more, which the JSON report has"]
    yield from told


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


def _waived(dossier: Dossier) -> Iterator[str]:
    """A green run names its excuses."""
    waived = [entry for entry in dossier.results if entry.status == "waived"]
    if waived:
        yield ""
        yield "Waived:"
    for entry in waived:
        yield from textwrap.wrap(f"w {entry.id}: {entry.reason}", WIDTH, initial_indent="  ", subsequent_indent="    ")


def _skips(dossier: Dossier) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for entry in dossier.results:
        if entry.status == "skipped":
            reasons.setdefault(entry.reason, []).append(entry.id)
    if reasons:
        yield ""
        yield "Not tested:"
    for reason, ids in reasons.items():
        yield from textwrap.wrap(
            f"– {len(ids)}: {reason} ({_some(ids)})", WIDTH, initial_indent="  ", subsequent_indent="    "
        )


def _chapters(dossier: Dossier) -> Iterator[str]:
    for chapter in dossier.chapters:
        yield ""
        yield f"{chapter.title}:"
        for line in chapter.lines:
            yield from textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="      ")


def _findings(dossier: Dossier) -> Iterator[str]:
    if dossier.findings:
        yield ""
        yield "Findings:"
    for row in dossier.findings:
        shown = f" ({len(row.scenarios)}: {_some(row.scenarios)})" if row.scenarios else ""
        yield from textwrap.wrap(f"• {row.id}: {row.text}{shown}", WIDTH, initial_indent="  ", subsequent_indent="    ")


def _some(ids: Iterable[str]) -> str:
    first, *rest = ids
    return ", ".join([first, *rest[:2]]) + (", …" if len(rest) > 2 else "")


def _ending(dossier: Dossier, verdict: str) -> Iterator[str]:
    yield ""
    for sentence in dossier.waivers:
        yield f"! {sentence}"
    for sentence in dossier.reservations:
        yield f"✗ {sentence}"
    if dossier.choice:
        yield f"! {dossier.choice}"
    yield f"{MARKS[_TONES.get(dossier.verdict, 'warned')]} {verdict}"
    counts = ", ".join(f"{count} {status}" for status, count in dossier.summary.items() if count)
    incomplete = "" if dossier.complete else f", incomplete: {dossier.untried} not tried"
    yield f"{counts or 'nothing was tried'}{incomplete} · {dossier.duration_s:.1f} s · seed {dossier.seed}"
