"""One connection between a tool and its server: bytes in, bytes out, nothing else.

(PostgreSQL documentation, "Frontend/Backend Protocol", "Message Flow".)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from conformance.pgproxy import substitutes
from conformance.pgproxy.frames import Piece, Splitter, message, none_found, strings
from conformance.pgproxy.rules import Fault, Faults
from conformance.pgproxy.session import Session, Told, told

__all__ = ["Connection"]

PARSE, BIND, DESCRIBE, EXECUTE, CLOSE, SYNC, QUERY, CALL = b"PBDECSQF"
COPY_DATA, COPY_DONE, COPY_FAIL = b"dcf"
STARTUP: Final = 0

ROWS, ROW_DESCRIPTION, COMPLETE, SUSPENDED, EMPTY_QUERY = b"DTCsI"
ERROR, READY, COPY_IN, COPY_BOTH, KEY_DATA, PARAMETER_STATUS, NOTICE, NOTIFICATION = b"EZGWKSNA"

IN_BATCH: Final = frozenset((PARSE, BIND, DESCRIBE, EXECUTE, CLOSE))
"""What the server skips, after an error, until Sync."""
ENDED_BY_READY: Final = frozenset((SYNC, QUERY, CALL, STARTUP))
LAST_ANSWER: Final = {
    ord("1"): PARSE,
    ord("2"): BIND,
    ord("3"): CLOSE,
    ord("n"): DESCRIBE,
    ROW_DESCRIPTION: DESCRIBE,
    COMPLETE: EXECUTE,
    SUSPENDED: EXECUTE,
    EMPTY_QUERY: EXECUTE,
}
UNASKED: Final = frozenset((NOTICE, NOTIFICATION, PARAMETER_STATUS))
NO_FAULTS: Final[Mapping[int, Fault]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A message that the server has yet to answer.

    Args:
        kind: the message's.
        faults: by the number of the statement in the message, what strikes it.
        hidden: whether the tool did not send it, and so must not see its answer.
        undo: what is to happen if it fails or is skipped.
    """

    kind: int
    faults: Mapping[int, Fault] = field(default_factory=lambda: NO_FAULTS)
    hidden: bool = False
    undo: Callable[[], object] | None = None


ORDINARY: Final = {kind: Awaited(kind=kind) for kind in (*IN_BATCH, *ENDED_BY_READY, COPY_DONE)}
HIDDEN: Final = {kind: Awaited(kind=kind, hidden=True) for kind in (PARSE, BIND, CLOSE)}


