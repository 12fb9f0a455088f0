"""From the URL of a database to connections that are ready."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, NoSuchModuleError, SQLAlchemyError

from mockplatform.errors import UsageError
from mockplatform.store import StoreError
from mockplatform.stores.schema import prepare

__all__ = ["open_engine"]

_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
_BUSY_S: Final = 30


def open_engine(url: str) -> Engine:
    """Connections to a database that has the tables of a platform; they are made if it is empty.

    Raises:
        UsageError: the URL names no database that can be used.
    """
    parsed = _parsed(url)
    name = parsed.render_as_string(hide_password=True).replace("+pysqlite", "").replace("+psycopg", "")
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite:
        _make_file(parsed, name)
    try:
        engine = _engine(parsed, sqlite=sqlite)
    except ImportError:
        raise UsageError(f"{name}: needs the PostgreSQL driver; install lti-conformance[postgresql]") from None
    try:
        prepare(engine, name)
    except UsageError:
        engine.dispose()
        raise
    except SQLAlchemyError as error:
        engine.dispose()
        raise UsageError(f"{name}: the database cannot be used: {_reason(error)}") from None
    event.listen(engine, "handle_error", _tell_in_one_line)
    return engine


def _tell_in_one_line(context: ExceptionContext) -> None:
    # A ping before a statement finds a lost connection, which the pool replaces when it sees the error as it is.
    if isinstance(context.sqlalchemy_exception, DatabaseError | InterfaceError) and not context.is_pre_ping:
        raise StoreError(f"the store does not answer: {_reason(context.sqlalchemy_exception)}")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.get_backend_name()]
    except (ArgumentError, NoSuchModuleError, KeyError):
        raise UsageError(
            "the store's URL names no database; write sqlite:///path/to/file or postgresql://user@host/database"
        ) from None
    return parsed.set(drivername=driver)


def _engine(url: URL, *, sqlite: bool) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_S}} if sqlite else {"pool_pre_ping": True}
    engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=8, max_overflow=32, **options)
    if sqlite:
        event.listen(engine, "connect", _shared)
    return engine


def _shared(connection: Any, _record: Any) -> None:
    # Readers do not wait for writers, and a commit does not wait for the disk: what a crash of the machine takes
    # away is the last launches of a test. A file of somebody else's making stays in its mode while others use it.
    connection.execute("PRAGMA synchronous=NORMAL")
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode=WAL")


def _make_file(url: URL, name: str) -> None:
    """Make an SQLite file that only its owner reads, as it holds the platform's private keys, unless there is one."""
    if not url.database or url.database == ":memory:":
        raise UsageError(f"{name}: names no file; write sqlite:///path/to/file, or leave the store out to use memory")
    path = Path(url.database)
    if path.exists():
        return
    try:
        number, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(number)
        try:
            _put_in_place(Path(made), path)
        finally:
            Path(made).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{name}: the file cannot be written: {error.strerror or error}") from None


def _put_in_place(made: Path, path: Path) -> None:
    # Nobody waits for the lock that a change of the mode needs, so the file has it before anybody else sees it.
    with contextlib.closing(sqlite3.connect(made)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    with contextlib.suppress(FileExistsError):
        try:
            path.hardlink_to(made)
        except PermissionError:
            # A file system without hard links.
            made.rename(path)


def _reason(error: SQLAlchemyError) -> str:
    cause: object = error.orig if isinstance(error, DatabaseError | InterfaceError) else error
    return " ".join(str(cause).split())
