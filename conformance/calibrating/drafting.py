"""From answers to a draft of `[observe]`: what is proposed, how it was found, and what could not be told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from conformance.calibrating.channels import channels
from conformance.calibrating.marking import Mark, mark
from conformance.calibrating.naming import Name, names_of
from conformance.calibrating.proposal import Proposal, labels_of, listed
from conformance.calibrating.samples import Evidence, Sample
from conformance.calibrating.sorting import Sorted, clusters, sort, unread_places
from conformance.observe import extractors
from conformance.sighting import Words
from conformance.toolvalues import Named, Probe
from conformance.trouble_words import speaks_of_trouble
from mockplatform.tables import build

__all__ = ["Draft", "Probed", "draft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """Whether a session probe was found, and the sentence about it."""

    probe: Probe | None = None
    found: str = ""
    is_kept: bool = False
    """Whether a person has written it before."""
    unsure: str = ""
    """The sentence about a request that may be one; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposal for `[observe]`.

    Args:
        mark: None if no launch was refused, so that nothing tells launched from refused.
        commented: channels that are of use only once a person has said what their words mean.
        unknown: what could not be told, in sentences.
        doubts: why the good launches may not have been launched at all.
    """

    good: tuple[Sample, ...]
    sorted: Sorted
    mark: Mark | None = None
    probed: Probed = Probed()
    channels: tuple[Proposal, ...] = ()
    commented: tuple[Proposal, ...] = ()
    names: tuple[Name, ...] = ()
    unknown: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    kept: Mapping[str, str | Named] = field(default_factory=dict)
    """Entries of `observe.names` that a person has written before."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """The table as it is in the file, with its `${NAME}`: what is kept of it is written so, and no secret is told."""


def draft(
    good: Sequence[Sample],
    broken: Sequence[Sample],
    probed: Probed,
    *,
    doubts: Sequence[str] = (),
    unknown: Sequence[str] = (),
    kept: Mapping[str, str | Named] | None = None,
    before: Mapping[str, Any] | None = None,
) -> Draft:
    """What the answers to these launches say about how to read the tool.

    Args:
        broken: each launch once or more, under one label.
        doubts: what speaks against the good launches beside their pages.
        unknown: what could not be told so far.
        kept: names that a person has given already.
        before: the table in which they stand, as it is in the file.
    """
    sorts = sort(good, broken)
    begun = Draft(
        good=tuple(good),
        sorted=sorts,
        doubts=(*doubts, *_doubts(good, sorts)),
        unknown=(*unknown, *_unsorted(sorts)),
    )
    if not sorts.refused:
        return begun
    return replace(_read(begun, kept or {}), probed=probed, before=before or {})


def _read(begun: Draft, kept: Mapping[str, str | Named]) -> Draft:
    """The draft with the mark, the channels and the names by which refusals are read."""
    refused = begun.sorted.refused
    evidence = Evidence(good=begun.good, refused=refused)
    marked = mark(evidence)
    proposals = [proposal for module in channels() if (proposal := module.propose(evidence)) is not None]
    names = _named(proposals, refused, kept)
    live = _words(names, kept)
    strong, weak = _chosen([proposal for proposal in proposals if _silent_on_good(proposal, begun.good, live)], live)
    used = {word for proposal in (*strong, *weak) for word in proposal.words}
    return replace(
        begun,
        mark=marked,
        channels=strong,
        commented=weak,
        names=tuple(name for name in names if name.word in used),
        unknown=(*begun.unknown, *_unread(refused, marked, strong, live)),
        kept=kept,
    )


def _named(proposals: Sequence[Proposal], refused: Sequence[Sample], kept: Collection[str]) -> tuple[Name, ...]:
    """The words of all proposals with what they may mean, but for those that a person has named."""
    words: dict[str, tuple[str, ...]] = {}
    for proposal in proposals:
        for word, labels in proposal.words.items():
            words[word] = tuple(dict.fromkeys((*words.get(word, ()), *labels)))
    by_label = {sample.label: sample for sample in refused}
    return tuple(name for name in names_of(words, by_label) if name.word not in kept)


def _chosen(proposals: Sequence[Proposal], words: Words) -> tuple[tuple[Proposal, ...], tuple[Proposal, ...]]:
    """The channels that say something, and those that would once their words mean something."""
    strong = [p for p in proposals if not p.weak or (_speaks(p, words) and _adds(p, proposals))]
    strong = [p for p in strong if p.kind != "text" or _adds(p, strong)]
    weak = [p for p in proposals if p.weak and p not in strong and _adds(p, proposals)]
    return tuple(strong), tuple(weak)


def _words(names: Sequence[Name], kept: Mapping[str, str | Named]) -> Words:
    return Words({**{name.word: name.type for name in names if name.type}, **kept})


def _silent_on_good(proposal: Proposal, good: Sequence[Sample], words: Words) -> bool:
    """Whether the extractor that will read the channel sees nothing on good launches."""
    if proposal.kind == "status":
        return True
    module = extractors()[proposal.kind]
    settings = build(module.Settings, dict(proposal.settings), where="calibrate:")
    return all(module.read(settings, sample.page, words) is None for sample in good)


def _speaks(proposal: Proposal, words: Words) -> bool:
    return any(map(words.knows, proposal.words))


def _adds(proposal: Proposal, others: Sequence[Proposal]) -> bool:
    """Whether a channel says something about a launch of which no more trusted one does."""
    known: Collection[str] = set(chain.from_iterable(labels_of(p.words) for p in others if p.kind != proposal.kind))
    return not labels_of(proposal.words) <= set(known)


def _labels(samples: Sequence[Sample]) -> str:
    return ", ".join(dict.fromkeys(sample.label for sample in samples))


def _doubts(good: Sequence[Sample], sorts: Sorted) -> list[str]:
    found = []
    let_in = {sample.label for sample in sorts.let_in}
    others = {sample.label for sample in (*sorts.refused, *sorts.between)}
    if len(let_in) > len(others):
        found.append(
            f"{len(let_in)} of {len(let_in | others)} broken launches ended as the good ones did: either the tool lets "
            "nearly everything in, or it refuses good launches as well"
        )
    headings = [value for kind, value in good[0].signs if kind == "heading"] or [good[0].page.visible[:200]]
    spoken = next(filter(speaks_of_trouble, headings), None)
    if spoken is not None:
        found.append(f"the page of a good launch reads like a refusal: {spoken!r}")
    return found


def _unsorted(sorts: Sorted) -> tuple[str, ...]:
    told = []
    if not sorts.refused:
        told.append(
            "no refusal was seen: every broken launch ended as the good ones did, so nothing tells launched from "
            "refused. Launch the tool by hand to see whether good launches are let in at all"
        )
    if sorts.between:
        told.append(
            f"{_labels(sorts.between)}: the page has most of what launched pages have, but not all, or not each time; "
            "look at it and see whether the table below reads it rightly"
        )
    return tuple(told)


def _nowhere(refused: Sequence[Sample]) -> str:
    """How refusals differ, if no channel tells them apart."""
    if places := unread_places(refused):
        return f"the refusals differ in {listed(places)}, which no extractor reads"
    alike = len(clusters(refused)) == 1 and len({sample.label for sample in refused}) > 1
    return "all refusals are alike" if alike else "no place was found whose text depends on the fault"


def _unread(refused: Sequence[Sample], marked: Mark, chosen: Sequence[Proposal], words: Words) -> list[str]:
    told = []
    labels = dict.fromkeys(sample.label for sample in refused)
    if marked.open_to:
        told.append(
            f"no element, text or address that all good launches have is missing on {', '.join(marked.open_to)}: "
            "such refusals look launched"
        )
    if not chosen:
        # Where refusals look launched, not even the outcome is known.
        judged = "only whether a launch is refused can be judged, not why"
        told.append(f"{_nowhere(refused)}: {'nothing tells why' if marked.open_to else judged}")
        return told
    worded = dict.fromkeys(label for p in chosen for labels in p.words.values() for label in labels)
    meant = {
        label for proposal in chosen for word, labels in proposal.words.items() if words.knows(word) for label in labels
    }
    structured = any(p.kind in ("header", "problem") for p in chosen)
    if not structured and (dark := [label for label in worded if label not in meant]):
        told.append(f"what the tool says about {listed(dark)} has no meaning to the harness yet: see [observe.names]")
    if not structured and (silent := [label for label in labels if label not in worded]):
        told.append(f"the answers to {listed(silent)} say nothing in these places")
    return told
