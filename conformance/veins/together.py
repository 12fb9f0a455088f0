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
    fix="Make the checks in one place, in a fixed order, and stop at the first that fails. Around them catch what is "
    "left as a refused launch, with an error page and in the log, and write the session only at the very end.",
)
def never_crashes() -> SearchStrategy[Drawn]:
    """Any lies of any kind at once."""
    return recipes()
