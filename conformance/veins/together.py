"""Several lies at once, of any kind: the answer may be any, but there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.strategies.mutating import recipes
from conformance.veins import EITHER, Drawn, like

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@like(
    "accepted/claims-unknown",
    expect=EITHER,
    why="Everything in a launch is chosen by the platform, or by whoever pretends to be one. Whatever it is, the tool "
    "lets the person in or says why not: it does not break down, does not hang, and leaves no session behind.",
)
def never_crashes() -> SearchStrategy[Drawn]:
    """Any lies of any kind at once."""
    return recipes()
