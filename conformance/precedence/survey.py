"""What a tool said to single faults and to pairs of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from conformance.hiding import Edge, Said, Told, teller, tells
from conformance.model import Observation, Profile, Scenario
from conformance.precedence.pairs import Pair

__all__ = ["Case", "Heard", "Survey", "edges"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A launch that was sent, and what the tool said; `again` if an equal one was sent."""

    scenario: Scenario
    observation: Observation
    said: Said
    again: Said | None = None

    @property
    def wordy(self) -> bool:
        """Whether the words were the same both times."""
        return self.again is not None and self.again.message == self.said.message

    @property
    def takes(self) -> tuple[Said, ...]:
        """All that was said."""
        return (self.said,) if self.again is None else (self.said, self.again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A pair of faults with the answer to it, and the answers to each alone."""

    pair: Pair
    heard: Heard
    first: Heard
    second: Heard

    def tells(self, profile: Profile) -> Told:
        """Which of the two is told each time, on what the profile counts."""
        return _same(tells(answer, self.first.said, self.second.said, profile) for answer in self.heard.takes)

    def shows(self) -> Told:
        """Which of the two is told each time, by all that can be seen."""
        wordy = self.first.wordy and self.second.wordy
        return _same(teller(answer, self.first.said, self.second.said, wordy=wordy) for answer in self.heard.takes)

    @property
    def apart(self) -> bool:
        """Whether the answers to the two differ, so that an answer can tell one of them."""
        wordy = self.first.wordy and self.second.wordy
        one, other = self.first.said, self.second.said
        return one.axes != other.axes or (wordy and one.message != other.message)


def _same(told: Iterable[Told]) -> Told:
    found = set(told)
    return found.pop() if len(found) == 1 else "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All that was heard, and how it counts."""

    profile: Profile
    observable: Collection[str]
    forced: frozenset[Edge] = frozenset()
    """Each two checks of which some rule wants the first told."""
    alone: Mapping[str, Heard] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    forged: Heard | None = None
    """The real token after one with a bad signature and no other fault."""
    afterwards: Mapping[Edge, Heard] = field(default_factory=dict)
    """The real token after a forged one with a second fault."""


def edges(survey: Survey, *, counting: bool = False) -> frozenset[Edge]:
    """Each two checks of which the first was told, by what the profile counts or by all that can be seen."""
    found: set[Edge] = set()
    for case in survey.cases:
        told = case.tells(survey.profile) if counting else case.shows()
        one, other = case.pair.names
        found |= {(one, other)} if told == "first" else {(other, one)} if told == "second" else set()
    return frozenset(found)
