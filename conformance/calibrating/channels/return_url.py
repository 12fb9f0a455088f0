"""What the tool says on the way back to the platform (CORE 5.4.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from conformance.calibrating.proposal import Proposal, Reading, labels_of, words_seen
from conformance.calibrating.samples import Evidence, Sample
from conformance.extractors import return_url
from conformance.tool_text import writable

__all__ = ["RANK", "propose"]

RANK = return_url.RANK
_NAME = re.compile(r"(?i)(?:^|_)(?:errors?|error_?code|code|reason|message|msg)(?:_|$)")


def propose(evidence: Evidence) -> Proposal | None:
    """The standard's parameters; others only if there are none of these."""
    usual = return_url.Settings().params
    names = dict.fromkeys(usual)
    others = dict.fromkeys(
        n for s in evidence.refused if s.visit.stopped for n, _ in s.page.params if _NAME.search(n) and writable(n)
    )
    for params in (tuple(names), tuple(name for name in others if name not in names)):
        seen = {name: words for name in params if (words := words_seen(evidence, _value(name)))}
        if not seen:
            continue
        merged: dict[str, tuple[str, ...]] = {}
        for words in seen.values():
            merged |= words
        labels = frozenset().union(*map(labels_of, seen.values()))
        found = f"{len(labels)} refusals led back to the platform with {', '.join(seen)}"
        settings: Mapping[str, list[str]] = {} if params == usual else {"params": list(seen)}
        return Proposal(kind="return_url", settings=settings, found=found, words=merged)
    return None


def _value(name: str) -> Reading:
    def read(sample: Sample) -> str | None:
        return dict(sample.page.params).get(name) if sample.visit.stopped else None

    return read
