"""One connection in bytes: what the server is sent instead, and what the tool sees of its answers."""

from __future__ import annotations

from uuid import UUID

import pytest

from conformance.modes import Mode
from conformance.pgproxy.connection import Connection
from conformance.pgproxy.frames import ProtocolError
from conformance.pgproxy.rules import Faults
from tests.conformance.pgproxy.talk import (
    IDLE,
    SYNC,
    arm,
    bind,
    close,
    complete,
    describe,
    error,
    execute,
    framed,
    parse,
    query,
    ready,
    row,
    sent,
    started,
)

READ = "SELECT 1 FROM classes"
ABSENT = error("34000", 'portal "lti-conformance fault" does not exist')
UNKNOWN = error("26000", 'prepared statement "lti-conformance fault" does not exist')
WOKEN = error("22P02", 'invalid input syntax for type integer: "lti-conformance fault"')
CANCELLED = error("57014", "canceling statement due to user request")
ABORTED = error("25P02", "current transaction is aborted")
FAILED = error("58030", "lti-conformance made this statement fail (class.read)")
FAIL = execute("lti-conformance fault")
EXECUTED = framed("2") + framed("n")


class Talking:
    """A connection whose two ends a test plays."""

    def __init__(self, *, marked: bool = False) -> None:
        self.now = 0.0
        self.faults = Faults(marked=marked, clock=lambda: self.now)
        self.connection = started(self.faults)

    def tool(self, *messages: bytes) -> bytes:
        """What the server is sent when the tool sends these."""
        return sent(self.connection.from_client(b"".join(messages)))

    def server(self, *messages: bytes) -> bytes:
        """What the tool is sent when the server sends these."""
        return sent(self.connection.from_server(b"".join(messages)))


@pytest.fixture
def talking() -> Talking:
    return Talking()


def test_nothing_changes_while_nothing_is_armed(talking: Talking):
    """Both ways, to the byte, also for kinds that nobody knows."""
    asked = parse(READ, "s") + bind(b"1", name="s") + describe() + execute() + SYNC + framed("H") + framed("y", b"?")
    assert talking.tool(asked) == asked
    answer = framed("1") + framed("2") + framed("T", b"\0\0") + row(b"x") + complete("SELECT 1") + ready("T")
    assert talking.server(answer + framed("Y", b"?") + framed("A", b"x")) == answer + framed("Y", b"?") + framed(
        "A", b"x"
    )
    assert not talking.connection.ledger


@pytest.mark.parametrize("size", [1, 2, 3, 7, 31])
def test_the_size_of_chunks_does_not_matter(size: int):
    """A conversation with a fault comes out the same however it arrives."""
    outcomes = []
    for step in (size, 10_000):
        talking = Talking()
        arm(talking.faults)
        asked = query("SELECT 2") + parse(READ) + bind() + execute() + SYNC + query(READ)
        answered = row(b"2") + complete("SELECT 1") + IDLE + framed("1") + framed("2") + ABSENT + IDLE + UNKNOWN + IDLE
        to_server = b"".join(talking.tool(asked[at : at + step]) for at in range(0, len(asked), step))
        to_tool = b"".join(talking.server(answered[at : at + step]) for at in range(0, len(answered), step))
        outcomes.append((to_server, to_tool))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1].count(FAILED) == 2


def test_a_simple_query_fails(talking: Talking):
    """Its text is replaced by one that fails on the server, whose error gets another code and text."""
    fault = arm(talking.faults)
    assert talking.tool(query(READ)) == query('EXECUTE "lti-conformance fault"')
    assert talking.server(UNKNOWN, ready("E")) == FAILED + ready("E")
    assert fault.hits == 1
    assert not talking.connection.ledger


def test_what_precedes_in_the_text_still_runs(talking: Talking):
    """Only the rest of the text from the statement on is replaced, and the earlier answers pass."""
    arm(talking.faults)
    replaced = talking.tool(query(f"BEGIN; UPDATE a SET b = 1; {READ}; COMMIT"))
    assert replaced == query('BEGIN; UPDATE a SET b = 1; EXECUTE "lti-conformance fault"')
    assert talking.server(complete("BEGIN"), complete("UPDATE 2")) == complete("BEGIN") + complete("UPDATE 2")
    assert talking.server(UNKNOWN, ready("E")) == FAILED + ready("E")


