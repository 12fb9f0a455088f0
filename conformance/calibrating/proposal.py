"""What a channel proposes: how to read it, what was read, and on which launches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from conformance.calibrating.samples import Evidence, Sample, fragments, plain
from conformance.tool_text import writable

__all__ = ["Proposal", "labels_of", "listed", "readings", "words_seen"]

LONGEST_WORD = 120
MOST_LABELS = 4

Reading = Callable[[Sample], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A table for `[[observe.error]]`, or for `kind = "status"` the table `[observe.status]`.

    Args:
        found: how it was found, in one line.
        words: what stood there, and the labels of the refusals on which it did.
        doubtful: entries for a person to confirm, with the reason.
        weak: whether it is of use only where its words mean something.
    """

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    found: str = ""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)
    weak: bool = False


def readings(refused: Sequence[Sample], read: Reading) -> Mapping[str, list[tuple[Sample, str]]]:
    """What is read on refusals, by their labels, where every launch of a label says something."""
    found: dict[str, list[tuple[Sample, str]]] = {}
    silent = set()
    for sample in refused:
        text = plain(read(sample) or "")
        if text:
            found.setdefault(sample.label, []).append((sample, text))
        else:
            silent.add(sample.label)
    return {label: same for label, same in found.items() if label not in silent}


def words_seen(evidence: Evidence, read: Reading) -> Mapping[str, tuple[str, ...]]:
    """The words that depend on the fault, with the labels under which each was seen; none if good launches have some.

    The same launch sent again says the same word, or the same sentence around a changing part; what else changes is
    chance. One word under all refusals is a word all the same: whether it tells anything is for the caller.
    """
    if any(plain(read(sample) or "") for sample in evidence.good):
        return {}
    found: dict[str, list[str]] = {}
    for label, same in readings(evidence.refused, read).items():
        word = _constant(same)
        if word:
            found.setdefault(word, []).append(label)
    return {word: tuple(labels) for word, labels in found.items()}


def labels_of(words: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """All labels under which a word was seen."""
    return frozenset(label for labels in words.values() for label in labels)


def listed(labels: Sequence[str]) -> str:
    """The first labels, and how many there are beside them."""
    more = len(labels) - MOST_LABELS
    return ", ".join(labels[:MOST_LABELS]) + (f" and {more} more" if more > 0 else "")


def _constant(same: Sequence[tuple[Sample, str]]) -> str:
    """The text that every launch of a label was answered with, or its longest part that did not change."""
    texts = {text for _, text in same}
    sample, text = same[0]
    # What the launch has said, lies included, is repeated for this launch only.
    echoed = "://" in text or any(word in text for word in sample.said)
    if len(texts) == 1 and len(text) <= LONGEST_WORD and not echoed:
        return _writable(text)
    first, *others = (list(fragments(text, sample.said)) for sample, text in same)
    shared = [part for part in first if all(part in other for other in others)]
    if not shared and others and others[0]:
        shared = [_overlap(" ".join(first), " ".join(others[0]))]
    return _writable(max((part for part in shared if len(part) <= LONGEST_WORD), key=len, default=""))


def _overlap(one: str, other: str) -> str:
    """The longest common run of two texts, if it is most of the shorter one."""
    one, other = one[:500], other[:500]
    match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return one[match.a : match.a + match.size].strip() if 2 * match.size > min(len(one), len(other)) else ""


def _writable(word: str) -> str:
    """The word, if a tool file can hold it as it is."""
    return word.strip() if writable(word) and word.isprintable() else ""
