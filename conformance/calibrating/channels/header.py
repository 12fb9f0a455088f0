"""A response header that refusals have and good launches have not."""

from __future__ import annotations

import re

from conformance.calibrating.proposal import Proposal, Reading, labels_of, words_seen
from conformance.calibrating.samples import Evidence, Sample
from conformance.extractors import error_header as header
from conformance.sighting import Words

__all__ = ["RANK", "propose"]

RANK = header.RANK
_STANDARD = header.Settings().name
_NAME = re.compile(r"(?i)(?:^|-)(?:errors?|code|reason)(?:-|$)")


def propose(evidence: Evidence) -> Proposal | None:
    """The structured header first, then any whose name speaks of an error."""
    names = dict.fromkeys([_STANDARD.lower()])
    names |= {name.lower(): None for s in evidence.refused for name, _ in s.page.headers if _NAME.search(name)}
    for name in names:
        settings = header.Settings() if name == _STANDARD.lower() else header.Settings(name=name)
        told = [s for s in evidence.refused if header.read(settings, s.page, Words({}))]
        words = words_seen(evidence, _value(name)) if settings.name != _STANDARD else {}
        if any(s.page.header(name) for s in evidence.good) or not (told or len(words) > 1):
            continue
        labels = {s.label for s in told} | labels_of(words)
        shown = {} if settings.name == _STANDARD else {"name": name}
        found = f"the header {settings.name} came with {len(labels)} refusals and with no good launch"
        return Proposal(kind="header", settings=shown, found=found, words=words)
    return None


def _value(name: str) -> Reading:
    def read(sample: Sample) -> str | None:
        return sample.page.header(name)

    return read
