"""Subjects in turn, in short slices, round by round.

A shared machine's speed drifts within seconds, so a time alone says nothing: each round measures every subject for
a moment, the ratio is taken within the round, and the median of the rounds is quoted.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["SLICE_S", "Clock", "Goal", "Line", "Ratio", "Round", "Work", "in_turn", "looped", "ratio", "repeated"]

SLICE_S = 0.15

Work = Callable[[], float]
"""Works for about a slice and returns what one unit cost, in seconds."""

Clock = Callable[[], float]
"""Seconds: `time.perf_counter`, or `time.thread_time` where one thread does all and never waits.

The second does not count what else the machine is doing.
"""

Round = Mapping[str, float]
"""What a unit of each subject cost in one round."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """The ratios of all rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """What is quoted."""
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The tenth and the ninetieth percentile; the extremes where the rounds are few."""
        if len(self.values) < 5:
            return min(self.values), max(self.values)
        tenths = statistics.quantiles(self.values, n=10, method="inclusive")
        return tenths[0], tenths[-1]


@dataclass(frozen=True, slots=True)
class Goal:
    """What is acceptable and what one would be proud of."""

    sense: Literal[">=", "<="]
    acceptable: float
    proud: float | None = None

    def __str__(self) -> str:
        return f"{self.sense} {self.acceptable:.2f}" + (f" ({self.proud:.2f})" if self.proud is not None else "")

    def reached(self, value: float) -> str:
        """Which of the two a value reaches, as a word."""
        if self.proud is not None and self._holds(value, self.proud):
            return "proud"
        return "acceptable" if self._holds(value, self.acceptable) else "MISSED"

    def _holds(self, value: float, bound: float) -> bool:
        return value >= bound if self.sense == ">=" else value <= bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measure; `number` is that of the project's list of goals, and a line without a goal only informs."""

    number: str
    name: str
    ratio: Ratio
    against: str
    goal: Goal | None = None

    @staticmethod
    def heading() -> str:
        """The names of the columns."""
        columns = f"{'median':>6}  {'p10–p90':^11}  {'against':<41} {'goal (proud)':<15} "
        return f"{'#':<3} {'measure':<54} {columns}met"

    def __str__(self) -> str:
        low, high = self.ratio.spread
        goal, met = (str(self.goal), self.goal.reached(self.ratio.median)) if self.goal else ("–", "")
        columns = f"{self.ratio.median:>6.2f}  {f'{low:.2f}–{high:.2f}':^11}  {self.against:<41} {goal:<15} "
        return f"{self.number:<3} {self.name:<54} {columns}{met}".rstrip()


def in_turn(subjects: Mapping[str, Work], rounds: int) -> Sequence[Round]:
    """The costs of so many rounds, after one that warms up; each round begins with another subject."""
    names = list(subjects)
    found: list[Round] = []
    for number in range(rounds + 1):
        turned = names[number % len(names) :] + names[: number % len(names)]
        found.append({name: subjects[name]() for name in turned})
    return found[1:]


def ratio(rounds: Sequence[Round], subject: str, floor: str) -> Ratio:
    """A subject's cost in units of another's, per round."""
    return Ratio(tuple(costs[subject] / costs[floor] for costs in rounds))


def repeated(step: Callable[[], object], clock: Clock) -> Work:
    """The work of calling a function until the slice is over."""

    def work() -> float:
        began = now = clock()
        count = 0
        while now - began < SLICE_S:
            step()
            count += 1
            now = clock()
        return (now - began) / count

    return work


def looped(
    step: Callable[[], Awaitable[object]], loop: asyncio.AbstractEventLoop, clock: Clock, slice_s: float = SLICE_S
) -> Work:
    """The same for a coroutine function, the event loop entered once a slice."""

    async def until_over() -> float:
        began = now = clock()
        count = 0
        while now - began < slice_s:
            await step()
            count += 1
            now = clock()
        return (now - began) / count

    return lambda: loop.run_until_complete(until_over())