def test_an_execute_fails(talking: Talking):
    """It is replaced by one of a portal that is not there; the messages around it stay."""
    fault = arm(talking.faults)
    asked = (parse(READ), bind(), describe(), execute(), SYNC)
    assert talking.tool(*asked) == parse(READ) + bind() + describe() + FAIL + SYNC
    assert talking.server(framed("1"), EXECUTED, ABSENT, ready()) == framed("1") + EXECUTED + FAILED + ready()
    assert fault.hits == 1


def test_a_statement_that_was_prepared_before_the_fault_was_armed(talking: Talking):
    """Its text is known by its name, and no longer after Close."""
    talking.tool(parse(READ, "s"), parse("SELECT 2", ""), SYNC)
    talking.server(framed("1"), framed("1"), IDLE)
    arm(talking.faults)
    assert talking.tool(bind(name="s", portal="p"), execute("p"), SYNC) == bind(name="s", portal="p") + FAIL + SYNC
    talking.server(framed("2"), ABSENT, IDLE)
    assert talking.tool(bind(), execute(), SYNC) == bind() + execute() + SYNC
    talking.server(framed("2"), complete("SELECT 1"), IDLE)
    assert talking.tool(close("S", "s"), bind(name="s"), execute(), SYNC).count(FAIL) == 0


def test_sql_can_prepare_as_well(talking: Talking):
    """PREPARE and EXECUTE, and DEALLOCATE which ends it; the protocol's names are the same ones."""
    talking.tool(query(f"PREPARE a AS {READ}; PREPARE b AS SELECT 2; SELECT 1"), parse(READ, "c"), SYNC)
    talking.server(complete("PREPARE"), complete("PREPARE"), complete("SELECT 1"), IDLE, framed("1"), IDLE)
    fault = arm(talking.faults)
    assert talking.tool(query("EXECUTE b")) == query("EXECUTE b")
    assert talking.tool(query("EXECUTE a")) == query('EXECUTE "lti-conformance fault"')
    assert talking.tool(query("EXECUTE c(1, 2)")) == query('EXECUTE "lti-conformance fault"')
    assert talking.tool(parse("EXECUTE a"), bind(), execute(), SYNC).count(FAIL) == 1
    assert fault.hits == 3
    talking.tool(query("DEALLOCATE a"))
    assert talking.tool(query("EXECUTE a")) == query("EXECUTE a")
    talking.tool(query("DISCARD ALL"))
    assert talking.tool(query("EXECUTE c")) == query("EXECUTE c")


def test_cursors(talking: Talking):
    """What declares one on the table fails, and what fetches from one that was declared before."""
    talking.tool(query(f"DECLARE a CURSOR FOR {READ}; DECLARE b CURSOR FOR SELECT 2"))
    talking.server(complete("DECLARE CURSOR"), complete("DECLARE CURSOR"), ready("T"))
    arm(talking.faults)
    assert talking.tool(query("FETCH 10 FROM b")) == query("FETCH 10 FROM b")
    assert talking.tool(query("FETCH 10 FROM a")) == query('EXECUTE "lti-conformance fault"')
    assert talking.tool(query(f"DECLARE c CURSOR FOR {READ}")) == query('EXECUTE "lti-conformance fault"')
    talking.tool(query("CLOSE a"))
    assert talking.tool(query("FETCH 10 FROM a")) == query("FETCH 10 FROM a")


def test_another_error_stays_and_is_no_hit(talking: Talking):
    """A statement that was never reached, since one before it failed, has not been hit."""
    fault = arm(talking.faults, times=1)
    talking.tool(query(f"SELECT 1 / 0; {READ}"))
    divided = error("22012", "division by zero")
    assert talking.server(divided, IDLE) == divided + IDLE
    assert fault.hits == 0
    talking.tool(parse("SELECT nothing"), bind(), execute(), parse(READ), bind(), execute(), SYNC)
    assert fault.hits == 1
    unknown = error("42703", "column does not exist")
    assert talking.server(unknown, IDLE) == unknown + IDLE
    assert fault.hits == 0
    talking.tool(query(READ))
    assert talking.server(ABORTED, ready("E")) == ABORTED + ready("E")
    assert fault.hits == 0


def test_only_what_follows_in_the_same_batch_is_skipped(talking: Talking):
    """After Sync the server goes on, and the next fault's error is known again."""
    fault = arm(talking.faults)
    batch = parse(READ) + bind() + execute()
    talking.tool(batch, batch, SYNC, batch, SYNC, query(READ))
    answers = framed("1") + framed("2")
    assert talking.server(answers, ABSENT, IDLE, answers) == answers + FAILED + IDLE + answers
    assert talking.server(ABSENT, IDLE, UNKNOWN, IDLE) == FAILED + IDLE + FAILED + IDLE
    assert fault.hits == 3


