"""Planting a fault in an SQLite file, and putting back what was there."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.saboteurs import PREFIX, Sabotage, SabotageError, UnreachableError, place_of
from conformance.saboteurs.sqlite.file import find_table, quoted, transaction
from conformance.saboteurs.sqlite.schema import keep_schema, restore_schema
from conformance.saboteurs.sqlite.statements import reading, writing

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["PATIENCE_S", "SqliteFault", "sweep"]

PATIENCE_S: Final = 5.0
"""How long the database may be held by somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """What a fault writes down about itself, in a table of its own."""

    table: str
    token: str
    host: str
    process: int
    until: float

    @property
    def name(self) -> str:
        """Of the table in which it stands."""
        return f"{PREFIX}fault_{self.table}"

    @property
    def hidden(self) -> str:
        """The name that the attacked table has meanwhile."""
        return f"{PREFIX}table_{self.table}"

    @property
    def abandoned(self) -> bool:
        """Whether nobody will put it back any more, or its time is over."""
        return self.until <= time.time() or (self.host == socket.gethostname() and not _alive(self.process))


class SqliteFault:
    """A sabotage of an SQLite file."""

    def __init__(self, url: URL, sabotage: Sabotage, *, patience_s: float = PATIENCE_S) -> None:
        self._url, self._sabotage, self._patience_s = url, sabotage, patience_s
        self._token = secrets.token_hex(8)
        self._mine: str | None = None
        self._hits: int | None = None

    @property
    def hits(self) -> int | None:
        """Rows that were silently not written, as far as the tool kept the transaction; else None."""
        if self._mine is None or (self._sabotage.access, self._sabotage.mode) != ("write", "empty"):
            return self._hits
        with transaction(self._url, patience_s=self._patience_s) as connection:
            record = _record_of(connection, self._mine)
            return self._hits if record is None or record.token != self._token else _met(connection, record)

    def plant(self) -> None:
        """The table fails from now on."""
        with transaction(self._url, patience_s=self._patience_s) as connection:
            left = _record_of(connection, self._sabotage.table.name)
            if left is not None and not left.abandoned:
                raise SabotageError(f'{place_of(self._url)}: the table "{left.table}" has a fault armed already')
            if left is not None:
                _restore(connection, left)
            table = find_table(connection, self._url, self._sabotage.table)
            record = _Record(
                table=table,
                token=self._token,
                host=socket.gethostname(),
                process=os.getpid(),
                until=time.time() + self._sabotage.ttl_s,
            )
            # Before anything is kept, so that it is put back even if the block is left in the midst of keeping it.
            self._mine = table
            _write_down(connection, record)
            if self._sabotage.access == "read":
                keep_schema(connection)
                connection.execute(f"ALTER TABLE {quoted(table)} RENAME TO {quoted(record.hidden)}")
            statements = reading if self._sabotage.access == "read" else writing
            for statement in statements(
                connection, table, hidden=record.hidden, record=record.name, mode=self._sabotage.mode
            ):
                connection.execute(statement)

    def put_back(self) -> None:
        """The schema is as before; rows that went through in the meantime are in the table."""
        if self._mine is None:
            return
        with transaction(self._url, patience_s=self._patience_s) as connection:
            record = _record_of(connection, self._mine)
            if record is not None and record.token == self._token:
                self._hits = _met(connection, record)
                _restore(connection, record)
        self._mine = None


def sweep(url: URL, *, patience_s: float = PATIENCE_S) -> Sequence[str]:
    """Puts back what killed runs left behind, and says so.

    Raises:
        UnreachableError: the file is not there yet, or not to be had.
    """
    try:
        with transaction(url, patience_s=patience_s) as connection:
            return [_swept(connection, url, record) for record in _records(connection)]
    except SabotageError as error:
        raise UnreachableError(str(error)) from error


def _swept(connection: sqlite3.Connection, url: URL, record: _Record) -> str:
    if not record.abandoned:
        return f'{place_of(url)}: another run has a fault armed on the table "{record.table}", which was left alone'
    _restore(connection, record)
    return f'{place_of(url)}: the table "{record.table}", which a killed run had left with a fault, was put back'


def _restore(connection: sqlite3.Connection, record: _Record) -> None:
    for event in ("insert", "update", "delete"):
        connection.execute(f"DROP TRIGGER IF EXISTS {quoted(f'{PREFIX}{event}_{record.table}')}")
    hidden = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (record.hidden,)).fetchone()
    if hidden is not None:
        connection.execute(f"DROP VIEW IF EXISTS {quoted(record.table)}")
        connection.execute(f"ALTER TABLE {quoted(record.hidden)} RENAME TO {quoted(record.table)}")
    connection.execute(f"DROP TABLE {quoted(record.name)}")
    restore_schema(connection)


def _write_down(connection: sqlite3.Connection, record: _Record) -> None:
    told = {"table": record.table, "token": record.token, "host": record.host, "process": record.process}
    # `trap` is the one integer that has no absolute value: see the statements.
    connection.execute(f"CREATE TABLE {quoted(record.name)} (told TEXT, until REAL, trap INTEGER, met INTEGER)")
    connection.execute(
        f"INSERT INTO {quoted(record.name)} VALUES (?, ?, ?, 0)",  # noqa: S608
        (json.dumps(told), record.until, -(2**63)),
    )


def _records(connection: sqlite3.Connection) -> Sequence[_Record]:
    prefix = f"{PREFIX}fault_"
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, ?) = ?", (len(prefix), prefix)
    ).fetchall()
    rows = [connection.execute(f"SELECT told, until FROM {quoted(name)}").fetchone() for (name,) in names]  # noqa: S608
    return [_Record(**json.loads(told), until=until) for told, until in rows]


def _record_of(connection: sqlite3.Connection, table: str) -> _Record | None:
    return next((record for record in _records(connection) if record.table.lower() == table.lower()), None)


def _met(connection: sqlite3.Connection, record: _Record) -> int | None:
    """None for nothing: a transaction that the tool has taken back took its count back as well."""
    (met,) = connection.execute(f"SELECT met FROM {quoted(record.name)}").fetchone()  # noqa: S608
    return int(met) or None


def _alive(process: int) -> bool:
    # On Windows the call below would end the process instead of asking for it.
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
