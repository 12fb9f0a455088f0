"""What a pytest run finds out, told once: to streams that survive a crash, and to the dossiers of its reports."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from conformance.exchanges.clearing import cleared
from conformance.notes import Notes
from conformance.report import Report
from conformance.reporting import SCREEN, Output
from conformance.streaming import Stream, streamed
from conformance.telling.documenting import dossier_of, head_of
from conformance.telling.dossier import Dossier
from conformance.under_pytest.naming import marked, marks
from conformance.under_pytest.values import Group, Trial

__all__ = ["Notebook"]


class Notebook:
    """The notes of a pytest run: for each tool and profile, its entries as they come.

    Args:
        outputs: the reports that were asked for.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        # A test may be in another folder when the first result comes.
        self._place = next((Path(output.path).absolute() for output in outputs if output.path != SCREEN), None)
        self._stack = contextlib.ExitStack()
        self._streams: dict[Group, Stream] = {}
        self._notes: dict[Group, Notes] = {}
        self._chosen: dict[Group, dict[str, None]] = {}

    @property
    def kept(self) -> str:
        """What to say of the files that hold results as long as no report does; empty if there are none."""
        paths = [str(stream.path) for stream in self._streams.values() if stream.path is not None]
        if not paths:
            return ""
        what = "the results" if len(paths) == len(self._streams) else "some of the results"
        return f"{what} are kept in {' and '.join(paths)}"

    def chosen(self, trial: Trial) -> tuple[str, ...]:
        """The ids of the scenarios that are to be tried on this tool under this profile, as far as is known."""
        return tuple(self._chosen.get(trial.group, ()))

    def begin(self, group: Group, report: Report, chosen: Sequence[str]) -> None:
        """Note what is known of a tool and a profile, with its first result, or with the first of another module.

        Args:
            chosen: the ids of the scenarios of which there are to be results.
        """
        self._chosen[group] = dict.fromkeys(chosen)
        if group in self._streams:
            self._streams[group].begin(head_of(report), len(chosen))
            return
        stream = self._streams[group] = self._stack.enter_context(streamed(self._next_place(report)))
        self._notes[group] = Notes(stream, tool_file="", chosen=len(chosen), tell=lambda _: None)
        self._notes[group].begin(report)

    def add(self, trial: Trial) -> None:
        """Note a result; a trial that came to none adds nothing."""
        if trial.result is not None:
            self._notes[trial.group].add(trial.result)

    def dossier(self, group: Group, report: Report) -> Dossier:
        """The dossier of a tool and a profile at the end of the run."""
        notes = self._notes.get(group)
        return dossier_of(report) if notes is None else notes.dossier(report)

    def done(self) -> None:
        """The reports are written, and hold all of it."""
        for stream in self._streams.values():
            stream.done()

    def close(self) -> None:
        """Close the streams, and remove those that are not needed."""
        self._stack.close()

    def _next_place(self, report: Report) -> Path | None:
        """Where the report may be: the first has the path itself, since no other may come, and the next a mark."""
        groups = [*(group[:2] for group in self._streams), (report.tool, report.profile.name)]
        if self._place is None:
            return None
        # A name of a file is as open to all as what stands in it.
        names = [(cleared(tool, report.known), profile) for tool, profile in groups]
        return marked(self._place, marks(names)[-1])
