from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from conformance.shrinking import minimal
from tests.mockplatform.makers import LAW

FEW = st.sets(st.integers(0, 30), min_size=1, max_size=4)


@LAW
@given(needed=FEW, others=st.lists(st.integers(0, 30), max_size=20))
def test_what_is_left_is_what_is_needed(needed: set[int], others: list[int]):
    """Of a list that fails because of some of its items, just these are left, in their order."""
    items = [*dict.fromkeys([*others, *needed])]
    assert minimal(items, lambda some: needed <= set(some)) == tuple(item for item in items if item in needed)


@LAW
@given(items=st.lists(st.integers(-9, 9), min_size=1, max_size=12), limit=st.integers(-9, 9))
def test_nothing_more_can_be_left_out(items: list[int], limit: int):
    """Whatever makes a list fail, no single item of what is left is superfluous."""

    def fails(some: Sequence[int]) -> bool:
        return sum(some) >= limit

    if not fails(items):
        return
    kept = minimal(items, fails)
    assert fails(kept)
    assert len(kept) == 1 or not any(fails(kept[:at] + kept[at + 1 :]) for at in range(len(kept)))


def test_the_empty_and_the_whole_list_are_not_tried():
    """Nothing fails by nothing, and that everything fails is known."""
    tried: list[tuple[int, ...]] = []

    def fails(some: Sequence[int]) -> bool:
        tried.append(tuple(some))
        return 3 in some

    assert minimal([1, 2, 3, 4], fails) == (3,)
    assert () not in tried
    assert (1, 2, 3, 4) not in tried
    assert minimal([3], fails) == (3,)
    assert minimal([], fails) == ()


def test_few_tries_are_enough():
    """Two of a hundred are found with far fewer tries than there are pairs, or items times items."""
    tries = 0

    def fails(some: Sequence[int]) -> bool:
        nonlocal tries
        tries += 1
        return {17, 71} <= set(some)

    assert minimal(range(100), fails) == (17, 71)
    assert tries < 60
