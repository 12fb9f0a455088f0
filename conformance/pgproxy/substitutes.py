"""What the server is sent in the place of a statement that is to fail, and how its failure is known again.

Each substitute really fails on the server, so that what becomes of the transaction is the server's own doing. Its
error gets the code and the text of the fault; any other error, such as that of a statement before it, stays as it is.
"""

from __future__ import annotations

from typing import Final

from conformance.pgproxy.frames import error_field, message, with_error_fields
from conformance.pgproxy.rules import Fault

__all__ = ["FAIL", "FORGET_SLEEP", "TORN", "failure", "is_of", "prepare_sleep", "shows", "text_instead"]

NAME: Final = b"lti-conformance fault"
"""No portal and no prepared statement of a tool is called like this; the server quotes it in its errors."""

CODE: Final = "58030"
"""io_error, of the class of errors that come from outside PostgreSQL (PostgreSQL documentation, appendix A)."""

ABORTED: Final = b"25P02"
"""in_failed_sql_transaction: the server did not come to the statement. Whatever else ends a sleep found it asleep."""

FAIL: Final = message(b"E", NAME, b"\0\0\0\0\0")
"""An Execute of a portal that is not there: one message with one answer, as the real Execute."""

FORGET_SLEEP: Final = message(b"C", b"S", NAME, b"\0")
"""Closes the statement that sleeps; to close what is not there is no error."""

TORN: Final = b"D" + (4096).to_bytes(4, "big") + b"\0\x07\0\0\0\x20lti-conformance"
"""The beginning of a DataRow, which ends within its first column."""


def prepare_sleep(fault: Fault) -> bytes:
    """Messages after which `FAIL` sleeps until the fault is over and then fails; each but the last is answered once."""
    parse = message(b"P", NAME, b"\0", _sleep(fault), b"\0\0\0")
    bind = message(b"B", NAME, b"\0", NAME, b"\0\0\0\0\0\0\0")
    return FORGET_SLEEP + parse + bind


def text_instead(fault: Fault, text: bytes, start: int) -> bytes:
    """The Query of a text whose statement from `start` on fails; those behind it would never have been reached."""
    statement = _sleep(fault) if fault.mode == "timeout" else b'EXECUTE "' + NAME + b'"'
    return message(b"Q", text[:start], statement, b"\0")


def is_of(fault: Fault, error: bytes) -> bool:
    """Whether an ErrorResponse is that of the substitute."""
    return NAME in error or (fault.mode == "timeout" and error_field(error, b"C") != ABORTED)


def shows(fault: Fault, description: bytes) -> bool:
    """Whether a RowDescription is that of the substitute, which the statement itself need not have."""
    return fault.mode == "timeout" and NAME in description


def failure(fault: Fault, error: bytes) -> bytes:
    """The ErrorResponse for the tool: a statement that was cancelled says so."""
    if NAME not in error:
        return error
    return with_error_fields(error, CODE, f"lti-conformance made this statement fail ({fault.point})")


def _sleep(fault: Fault) -> bytes:
    # One statement that sleeps and then fails; a block of PL/pgSQL would need that language in the database.
    sleep = f"pg_catalog.pg_sleep({fault.seconds_left:.3f})::pg_catalog.text"
    name = NAME.decode()
    return f"""SELECT CAST('{name}' OPERATOR(pg_catalog.||) {sleep} AS pg_catalog.int4) AS "{name}\"""".encode()
