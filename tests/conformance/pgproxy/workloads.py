"""What tools do with PostgreSQL: each returns what it saw, which must be the same with a proxy in between."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import select
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import psycopg
from psycopg import pq

__all__ = ["WORKLOADS", "Workload", "pipelined"]

Workload = Callable[[str], Any]
LARGE = b"".join(hashlib.sha512(bytes([number])).digest() for number in range(256)) * 320


def statements(dsn: str) -> Any:
    """Simple, extended and prepared statements of every kind."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE classes (id int PRIMARY KEY, name text, data bytea, at timestamptz)")
        seen: list[Any] = [connection.execute("").statusmessage]
        connection.cursor().executemany(
            "INSERT INTO classes (id, name, data) VALUES (%s, %s, %b)", [(n, f"n{n}", bytes([n])) for n in range(50)]
        )
        for prepare in (False, True, True):
            for binary in (False, True):
                cursor = connection.execute(
                    "SELECT * FROM classes WHERE id > %s ORDER BY id", (40,), prepare=prepare, binary=binary
                )
                columns = [(column.name, column.type_code) for column in cursor.description or ()]
                seen += [columns, cursor.fetchall(), cursor.statusmessage]
        for text in (
            "UPDATE classes SET name = name RETURNING id",
            "DELETE FROM classes WHERE id % 2 = 0",
            "TABLE classes",
        ):
            cursor = connection.execute(text)
            seen += [
                cursor.statusmessage,
                cursor.rowcount,
                [row[0] for row in cursor.fetchall()] if cursor.description else [],
            ]
        several = connection.execute("SELECT 1; SELECT 2 AS b; UPDATE classes SET id = id; SELECT 3")
        seen.append([[result.statusmessage, result.rowcount] for result in _sets(several)])
        return seen


def _sets(cursor: psycopg.Cursor[Any]) -> Any:
    yield cursor
    while cursor.nextset():
        yield cursor


def errors(dsn: str) -> Any:
    """Every field of errors of the parser, of values and of limits, in and out of a transaction."""
    seen: list[Any] = []
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE classes (id int PRIMARY KEY CHECK (id > 0))")
        connection.commit()
        for text in (
            "SELEC 1",
            "SELECT 1 / 0",
            "SELECT nothing",
            "INSERT INTO classes VALUES (0)",
            "SELECT pg_sleep(9)",
        ):
            for parameters in (None, ()):
                if "sleep" in text:
                    connection.execute("SET LOCAL statement_timeout = 50")
                try:
                    connection.execute(text, parameters)
                except psycopg.Error as error:
                    fields = ("severity", "sqlstate", "message_primary", "statement_position", "constraint_name")
                    seen.append([type(error), *(getattr(error.diag, field) for field in fields)])
                seen.append(connection.info.transaction_status)
                try:
                    connection.execute("SELECT 1")
                except psycopg.Error as error:
                    seen.append(error.sqlstate)
                connection.rollback()
    return seen