def test_a_name_that_failed_to_be_prepared_means_what_it_meant(talking: Talking):
    """So does one whose Close was skipped."""
    talking.tool(parse(READ, "a"), parse(READ, "b"), SYNC)
    talking.server(framed("1"), framed("1"), IDLE)
    talking.tool(parse("SELECT 2", "a"), parse("SELECT 3", "a"), close("S", "b"), parse("SELECT 4", "c"), SYNC)
    talking.server(error("42P05", 'prepared statement "a" already exists'), IDLE)
    arm(talking.faults)
    for name, struck in (("a", 1), ("b", 1), ("c", 0)):
        assert talking.tool(bind(name=name), execute(), SYNC).count(FAIL) == struck


def test_it_sleeps(talking: Talking):
    """A query is replaced by one that sleeps for the rest of the fault's time; its own description stays hidden."""
    fault = arm(talking.faults, "timeout", ttl_s=60.0)
    talking.now = 12.5
    replaced = talking.tool(query(READ))
    assert b"pg_sleep(47.500)" in replaced
    assert fault.hits == 1
    assert talking.connection.ledger.runs(fault)
    described = framed("T", b"\0\x01lti-conformance fault\0" + bytes(18))
    assert talking.server(described, WOKEN, IDLE) == FAILED + IDLE
    assert not talking.connection.ledger.waits_for(fault)


@pytest.mark.parametrize(("code", "hits"), [("57014", 1), ("25P04", 1), ("57P01", 1), ("25P02", 0)])
def test_what_ends_a_sleep(talking: Talking, code: str, hits: int):
    """A limit of time of whatever kind has found the statement asleep, an aborted transaction has not."""
    fault = arm(talking.faults, "timeout")
    talking.tool(query(READ))
    ended = error(code, "enough")
    assert talking.server(ended, ready("E")) == ended + ready("E")
    assert fault.hits == hits


def test_it_sleeps_in_a_batch(talking: Talking):
    """A statement of the proxy's own sleeps; nothing of it is seen, and it is closed before the next message."""
    fault = arm(talking.faults, "timeout", times=1)
    replaced = talking.tool(parse(READ), bind(), execute(), SYNC)
    name = b"lti-conformance fault\0"
    closing = framed("C", b"S" + name)
    assert replaced.startswith(parse(READ) + bind() + closing + b"P")
    assert replaced.endswith(framed("B", name + name + bytes(6)) + FAIL + SYNC)
    asleep = framed("1") + framed("2") + framed("3") + framed("1") + framed("2")
    assert talking.server(asleep) == framed("1") + framed("2")
    assert talking.connection.ledger.runs(fault)
    assert talking.server(CANCELLED, ready("E")) == CANCELLED + ready("E")
    assert fault.hits == 1
    assert talking.tool(query("ROLLBACK")) == closing + query("ROLLBACK")
    assert talking.server(framed("3"), complete("ROLLBACK"), IDLE) == complete("ROLLBACK") + IDLE
    assert talking.tool(query("SELECT 1")) == query("SELECT 1")


def test_a_sleep_in_an_aborted_transaction(talking: Talking):
    """The server refuses to prepare it, which the tool sees as of its own statement, and that is no hit."""
    fault = arm(talking.faults, "timeout")
    talking.tool(bind(), execute(), SYNC)
    assert fault.hits == 0
    talking.tool(parse(READ), bind(), execute(), SYNC)
    talking.server(framed("2"), complete("BEGIN"), ready("E"))
    assert talking.server(framed("1"), framed("2"), framed("3"), ABORTED, ready("E")).endswith(ABORTED + ready("E"))
    assert fault.hits == 0


def test_another_batch_is_not_the_one_that_sleeps(talking: Talking):
    """A cancel would hit whatever is before it, so the server is not yet about the statement."""
    fault = arm(talking.faults, "timeout")
    talking.tool(query("SELECT 1"), query(f"SELECT 2; {READ}"))
    assert talking.connection.ledger.waits_for(fault)
    assert not talking.connection.ledger.runs(fault)
    talking.server(complete("SELECT 1"), IDLE)
    assert not talking.connection.ledger.runs(fault)
    talking.server(complete("SELECT 1"))
    assert talking.connection.ledger.runs(fault)


