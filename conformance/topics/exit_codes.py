"""Exit codes: what a program may read from a run.

Of `run`, the first that applies:
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.exit_codes import OTHERS, RUN
from conformance.paragraphs import paragraph

__all__ = ["lines"]


def lines() -> Iterator[str]:
    """The codes of `run`, and those of other commands."""
    for ending in RUN:
        yield from paragraph(str(ending.code), ending.meaning, label_width=2)
    yield ""
    yield "Of the others:"
    for command, endings in OTHERS.items():
        yield from paragraph(command, ", ".join(f"{ending.code} {ending.meaning}" for ending in endings))
    yield ""
    yield "Every command ends with 2 and one line if it was given something that it cannot use, and"
    yield "with 3 if it was interrupted."
