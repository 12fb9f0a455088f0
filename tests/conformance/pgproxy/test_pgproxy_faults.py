"""Statements fail in each mode and protocol, and the server's idea of the transaction is the tool's."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg import pq

from conformance.modes import Mode
from tests.conformance.pgproxy.proxies import Proxied, until
from tests.conformance.pgproxy.workloads import pipelined

Connection = psycopg.Connection[Any]
Way = Callable[[Connection, str], Any]

INERROR = pq.TransactionStatus.INERROR
READ = "SELECT id, name FROM classes ORDER BY id"
WRITE = "UPDATE classes SET name = upper(name)"
ROWS = [(1, "one"), (2, "two"), (3, "three")]


def simple(connection: Connection, text: str) -> Any:
    return psycopg.ClientCursor(connection).execute(text)


def extended(connection: Connection, text: str) -> Any:
    return connection.execute(text, (), prepare=False, binary=True)


def prepared(connection: Connection, text: str) -> Any:
    return connection.execute(text, prepare=True)


def by_sql(connection: Connection, text: str) -> Any:
    with connection.cursor() as cursor:
        if not cursor.execute("SELECT 1 FROM pg_prepared_statements WHERE name = 'p'").fetchone():
            cursor.execute(f"PREPARE p AS {text}")
    return connection.execute("EXECUTE p")


WAYS: list[Way] = [simple, extended, prepared, by_sql]
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


def connected(site: Proxied, *, autocommit: bool = True) -> Connection:
    return psycopg.connect(site.dsn, autocommit=autocommit)


@each_way
@pytest.mark.parametrize("access", ["read", "write"])
def test_error(classes: Proxied, way: Way, access: str):
    """The statement fails with a code of its own, other tables do not, and afterwards the same connection works."""
    text = READ if access == "read" else WRITE
    with connected(classes) as connection:
        way(connection, text)
        with classes.armed("error", access=access) as armed:
            for _ in range(2):
                with pytest.raises(psycopg.errors.IoError, match="lti-conformance made this statement fail") as failed:
                    way(connection, text)
                assert failed.value.diag.severity == "ERROR"
                assert connection.execute("SELECT classes FROM other AS classes").fetchall() == [("classes",)]
            assert armed.hits == 2
        way(connection, text)
        assert armed.hits == 2


@each_way
def test_empty(classes: Proxied, way: Way):
    """Nothing is found, however it is asked for, and what describes the rows is right."""
    with connected(classes) as connection:
        with classes.armed("empty", times=1) as armed:
            cursor = way(connection, READ)
            assert cursor.fetchall() == []
            assert cursor.rowcount == 0
            assert [column.name for column in cursor.description] == ["id", "name"]
            assert way(connection, READ).fetchall() == ROWS
        assert armed.hits == 1


@each_way
@pytest.mark.parametrize("access", ["read", "write"])
def test_garbage(classes: Proxied, way: Way, access: str):
    """The connection breaks in the middle of an answer; nothing has been written, and a new connection works."""
    with classes.armed("garbage", access=access, times=1) as armed, connected(classes) as connection:
        with pytest.raises(psycopg.OperationalError, match="server closed the connection unexpectedly"):
            way(connection, READ if access == "read" else WRITE)
        assert connection.broken
        assert armed.hits == 1
        with connected(classes) as another:
            assert way(another, READ).fetchall() == ROWS


@each_way
@pytest.mark.parametrize("access", ["read", "write"])
def test_timeout_until_the_tool_loses_patience(classes: Proxied, way: Way, access: str):
    """Its own statement_timeout ends the statement, as it would end any that takes long."""
    with connected(classes) as connection:
        connection.execute("SET statement_timeout = '300ms'")
        with classes.armed("timeout", access=access) as armed:
            with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
                way(connection, READ if access == "read" else WRITE)
            assert armed.hits == 1
        assert connection.execute(READ).fetchall() == ROWS


@each_way
def test_timeout_until_the_tool_cancels(classes: Proxied, way: Way):
    """A CancelRequest goes through the proxy to the server."""
    with connected(classes) as connection, ThreadPoolExecutor(1) as beside, classes.armed("timeout"):
        answer = beside.submit(way, connection, READ)
        until(lambda: classes.asleep() == 1)
        connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            answer.result(60)
        assert connection.execute("SELECT 1").fetchone() == (1,)


@each_way
def test_timeout_until_it_is_disarmed(classes: Proxied, way: Way):
    """Then the statement ends, the same connection works, and nothing of the proxy's is left in the session."""
    with connected(classes) as connection, ThreadPoolExecutor(1) as beside:
        with classes.armed("timeout") as armed:
            answer = beside.submit(way, connection, READ)
            until(lambda: classes.asleep() == 1)
            assert armed.hits == 1
            assert not answer.done()
        with pytest.raises(psycopg.errors.QueryCanceled):
            answer.result(60)
        assert way(connection, READ).fetchall() == ROWS
        assert connection.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'lti%'").fetchall() == []


