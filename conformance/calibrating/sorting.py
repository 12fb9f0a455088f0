"""Which broken launches were refused, told by their pages alone: many tools refuse with status 200.

What all good launches of different people have in common is what a launched page has. A broken launch whose page has
all of it was let in. One that lacks some of it was refused, unless it has most of what the other refusals lack: such a
page lies in between, and nothing is built on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.calibrating.samples import Sample, Sign
from conformance.trouble_words import speaks_of_trouble

__all__ = ["Sorted", "clusters", "common", "comparable", "sort", "unread_places"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The broken launches by what came of them; each label stands in one group."""

    let_in: tuple[Sample, ...]
    refused: tuple[Sample, ...]
    between: tuple[Sample, ...]


def common(good: Sequence[Sample]) -> Mapping[Sign, None]:
    """What every good page has, in the order of the first."""
    first, *others = good
    return {sign: None for sign in first.signs if all(sign in other.signs for other in others)}


def sort(good: Sequence[Sample], broken: Sequence[Sample]) -> Sorted:
    """The broken launches, told apart by what the good ones have in common.

    Args:
        broken: several with one label are the same launch, sent again by somebody else.
    """
    shared = common(good)
    by_label = _by_label(broken)
    lacks = {label: [_lacking(sample, shared) for sample in same] for label, same in by_label.items()}
    groups: dict[str, list[Sample]] = {"let in": [], "refused": [], "between": []}
    for label, same in by_label.items():
        group = "refused"
        if not any(lacks[label]):
            group = "let in"
        elif not all(lacks[label]) or _is_between(label, same, lacks, good):
            group = "between"
        groups[group] += same
    return Sorted(let_in=tuple(groups["let in"]), refused=tuple(groups["refused"]), between=tuple(groups["between"]))


def comparable(good: Sequence[Sample], broken: Sequence[Sample]) -> tuple[Sample, ...]:
    """The good launches to compare with: all, or those in the first role if pages of all roles share only their frame.

    Broken launches are mostly sent in that role.
    """
    own = tuple(sample for sample in good if sample.role == good[0].role)
    by_all, by_own = (len(sort(compared, broken).refused) for compared in (good, own))
    return own if 2 * by_all < len(broken) and by_own > 2 * by_all else tuple(good)


def _lacking(sample: Sample, shared: Mapping[Sign, None]) -> frozenset[Sign]:
    return frozenset(sign for sign in shared if sign not in sample.signs)


def _is_between(
    label: str, same: Sequence[Sample], lacks: Mapping[str, Sequence[frozenset[Sign]]], good: Sequence[Sample]
) -> bool:
    """Whether a page looks more like a launched one than like the other refusals, and does not say otherwise."""
    if any(("status" in dict(lack)) or not one.answered for lack, one in zip(lacks[label], same, strict=True)):
        return False
    if all(any(speaks_of_trouble(text) for text in _news(sample, good)) for sample in same):
        return False
    others = [lack for name, found in lacks.items() if name != label for lack in found if lack]
    if not others:
        return not all(_news(sample, good) for sample in same)
    core = frozenset.intersection(*others)
    own = frozenset.intersection(*lacks[label])
    return bool(core) and 2 * len(own & core) < len(core)


def _news(sample: Sample, good: Sequence[Sample]) -> list[str]:
    """The texts of a page that no good page has."""
    known = {sign for other in good for sign in other.signs}
    return [text for kind, text in sample.signs if kind.endswith(("text", "heading")) and (kind, text) not in known]


def clusters(samples: Sequence[Sample]) -> tuple[tuple[str, ...], ...]:
    """The labels by their answers, compared by what every launch of a label was answered with."""
    found: dict[object, list[str]] = {}
    for label, same in _by_label(samples).items():
        status = frozenset((one.page.status, one.visit.trouble_kind, one.visit.stopped) for one in same)
        words = frozenset.intersection(*map(_vocabulary, same))
        found.setdefault((status, words, frozenset(_aside(same).items())), []).append(label)
    return tuple(map(tuple, found.values()))


def unread_places(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The places beside the page in which answers differ by label; no extractor looks there."""
    told = [_aside(same) for same in _by_label(samples).values()]
    places = dict.fromkeys(place for one in told for place in one)
    return tuple(place for place in places if len({one.get(place) for one in told}) > 1)


def _by_label(samples: Sequence[Sample]) -> Mapping[str, Sequence[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.label, []).append(sample)
    return found


def _aside(same: Sequence[Sample]) -> Mapping[str, str]:
    """What every launch of a label was told beside the page."""
    first, *others = same
    return {
        place: value
        for place, value in first.aside.items()
        if value not in first.said and all(other.aside.get(place) == value for other in others)
    }


def _vocabulary(sample: Sample) -> frozenset[str]:
    """The words of an answer, ids and numbers left out but for short ones, which may be codes."""
    texts = (sample.page.visible[:4000], sample.page.header("lti-error") or "", *(v for _, v in sample.page.params))
    words = (word for text in texts for word in re.findall(r"[^\W\d_]+|\b\d{3,5}\b", text))
    return frozenset(words) - {word for text in sample.said for word in text.split()}
