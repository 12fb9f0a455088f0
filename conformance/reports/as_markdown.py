"""The report as Markdown for the step summary of a GitHub workflow, which takes 1 MiB and refuses what is longer."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.reports.escaping import clipped, fenced, legible, markdown_link, markdown_text
from conformance.statuses import OPEN, RED, STATUSES
from conformance.telling.dossier import Area, Chapter, CodeRow, Dossier, Entry, FindingRow, TypeRow

__all__ = ["HEAD", "render"]

HEAD = re.compile(r"\A## LTI conformance of ")
"""How an earlier report of this format is known."""

LIMIT = 1024 * 1024
LONGEST = 2000
LONGEST_NAME = 200
_RESERVED = 200
_MOST_LIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of the summary: as much of it is written as there is room for.

    Args:
        write: one of the things as it stands in the summary, with the line break that ends it.
        noun: what the things are.
    """

    head: str = ""
    things: Sequence[Any]
    write: Callable[[Any], str]
    noun: str


def render(dossier: Dossier) -> str:
    """The report as Markdown of at most 1 MiB; what is left out is counted in a line."""
    parts = [part for part in _parts(dossier) if part.things]
    room = LIMIT - _RESERVED * len(parts)
    told = []
    for part in parts:
        text = _written(part, room)
        room -= len(text.encode())
        told.append(text)
    return "".join(told).rstrip("\n") + "\n"


def _written(part: _Part, room: int) -> str:
    """A part, within so many bytes; the line about what is left out has room of its own."""
    told = [part.head]
    room -= len(part.head.encode())
    for index, thing in enumerate(part.things):
        text = part.write(thing)
        room -= len(text.encode())
        if room < 0:
            told.append(f"\n… {len(part.things) - index} more {part.noun} left out: a step summary holds 1 MiB.\n")
            break
        told.append(text)
    return "".join((*told, "\n"))


def _parts(dossier: Dossier) -> Iterator[_Part]:
    of = {status: [e for e in dossier.results if e.status == status] for status in STATUSES}
    about = [*dossier.reservations, *dossier.waivers, *filter(None, [dossier.choice])]
    yield _Part(things=[dossier], write=_heading, noun="lines")
    yield _Part(things=about, write=_warning, noun="notes")
    yield _rows(dossier)
    broken = [entry for status in OPEN for entry in of[status]]
    yield _Part(
        head="### What did not pass\n\n", things=broken, write=lambda entry: _story(entry, dossier), noun="results"
    )
    yield _Part(head="### Waived\n\n", things=of["waived"], write=_reason, noun="waived results")
    yield _Part(head="### Findings\n\n", things=dossier.findings, write=_finding, noun="findings")
    yield _Part(things=dossier.chapters, write=_chapter, noun="chapters")


def _heading(dossier: Dossier) -> str:
    told = [(status, number) for status in STATUSES if (number := dossier.summary.get(status, 0))]
    counts = told or [("passed", 0)]
    facts = (
        f"Profile {_name(dossier.profile)}, seed {dossier.seed}, {dossier.duration_s:.1f} s. {_long(dossier.question)}"
    )
    return "\n".join(
        [
            f"## LTI conformance of {_name(dossier.tool)}: {dossier.verdict}",
            "",
            f"**{_long(dossier.headline)}**",
            "",
            facts.rstrip(),
            "",
            _row(*(status for status, _ in counts)),
            _row(*("---:" for _ in counts)),
            _row(*(str(number) for _, number in counts)),
            "",
        ]
    )


def _rows(dossier: Dossier) -> _Part:
    """The table of what the profile counts."""
    if dossier.table == "codes":
        return _Part(
            head=_row("code", "name", "status", "scenarios") + "\n" + _row("---:", "---", "---", "---:") + "\n",
            things=dossier.codes,
            write=_code,
            noun="codes",
        )
    if dossier.table == "types":
        return _Part(
            head=_row("type", "status", "scenarios") + "\n" + _row("---", "---", "---:") + "\n",
            things=dossier.met_types,
            write=_type,
            noun="types",
        )
    return _Part(
        head=_row("area", "status", "passed", "of") + "\n" + _row("---", "---", "---:", "---:") + "\n",
        things=dossier.areas,
        write=_area,
        noun="areas",
    )


def _code(row: CodeRow) -> str:
    return _row(str(row.code), _name(row.name), _status(row.status), str(len(row.scenarios))) + "\n"


def _type(row: TypeRow) -> str:
    return _row(_name(row.type), _status(row.status), str(len(row.scenarios))) + "\n"


def _area(row: Area) -> str:
    return _row(_name(row.name), _status(row.status), str(row.passed), str(row.total)) + "\n"


def _status(status: str) -> str:
    return f"**{status}**" if status in RED else status


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _story(entry: Entry, dossier: Dossier) -> str:
    """A result, folded."""
    told = [
        f"**Because:** {_long(entry.reason)}",
        f"**Sent:** {_long(entry.sent)}" if entry.sent else "",
        *(f"**{number}.** {_long(step)}" for number, step in enumerate(entry.steps, 1)),
        *(f"**Instead:** {_long(lie)}" for lie in entry.lies[:_MOST_LIES]),
        f"… and {len(entry.lies) - _MOST_LIES} more places" if len(entry.lies) > _MOST_LIES else "",
        f"**Expected:** {_long(str(entry.expected))}",
        f"**Observed:** {_long(str(entry.observed))}" if entry.observed else "",
        f"**Why:** {_long(entry.why)}" if entry.why else "",
        *(f"**Says:** {_rule(dossier, id_)}" for id_ in entry.requirement if id_ in dossier.rules),
        f"**Fix:** {_long(entry.fix)}" if entry.fix else "",
    ]
    return "\n".join(
        [
            # A blank line would end the HTML; GitHub reads Markdown again after one.
            f"<details><summary>{_html(entry.id)} – {_html(entry.title)} ({entry.status})</summary>",
            "",
            *(f"- {line}" for line in told if line),
            "",
            *((fenced(clipped(entry.replay, LONGEST), "sh"), "") if entry.replay else ()),
            "</details>",
            "",
            "",
        ]
    )


def _rule(dossier: Dossier, id_: str) -> str:
    rule = dossier.rules[id_]
    return f"{markdown_link(clipped(rule.citation, LONGEST_NAME), rule.url)} ({rule.level}): {_long(rule.text)}"


def _warning(sentence: str) -> str:
    return f"> {_long(sentence)}\n\n"


def _reason(entry: Entry) -> str:
    return f"- {_name(entry.id)}: {_long(entry.reason)}\n"


def _finding(row: FindingRow) -> str:
    where = f" ({len(row.scenarios)} scenario{'s' if len(row.scenarios) != 1 else ''})" if row.scenarios else ""
    return f"- **{_name(row.id)}**: {_long(row.text)}{where}\n"


def _chapter(chapter: Chapter) -> str:
    lines = "".join(f"- {_long(line)}\n" for line in chapter.lines)
    return f"### {_name(chapter.title)}\n\n{lines}\n"


def _name(text: str) -> str:
    return markdown_text(clipped(text, LONGEST_NAME))


def _long(text: str) -> str:
    return markdown_text(clipped(text, LONGEST))


def _html(text: str) -> str:
    return html.escape(" ".join(legible(clipped(text, LONGEST_NAME)).split()))