@pytest.mark.parametrize("way", [simple, extended])
def test_timeout_until_its_time_is_over(classes: Proxied, way: Way):
    """A fault that nobody disarms ends by itself, and with it the statement, which fails."""
    with connected(classes) as connection, classes.armed("timeout", ttl_s=1.0) as armed:
        with pytest.raises(psycopg.errors.IoError, match="lti-conformance"):
            way(connection, READ)
        assert way(connection, READ).fetchall() == ROWS
        assert armed.hits == 1


def test_timeout_and_a_tool_that_goes_away(classes: Proxied):
    """The statement does not sleep on at the server."""
    with classes.armed("timeout"):
        connection = connected(classes)
        connection.pgconn.send_query(READ.encode())
        until(lambda: classes.asleep() == 1)
        connection.close()
        until(lambda: classes.backends() == 0)
        assert classes.asleep() == 0


def transcript(connection: Connection, way: Way, text: str) -> list[Any]:
    """What a tool sees of transactions in which this statement fails, for whatever reason."""
    seen: list[Any] = []

    def note(step: Callable[[], Any]) -> None:
        try:
            seen.append(step())
        except psycopg.Error as error:
            seen.append("failed" if error.sqlstate in {"58030", "57014", "22012"} else error.sqlstate)
        seen.append(connection.info.transaction_status)

    note(lambda: connection.execute("SELECT 1").fetchall())
    note(lambda: way(connection, text).fetchall())
    note(lambda: connection.execute("SELECT 2").fetchall())
    note(lambda: way(connection, text).fetchall())
    note(connection.rollback)
    note(lambda: connection.execute("INSERT INTO other VALUES (7, 'seven')").rowcount)
    note(lambda: connection.execute("SAVEPOINT a").rowcount)
    note(lambda: way(connection, text).fetchall())
    note(lambda: connection.execute("ROLLBACK TO SAVEPOINT a").rowcount)
    note(lambda: connection.execute("INSERT INTO other VALUES (8, 'eight')").rowcount)
    note(connection.commit)
    note(lambda: connection.execute("SELECT id FROM other ORDER BY id").fetchall())
    note(lambda: connection.execute("DELETE FROM other WHERE id > 1").rowcount)
    note(connection.commit)
    return seen


@each_way
@pytest.mark.parametrize("mode", ["error", "timeout"])
def test_transactions(classes: Proxied, way: Way, mode: Mode):
    """After the failure the server refuses all but a rollback, step for step as after a real one."""
    with psycopg.connect(classes.direct) as connection:
        expected = transcript(connection, way, "SELECT 1 / (SELECT 0)")
    with psycopg.connect(classes.dsn, options="-c statement_timeout=400") as connection, classes.armed(mode) as armed:
        found = transcript(connection, way, READ)
    assert found == expected
    assert expected[2:8] == ["failed", INERROR, "25P02", INERROR, "25P02", INERROR]
    assert expected[-6] == [(1,), (7,), (8,)]
    assert armed.hits == 2


def test_a_text_of_several_statements(classes: Proxied):
    """Those before the struck one take effect as they do before a real failure, those behind it never run."""

    def seen(dsn: str, text: str) -> list[Any]:
        with psycopg.connect(dsn, autocommit=True) as connection:
            with pytest.raises(psycopg.Error):
                simple(connection, text)
            status = connection.info.transaction_status
            connection.rollback()
            found = connection.execute("SELECT id FROM other ORDER BY id").fetchall()
            connection.execute("DELETE FROM other WHERE id > 1")
        return [status, found]

    texts = (
        "INSERT INTO other VALUES (5); {}; INSERT INTO other VALUES (6)",
        "BEGIN; INSERT INTO other VALUES (5); COMMIT; {}; INSERT INTO other VALUES (6)",
        "BEGIN; INSERT INTO other VALUES (5); {}; COMMIT",
    )
    with classes.armed("error") as armed:
        for text in texts:
            expected = seen(classes.direct, text.format("SELECT 1 / 0"))
            assert seen(classes.dsn, text.format(READ)) == expected
    assert armed.hits == 3


