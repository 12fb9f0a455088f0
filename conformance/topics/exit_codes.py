"""Exit codes: what a program may read from a run.

Of `run`, the first that applies:
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.paragraphs import paragraph

__all__ = ["lines"]

RUN: Sequence[tuple[int, str]] = (
    (3, "the plain launch fails, the tool is lost, or the run was interrupted: its refusals would prove nothing"),
    (2, "usage or configuration, or nothing was executed: a line says what to mend"),
    (1, "not conformant: a scenario failed, or ended as an error"),
    (2, "not everything was executed"),
    (4, "a waiver is stale or has expired: take it out of the tool file"),
    (0, "conformant: warnings, waived and skipped scenarios are no failures"),
    (5, "in place of 1, 4 and 0: something is worse than in the baseline, or is not tested any more"),
)

OTHERS: Sequence[tuple[str, str]] = (
    ("replay", "0 fixed, 1 still fails, 2 cannot run, 3 the tool cannot be launched at all"),
    ("diff", "0 nothing is worse, 2 the new report is too partial to say so, 5 a regression"),
    ("doctor", "0 the plain launch works, 2 it could not be sent, 3 it fails"),
    ("selftest", "0 each flaw is found and nothing else, 1 not so"),
)


def lines() -> Iterator[str]:
    """The codes of `run`, and those of other commands."""
    for code, meaning in RUN:
        yield from paragraph(str(code), meaning, label_width=2)
    yield ""
    yield "Of the others:"
    for command, meanings in OTHERS:
        yield from paragraph(command, meanings)
    yield ""
    yield "Every command ends with 2 and one line if it was given something that it cannot use."
