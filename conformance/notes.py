"""What a run finds out, told once: to the stream that survives a crash, and to the dossier of its reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.exchanges.clearing import Clearing, cleared
from conformance.model import Result
from conformance.report import Report
from conformance.streaming import Stream
from conformance.telling.documenting import entry_of, head_of
from conformance.telling.dossier import Dossier, Entry
from conformance.telling.tally import summed

__all__ = ["Notes"]


class Notes:
    """The entries of a run as they come.

    Args:
        tool_file: the path of the tool file; empty if there is none.
        chosen: how many results there are to be.
        tell: is told of each result.
    """

    def __init__(self, stream: Stream, *, tool_file: str, chosen: int, tell: Callable[[Result], None]) -> None:
        self._stream = stream
        self._tool_file = tool_file
        self._chosen = chosen
        self._tell = tell
        self._head: Dossier | None = None
        self._known: frozenset[str] = frozenset()
        self._entries: dict[str, Entry] = {}
        self._clearing = Clearing()

    def begin(self, report: Report) -> None:
        """Note what is known before the first launch."""
        self._head, self._known = self._head_of(report), report.known
        self._stream.begin(self._head, self._chosen)

    def add(self, result: Result) -> None:
        """Note a result."""
        entry = entry_of(result, self._clearing)
        self._entries[entry.id] = entry
        self._stream.add(entry)
        self._tell(result)

    def dossier(self, report: Report) -> Dossier:
        """The dossier of a run that has come to its end."""
        # Pytest keeps these notes until it ends; what the texts of a tool were is not needed for so long.
        self._clearing = Clearing()
        return summed(self._head_of(report), [self._entries[result.scenario.id] for result in report.results])

    def broken_off(self, why: str) -> Dossier | None:
        """The dossier of a run that ended in its middle; None if it had not begun."""
        if self._head is None:
            return None
        untried = self._chosen - len(self._entries)
        head = replace(self._head, complete=False, stopped=cleared(why, self._known), untried=untried)
        return summed(head, [*self._entries.values()])

    def _head_of(self, report: Report) -> Dossier:
        return replace(head_of(report), tool_file=self._tool_file)