@pytest.mark.parametrize("mode", ["error", "timeout"])
def test_a_pipeline(classes: Proxied, mode: Mode):
    """What comes before the struck statement is answered, what follows up to Sync is skipped, and then it goes on."""
    insert = "INSERT INTO other VALUES (9)"
    texts = (
        "SELECT 1",
        "{}",
        insert,
        "",
        "SELECT 2",
        "BEGIN",
        "{}",
        "",
        "SELECT 3",
        "",
        "ROLLBACK",
        "SELECT 4",
        "{}",
        "",
    )
    with psycopg.connect(classes.direct, autocommit=True) as connection:
        expected = pipelined(connection, *(text.format("SELECT 1 / 0") for text in texts))
    with psycopg.connect(classes.dsn, autocommit=True, options="-c statement_timeout=400") as connection:
        with classes.armed(mode) as armed:
            assert pipelined(connection, *(text.format(READ) for text in texts)) == expected
            assert armed.hits == 3
        assert connection.execute("SELECT count(*) FROM other").fetchone() == (1,)
    assert expected.count("FATAL_ERROR") == 4
    assert expected.count("PIPELINE_ABORTED") == 1


def test_a_pipeline_that_fails_by_itself(classes: Proxied):
    """A struck statement that the server never came to is no hit, and the next one is."""
    with connected(classes) as connection, classes.armed("error", times=1) as armed:
        failed = ["FATAL_ERROR", "PIPELINE_ABORTED", "PIPELINE_SYNC"]
        assert pipelined(connection, "SELECT 1 / 0", READ, "") == failed
        assert armed.hits == 0
        assert pipelined(connection, READ, "SELECT 1", "") == failed
        assert armed.hits == 1
        assert pipelined(connection, READ, "") == ["TUPLES_OK", b"1", "PIPELINE_SYNC"]


@pytest.mark.parametrize("mode", ["error", "empty"])
def test_server_side_cursors(classes: Proxied, mode: Mode):
    """One that was declared before the fault fails when it fetches, one that is declared under it at once or later."""

    def rows(cursor: psycopg.ServerCursor[Any]) -> Any:
        try:
            return cursor.fetchall()
        except psycopg.errors.IoError:
            return "failed"

    expected: Any = "failed" if mode == "error" else []
    with psycopg.connect(classes.dsn) as connection:
        with connection.cursor("early") as early:
            early.execute(READ)
            with classes.armed(mode):
                assert rows(early) == expected
        connection.rollback()
        with connection.cursor("late") as late, classes.armed(mode):
            if mode == "error":
                with pytest.raises(psycopg.errors.IoError):
                    late.execute(READ)
            else:
                late.execute(READ)
                assert rows(late) == expected
        connection.rollback()
        with connection.cursor("fine") as fine:
            assert fine.execute(READ).fetchall() == ROWS


def test_copy(classes: Proxied):
    """Rows that are copied in or out of the table fail before the first one; other tables take them."""
    with connected(classes) as connection, connection.cursor() as cursor:
        with classes.armed("error", access="write") as armed:
            with pytest.raises(psycopg.errors.IoError), cursor.copy("COPY classes FROM STDIN"):
                pass
            with cursor.copy("COPY other FROM STDIN") as copy:
                copy.write_row((2, "two"))
        assert armed.hits == 1
        with classes.armed("error") as armed:
            with pytest.raises(psycopg.errors.IoError), cursor.copy("COPY classes TO STDOUT") as copy:
                list(copy)
            with cursor.copy("COPY other TO STDOUT") as copy:
                assert b"".join(copy) == b"1\tclasses\n2\ttwo\n"
        assert armed.hits == 1


@pytest.mark.parametrize("as_bytes", [False, True], ids=["text", "binary"])
def test_only_one_launch(marked: Proxied, as_bytes: bool):
    """Statements with the mark of the order fail, and the same statements with another mark do not."""
    mine, theirs = uuid.UUID(int=1), uuid.UUID(int=2)
    text = f"SELECT id FROM classes WHERE context = {'%b' if as_bytes else '%t'}"
    assert marked.bindings["class.read"].isolated
    with psycopg.connect(marked.dsn, autocommit=True) as connection:
        with marked.armed("error", marks={"context_id": str(mine)}) as armed:
            for prepare in (False, True, True):
                with pytest.raises(psycopg.errors.IoError):
                    connection.execute(text, (mine,), prepare=prepare)
                assert connection.execute(text, (theirs,), prepare=prepare).fetchall() == []
            with pytest.raises(psycopg.errors.IoError):
                simple(connection, f"SELECT 1 FROM classes WHERE context = '{mine}'")
            simple(connection, f"SELECT '{mine}'; SELECT 1 FROM classes WHERE context = '{theirs}'")
        assert armed.hits == 4


