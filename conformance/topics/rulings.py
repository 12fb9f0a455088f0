"""Where the documents are silent or at odds, and how the catalogue rules.

`lti-conformance explain <ruling>` tells what each document says and what each profile does. Most
questions are settled by alternates: answers that are as right as the preferred one.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.paragraphs import prose
from conformance.rulings import rulings

__all__ = ["lines"]


def lines() -> Iterator[str]:
    """Each ruling with its question."""
    for ruling in rulings().values():
        yield f"  {ruling.id}"
        yield from prose(ruling.question, indent="      ")
    yield ""
    yield "Switches of [rulings] in the tool file:"
    for ruling in rulings().values():
        if ruling.switch:
            yield f"  {ruling.switch} = {str(ruling.default).lower()}, see {ruling.id}"
