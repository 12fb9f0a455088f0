"""Which of two faults an answer tells, and the order of checks that follows from all such answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from conformance.model import Answer, Axis, Observation, Profile

__all__ = ["Edge", "Said", "Told", "alike", "circle", "counted", "fits", "ranks", "said", "teller", "tells"]

Told = Literal["first", "second", "both", "neither"]
Edge = tuple[str, str]
"""Two checks, of which the first is told where both fail."""

# Whatever has a digit, an @ or a slash in it may be another one in the next launch.
_FLEETING = re.compile(r"\S*[\d@/]\S*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer as far as it can be the same in another launch."""

    outcome: str
    status_code: int | None = None
    klass: str | None = None
    type: str | None = None
    code: int | None = None
    message: str = ""

    @property
    def axes(self) -> tuple[object, ...]:
        """All but the words."""
        return (self.outcome, self.status_code, self.klass, self.type, self.code)

    def __str__(self) -> str:
        named = [str(value) for value in (self.code, self.type) if value is not None]
        named = named or [f"class {self.klass}"] * bool(self.klass) or [f"status {self.status_code}"]
        return f"{self.outcome} ({', '.join(named)})"


def said(seen: Observation) -> Said:
    """What an observation says, without what belongs to that launch alone."""
    return Said(
        outcome=seen.outcome,
        status_code=seen.status_code,
        klass=seen.klass,
        type=seen.type,
        code=seen.code,
        message=" ".join(_FLEETING.sub("#", seen.message).split()),
    )


def counted(answer: Said, profile: Profile) -> tuple[object, ...]:
    """The part of an answer that a profile counts; a crash is a refusal where the profile says so."""
    refused = answer.outcome == "crashed" and profile.crash == "refusal"
    on_axis: Mapping[Axis, object] = {
        "outcome": "rejected" if refused else answer.outcome,
        "class": answer.klass,
        "type": answer.type,
        "code": answer.code,
    }
    return tuple(on_axis[axis] for axis in profile.axes)


def fits(answer: Said, wanted: Answer, profile: Profile) -> bool:
    """Whether an answer is the wanted one on all that the profile counts."""
    given = dict(zip(profile.axes, counted(answer, profile), strict=True))
    return all(wanted.axis(axis) in (None, value) for axis, value in given.items())


def tells(answer: Said, first: Said, second: Said, profile: Profile) -> Told:
    """Which of two faults an answer tells, on what the profile counts, given the answers to each of them alone."""
    given, one, other = (counted(each, profile) for each in (answer, first, second))
    return _of_two(given, one, other)


def teller(answer: Said, first: Said, second: Said, *, wordy: bool) -> Told:
    """Which of two faults an answer tells, by all that can be seen of it.

    Args:
        wordy: whether the words are the same each time, so that they count where nothing else differs.
    """
    if first.axes == second.axes and wordy and first.message != second.message:
        found = _of_two(*((each.axes, each.message) for each in (answer, first, second)))
        if found != "neither":
            return found
    found = _of_two(answer.axes, first.axes, second.axes)
    if found != "neither":
        return found
    # The same error may come with another status once it is found elsewhere.
    return _of_two(*((each.outcome, each.klass, each.type, each.code) for each in (answer, first, second)))


def _of_two(given: object, first: object, second: object) -> Told:
    if given not in (first, second):
        return "neither"
    if first == second:
        return "both"
    return "first" if given == first else "second"


def alike(answers: Mapping[str, Said]) -> tuple[tuple[str, ...], ...]:
    """The checks that get one and the same answer, each group in its order."""
    groups: dict[Said, list[str]] = {}
    for name, answer in answers.items():
        groups.setdefault(answer, []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def circle(edges: Collection[Edge]) -> tuple[str, ...]:
    """The shortest way from a check over others that it hides back to itself, or nothing."""
    # Sorted, so that of circles of one length it is always the same.
    after = _after(sorted(edges))
    ways = (way for start in after if (way := _way_back(start, after)))
    return min(ways, key=len, default=())


def _way_back(start: str, after: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for name in after.get(way[-1], ()):
            if name == start:
                return way
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def ranks(names: Collection[str], edges: Collection[Edge]) -> tuple[tuple[str, ...], ...]:
    """The checks from the first to the last, those of the same rank together; a circle has one rank."""
    after, before = _after(edges), _after({(second, first) for first, second in edges})
    # Whatever leads to a check and cannot be reached from it belongs to an earlier rank.
    earlier = {name: _reached(name, before) - _reached(name, after) for name in names}
    return tuple(_layers(list(names), earlier))


def _layers(left: list[str], earlier: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    while left:
        layer = tuple(name for name in left if earlier[name].isdisjoint(left))
        yield layer
        left = [name for name in left if name not in layer]


def _after(edges: Collection[Edge]) -> dict[str, list[str]]:
    after: dict[str, list[str]] = {}
    for first, second in edges:
        after.setdefault(first, []).append(second)
    return after


def _reached(start: str, after: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    ways = [start]
    while ways:
        for name in after.get(ways.pop(), ()):
            if name not in found:
                found.add(name)
                ways.append(name)
    return found
