"""Connections begin and end as at the server, many at a time, and nothing of the proxy outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import psycopg
import pytest

from conformance.faults import opened
from conformance.pgproxy.relay import End
from tests.conformance.loopback import free_port
from tests.conformance.pgproxy.proxies import SITE, Proxied, descriptors, proxied, short_folder, threads, until
from tests.conformance.pgproxy.talk import SYNC, framed, query
from tests.conformance.postgres import PostgreSQL

SSL_REQUEST = struct.pack(">II", 8, 80877103)
GSSENC_REQUEST = struct.pack(">II", 8, 80877104)


class Raw:
    """A client that says what it likes."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected

    def say(self, *messages: bytes) -> None:
        self.socket.sendall(b"".join(messages))

    def hear(self, count: int) -> bytes:
        heard = b""
        while len(heard) < count:
            part = self.socket.recv(count - len(heard))
            if not part:
                break
            heard += part
        return heard

    def message(self) -> tuple[str, bytes]:
        """The next message's kind and body; the kind is empty at the end."""
        header = self.hear(5)
        if len(header) < 5:
            return "", header
        return chr(header[0]), self.hear(int.from_bytes(header[1:], "big") - 4)

    def until_ready(self) -> list[tuple[str, bytes]]:
        found = [self.message()]
        while found[-1][0] not in ("Z", ""):
            found.append(self.message())
        return found

    def start(self, database: str) -> None:
        body = f"user\0postgres\0database\0{database}\0\0".encode()
        self.say(struct.pack(">II", len(body) + 8, 0x30000), body)


@contextlib.contextmanager
def raw(site: Proxied) -> Iterator[Raw]:
    path = f"{site.host}/.s.PGSQL.{site.port}"
    with socket.socket(socket.AF_UNIX) as connected:
        connected.settimeout(30)
        connected.connect(path)
        yield Raw(connected)


def test_encryption_is_refused_politely(classes: Proxied):
    """As often as it is asked for, and the client may go on in the clear."""
    with raw(classes) as client:
        for request in (SSL_REQUEST, GSSENC_REQUEST, SSL_REQUEST):
            client.say(request)
            assert client.hear(1) == b"N"
        client.start(classes.database)
        assert client.until_ready()[-1] == ("Z", b"I")


