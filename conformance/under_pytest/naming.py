"""What tells the reports of one pytest run apart, in the names of their files and of their streams. Pure."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

__all__ = ["marked", "marks"]

_LONGEST = 40


def marks(groups: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """A mark for each tool and profile, in their order, none of which is another's; nothing if there is one.

    It is the profile, where that is not enough with the tool before it, and with a number where letters run out. One
    that is added at the end changes no number before it.
    """
    if len(groups) == 1:
        return ("",)
    profiles = [profile for _, profile in groups]
    wanted = profiles if len(set(profiles)) == len(profiles) else [_joined(*group) for group in groups]
    taken: dict[str, str] = {}
    for name in wanted:
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        # Some file systems take small and capital letters for the same.
        mark = next(mark for mark in (name, *itertools.islice(numbered, len(groups))) if mark.casefold() not in taken)
        taken[mark.casefold()] = mark
    return tuple(taken.values())


def marked(path: Path, mark: str) -> Path:
    """A path with a mark before the ending of its name."""
    return path.with_name(f"{path.stem}-{mark}{path.suffix}") if mark else path


def _joined(tool: str, profile: str) -> str:
    letters = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", tool).lower())
    return "-".join(filter(None, (letters.strip("-")[:_LONGEST].rstrip("-"), profile)))
