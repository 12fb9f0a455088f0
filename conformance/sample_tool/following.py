"""How the steps of a flow are followed: one after the other, and the first that refuses is the last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from conformance.sample_tool.model import Step
from conformance.sample_tool.refusal import Reason, Refusal

__all__ = ["follow", "take"]

S = TypeVar("S")


def never(_state: object) -> bool:
    """Goes all the way."""
    return False


async def take(state: S, steps: Sequence[Step[S]], *, until: Callable[[S], bool] = never) -> S:
    """The state after the steps.

    Args:
        until: whether a state leaves this way, to go on by another.

    Raises:
        Refusal: a step refuses.
    """
    for step in steps:
        if until(state):
            break
        outcome = step(state)
        state = await outcome if isinstance(outcome, Awaitable) else outcome
    return state


async def follow(state: S, steps: Sequence[Step[S]], *, until: Callable[[S], bool] = never) -> tuple[S, Reason | None]:
    """The last state that was reached, and why it was the last if a step has refused."""
    try:
        for step in steps:
            if until(state):
                break
            outcome = step(state)
            state = await outcome if isinstance(outcome, Awaitable) else outcome
    except Refusal as refusal:
        return state, refusal.reason
    return state, None
