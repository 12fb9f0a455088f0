"""Which of two faults the tool tells, tried with every pair of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from conformance.exchanges.exchange_legs import legs_of
from conformance.hiding import alike, ranks
from conformance.inquiry import Inquiry
from conformance.model import Scenario
from conformance.phases import EXAMPLES, Depth, Telling
from conformance.precedence import AREA, known_rules
from conformance.precedence.rules import ruled_on
from conformance.precedence.survey import Survey, edges
from conformance.report import Chapter
from conformance.runner import Runner

__all__ = ["NAME", "RANK", "chapter", "properties", "run", "tellings"]

NAME = AREA
RANK = 10


def properties() -> tuple[Scenario, ...]:
    """The rules of the order of checks."""
    return tuple(rule.property for rule in known_rules())


def run(runner: Runner, chosen: Sequence[Scenario], depth: Depth) -> Iterator[Telling]:
    """A result for each rule, and the order of the tool's checks; few examples are as small a share of the pairs.

    Raises:
        ToolLost: nobody answers any more.
        TimeIsUp: the run is over before all was sent.
    """
    wanted = {scenario.id for scenario in chosen}
    rules = [rule for rule in known_rules() if rule.property.id in wanted]
    yield from tellings(Inquiry(runner, rules, every=max(1, EXAMPLES // depth.examples)))


def tellings(inquiry: Inquiry) -> Iterator[Telling]:
    """What comes of an inquiry: a result for each of its rules, and a chapter.

    Raises:
        ToolLost: nobody answers any more.
        TimeIsUp: the run is over before all was sent.
    """
    began = time.perf_counter()
    survey = inquiry.survey()
    # The pairs are sent for all rules together.
    share_s = (time.perf_counter() - began) / max(1, len(inquiry.asked))
    for asked in inquiry.asked:
        ruled = ruled_on(asked.rule, asked.order, survey, inquiry.unsent)
        # Only what breaks a rule has been seen.
        timeline = () if ruled.observation is None else legs_of(ruled.observation)
        yield replace(ruled, duration_s=share_s, timeline=timeline)
    if survey.cases:
        yield chapter(survey, inquiry.left_out)


def chapter(survey: Survey, left_out: Mapping[str, int]) -> Chapter:
    """The order of the tool's checks as far as it can be seen from outside."""
    names = {name for case in survey.cases for name in case.pair.names}
    heard = {name: each for name, each in survey.alone.items() if name in names}
    hides = edges(survey)
    order = ranks(list(heard), hides)
    groups = alike({n: each.said if each.wordy else replace(each.said, message="") for n, each in heard.items()})
    lines = [f"{number}. {', '.join(rank)}" for number, rank in enumerate(order, 1)]
    lines += [f"alike in their answers: {', '.join(group)}" for group in groups]
    lines += [f"left out: {count} pairs, {reason}" for reason, count in sorted(left_out.items())]
    return Chapter(
        id=NAME,
        title=f"Order of checks, as inferred from {len(survey.cases)} pairs",
        lines=tuple(lines),
        data={
            "order": [list(rank) for rank in order],
            "hides": [list(edge) for edge in sorted(hides)],
            "indistinct": [list(group) for group in groups],
            "pairs": len(survey.cases),
            "left_out": dict(sorted(left_out.items())),
        },
    )