def test_garbage(talking: Talking):
    """What came before is answered; then a row begins and the connection is over."""
    arm(talking.faults, "garbage")
    talking.tool(query(f"SELECT 2; {READ}"))
    before = row(b"2") + complete("SELECT 1")
    shown = talking.server(before, UNKNOWN, IDLE)
    assert shown.startswith(before + b"D\0\0")
    torn = shown.removeprefix(before)
    assert int.from_bytes(torn[1:5], "big") > len(torn)
    assert talking.connection.is_cut


@pytest.mark.parametrize(
    ("text", "tag", "shown"), [(READ, "SELECT 3", "SELECT 0"), ("TABLE classes", "SELECT 1", "SELECT 0")]
)
def test_nothing_is_found(talking: Talking, text: str, tag: str, shown: str):
    """The statement runs; its description passes, its rows do not, and the count is nought."""
    fault = arm(talking.faults, "empty")
    described = framed("T", b"\0\0")
    assert talking.tool(query(text)) == query(text)
    answered = talking.server(described, row(b"a"), row(b"b"), complete(tag), IDLE)
    assert answered == described + complete(shown) + IDLE
    assert fault.hits == 1
    talking.tool(parse(text), bind(), execute(rows=2), SYNC)
    assert talking.server(framed("1"), framed("2"), row(b"a"), row(b"b"), framed("s"), IDLE) == (
        framed("1") + framed("2") + complete("SELECT 0") + IDLE
    )
    assert fault.hits == 2


def test_only_the_struck_statements_of_a_text_find_nothing(talking: Talking):
    """Their neighbours' rows pass."""
    fault = arm(talking.faults, "empty")
    talking.tool(query(f"SELECT 1; {READ}; SELECT 2; {READ}; INSERT INTO a SELECT 1 FROM classes"))
    one = row(b"x") + complete("SELECT 1")
    none = complete("SELECT 0")
    inserted = complete("INSERT 0 5")
    assert talking.server(one, one, one, one, inserted, IDLE) == one + none + one + none + inserted + IDLE
    assert fault.hits == 2


def test_an_error_finds_nothing_either(talking: Talking):
    """A statement whose rows would have been left out, but which fails by itself, is no hit."""
    fault = arm(talking.faults, "empty")
    talking.tool(query(f"{READ}; {READ}"))
    unknown = error("42P01", 'relation "classes" does not exist')
    assert talking.server(unknown, IDLE) == unknown + IDLE
    assert fault.hits == 0


def test_a_fetch_finds_nothing(talking: Talking):
    """To declare the cursor does not hurt; its rows are left out."""
    fault = arm(talking.faults, "empty", times=1)
    talking.tool(query(f"DECLARE a CURSOR FOR {READ}"), query("FETCH ALL FROM a"), query("FETCH ALL FROM a"))
    talking.server(complete("DECLARE CURSOR"), ready("T"))
    assert talking.server(row(b"a"), complete("FETCH 1"), ready("T")) == complete("FETCH 0") + ready("T")
    assert talking.server(complete("FETCH 0"), ready("T")) == complete("FETCH 0") + ready("T")
    assert fault.hits == 1


@pytest.mark.parametrize("mode", ["error", "timeout", "garbage", "empty"])
def test_how_often(talking: Talking, mode: Mode):
    """After its times, after its time, and when it is disarmed, a fault strikes no more."""
    fault = arm(talking.faults, mode, times=1)
    talking.tool(query(READ))
    assert talking.tool(query(READ)) == query(READ)
    assert fault.hits == 1
    talking.faults.disarm(fault)
    late = arm(talking.faults, mode, ttl_s=5.0)
    talking.now = 5.0
    assert talking.tool(query(READ)) == query(READ)
    assert late.hits == 0
    again = arm(talking.faults, mode)
    talking.faults.disarm(again)
    assert talking.tool(query(READ)) == query(READ)
    assert again.hits == 0


def test_reading_and_writing(talking: Talking):
    """A rule for one does not strike the other, nor another table."""
    arm(talking.faults, access="write")
    for text in (
        READ,
        "SELECT 1 FROM classes FOR UPDATE",
        "UPDATE a SET b = 1 FROM classes",
        "DELETE FROM classes_old",
    ):
        assert talking.tool(query(text)) == query(text)
    for text in ("UPDATE classes SET a = 1", "INSERT INTO lti.classes VALUES (1)", "COPY classes FROM STDIN"):
        assert talking.tool(query(text)) != query(text)


