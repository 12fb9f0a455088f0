"""Proxies of the driver in front of a real server, and what a test knows about them."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from conformance.driver import Armed, Binding, Order, Site
from conformance.faultpoints import proxy as driver
from conformance.faults import fault_points
from conformance.modes import Mode
from tests.conformance.loopback import free_port
from tests.conformance.postgres import PostgreSQL

__all__ = ["SITE", "Proxied", "descriptors", "proxied", "short_folder", "threads", "through", "until"]

SITE = Site(where="lti.toml", tool_url=str, send=lambda _: (_ for _ in ()).throw(AssertionError("nothing is sent")))
WRITTEN = "enrollment.write"
READ = "class.read"


@dataclass(frozen=True, kw_only=True)
class Proxied:
    """A database behind a proxy whose points read and write the table `classes`."""

    server: PostgreSQL
    database: str
    host: str
    port: int
    bindings: dict[str, Binding]

    @property
    def dsn(self) -> str:
        """The database through the proxy."""
        return self.server.dsn(self.database, host=self.host, port=self.port)

    @property
    def direct(self) -> str:
        """The database itself."""
        return self.server.dsn(self.database)

    def armed(
        self,
        mode: Mode,
        *,
        access: str = "read",
        times: int | None = None,
        ttl_s: float = 60.0,
        marks: dict[str, str] | None = None,
    ) -> contextlib.AbstractContextManager[Armed]:
        """The point that reads the table, or the one that writes it, fails for the block."""
        point = READ if access == "read" else WRITTEN
        return self.bindings[point].arm(Order(point=point, mode=mode, times=times, ttl_s=ttl_s, marks=marks or {}))

    def running(self, pattern: str) -> int:
        """How many statements run in this database whose text is like this."""
        return self._count("AND state = 'active' AND query LIKE %s", pattern)

    def asleep(self) -> int:
        """How many statements of the proxy's sleep in this database."""
        return self.running("%lti-conformance fault%")

    def backends(self) -> int:
        """How many connections this database has, but for the one that asks."""
        return self._count("AND %s::text = ''", "")

    def _count(self, condition: LiteralString, value: str) -> int:
        asked: LiteralString = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
        )
        with psycopg.connect(self.direct, autocommit=True) as connection:
            found = connection.execute(asked + condition, (value,)).fetchone()
        assert found is not None
        count: int = found[0]
        return count


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for that of a socket."""
    folder = tempfile.mkdtemp(prefix="px")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def proxied(
    server: PostgreSQL,
    *,
    tcp: bool = False,
    upstream: str | None = None,
    match: Any = None,
    database: str = "postgres",
) -> Iterator[Proxied]:
    """A database behind a proxy, on a Unix socket or a TCP port."""
    with short_folder() as folder:
        host, port = ("127.0.0.1", free_port()) if tcp else (str(folder), 5432)
        settings = driver.Settings(
            listen=f"{host}:{port}" if tcp else host,
            upstream=upstream or server.dsn(database),
            table="classes",
            match=match,
        )
        with driver.opened({fault_points()[name]: settings for name in (READ, WRITTEN)}, SITE) as bindings:
            yield Proxied(server=server, database=database, host=host, port=port, bindings=dict(bindings))
            if not tcp:
                assert sorted(path.name for path in folder.iterdir()) == [".s.PGSQL.5432"]
        assert list(folder.iterdir()) == []


@contextlib.contextmanager
def through(server: PostgreSQL, way: str, database: str) -> Iterator[Proxied]:
    """A database behind a proxy on a Unix socket, or behind three, of which the last speaks TCP on both sides."""
    with contextlib.ExitStack() as stack:
        match = "context_id" if way == "marked" else None
        site = stack.enter_context(proxied(server, match=match, database=database))
        if way == "TCP":
            for _ in range(2):
                upstream = f"host='{site.host}' port={site.port}"
                site = stack.enter_context(proxied(server, tcp=True, upstream=upstream, database=database))
        yield site


def until(condition: Callable[[], bool]) -> None:
    """Asks until it is so; each condition asks another process, which takes its time."""
    while not condition():
        pass


def threads() -> set[str]:
    """The names of the threads of this process."""
    return {thread.name for thread in threading.enumerate()}


def descriptors() -> int:
    """How many files and sockets this process has open, on a system that says so."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0
