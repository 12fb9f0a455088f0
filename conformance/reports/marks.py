"""The marks that stand for statuses and grades, where a word has no room or needs one beside it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.model import Grade, Status
from conformance.statuses import RowStatus

__all__ = ["GRADES", "MARKS"]

MARKS: Mapping[RowStatus | Status, str] = {
    "passed": "✓",
    "failed": "✗",
    "warned": "!",
    "skipped": "–",
    "waived": "w",
    "error": "?",
    "not-run": "·",
}
GRADES: Mapping[Grade, str] = {"passed": "✓", "allowed": "≈", "failed": "✗", "unobserved": "·"}
