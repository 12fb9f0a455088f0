"""Goal 8: a scenario among three thousand against one among three hundred."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.rounds import Goal, Line, Ratio
from tests.bench.runs import Bench, copies

__all__ = ["measure"]


def measure() -> Iterator[Line]:
    """One long run, and a short one before and after it."""
    bench = Bench()
    bench.in_bare_launches(copies(100))
    before = bench.in_bare_launches(copies(300))
    long = bench.in_bare_launches(copies(3000))
    after = bench.in_bare_launches(copies(300))
    against = "one of 300, in bare launches of its moment"
    yield Line(
        number="8",
        name="a scenario among 3,000",
        ratio=Ratio((2 * long / (before + after), long / before, long / after)),
        against=against,
        goal=Goal("<=", 1.15, 1.05),
    )
    yield Line(number="", name="noise: 300 scenarios twice", ratio=Ratio((after / before,)), against=against)