class Connection:
    """What the two ends of a connection have said so far.

    Attributes:
        key: what a CancelRequest for it has to carry, as the server sent it.
        is_cut: whether the connection is to end now.
    """

    def __init__(self, faults: Faults) -> None:
        self.key: bytes | None = None
        self.is_cut = False
        self._faults = faults
        self._session = Session()
        self._from_client = Splitter(bulky=bytes((COPY_DATA,)))
        self._from_server = Splitter(bulky=bytes((ROWS, COPY_DATA)))
        self._awaited = deque([ORDINARY[STARTUP]])
        self._finished = 0  # statements of the first message awaited
        self._copies_in = False
        self._has_litter = False
        self._handlers: Mapping[int, Callable[[bytes], Piece | None]] = {
            PARSE: self._parse,
            BIND: self._bind,
            EXECUTE: self._execute,
            CLOSE: self._close,
            SYNC: self._sync,
            QUERY: self._query,
            DESCRIBE: partial(self._ordinary, DESCRIBE),
            CALL: partial(self._ordinary, CALL),
            COPY_DONE: partial(self._ordinary, COPY_DONE),
            COPY_FAIL: partial(self._ordinary, COPY_DONE),
        }

    def from_client(self, data: bytes) -> list[Piece]:
        """What the server is sent after these bytes of the tool.

        Raises:
            ProtocolError: they are not the protocol's.
        """
        sent: list[Piece] = []
        for kind, piece in self._from_client.pieces(data):
            handler = self._handlers.get(kind)
            if handler is None:
                sent.append(piece)
                continue
            if self._has_litter and not self._awaited:
                self._has_litter = False
                self._awaited.append(HIDDEN[CLOSE])
                sent.append(substitutes.FORGET_SLEEP)
            instead = handler(bytes(piece))
            sent.append(piece if instead is None else instead)
        return sent

    def from_server(self, data: bytes) -> list[Piece]:
        """What the tool is sent after these bytes of the server.

        Raises:
            ProtocolError: they are not the protocol's.
        """
        sent: list[Piece] = []
        for kind, piece in self._from_server.pieces(data):
            shown = self._answer(kind, piece) if self._awaited and kind not in UNASKED else piece
            if kind == PARAMETER_STATUS:
                self._note_parameter(bytes(piece))
            if shown:
                sent.append(shown)
            if self.is_cut:
                break
        return sent

    def waits_for(self, fault: Fault) -> bool:
        """Whether the server has yet to answer a statement that this fault strikes."""
        return any(fault in item.faults.values() for item in self._awaited)

    def runs(self, fault: Fault) -> bool:
        """Whether the server is about such a statement, so that a CancelRequest would hit it."""
        for item in self._awaited:
            if fault in item.faults.values():
                return item.kind != QUERY or item.faults.get(self._finished) is fault
            if item.kind in ENDED_BY_READY:
                break
        return False

    def _ordinary(self, kind: int, _: bytes) -> None:
        if kind != COPY_DONE or self._awaited:
            self._awaited.append(ORDINARY[kind])

    def _parse(self, frame: bytes) -> None:
        name, text = strings(frame, 2)
        self._awaited.append(Awaited(kind=PARSE, undo=self._restoring(name)))
        self._session.prepared[name] = told(text)

    def _bind(self, frame: bytes) -> None:
        portal, name = strings(frame, 2)
        self._session.bind(portal, name, frame if self._faults.marked else b"")
        self._awaited.append(ORDINARY[BIND])

    def _close(self, frame: bytes) -> None:
        kind, name = frame[5:6], strings(frame, 1, start=6)[0]
        self._awaited.append(Awaited(kind=CLOSE, undo=self._restoring(name) if kind == b"S" else None))
        self._session.close(kind, name)

    def _restoring(self, name: bytes) -> Callable[[], None]:
        known, prepared = self._session.prepared.get(name), self._session.prepared
        if known is None:
            return lambda: _discard(prepared, name)
        return lambda: prepared.update({name: known})

    def _sync(self, _: bytes) -> None:
        # While rows are copied in, the server passes Sync over.
        if not (self._copies_in and len(self._awaited) == 1):
            self._awaited.append(ORDINARY[SYNC])

    def _execute(self, frame: bytes) -> Piece | None:
        sent = self._session.portals.get(strings(frame, 1)[0])
        faults, start = self._struck(sent) if sent is not None else (NO_FAULTS, None)
        before = b""
        if start is not None and faults[0].mode == "timeout":
            before = substitutes.prepare_sleep(faults[0])
            self._awaited += (HIDDEN[CLOSE], HIDDEN[PARSE], HIDDEN[BIND])
            self._has_litter = True
        self._awaited.append(Awaited(kind=EXECUTE, faults=faults) if faults else ORDINARY[EXECUTE])
        return None if start is None else before + substitutes.FAIL

    def _query(self, frame: bytes) -> Piece | None:
        text = strings(frame, 1)[0]
        faults, start = self._struck(told(text))
        self._awaited.append(Awaited(kind=QUERY, faults=faults) if faults else ORDINARY[QUERY])
        return None if start is None else substitutes.text_instead(faults[max(faults)], text, start)

    def _struck(self, sent: Told) -> tuple[Mapping[int, Fault], int | None]:
        """What strikes the statements of a text, and where the first one begins that cannot run."""
        if not (sent.by_name or self._faults.may_strike(sent.text)):
            return NO_FAULTS, None
        found: dict[int, Fault] = {}
        for number, meant in enumerate(self._session.meant(sent)):
            fault = self._faults.striking(meant.statement, meant.evidence)
            if fault is not None:
                found[number] = fault
                if fault.mode != "empty":
                    return found, meant.start
        return found, None

    def _answer(self, kind: int, piece: Piece) -> Piece | None:
        head = self._awaited[0]
        fault = head.faults.get(self._finished)
        if kind == ERROR:
            return self._failed(head, fault, bytes(piece))
        if kind == READY:
            self._ready()
            if piece[5] == ord("I") and not self._awaited:
                self._session.portals.clear()
            return piece
        if kind in (COPY_IN, COPY_BOTH):
            self._copy_begins()
        elif kind == KEY_DATA:
            self.key = bytes(piece[5:])
        if fault is not None:
            piece = _without_rows(fault, kind, piece)
        if kind in (COMPLETE, SUSPENDED, EMPTY_QUERY):
            self._finished += 1
        if LAST_ANSWER.get(kind) == head.kind:
            self._pop()
        return None if head.hidden else piece
...
