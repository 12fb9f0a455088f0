"""A result that did not pass, told by itself: what pytest and a replay show."""

from __future__ import annotations

from conformance.model import Result
from conformance.reports.as_text import failure_text
from conformance.telling.documenting import entry_of
from conformance.telling.tally import remedies_for, rules_for

__all__ = ["failure_told"]


def failure_told(result: Result) -> str:
    """All that is needed to act on one result."""
    entry = entry_of(result)
    return failure_text(entry, rules_for([entry]), remedies_for([entry]))
