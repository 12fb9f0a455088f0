"""One connection between a tool and its server: bytes in, bytes out, nothing else.

(PostgreSQL documentation, "Frontend/Backend Protocol", "Message Flow".)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from conformance.pgproxy import substitutes
from conformance.pgproxy.frames import Piece, Splitter, message, none_found, strings
from conformance.pgproxy.ledger import (
    BIND,
    CALL,
    CLOSE,
    COPY_DONE,
    DESCRIBE,
    EXECUTE,
    NO_FAULTS,
    PARSE,
    QUERY,
    SYNC,
    Awaited,
    Ledger,
)
from conformance.pgproxy.rules import Fault, Faults
from conformance.pgproxy.session import Session, Told, told

__all__ = ["Connection"]

COPY_DATA, COPY_FAIL = b"df"
ROWS, COMPLETE, SUSPENDED, DESCRIPTION = b"DCsT"
ERROR, READY, COPY_IN, COPY_BOTH, KEY_DATA, PARAMETER_STATUS, NOTICE, NOTIFICATION = b"EZGWKSNA"
UNASKED: Final = frozenset((NOTICE, NOTIFICATION, PARAMETER_STATUS))
NO_ROWS: Final = message(b"C", b"SELECT 0\0")


class Connection:
    """What the two ends of a connection have said so far.

    Attributes:
        key: what a CancelRequest for it has to carry, as the server sent it.
        is_cut: whether the connection is to end now.
        ledger: what the server has yet to answer.
    """

    def __init__(self, faults: Faults) -> None:
        self.key: bytes | None = None
        self.is_cut = False
        self.ledger = Ledger()
        self._faults = faults
        self._session = Session()
        self._from_client = Splitter(bulky=bytes((COPY_DATA,)))
        self._from_server = Splitter(bulky=bytes((ROWS, COPY_DATA)))
        self._has_litter = False
        self._handlers: Mapping[int, Callable[[bytes], Piece | None]] = {
            PARSE: self._parse,
            BIND: self._bind,
            EXECUTE: self._execute,
            CLOSE: self._close,
            QUERY: self._query,
            **{kind: partial(self._plain, kind) for kind in (DESCRIBE, SYNC, CALL)},
            **dict.fromkeys((COPY_DONE, COPY_FAIL), self._copy_done),
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
            if self._has_litter and not self.ledger:
                self._has_litter = False
                self.ledger.hidden(CLOSE)
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
            shown = self._answer(kind, piece) if kind not in UNASKED and self.ledger else piece
            if kind == PARAMETER_STATUS:
                self._note_parameter(bytes(piece))
            if shown:
                sent.append(shown)
            if self.is_cut:
                break
        return sent

    def _plain(self, kind: int, _: bytes) -> None:
        self.ledger.plain(kind)

    def _copy_done(self, _: bytes) -> None:
        self.ledger.copy_done()

    def _parse(self, frame: bytes) -> None:
        name, text = strings(frame, 2)
        self.ledger.add(Awaited(kind=PARSE, undo=self._session.restoring(name)))
        self._session.prepared[name] = told(text)

    def _bind(self, frame: bytes) -> None:
        portal, name = strings(frame, 2)
        self.ledger.plain(BIND)
        self._session.bind(portal, name, frame if self._faults.marked else b"")

    def _close(self, frame: bytes) -> None:
        what, name = frame[5:6], strings(frame, 1, start=6)[0]
        self.ledger.add(Awaited(kind=CLOSE, undo=self._session.restoring(name) if what == b"S" else None))
        self._session.close(what, name)

    def _execute(self, frame: bytes) -> bytes | None:
        sent = self._session.portals.get(strings(frame, 1)[0])
        faults, start = self._struck(sent) if sent is not None else (NO_FAULTS, None)
        before = b""
        if start is not None and faults[0].mode == "timeout":
            before = substitutes.prepare_sleep(faults[0])
            self.ledger.hidden(CLOSE, PARSE, BIND)
            self._has_litter = True
        self.ledger.add(Awaited(kind=EXECUTE, faults=faults))
        return None if start is None else before + substitutes.FAIL

    def _query(self, frame: bytes) -> bytes | None:
        text = strings(frame, 1)[0]
        faults, start = self._struck(told(text))
        self.ledger.add(Awaited(kind=QUERY, faults=faults))
        return None if start is None else substitutes.text_instead(faults[max(faults)], text, start)

    def _struck(self, sent: Told) -> tuple[Mapping[int, Fault], int | None]:
        """What strikes the statements of a text, by number, and where the last of them begins if it must not run."""
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

    def _answer(self, kind: int, piece: Piece) -> Piece:
        if kind == ERROR:
            return self._error(bytes(piece))
        if kind == READY:
            self.ledger.ready()
            if piece[5:6] == b"I" and not self.ledger:
                self._session.portals.clear()
            return piece
        if kind == KEY_DATA:
            self.key = bytes(piece[5:])
        elif kind in (COPY_IN, COPY_BOTH):
            self.ledger.copy_begins()
        item, fault = self.ledger.answered(kind)
        if item.hidden:
            return b""
        return piece if fault is None else _as_shown(fault, kind, piece)

    def _error(self, frame: bytes) -> bytes:
        """What the tool sees of an error; a hidden message fails only for a reason that concerns the tool as well."""
        fault = self.ledger.fault
        as_meant = fault is not None and substitutes.is_of(fault, frame)
        self.ledger.failed(as_meant=as_meant)
        if fault is None or not as_meant:
            return frame
        if fault.mode == "garbage":
            self.is_cut = True
            return substitutes.TORN
        return substitutes.failure(fault, frame)

    def _note_parameter(self, frame: bytes) -> None:
        name, value = strings(frame, 2)
        if name == b"standard_conforming_strings":
            self._session.backslashes = value == b"off"


def _as_shown(fault: Fault, kind: int, piece: Piece) -> Piece:
    """An answer to a statement that a fault strikes and that is no error."""
    if fault.mode == "empty" and kind == ROWS:
        return b""
    if fault.mode == "empty" and kind == COMPLETE:
        return none_found(bytes(piece))
    if fault.mode == "empty" and kind == SUSPENDED:
        return NO_ROWS
    if kind == DESCRIPTION and substitutes.shows(fault, bytes(piece)):
        return b""
    return piece
