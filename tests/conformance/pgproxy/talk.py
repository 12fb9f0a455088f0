"""Messages as the two ends of a connection send them, written by hand from the protocol's documentation."""

from __future__ import annotations

from conformance.driver import Access, Mark, Order
from conformance.modes import Mode
from conformance.pgproxy.connection import Connection
from conformance.pgproxy.rules import Fault, Faults, Rule
from conformance.pgproxy.touch import table_name

__all__ = [
    "IDLE",
    "SYNC",
    "arm",
    "bind",
    "close",
    "complete",
    "describe",
    "error",
    "execute",
    "framed",
    "parse",
    "query",
    "ready",
    "row",
    "sent",
    "started",
]

SYNC = b"S\0\0\0\x04"


def framed(kind: str, body: bytes = b"") -> bytes:
    return kind.encode() + (len(body) + 4).to_bytes(4, "big") + body


def query(text: str) -> bytes:
    return framed("Q", text.encode() + b"\0")


def parse(text: str, name: str = "") -> bytes:
    return framed("P", name.encode() + b"\0" + text.encode() + b"\0\0\0")


def bind(*values: bytes, portal: str = "", name: str = "") -> bytes:
    body = portal.encode() + b"\0" + name.encode() + b"\0\0\0" + len(values).to_bytes(2, "big")
    for value in values:
        body += len(value).to_bytes(4, "big") + value
    return framed("B", body + b"\0\0")


def describe(portal: str = "") -> bytes:
    return framed("D", b"P" + portal.encode() + b"\0")


def execute(portal: str = "", rows: int = 0) -> bytes:
    return framed("E", portal.encode() + b"\0" + rows.to_bytes(4, "big"))


def close(what: str, name: str) -> bytes:
    return framed("C", what.encode() + name.encode() + b"\0")


def ready(status: str = "I") -> bytes:
    return framed("Z", status.encode())


IDLE = ready()


def row(value: bytes) -> bytes:
    return framed("D", b"\0\x01" + len(value).to_bytes(4, "big") + value)


def complete(tag: str) -> bytes:
    return framed("C", tag.encode() + b"\0")


def error(code: str, text: str, severity: str = "ERROR") -> bytes:
    return framed("E", b"".join(f"{f}\0".encode() for f in (f"S{severity}", "VERROR", f"C{code}", f"M{text}")) + b"\0")


def started(faults: Faults | None = None) -> Connection:
    """A connection after its start-up."""
    connection = Connection(faults or Faults())
    greeting = framed("R", b"\0\0\0\0") + framed("K", b"\0\0\0\x07\0\0\0\x09") + IDLE
    assert sent(connection.from_server(greeting)) == greeting
    return connection


def sent(pieces: list[bytes | memoryview]) -> bytes:
    return b"".join(pieces)


def arm(
    faults: Faults,
    mode: Mode = "error",
    *,
    table: str = "classes",
    access: Access = "read",
    times: int | None = None,
    ttl_s: float = 60.0,
    match: Mark | None = None,
    mark: str = "",
) -> Fault:
    marks: dict[str, str] = {} if match is None else {match: mark}
    order = Order(point="class.read", mode=mode, times=times, ttl_s=ttl_s, marks=marks)
    return faults.arm(Rule(table=table_name(table), access=access, match=match), order)
