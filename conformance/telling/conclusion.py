"""What a run comes to: a word, a sentence, and what stands against trusting it. Pure.

A `Dossier` holds all three, made of its other members, so that every format tells a run in the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from conformance.exit_codes import RUN
from conformance.statuses import RED

if TYPE_CHECKING:
    from conformance.telling.dossier import Dossier

__all__ = ["REGRESSED", "Verdict", "headline", "reservations", "verdict"]

Verdict = Literal["conformant", "not conformant", "regressed", "waivers to clear", "partial", "not tested"]
REGRESSED = 5


def verdict(run: Dossier) -> Verdict:
    """What a run comes to in a word; only a complete run of the whole profile is `conformant`."""
    if any(run.summary.get(status) for status in RED):
        return "not conformant"
    if run.exit_code == REGRESSED:
        return "regressed"
    if not run.executed:
        return "not tested"
    if not run.complete or run.stopped or run.only:
        return "partial"
    if run.waivers:
        return "waivers to clear"
    return "conformant" if run.exit_code == 0 else "not conformant"


def headline(run: Dossier) -> str:
    """The verdict, and what the exit code means where that says more."""
    word, meaning = verdict(run), _meaning(run)
    more = f": {meaning}" if meaning and meaning != word else ""
    return f"{word.capitalize()} (exit code {run.exit_code}{more})"


def _meaning(run: Dossier) -> str:
    if run.exit_code == 0 and verdict(run) != "conformant":
        return "nothing that was tried has failed"
    # Of two rows with one code, the first is about runs in which nothing was executed.
    rows = [row for row in RUN if row.code == run.exit_code]
    row = rows[-1 if run.executed else 0] if rows else None
    return (row.short or row.meaning) if row else ""


def reservations(run: Dossier) -> Iterator[str]:
    """A sentence for each thing about the run that none of its results and waivers tells."""
    told = False
    for sentence in _about_the_end(run):
        told = True
        yield sentence
    if run.exit_code == REGRESSED:
        yield "The baseline was better: something that was right is wrong now, or is not tested any more."
    elif run.exit_code and not (told or run.waivers or any(run.summary.get(status) for status in RED)):
        yield f"The exit code of the run is {run.exit_code}, which no single result explains."


def _about_the_end(run: Dossier) -> Iterator[str]:
    if run.stopped:
        yield f"The run ended early: {run.stopped.rstrip('.')}."
    if run.untried:
        yield f"The run is incomplete: {run.untried} scenario{'s' if run.untried != 1 else ''} not tried."
    elif not (run.complete or run.stopped):
        yield "The run did not come to its end: there may be results that are not told here."
    elif not (run.executed or run.stopped):
        yield "Nothing was tested: every scenario was skipped." if run.results else "Nothing was tested."