async def seen_by_asyncpg(connection: Any, text: str) -> Any:
    try:
        return [tuple(row) for row in await connection.fetch(text)]
    except (asyncpg.PostgresError, ConnectionError, asyncpg.InterfaceError) as error:
        return type(error)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("error", asyncpg.PostgresIOError),
        ("empty", []),
        ("garbage", asyncpg.ConnectionDoesNotExistError),
        ("timeout", asyncpg.QueryCanceledError),
    ],
)
def test_asyncpg(classes: Proxied, mode: Mode, expected: Any):
    """Its statements are prepared once and cached; each mode strikes them, and the connection works afterwards."""

    async def work() -> None:
        connection = await asyncpg.connect(classes.dsn, server_settings={"statement_timeout": "400"})
        assert await seen_by_asyncpg(connection, READ) == ROWS
        with classes.armed(mode) as armed:
            assert await seen_by_asyncpg(connection, READ) == expected
            assert armed.hits == 1
            if mode == "garbage":
                assert connection.is_closed()
                return
            transaction = connection.transaction()
            await transaction.start()
            assert await seen_by_asyncpg(connection, READ) == expected
            aborted = await seen_by_asyncpg(connection, "SELECT 1")
            assert aborted == ([(1,)] if mode == "empty" else asyncpg.InFailedSQLTransactionError)
            await transaction.rollback()
        assert await seen_by_asyncpg(connection, READ) == ROWS
        await connection.close()

    asyncio.run(work())


def test_the_own_time_limit_of_asyncpg(classes: Proxied):
    """When it gives up it sends a CancelRequest, and the connection can be used again."""

    async def work() -> None:
        connection = await asyncpg.connect(classes.dsn)
        with classes.armed("timeout", times=1) as armed:
            with pytest.raises(TimeoutError):
                await connection.fetch(READ, timeout=0.7)
            assert armed.hits == 1
            assert [tuple(row) for row in await connection.fetch(READ)] == ROWS
        await connection.close()

    asyncio.run(work())


def test_portals_that_are_fetched_in_parts(classes: Proxied):
    """A cursor of the protocol finds nothing more, and is not asked again."""

    async def work() -> None:
        connection = await asyncpg.connect(classes.dsn)
        async with connection.transaction():
            cursor = await connection.cursor(READ)
            assert [tuple(row) for row in await cursor.fetch(1)] == ROWS[:1]
            with classes.armed("empty") as armed:
                assert await cursor.fetch(1) == []
            assert armed.hits == 1
            with classes.armed("error"):
                later = await connection.cursor(READ)
                with pytest.raises(asyncpg.PostgresIOError):
                    await later.fetch(1)
        await connection.close()

    asyncio.run(work())


def test_many_at_once(classes: Proxied):
    """Several that sleep are all ended when the fault is disarmed, and those of other tables go on meanwhile."""
    with ThreadPoolExecutor(8) as beside:
        connections = [connected(classes) for _ in range(8)]
        with classes.armed("timeout") as armed:
            answers = [beside.submit(simple, connection, READ) for connection in connections]
            until(lambda: classes.asleep() == len(connections))
            with connected(classes) as another:
                assert another.execute("SELECT id FROM other").fetchall() == [(1,)]
            assert armed.hits == len(connections)
        assert [type(answer.exception()) for answer in answers] == [psycopg.errors.QueryCanceled] * len(connections)
        for connection in connections:
            assert connection.execute(READ).fetchall() == ROWS
            connection.close()


def test_two_faults_at_once(classes: Proxied):
    """Reads and writes of the same table fail each in its own way, and each counts its own."""
    with connected(classes) as connection, classes.armed("empty") as reads:
        with classes.armed("error", access="write") as writes:
            assert connection.execute(READ).fetchall() == []
            with pytest.raises(psycopg.errors.IoError):
                connection.execute(WRITE)
            with pytest.raises(psycopg.errors.IoError):
                connection.execute("INSERT INTO classes SELECT id + 10, name FROM classes")
        assert (reads.hits, writes.hits) == (1, 2)
        assert connection.execute(READ).fetchall() == []
        assert connection.execute(WRITE).rowcount == 3
