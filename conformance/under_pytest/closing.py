"""What stands at the end of a pytest run: a summary for each tool and profile, and why the run is red. Pure."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from conformance.exit_codes import RUN
from conformance.reports.as_text import closing_text
from conformance.reports.escaping import printable
from conformance.telling.dossier import Dossier
from conformance.under_pytest.values import Group

__all__ = ["closing_lines", "waiver_lines"]

_WIDTH = 90
_STALE = 4


def closing_lines(dossiers: Mapping[Group, Dossier], root: Path) -> Iterator[str]:
    """The summaries; where two would begin alike, with the tool file before each."""
    names = Counter((dossier.tool, dossier.profile) for dossier in dossiers.values())
    for (_, _, file), dossier in dossiers.items():
        if file and names[dossier.tool, dossier.profile] > 1:
            yield f"{printable(_from(root, file))}:"
        yield from closing_text(replace(dossier, stopped=_shortly(dossier.stopped, root))).splitlines()


def waiver_lines(sentences: Sequence[str]) -> Iterator[str]:
    """Why a run fails of which each item has passed, in the words of `run`: nothing that pytest says tells it."""
    if not sentences:
        return
    meaning = next(ending.short for ending in RUN if ending.code == _STALE)
    more = f"; and {len(sentences) - 1} more, told above" if sentences[1:] else ""
    yield printable(f"✗ {meaning}: {sentences[0]}{more}")


def _shortly(stopped: str | None, root: Path) -> str | None:
    """Why a run ended early: in full it stands at the item that noticed it."""
    if stopped is None:
        return None
    return textwrap.shorten(_from(root, stopped), _WIDTH, placeholder=" …")


def _from(root: Path, text: str) -> str:
    """The text without the folder in which each path of the project lies."""
    return text.removeprefix(os.path.realpath(root) + os.sep).removeprefix(f"{root}{os.sep}")