def transactions(dsn: str) -> Any:
    """Savepoints, nested and rolled back, prepared transactions that fail, and a constraint that waits for the end."""
    seen: list[Any] = []
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE classes (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        connection.commit()
        with connection.transaction():
            connection.execute("INSERT INTO classes VALUES (1)")
            with contextlib.suppress(psycopg.Error), connection.transaction():
                connection.execute("INSERT INTO classes VALUES (2)")
                connection.execute("SELECT 1 / 0", ())
            with connection.transaction():
                connection.execute("INSERT INTO classes VALUES (%s)", (3,))
        seen.append(connection.execute("SELECT id FROM classes ORDER BY id").fetchall())
        connection.commit()
        connection.execute("INSERT INTO classes VALUES (1)")
        for step in (connection.commit, connection.rollback):
            try:
                step()
            except psycopg.Error as error:
                seen.append(error.sqlstate)
            seen.append(connection.info.transaction_status)
    with psycopg.connect(dsn, autocommit=True) as connection:
        try:
            # The error comes at Sync, after the statement has been answered.
            connection.execute("INSERT INTO classes VALUES (%s)", (1,))
        except psycopg.Error as error:
            seen.append(error.sqlstate)
        seen.append(connection.execute("SELECT count(*) FROM classes").fetchall())
    return seen


def pipelined(connection: psycopg.Connection[Any], *texts: str) -> list[Any]:
    """The results of statements that are sent without waiting; an empty text is a Sync."""
    libpq = connection.pgconn
    libpq.enter_pipeline_mode()
    for text in texts:
        if text:
            libpq.send_query_params(text.encode(), [])
        else:
            libpq.pipeline_sync()
    seen: list[Any] = []
    while seen.count("PIPELINE_SYNC") < texts.count(""):
        while libpq.is_busy():
            # To wait in libpq would keep the thread of the proxy from running.
            select.select([libpq.socket], [], [])
            libpq.consume_input()
        result = libpq.get_result()
        if result is not None:
            seen.append(pq.ExecStatus(result.status).name)
            seen += [result.get_value(0, 0)] if result.ntuples else []
    libpq.exit_pipeline_mode()
    return seen


def pipelines(dsn: str) -> Any:
    """Many statements before each Sync, some of which fail."""
    seen: list[Any] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE classes (id int PRIMARY KEY)")
        for divisor in (1, 0, 1):
            try:
                with connection.pipeline() as pipeline:
                    for number in range(40):
                        cursor = connection.execute("SELECT %s::int, repeat('x', 1000)", (number,))
                        if number % 10 == 5:
                            pipeline.sync()
                            seen.append(cursor.fetchall())
                    connection.execute("SELECT 1 / %s::int", (divisor,))
                    connection.cursor().executemany(
                        "INSERT INTO classes VALUES (%s) ON CONFLICT DO NOTHING RETURNING id",
                        [(number,) for number in range(100)],
                        returning=True,
                    )
            except psycopg.Error as error:
                seen.append([type(error), error.sqlstate])
            seen.append(connection.execute("SELECT count(*) FROM classes").fetchall())
        failing = (
            "SELECT 1",
            "SELECT 1 / 0",
            "SELECT 2",
            "",
            "BEGIN",
            "SELECT nothing",
            "",
            "SELECT 3",
            "",
            "ROLLBACK",
            "",
        )
        insert = "INSERT INTO classes VALUES (1000)"
        seen.append(
            pipelined(connection, *failing, "", insert, "SELECT 1 / 0", "", insert, "COMMIT", "SELECT 1 / 0", "")
        )
        seen.append(connection.execute("SELECT count(*) FROM classes").fetchall())
    return seen


def cursors(dsn: str) -> Any:
    """Server-side cursors, which scroll, are held, and are closed early."""
    seen: list[Any] = []
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE classes AS SELECT g AS id FROM generate_series(1, 500) g")
        with connection.cursor("c", scrollable=True) as cursor:
            cursor.execute("SELECT id FROM classes WHERE id > %s ORDER BY id", (10,))
            seen += [cursor.fetchone(), cursor.fetchmany(20)]
            cursor.scroll(-5)
            cursor.itersize = 50
            seen.append(list(cursor))
        with connection.cursor("h", withhold=True) as cursor:
            cursor.execute("SELECT id FROM classes ORDER BY id")
            connection.commit()
            seen.append(cursor.fetchmany(3))
    return seen


def copies(dsn: str) -> Any:
    """Rows in and out, as text and binary, by blocks and by rows; given up by either side."""
    seen: list[Any] = []
    with psycopg.connect(dsn, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE classes (id int PRIMARY KEY, name text)")
        with cursor.copy("COPY classes FROM STDIN") as copy:
            for number in range(5000):
                copy.write_row((number, "x" * (number % 300)))
        with cursor.copy("COPY classes TO STDOUT") as copy:
            seen.append(hashlib.sha256(b"".join(copy)).hexdigest())
        with cursor.copy("COPY (SELECT * FROM classes ORDER BY id LIMIT 9) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            seen.append(list(copy.rows()))
        with contextlib.suppress(KeyError), cursor.copy("COPY classes FROM STDIN") as copy:
            copy.write_row((9000, "x"))
            raise KeyError
        try:
            with cursor.copy("COPY classes FROM STDIN") as copy:
                for number in range(8000, 90000):
                    copy.write_row((number % 8100, "twice"))
        except psycopg.Error as error:
            seen.append(error.sqlstate)
        with cursor.copy("COPY classes FROM STDIN WHERE id > %s", (10_000,)) as copy:
            copy.write(b"1\tx\n20000\ty\n")
        seen.append(connection.execute("SELECT count(*), max(id) FROM classes").fetchall())
    return seen


def notifications(dsn: str) -> Any:
    """LISTEN and NOTIFY between two connections, and notices."""
    heard: list[Any] = []
    with psycopg.connect(dsn, autocommit=True) as ear, psycopg.connect(dsn, autocommit=True) as mouth:
        ear.add_notice_handler(lambda notice: heard.append(notice.message_primary))
        ear.execute("DO $$BEGIN RAISE NOTICE 'look'; END$$")
        ear.execute("LISTEN classes")
        for number in range(5):
            mouth.execute("SELECT pg_notify('classes', %s)", (f"n{number}" * 100,))
        heard += [[notice.channel, notice.payload] for notice in ear.notifies(stop_after=5)]
    return heard


def large(dsn: str) -> Any:
    """Megabytes as parameters, in the text, as rows and as large objects."""
    seen: list[Any] = []
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE classes (data bytea)")
        connection.execute("INSERT INTO classes VALUES (%b)", (LARGE,))
        connection.execute("INSERT INTO classes SELECT data FROM classes")
        for [data] in connection.execute("SELECT data FROM classes", binary=True):
            seen.append(data == LARGE)
        seen.append(connection.execute(f"SELECT length('{'x' * 3_000_000}')").fetchall())
        rows = connection.execute("SELECT g, repeat('y', g % 100) FROM generate_series(1, 60000) g").fetchall()
        seen.append(hashlib.sha256(repr(rows).encode()).hexdigest())
        [[number]] = connection.execute("SELECT lo_from_bytea(0, %b)", (LARGE,))
        [[back]] = connection.execute("SELECT lo_get(%s)", (number,), binary=True)
        seen.append(back == LARGE)
    return seen


def asynchronous(dsn: str) -> Any:
    """The other half of psycopg: a cancelled task, and many statements side by side."""

    async def work() -> Any:
        seen: list[Any] = []
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            task = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
            await asyncio.sleep(0)
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
                asking = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
                while not await (await other.execute(asking)).fetchall():
                    pass
            task.cancel()
            [ended] = await asyncio.gather(task, return_exceptions=True)
            seen.append(type(ended))
            async with connection.pipeline():
                found = [await connection.execute("SELECT %s::int", (number,)) for number in range(100)]
            seen.append([await one.fetchone() for one in found])
        return seen

    return asyncio.run(work())


def with_asyncpg(dsn: str) -> Any:
    """Its cache of statements, transactions, many rows of parameters, cursors, copies, errors, notifications."""

    async def work() -> Any:
        seen: list[Any] = []
        connection = await asyncpg.connect(dsn)
        await connection.execute("CREATE TABLE classes (id int PRIMARY KEY, name text); SELECT 1")
        await connection.executemany("INSERT INTO classes VALUES ($1, $2)", [(n, f"n{n}") for n in range(2000)])
        few = "SELECT * FROM classes WHERE id < $1 ORDER BY id"
        seen += [list(map(tuple, await connection.fetch(few, 5))) for _ in range(3)]
        with contextlib.suppress(ZeroDivisionError):
            async with connection.transaction():
                await connection.execute("DELETE FROM classes")
                with contextlib.suppress(asyncpg.PostgresError):
                    async with connection.transaction():
                        await connection.fetch("SELECT 1 / $1::int", 0)
                seen.append(await connection.fetchval("SELECT count(*) FROM classes"))
                raise ZeroDivisionError
        with contextlib.suppress(asyncpg.UniqueViolationError):
            await connection.executemany("INSERT INTO classes VALUES ($1, 'x')", [(9000,), (1,), (9001,)])
        async with connection.transaction():
            in_parts = connection.cursor("SELECT id FROM classes ORDER BY id LIMIT 120", prefetch=50)
            seen += [row["id"] async for row in in_parts]
        seen.append(
            await connection.copy_records_to_table("classes", records=[(n, "y" * 90) for n in range(5000, 30_000)])
        )
        parts: list[bytes] = []

        async def keep(part: bytes) -> None:
            parts.append(part)

        seen.append(await connection.copy_from_query("SELECT * FROM classes ORDER BY id", output=keep))
        seen.append(hashlib.sha256(b"".join(parts)).hexdigest())
        try:
            await connection.copy_records_to_table("classes", records=[(1, "twice")])
        except asyncpg.PostgresError as error:
            seen.append(error.sqlstate)
        heard: asyncio.Queue[str] = asyncio.Queue()
        await connection.add_listener("ears", lambda *told: heard.put_nowait(told[-1]))
        await connection.execute("NOTIFY ears, 'hello'")
        seen.append(await asyncio.wait_for(heard.get(), 60))
        await connection.reset()
        seen.append(await connection.fetchval("SELECT count(*) FROM classes"))
        await connection.close()
        return seen

    return asyncio.run(work())


WORKLOADS: Mapping[str, Workload] = {
    work.__name__: work
    for work in (
        statements,
        errors,
        transactions,
        pipelines,
        cursors,
        copies,
        notifications,
        large,
        asynchronous,
        with_asyncpg,
    )
}
