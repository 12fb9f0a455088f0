"""Messages of PostgreSQL's protocol 3 (PostgreSQL documentation, "Frontend/Backend Protocol", "Message Formats").

A message is a byte that says its kind, four bytes of length that count themselves, and the body.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

__all__ = [
    "Piece",
    "ProtocolError",
    "Splitter",
    "error_field",
    "error_response",
    "message",
    "none_found",
    "strings",
    "with_error_fields",
]

Piece = bytes | memoryview
"""A part of a stream."""

HEADER: Final = 5
LENGTH_ITSELF: Final = 4
LONGEST: Final = 0x7FFFFFFF
_length: Final = struct.Struct(">I").unpack_from
_COUNT: Final = re.compile(rb"\d+(?=\0?$)")


class ProtocolError(Exception):
    """What arrived is not protocol 3."""


def message(kind: bytes, *fields: bytes) -> bytes:
    """A message of these fields."""
    body = b"".join(fields)
    return kind + (len(body) + LENGTH_ITSELF).to_bytes(4, "big") + body


def strings(frame: bytes, count: int, start: int = HEADER) -> list[bytes]:
    """So many strings, each ended by a zero, from this place of a message on.

    Raises:
        ProtocolError: there are fewer.
    """
    found = []
    for _ in range(count):
        end = frame.find(b"\0", start)
        if end < 0:
            raise ProtocolError(f"a message of kind {frame[:1]!r} ends within a string")
        found.append(frame[start:end])
        start = end + 1
    return found


def error_field(frame: bytes, code: bytes) -> bytes:
    """A field of an ErrorResponse or NoticeResponse; empty if it is not there."""
    for field in frame[HEADER:].split(b"\0"):
        if field[:1] == code:
            return field[1:]
    return b""


def error_response(severity: str, sqlstate: str, text: str) -> bytes:
    """An ErrorResponse."""
    fields = (f"S{severity}", f"V{severity}", f"C{sqlstate}", f"M{text}")
    return message(b"E", *(field.encode() + b"\0" for field in fields), b"\0")


def with_error_fields(frame: bytes, sqlstate: str, text: str) -> bytes:
    """An ErrorResponse of the same severity, in the server's language, with another code and text."""
    severity = b"".join(code + error_field(frame, code) + b"\0" for code in (b"S", b"V") if error_field(frame, code))
    return message(b"E", severity, b"C", sqlstate.encode(), b"\0M", text.encode(), b"\0\0")


def none_found(frame: bytes) -> bytes:
    """A CommandComplete whose count of rows is nought."""
    return message(b"C", _COUNT.sub(b"0", frame[HEADER:]))


class Splitter:
    """Cuts a stream into whole messages, and messages of the bulky kinds into runs that are never copied.

    Args:
        bulky: kinds whose bodies nobody reads.
    """

    def __init__(self, bulky: bytes) -> None:
        self._bulky = frozenset(bulky)
        self._kind = 0
        self._rest = 0
        self._parts: list[bytes] = []
        self._missing = 0

    def pieces(self, data: bytes) -> Iterator[tuple[int, Piece]]:
        """What has become whole by these bytes, by kind; a run has one kind and may end within a message.

        Raises:
            ProtocolError: a length is impossible.
        """
        if self._missing > len(data):
            self._keep(data, self._missing - len(data))
            return
        if self._parts:
            data = b"".join((*self._parts, data))
            self._parts.clear()
            self._missing = 0
        at, end, view = 0, len(data), memoryview(data)
        while at < end:
            if self._rest:
                kind, stop = self._kind, at + self._rest
            elif end - at < HEADER:
                self._keep(data[at:], HEADER - (end - at))
                return
            else:
                kind, stop = data[at], _end_of(data, at)
            if kind in self._bulky:
                while end - stop >= HEADER and data[stop] == kind:
                    # Written out, since answers of a million rows pass here.
                    length = _length(data, stop + 1)[0]
                    if not LENGTH_ITSELF <= length <= LONGEST:
                        raise _impossible(kind, length)
                    stop += 1 + length
                self._kind, self._rest = kind, max(stop - end, 0)
                yield kind, view[at : min(stop, end)]
            elif stop > end:
                self._keep(data[at:], stop - end)
                return
            else:
                yield kind, data[at:stop]
            at = stop

    def _keep(self, data: bytes, missing: int) -> None:
        self._parts.append(data)
        self._missing = missing


def _end_of(data: bytes, at: int) -> int:
    length: int = _length(data, at + 1)[0]
    if not LENGTH_ITSELF <= length <= LONGEST:
        raise _impossible(data[at], length)
    return at + 1 + length


def _impossible(kind: int, length: int) -> ProtocolError:
    return ProtocolError(f"a message of kind {kind:#04x} claims a length of {length}")
