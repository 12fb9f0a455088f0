"""An element that pages of refusals have, and whose text or attribute depends on the fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from conformance.calibrating.proposal import Proposal, Reading, labels_of, words_seen
from conformance.calibrating.samples import MOST_ELEMENTS, Evidence, Sample
from conformance.extractors import html
from conformance.sighting import Words

__all__ = ["RANK", "propose"]

RANK = html.RANK
_SPEAKING = re.compile(r"(?i)err|code|message|msg|reason|alert|problem|fail|refus|detail|flash|warning")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Place(NamedTuple):
    """A selector, and the attribute to read there."""

    rank: int
    css: str
    attr: str | None


def propose(evidence: Evidence) -> Proposal | None:
    """The place that tells most: words that mean something already, then the number of refusals and of words."""
    places = dict.fromkeys(place for sample in evidence.refused for place in _places(sample))
    known, found = Words({}), []
    for place in places:
        words = words_seen(evidence, _value(place))
        meaning = [label for word, labels in words.items() if known.meaning(word) for label in labels]
        if len(words) > 1 or meaning:
            found.append(((len(meaning), len(labels_of(words)), -place.rank, len(words)), place, words))
    if not found:
        return None
    _, place, words = max(found, key=lambda one: one[0])
    settings: Mapping[str, str] = {"css": place.css} | ({"attr": place.attr} if place.attr else {})
    text = f"{len(labels_of(words))} refusals have this element, with {len(words)} texts; no good launch has it"
    return Proposal(kind="html", settings=settings, found=text, words=words)


def _places(sample: Sample) -> Iterator[Place]:
    if not (sample.answered and sample.is_html):
        return
    for node in sample.page.html.css("*")[:MOST_ELEMENTS]:
        attributes = node.attributes
        for name in attributes:
            if name.startswith("data-") and _SPEAKING.search(name) and _IDENTIFIER.fullmatch(name):
                yield Place(0, f"[{name}]", name)
        own = attributes.get("id") or ""
        if _SPEAKING.search(own) and _IDENTIFIER.fullmatch(own):
            yield Place(1, f"#{own}", None)
        for name in (attributes.get("class") or "").split():
            if _SPEAKING.search(name) and _IDENTIFIER.fullmatch(name):
                yield Place(2, f".{name}", None)
        if attributes.get("role") == "alert":
            yield Place(3, "[role=alert]", None)


def _value(place: Place) -> Reading:
    def read(sample: Sample) -> str | None:
        if not (sample.answered and sample.is_html):
            return None
        element = sample.page.html.css_first(place.css)
        if element is None:
            return None
        return (element.attributes.get(place.attr) or "") if place.attr else str(element.text())

    return read
