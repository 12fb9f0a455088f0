"""What the proxy in front of a PostgreSQL costs a tool that is not hit: a query that is prepared, and many rows.

The proxy has a process of its own, as beside a tool that is not in the harness's; so has a relay of plain asyncio,
which shows how much of it is the way and how much is the reading of the messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys
import time
from collections.abc import Iterator, Mapping

import asyncpg
import psycopg

from conformance.pgproxy.addresses import Address, read_upstream
from conformance.pgproxy.rules import Faults
from conformance.pgproxy.server import Proxy
from tests.bench.processes import listening, served
from tests.bench.rounds import Line, Work, in_turn, looped, ratio, repeated
from tests.conformance.postgres import running_postgresql

__all__ = ["measure"]

ROUNDS = 12
ROWS = 20_000
BY_KEY = "SELECT id, name, teacher FROM classes WHERE id = "
MANY = f"SELECT * FROM classes ORDER BY id LIMIT {ROWS}"


def measure() -> Iterator[Line]:
    """A query by key with two clients, and a long answer: directly, through the proxy and through the relay."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_postgresql())
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        dsns = {"direct": server.dsn()}
        for way in ("proxy", "relay"):
            url = stack.enter_context(served(["tests.bench.pgproxy", way], server.dsn())).url
            dsns[way] = server.dsn(host="127.0.0.1", port=int(url.rpartition(":")[2]))
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE classes AS SELECT id, 'Class ' || id AS name, 'teacher-' || id AS teacher"
                f" FROM generate_series(1, {ROWS}) AS id"
            )
            connection.execute("ALTER TABLE classes ADD PRIMARY KEY (id)")
            connection.execute("ANALYZE classes")
        opened = {way: stack.enter_context(psycopg.connect(dsn, autocommit=True)) for way, dsn in dsns.items()}
        yield from _lines("a prepared query by key, psycopg", {w: _by_key(c) for w, c in opened.items()})
        yield from _lines("a prepared query by key, asyncpg", {w: _asyncpg(d, loop, stack) for w, d in dsns.items()})
        yield from _lines(f"{ROWS:,} rows, psycopg", {w: _many(c) for w, c in opened.items()})


def _lines(name: str, subjects: Mapping[str, Work]) -> Iterator[Line]:
    direct = subjects["direct"]
    rounds = in_turn({**subjects, "again": direct}, ROUNDS)
    yield Line(number="", name=f"proxy: {name}", ratio=ratio(rounds, "proxy", "direct"), against="the server itself")
    yield Line(number="", name=f"proxy: {name}", ratio=ratio(rounds, "proxy", "relay"), against="a bare asyncio relay")
    yield Line(number="", name=f"noise: {name}", ratio=ratio(rounds, "again", "direct"), against="the server itself")


def _by_key(connection: psycopg.Connection) -> Work:
    keys = itertools.cycle(range(1, ROWS, 7))
    connection.prepare_threshold = 0
    return repeated(lambda: connection.execute(f"{BY_KEY} %s", (next(keys),)).fetchone(), time.perf_counter)


def _many(connection: psycopg.Connection) -> Work:
    return repeated(lambda: connection.execute(MANY).fetchall(), time.perf_counter)


def _asyncpg(dsn: str, loop: asyncio.AbstractEventLoop, stack: contextlib.ExitStack) -> Work:
    connection = loop.run_until_complete(asyncpg.connect(dsn))
    stack.callback(lambda: loop.run_until_complete(connection.close()))
    prepared = loop.run_until_complete(connection.prepare(f"{BY_KEY} $1"))
    keys = itertools.cycle(range(1, ROWS, 7))
    return looped(lambda: prepared.fetchrow(next(keys)), loop, time.perf_counter)


async def _bare_relay(bound: socket.socket, upstream: Address) -> None:
    """Passes every byte on, and reads none."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    class Half(asyncio.Protocol):
        def __init__(self, other: Half | None = None) -> None:
            self.other = other
            self.early: list[bytes] = []
            self.transport: asyncio.Transport | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            if self.other is None:
                task = loop.create_task(self.reach())
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        async def reach(self) -> None:
            there = Half(self)
            await loop.create_unix_connection(lambda: there, upstream.path)
            self.other = there
            assert there.transport is not None
            there.transport.writelines(self.early)

        def data_received(self, data: bytes) -> None:
            if self.other is None or self.other.transport is None:
                self.early.append(data)
            else:
                self.other.transport.write(data)

        def connection_lost(self, _: Exception | None) -> None:
            if self.other is not None and self.other.transport is not None:
                self.other.transport.close()

    await loop.create_server(Half, sock=bound)


async def _serve(way: str) -> None:
    upstream = read_upstream(sys.stdin.read())
    bound = listening()
    if way == "proxy":
        await Proxy(bound, upstream=upstream, faults=Faults()).start()
    else:
        await _bare_relay(bound, upstream)
    sys.stdout.write(f"http://127.0.0.1:{bound.getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
