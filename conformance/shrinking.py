"""Delta debugging: the fewest items of a list that still fail together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["minimal"]

T = TypeVar("T")


def minimal(items: Sequence[T], still_fails: Callable[[Sequence[T]], bool]) -> tuple[T, ...]:
    """The items, in their order, none of which can be left out: without any of them the rest no longer fails.

    Parts are left out from large to small, and single ones until a whole round of them changed nothing. A part is
    not tried twice in vain, and the whole list, which is known to fail, is not tried at all.

    Args:
        still_fails: whether some of the items, in their order and never none, fail as well.
    """
    kept = tuple(items)
    size = len(kept) // 2
    while size:
        fewer = _without_parts(kept, size, still_fails)
        # After single items were left out, another one may have become superfluous.
        size = size // 2 if size > 1 else int(fewer != kept and len(fewer) > 1)
        kept = fewer
    return kept


def _without_parts(kept: tuple[T, ...], size: int, still_fails: Callable[[Sequence[T]], bool]) -> tuple[T, ...]:
    """What is left when each part of this size has been left out, from the last to the first, if that still fails."""
    end = len(kept)
    while end > 0:
        fewer = kept[: max(0, end - size)] + kept[end:]
        if fewer and still_fails(fewer):
            kept = fewer
        end -= size
    return kept
