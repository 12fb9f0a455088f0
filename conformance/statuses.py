"""The statuses of results by what follows from them: each set has its name here and nowhere else."""

from __future__ import annotations

from typing import Literal, get_args

from conformance.model import Status

__all__ = ["AMISS", "BROKEN", "OPEN", "RED", "STATUSES", "URGENT_FIRST", "WORST_FIRST", "RowStatus"]

RowStatus = Literal["passed", "failed", "warned", "waived", "error", "not-run"]
"""The status of a row that stands for several results."""

STATUSES: tuple[Status, ...] = get_args(Status)
"""All, in the order in which they are counted."""

AMISS: tuple[Status, ...] = ("failed", "warned")
"""Judged and found wrong, the worst first: what is repeated, made smaller, and may be waived."""

RED: tuple[Status, ...] = ("failed", "error")
"""What keeps a run from being conformant."""

OPEN: tuple[Status, ...] = ("failed", "error", "warned")
"""What asks for somebody to act, the most urgent first."""

BROKEN: tuple[Status, ...] = (*OPEN, "waived")
"""What was tried and did not pass: it is told with its story, and has a recipe."""

WORST_FIRST: tuple[RowStatus, ...] = ("failed", "error", "warned", "waived", "passed")
"""Which status a row has of those of its results; skipped ones are left aside."""

URGENT_FIRST: tuple[Status, ...] = (*BROKEN, "skipped", "passed")
"""All, in the order in which a person wants to read them."""