def test_only_one_launch():
    """A statement is struck if its text or its parameters hold the mark, as text or as the bytes of a UUID."""
    talking = Talking(marked=True)
    identifier = UUID("6e8bc430-9c3a-11d9-9669-0800200c9a66")
    arm(talking.faults, match="email", mark="o'neil@example.org")
    arm(talking.faults, match="sub", mark=str(identifier))
    talking.tool(parse(f"{READ} WHERE sub = $1", "s"))

    def strikes(value: bytes) -> bool:
        return FAIL in talking.tool(bind(value, name="s"), execute(), SYNC)

    assert strikes(b"o'neil@example.org")
    assert strikes(str(identifier).encode())
    assert strikes(identifier.bytes)
    assert not strikes(b"neil@example.org")
    assert not strikes(identifier.bytes[:-1])
    other = query(f"UPDATE a SET b = 'o''neil@example.org'; {READ}")
    assert talking.tool(other) == other
    assert talking.tool(query(f"{READ} WHERE email = 'o''neil@example.org'")) != other
    talking.tool(query(f"PREPARE t AS {READ} WHERE sub = $1"))
    assert talking.tool(query("EXECUTE t('x')")) == query("EXECUTE t('x')")
    assert b"fault" in talking.tool(query(f"EXECUTE t('{identifier}')"))


def test_rows_that_are_copied_in(talking: Talking):
    """A Sync that comes before their end is passed over by the server, and one that comes behind it is answered."""
    copying = parse("COPY a FROM STDIN") + bind() + execute() + SYNC
    assert talking.tool(copying) == copying
    talking.server(framed("1"), framed("2"), framed("G", b"\0\0\0"))
    rows = framed("d", b"x\n") * 3 + framed("c") + SYNC
    assert talking.tool(SYNC + rows) == SYNC + rows
    talking.server(complete("COPY 3"), IDLE)
    assert not talking.connection.ledger


def test_rows_that_are_copied_in_blindly(talking: Talking):
    """A client need not wait for the server to say that it takes them, nor does one that fails."""
    batch = parse("COPY a FROM STDIN") + bind() + execute() + framed("d", b"x\n") + framed("c") + SYNC
    talking.tool(batch, batch, query("COPY a FROM STDIN"), framed("d", b"x\n"), framed("f", b"no\0"))
    talking.server(framed("1"), framed("2"), framed("G", b"\0\0\0"), complete("COPY 1"), IDLE)
    talking.server(framed("1"), framed("2"), framed("G", b"\0\0\0"), error("22P04", "bad"), IDLE)
    assert talking.connection.ledger
    talking.server(framed("G", b"\0\0\0"), error("57014", "no"), IDLE)
    assert not talking.connection.ledger
    late = framed("d", b"x\n") + framed("c")
    assert talking.tool(late) == late
    assert not talking.connection.ledger


def test_old_strings_are_read_as_the_server_reads_them(talking: Talking):
    """It says how when it begins and whenever that changes."""
    arm(talking.faults)
    text = r"SELECT '\' FROM classes', '"
    assert talking.tool(query(text)) != query(text)
    talking.server(framed("S", b"standard_conforming_strings\0off\0"))
    assert talking.tool(query(text)) == query(text)
    talking.server(framed("S", b"standard_conforming_strings\0on\0"), framed("S", b"TimeZone\0UTC\0"))
    assert talking.tool(query(text)) != query(text)


def test_the_key_for_cancels(talking: Talking):
    """It is as long as the server makes it."""
    assert talking.connection.key == b"\0\0\0\x07\0\0\0\x09"
    connection = Connection(Faults())
    connection.from_server(framed("K", bytes(36)))
    assert connection.key == bytes(36)


def test_what_is_no_protocol(talking: Talking):
    """A text that does not end is said so, and breaks nothing else."""
    with pytest.raises(ProtocolError):
        talking.tool(framed("Q", b"SELECT 1"))
    with pytest.raises(ProtocolError):
        talking.tool(framed("B", b"portal\0"))


def test_names_in_circles_end(talking: Talking):
    """A prepared statement that executes itself is the server's to refuse."""
    arm(talking.faults)
    talking.tool(parse("EXECUTE a", "a"))
    assert FAIL not in talking.tool(bind(name="a"), execute(), SYNC)
