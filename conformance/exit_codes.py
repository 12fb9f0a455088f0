"""How each command may end: the one place that tells, for `--help`, `explain exit-codes` and the tests.

The command line reads it before anything else is imported, so the rows are named tuples and no dataclasses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["OTHERS", "RUN", "Ending", "in_short"]


class Ending(NamedTuple):
    """An exit code and what it means.

    Args:
        short: the same in the few words of `--help`; empty if that leaves it out.
    """

    code: int
    meaning: str
    short: str = ""


RUN: Sequence[Ending] = (
    Ending(
        3,
        "the plain launch fails, the tool is lost, or the run was interrupted: its refusals would prove nothing",
        "the plain launch fails, the tool is lost, or the run was cut off",
    ),
    Ending(2, "usage or configuration, or nothing was executed: a line says what to mend", "usage or nothing executed"),
    Ending(1, "not conformant: a scenario failed, or ended as an error", "not conformant"),
    Ending(2, "not everything was executed"),
    Ending(4, "a waiver is stale or has expired: take it out of the tool file", "stale or expired waiver"),
    Ending(0, "conformant: warnings, waived and skipped scenarios are no failures", "conformant"),
    Ending(
        5,
        "in place of 0, 1 and 4, and of 2 if anything was executed: something is worse than in the baseline, or is not "
        "tested any more",
        "worse than the baseline",
    ),
)
"""Of `run`; the first that applies, but for the last."""

OTHERS: Mapping[str, Sequence[Ending]] = {
    "init": (Ending(0, "written; a line says what is still to be filled in"),),
    "calibrate": (
        Ending(0, "written, shown, or left as it was because [observe] is there"),
        Ending(1, "nothing trustworthy found: nothing written"),
        Ending(2, "no launch could be sent, or [arrange] failed"),
        Ending(3, "the plain launch fails, or the tool is lost"),
    ),
    "list": (Ending(0, "listed"),),
    "explain": (Ending(0, "explained"),),
    "render": (Ending(0, "written, whatever the report says"),),
    "replay": (
        Ending(0, "fixed", "fixed"),
        Ending(1, "still fails", "still fails"),
        Ending(2, "cannot run", "cannot run"),
        Ending(3, "the tool cannot be launched at all", "cannot run"),
    ),
    "diff": (
        Ending(0, "nothing is worse", "no regression"),
        Ending(5, "a regression", "worse or not tested any more"),
        Ending(2, "the new report is too partial to say so", "unusable or partial report"),
    ),
    "waive": (Ending(0, "written or dropped, or there was nothing to write or drop"),),
    "export": (Ending(0, "written"),),
    "selftest": (
        Ending(0, "each flaw is found and nothing else"),
        Ending(1, "not so"),
    ),
    "flavour": (Ending(0, "shown"),),
    "doctor": (
        Ending(0, "the plain launch works"),
        Ending(2, "it could not be sent, or [arrange] failed"),
        Ending(3, "it fails, or the tool is lost"),
    ),
}
"""Of each other command, in the order of the table of commands; each may end with 2 for a usage error as well."""


def in_short() -> str:
    """The endings that `--help` tells, in one paragraph."""
    told = {command: rows for command, rows in OTHERS.items() if any(row.short for row in rows)}
    others = (f"Of {command}: {_shortly(rows)}." for command, rows in told.items())
    return " ".join((f"Exit codes of run: {_shortly(sorted(RUN))}.", *others))


def _shortly(rows: Iterable[Ending]) -> str:
    alike = itertools.groupby((row for row in rows if row.short), lambda row: row.short)
    return ", ".join(f"{' or '.join(str(row.code) for row in found)} {short}" for short, found in alike)