def test_who_does_not_wait_for_an_answer(classes: Proxied):
    """What follows the first packet in the same bytes is not lost, however they are cut."""
    with raw(classes) as client:
        body = f"user\0postgres\0database\0{classes.database}\0\0".encode()
        everything = SSL_REQUEST + struct.pack(">II", len(body) + 8, 0x30000) + body + query("SELECT 7")
        for at in range(0, len(everything), 5):
            client.say(everything[at : at + 5])
        assert client.hear(1) == b"N"
        client.until_ready()
        assert ("C", b"SELECT 1\0") in client.until_ready()


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: db.test\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        struct.pack(">II", 7, 0x30000),
        struct.pack(">II", 20_000, 0x30000),
    ],
    ids=["HTTP", "TLS without asking", "too short", "too long"],
)
def test_who_speaks_another_protocol(classes: Proxied, said: bytes):
    """The connection is ended, and others are not."""
    with raw(classes) as client, contextlib.suppress(ConnectionResetError):
        client.say(said)
        assert client.hear(1) == b""
    with psycopg.connect(classes.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_who_breaks_the_protocol_later(classes: Proxied):
    """The connection is ended on both sides, as the server would."""
    with raw(classes) as client, contextlib.suppress(ConnectionResetError):
        client.start(classes.database)
        client.until_ready()
        client.say(b"Q\0\0\0\x01")
        assert client.message()[0] == ""
    until(lambda: classes.backends() == 0)


def test_functions_called_by_number(classes: Proxied):
    """The oldest way of all: abs(-5) is 5, and an error leaves the transaction as it does at the server."""
    with raw(classes) as client, classes.armed("error") as armed:
        client.start(classes.database)
        client.until_ready()

        def call(*values: bytes) -> bytes:
            arguments = b"".join(struct.pack(">I", len(value)) + value for value in values)
            return framed("F", struct.pack(">IHHH", 1397, 1, 1, len(values)) + arguments + b"\0\x01")

        client.say(call(struct.pack(">i", -5)), call(), query("SELECT 1 FROM classes"), SYNC)
        assert client.until_ready() == [("V", struct.pack(">Ii", 4, 5)), ("Z", b"I")]
        assert [kind for kind, _ in client.until_ready()] == ["E", "Z"]
        kinds = [client.until_ready(), client.until_ready()]
        assert [kind for kind, _ in kinds[0]] == ["E", "Z"]
        assert b"C58030\0" in kinds[0][0][1]
        assert kinds[1] == [("Z", b"I")]
        assert armed.hits == 1


def test_fifty_at_once(classes: Proxied):
    """Each has its own session, prepared statements and transaction; a fault for a few of them hits only those."""

    async def one(number: int) -> list[Any]:
        connection = await asyncpg.connect(classes.dsn)
        try:
            seen: list[Any] = []
            for turn in range(10):
                async with connection.transaction():
                    seen.append(await connection.fetchval("SELECT $1::int + $2::int", number, turn))
                    seen.append(await connection.fetchval("SELECT count(*) FROM other WHERE id < $1", number + 2))
            with contextlib.suppress(asyncpg.PostgresIOError):
                seen.append(await connection.fetchval("SELECT name FROM classes WHERE id = 1"))
            return seen
        finally:
            await connection.close()

    async def all_of_them() -> list[list[Any]]:
        return await asyncio.gather(*(one(number) for number in range(50)))

    with classes.armed("error", times=5) as armed:
        found = asyncio.run(all_of_them())
    expected = [[value for turn in range(10) for value in (number + turn, 1)] for number in range(50)]
    assert [seen[:20] for seen in found] == expected
    assert sorted(seen[20:] for seen in found) == [[]] * 5 + [["one"]] * 45
    assert armed.hits == 5


def test_a_server_that_is_down(postgresql: PostgreSQL, classes: Proxied):
    """The tool gets a proper error at once, in the proxy's name; when the server is there, it connects."""
    with short_folder() as folder:
        upstream = folder / ".s.PGSQL.5432"
        with proxied(postgresql, upstream=str(upstream), database=classes.database) as site:
            for _ in range(2):
                with pytest.raises(psycopg.OperationalError, match="the proxy cannot reach") as failed:
                    psycopg.connect(site.dsn)
                assert "FATAL" in str(failed.value)
                assert f"{upstream}: No such file or directory" in str(failed.value)
            upstream.symlink_to(f"{postgresql.folder}/.s.PGSQL.5432")
            with psycopg.connect(site.dsn) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        upstream.unlink()
    with proxied(postgresql, upstream=f"127.0.0.1:{free_port()}") as site, raw(site) as client:
        client.start("nothing")
        kind, body = client.message()
        assert kind == "E"
        assert b"C08001\0" in body
        assert b"Connection refused" in body
        assert client.message()[0] == ""


def test_a_server_whose_name_is_none(postgresql: PostgreSQL, classes: Proxied):
    """The tool is told so, and does not wait."""
    upstream = f"{'x' * 64}.test:5432"
    with (
        proxied(postgresql, upstream=upstream, database=classes.database) as site,
        pytest.raises(psycopg.OperationalError, match="that is no name of a host"),
    ):
        psycopg.connect(site.dsn)


def test_a_server_that_goes_away(classes: Proxied):
    """The tool hears of it as it would without the proxy: an error and the end of the connection."""
    with psycopg.connect(classes.dsn, autocommit=True) as connection:
        pid = connection.info.backend_pid
        with psycopg.connect(classes.direct, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(psycopg.errors.AdminShutdown):
            connection.execute("SELECT 1")
        assert connection.broken
    until(lambda: classes.backends() == 0)


def test_a_database_that_is_not_there(classes: Proxied):
    """Errors before the session begins are the server's."""
    with pytest.raises(psycopg.OperationalError, match='database "nowhere" does not exist'):
        psycopg.connect(classes.server.dsn("nowhere", host=classes.host))


def test_a_cancel_by_a_client_that_does_not_wait(classes: Proxied):
    """It reaches the server, though the client has gone."""
    with raw(classes) as client:
        client.start(classes.database)
        key = next(body for kind, body in client.until_ready() if kind == "K")
        client.say(query("SELECT pg_sleep(600)"))
        until(lambda: classes.running("SELECT pg_sleep%") == 1)
        with raw(classes) as other:
            other.say(struct.pack(">II", 8 + len(key), 80877102), key)
        described, failed, ready = client.until_ready()
        assert (described[0], failed[0], ready) == ("T", "E", ("Z", b"I"))
        assert b"C57014\0" in failed[1]


def test_cancels_that_hit_nothing(classes: Proxied):
    """One with a wrong key, and one whose server is gone, end quietly."""
    with raw(classes) as client:
        client.say(struct.pack(">IIII", 16, 80877102, 1, 2))
        assert client.hear(1) == b""
    with proxied(classes.server, upstream=f"127.0.0.1:{free_port()}") as site, raw(site) as client:
        client.say(struct.pack(">IIII", 16, 80877102, 1, 2))
        assert client.hear(1) == b""


def at_rest(_: Proxied, stack: contextlib.ExitStack) -> None:
    """Nobody is connected."""


def idle(site: Proxied, stack: contextlib.ExitStack) -> None:
    """Connections that do nothing, within a transaction and without."""
    for _ in range(3):
        connection = stack.enter_context(contextlib.closing(psycopg.connect(site.dsn)))
        connection.execute("SELECT 1")


def busy(site: Proxied, stack: contextlib.ExitStack) -> None:
    """A connection that is sent more than it reads."""
    client = stack.enter_context(raw(site))
    client.start(site.database)
    client.until_ready()
    client.say(query("SELECT repeat('x', 1000) FROM generate_series(1, 100000)"))
    client.message()


def half_begun(site: Proxied, stack: contextlib.ExitStack) -> None:
    """A connection that never says who it is."""
    stack.enter_context(raw(site)).say(b"\0\0\0")


def sleeping(site: Proxied, stack: contextlib.ExitStack) -> None:
    """A statement that sleeps for a fault which is still armed."""
    stack.enter_context(site.armed("timeout"))
    client = stack.enter_context(raw(site))
    client.start(site.database)
    client.until_ready()
    client.say(query("SELECT 1 FROM classes"))
    until(lambda: site.asleep() == 1)


@pytest.mark.parametrize("state", [at_rest, idle, busy, half_begun, sleeping], ids=lambda state: state.__name__)
def test_nothing_is_left(
    classes: Proxied, postgresql: PostgreSQL, state: Callable[[Proxied, contextlib.ExitStack], None]
):
    """When the driver closes, its threads, sockets and connections to the server are gone, whoever was connected."""
    before = threads(), descriptors()
    with contextlib.ExitStack() as stack:
        with proxied(postgresql, database=classes.database) as site:
            state(site, stack)
            assert "lti-pgproxy" in threads()
        assert threads() - before[0] <= {"lti-pgproxy"}
        until(lambda: classes.backends() == 0)
    assert descriptors() == before[1]


def test_who_connects_as_it_ends(classes: Proxied, postgresql: PostgreSQL):
    """Whether it was accepted, is about to be, or never is: the connection ends, and so does the proxy."""
    before = descriptors()
    for _ in range(30):
        with contextlib.ExitStack() as stack:
            with proxied(postgresql, database=classes.database) as site:
                clients = [stack.enter_context(raw(site)) for _ in range(3)]
                clients[0].start(site.database)
            for client in clients:
                with contextlib.suppress(ConnectionResetError):
                    client.until_ready()
    assert descriptors() == before


def test_nothing_is_left_of_a_proxy_that_could_not_begin():
    """If one of two addresses is taken, the other is free again."""
    port, taken = free_port(), socket.create_server(("127.0.0.1", 0))
    before = threads()
    settings = {"driver": "proxy", "upstream": "127.0.0.1:1", "table": "classes"}
    tables = {
        "class.read": {**settings, "listen": f"127.0.0.1:{port}"},
        "class.create": {**settings, "listen": f"127.0.0.1:{taken.getsockname()[1]}"},
    }
    with taken, pytest.raises(Exception, match="cannot listen on"), opened(tables, SITE):
        pass
    assert threads() == before
    socket.create_server(("127.0.0.1", port)).close()


def test_a_block_that_fails(postgresql: PostgreSQL, classes: Proxied):
    """The run's own error comes out, and nothing is left then either."""
    before = threads()
    with pytest.raises(ZeroDivisionError), proxied(postgresql, database=classes.database) as site, site.armed("error"):
        raise ZeroDivisionError
    assert threads() == before


class FakeTransport(asyncio.Transport):
    """Notes whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = True

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


def test_a_slow_reader_holds_up_the_other_end():
    """Nothing is piled up in between, and it goes on when every reason to wait is gone."""
    slow, quick = End(lambda _: None, lambda: None), End(lambda _: None, lambda: None)
    slow.other, quick.other = quick, slow
    transport = FakeTransport()
    quick.connection_made(transport)
    slow.pause_writing()
    assert not transport.reads
    quick.hold("waking")
    slow.resume_writing()
    assert not transport.reads
    quick.release("waking")
    assert transport.reads


def test_disarming_while_the_server_hangs(postgresql: PostgreSQL, classes: Proxied):
    """A statement that cannot be cancelled, since the server takes no connection, loses its own."""
    with short_folder() as folder:
        upstream = folder / ".s.PGSQL.5432"
        upstream.symlink_to(f"{postgresql.folder}/.s.PGSQL.5432")
        with (
            proxied(postgresql, upstream=str(upstream), database=classes.database) as site,
            ThreadPoolExecutor(1) as beside,
        ):
            connection = psycopg.connect(site.dsn, autocommit=True)
            with site.armed("timeout"):
                answer = beside.submit(connection.execute, "SELECT 1 FROM classes")
                until(lambda: site.asleep() == 1)
                upstream.unlink()
            with pytest.raises(psycopg.OperationalError):
                answer.result(60)
            assert connection.broken
            connection.close()
        with psycopg.connect(classes.direct, autocommit=True) as other:
            sleeping = (
                "datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%lti-conformance fault%'"
            )
            other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {sleeping}")
        until(lambda: classes.backends() == 0)
