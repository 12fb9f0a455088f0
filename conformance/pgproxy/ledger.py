"""The messages of a connection that the server has yet to answer, in order.

(PostgreSQL documentation, "Frontend/Backend Protocol", "Message Flow": "Extended Query", "Pipelining", "COPY
Operations".)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from conformance.pgproxy.rules import Fault

__all__ = [
    "BIND",
    "CALL",
    "CLOSE",
    "COPY_DONE",
    "DESCRIBE",
    "EXECUTE",
    "NO_FAULTS",
    "PARSE",
    "QUERY",
    "SYNC",
    "Awaited",
    "Ledger",
]

PARSE, BIND, DESCRIBE, EXECUTE, CLOSE, SYNC, QUERY, CALL, COPY_DONE = b"PBDECSQFc"
STARTUP: Final = 0

SKIPPED: Final = frozenset((PARSE, BIND, DESCRIBE, EXECUTE, CLOSE))
"""If one of these fails, the server skips whatever follows until Sync."""

ENDED_BY_READY: Final = frozenset((STARTUP, SYNC, QUERY, CALL))

LAST_ANSWERS: Final[Mapping[int, int]] = {
    ord("1"): PARSE,
    ord("2"): BIND,
    ord("3"): CLOSE,
    ord("T"): DESCRIBE,
    ord("n"): DESCRIBE,
    ord("C"): EXECUTE,
    ord("I"): EXECUTE,
    ord("s"): EXECUTE,
}
END_OF_STATEMENT: Final = frozenset(b"CIs")
NO_FAULTS: Final[Mapping[int, Fault]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A message that the server has yet to answer.

    Args:
        kind: the message's.
        faults: by the number of the statement in the message, what strikes it.
        hidden: whether the tool did not send it, and so is not to see its answer.
        undo: what has to be done if it fails or is skipped.
    """

    kind: int
    faults: Mapping[int, Fault] = field(default_factory=lambda: NO_FAULTS)
    hidden: bool = False
    undo: Callable[[], object] | None = None


PLAIN: Final = {kind: Awaited(kind=kind) for kind in (*SKIPPED, *ENDED_BY_READY, COPY_DONE)}
HIDDEN: Final = {kind: Awaited(kind=kind, hidden=True) for kind in (PARSE, BIND, CLOSE)}


class Ledger:
    """What is awaited on one connection; it begins with the end of the start-up."""

    def __init__(self) -> None:
        self._awaited = deque([PLAIN[STARTUP]])
        self._finished = 0
        self._copies_in = False

    def __bool__(self) -> bool:
        """Whether anything is awaited."""
        return bool(self._awaited)

    @property
    def fault(self) -> Fault | None:
        """What strikes the statement that the server is about to answer."""
        return self._awaited[0].faults.get(self._finished)

    def add(self, item: Awaited) -> None:
        """The tool, or the proxy, has sent a message."""
        # While rows are copied in, the server passes Sync over.
        if not (item.kind == SYNC and self._copies_in and len(self._awaited) == 1):
            self._awaited.append(item)

    def plain(self, kind: int) -> None:
        """The tool has sent a message of this kind, of which nothing need be known."""
        self.add(PLAIN[kind])

    def hidden(self, *kinds: int) -> None:
        """The proxy has sent these messages of its own."""
        self._awaited += (HIDDEN[kind] for kind in kinds)

    def copy_done(self) -> None:
        """The tool has sent the end of the rows that it copies in: no answer, but a mark among the others."""
        if self._awaited:
            self._awaited.append(PLAIN[COPY_DONE])

    def answered(self, kind: int) -> tuple[Awaited, Fault | None]:
        """The message to which the server has sent an answer of this kind, and what strikes its statement.

        Not for errors and ReadyForQuery.
        """
        item = self._awaited[0]
        fault = item.faults.get(self._finished) if item.faults else None
        if kind in END_OF_STATEMENT:
            self._finished += 1
        if LAST_ANSWERS.get(kind) == item.kind:
            self._end_first()
        return item, fault

    def copy_begins(self) -> None:
        """The server now takes in rows, and passes over each Sync that is there before their end."""
        self._copies_in = True
        first = self._awaited.popleft()
        while self._awaited and self._awaited[0].kind == SYNC:
            self._awaited.popleft()
        self._awaited.appendleft(first)

    def failed(self, *, as_meant: bool) -> None:
        """The server has sent an error.

        Args:
            as_meant: whether it is that of the fault.
        """
        self._copies_in = False
        self._finished += as_meant
        if self._awaited[0].kind not in SKIPPED:
            return
        skipped = [self._end_first()]
        while self._awaited and self._awaited[0].kind != SYNC:
            skipped.append(self._end_first())
        for item in reversed(skipped):
            if item.undo is not None:
                item.undo()

    def ready(self) -> None:
        """The server is ready for another query."""
        while self._awaited and self._end_first().kind not in ENDED_BY_READY:
            pass

    def waits_for(self, fault: Fault) -> bool:
        """Whether the answer to a statement that this fault strikes is still to come."""
        return any(fault in item.faults.values() for item in self._awaited)

    @property
    def sleeps(self) -> bool:
        """Whether a statement is awaited that does not answer for a while."""
        return any(fault.mode == "timeout" for item in self._awaited for fault in item.faults.values())

    def runs(self, fault: Fault) -> bool:
        """Whether the server is about such a statement now, so that a CancelRequest would hit it."""
        for item in self._awaited:
            if fault in item.faults.values():
                return item.kind != QUERY or item.faults.get(self._finished) is fault
            if item.kind in ENDED_BY_READY:
                break
        return False

    def _end_first(self) -> Awaited:
        """The first message is done with; what was to strike in it and did not come to it has missed."""
        item = self._awaited.popleft()
        if item.faults:
            for number, fault in item.faults.items():
                if number >= self._finished:
                    fault.missed()
        self._finished = 0
        self._copies_in = False
        while self._awaited and self._awaited[0].kind == COPY_DONE:
            self._awaited.popleft()
        return item
