"""The HTTP status, where it tells classes of errors apart."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.calibrating.proposal import Proposal
from conformance.calibrating.samples import Evidence
from conformance.errors import ErrorClass
from conformance.extractors import status

__all__ = ["RANK", "propose"]

RANK = status.RANK
_MEANT: Mapping[int, ErrorClass] = {400: "invalid", 422: "invalid", 401: "security", 403: "security"}
"""What a status says by itself (RFC 9110 15.5); one that was only seen would pass every later check."""


def propose(evidence: Evidence) -> Proposal | None:
    """Statuses that came with faults of one class each, at least two of them."""
    seen: dict[int, dict[ErrorClass, None]] = {}
    labels: dict[int, dict[str, None]] = {}
    for sample in evidence.refused:
        known = sample.page.status
        if sample.answered and known is not None and known >= 400 and sample.klass is not None:
            seen.setdefault(known, {})[sample.klass] = None
            labels.setdefault(known, {})[sample.label] = None
    single = {known: next(iter(classes)) for known, classes in sorted(seen.items()) if len(classes) == 1}
    if len(set(single.values())) < 2:
        return None
    meant = {str(known): klass for known, klass in single.items() if _MEANT.get(known) == klass}
    doubtful = {
        str(known): f'"{klass}", to go by {", ".join(labels[known])}'
        for known, klass in single.items()
        if str(known) not in meant
    }
    told = ", ".join(f"{known} with {len(labels[int(known)])}" for known in meant)
    found = f"each came with one class of faults only: {told}" if told else "statuses that say nothing by themselves"
    return Proposal(kind="status", settings=meant, found=found, doubtful=doubtful)
