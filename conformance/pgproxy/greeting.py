"""What a client sends before the protocol proper: packets without a kind.

(PostgreSQL documentation, "Message Formats": SSLRequest, GSSENCRequest, CancelRequest, StartupMessage.)
"""

from __future__ import annotations

import struct
from typing import Final

from conformance.pgproxy.frames import ProtocolError

__all__ = ["CANCEL", "ENCRYPTION", "REFUSED", "cancel_request", "first_packet", "version_of"]

CANCEL: Final = 80877102
ENCRYPTION: Final = frozenset({80877103, 80877104})
"""SSLRequest and GSSENCRequest."""

REFUSED: Final = b"N"
"""The answer to either: go on without."""

HEADER: Final = 8
LONGEST: Final = 10_000
"""No server takes a longer one."""

_header: Final = struct.Struct(">II").unpack_from


def first_packet(data: bytes) -> bytes | None:
    """The packet at the beginning of these bytes; None if it is not whole yet.

    Raises:
        ProtocolError: no such packet begins like this, such as TLS without asking.
    """
    if len(data) < HEADER:
        return None
    length: int = _header(data)[0]
    if not HEADER <= length <= LONGEST:
        raise ProtocolError(f"the first packet claims a length of {length}")
    return data[:length] if len(data) >= length else None


def version_of(packet: bytes) -> int:
    """The version of the protocol that a packet asks for, or which of the other packets it is."""
    version: int = _header(packet)[1]
    return version


def cancel_request(key: bytes) -> bytes:
    """A CancelRequest; the key is the body of the server's BackendKeyData."""
    return struct.pack(">II", HEADER + len(key), CANCEL) + key
