"""Messages are cut out of a stream however it arrives."""

from __future__ import annotations

import itertools

import pytest

from conformance.pgproxy.frames import (
    ProtocolError,
    Splitter,
    error_field,
    error_response,
    none_found,
    strings,
    with_error_fields,
)
from tests.conformance.pgproxy.talk import complete, error, framed, ready, row

STREAM = framed("2") + row(b"a" * 9) + row(b"") + row(b"b" * 300) + complete("SELECT 3") + row(b"c") + ready()
SIZES = (1, 2, 3, 4, 5, 6, 7, 64, 299, len(STREAM))


def chunks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", SIZES)
def test_every_byte_comes_out_once_and_in_order(size: int):
    """Whatever the size of the chunks."""
    splitter = Splitter(bulky=b"D")
    assert b"".join(piece for chunk in chunks(STREAM, size) for _, piece in splitter.pieces(chunk)) == STREAM


@pytest.mark.parametrize("size", SIZES)
def test_messages_are_whole_unless_they_are_bulky(size: int):
    """A kind that nobody reads may come in parts, and every other comes in one piece."""
    splitter = Splitter(bulky=b"D")
    pieces = [(kind, bytes(piece)) for chunk in chunks(STREAM, size) for kind, piece in splitter.pieces(chunk)]
    assert [piece for kind, piece in pieces if kind != ord("D")] == [framed("2"), complete("SELECT 3"), ready()]
    merged = ["".join({chr(kind)}) for kind, _ in itertools.groupby(pieces, key=lambda piece: piece[0])]
    assert merged == ["2", "D", "C", "D", "Z"]


def test_rows_are_not_copied():
    """A run of them is a view of the bytes that arrived."""
    data = row(b"a") + row(b"b") + row(b"c")[:-1]
    [(_, run)] = Splitter(bulky=b"D").pieces(data)
    assert isinstance(run, memoryview)
    assert run.obj is data
    assert len(run) == len(data)


@pytest.mark.parametrize("length", [0, 3, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("kind", ["Q", "D"])
def test_an_impossible_length_is_no_message(kind: str, length: int):
    """Less than the length itself, or more than a server's integer holds."""
    with pytest.raises(ProtocolError):
        list(Splitter(bulky=b"D").pieces(row(b"a") + kind.encode() + length.to_bytes(4, "big") + b"xx"))


def test_strings_of_a_message():
    """They end with a zero; what follows them is not looked at."""
    assert strings(framed("P", b"name\0SELECT 1\0\0\0"), 2) == [b"name", b"SELECT 1"]
    assert strings(framed("C", b"Sname\0"), 1, start=6) == [b"name"]
    with pytest.raises(ProtocolError):
        strings(framed("P", b"name\0SELECT 1"), 2)


def test_fields_of_an_error():
    """One is found by its code, and another code and text leave the severity as the server says it."""
    frame = error("34000", 'Portal "x" existiert nicht', severity="FEHLER")
    assert error_field(frame, b"C") == b"34000"
    assert error_field(frame, b"D") == b""
    changed = with_error_fields(frame, "58030", "no")
    assert changed == framed("E", b"SFEHLER\0VERROR\0C58030\0Mno\0\0")


def test_an_error_of_the_proxy_itself():
    """It has the fields that every error must have."""
    assert error_response("FATAL", "08001", "no") == framed("E", b"SFATAL\0VFATAL\0C08001\0Mno\0\0")


@pytest.mark.parametrize(
    ("tag", "changed"), [("SELECT 17", "SELECT 0"), ("FETCH 1", "FETCH 0"), ("DECLARE CURSOR", "DECLARE CURSOR")]
)
def test_none_found(tag: str, changed: str):
    """The count of a tag becomes nought; a tag without a count stays."""
    assert none_found(complete(tag)) == complete(changed)
