"""Lines for a terminal: a label, and beside it a text that is broken to fit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

__all__ = ["WIDTH", "paragraph", "prose"]

WIDTH = 100
LABEL_WIDTH = 13


def paragraph(label: str, text: str, *, label_width: int = LABEL_WIDTH) -> Iterator[str]:
    """A text beside its label; a label that is too long for its column stands on a line of its own."""
    indent = " " * (label_width + 3)
    if len(label) > label_width:
        yield f"  {label}"
        label = ""
    yield from _broken(text, f"  {label:<{label_width}} ", indent)


def prose(text: str, *, indent: str = "") -> Iterator[str]:
    """A text without a label."""
    yield from _broken(text, indent, indent)


def _broken(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
