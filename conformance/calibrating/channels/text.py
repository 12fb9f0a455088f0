"""Words on the page without an element of their own: a labelled code, or sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conformance.calibrating.proposal import Proposal, Reading, labels_of, words_seen
from conformance.calibrating.samples import Evidence, Sample
from conformance.extractors import text
from conformance.trouble_words import speaks_of_trouble

__all__ = ["RANK", "propose"]

RANK = text.RANK
_PATTERNS = tuple(
    rf"(?i)\b{label}:? ([A-Za-z0-9_.-]*[A-Za-z0-9_])" for label in ("error code", "error type", "reason code")
) + tuple(rf"(?i)\b{label}: ([A-Za-z0-9_.-]*[A-Za-z0-9_])" for label in ("code", "error", "reason"))


def propose(evidence: Evidence) -> Proposal | None:
    """A pattern such as `error code: (…)` where refusals have it; without one, the sentences of the pages."""
    for pattern in _PATTERNS:
        words = words_seen(evidence, _matched(pattern))
        if len(words) > 1:
            found = f"the text of {len(labels_of(words))} refusals has it, with {len(words)} words; no good launch has"
            return Proposal(kind="text", settings={"pattern": pattern}, found=found, words=words)
    words = words_seen(evidence, _sentence({sign for sample in evidence.good for sign in sample.signs}))
    if len(words) < 2:
        return None
    found = f"the pages of {len(labels_of(words))} refusals differ in their sentences alone"
    return Proposal(kind="text", found=found, words=words, weak=True)


def _matched(pattern: str) -> Reading:
    def read(sample: Sample) -> str | None:
        match = re.search(pattern, sample.page.visible) if sample.answered else None
        return match[1] if match else None

    return read


def _sentence(known: set[tuple[str, str]]) -> Reading:
    """The sentence of a page that speaks of trouble, or the longest that no good page has."""

    def read(sample: Sample) -> str | None:
        if not sample.answered or sample.members or (kind := sample.page.status) is None or kind >= 500:
            return None
        new: Sequence[str] = [
            value for kind, value in sample.signs if kind in ("text", "heading") and (kind, value) not in known
        ]
        spoken = [value for value in new if speaks_of_trouble(value)]
        return max(spoken or new, key=len, default=None)

    return read
