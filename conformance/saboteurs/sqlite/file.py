"""Transactions of a saboteur in an SQLite file, and the tables that they find there."""

from __future__ import annotations

import contextlib
import difflib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.saboteurs import PREFIX, SabotageError, TableName, UnreachableError, one_line, place_of

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["find_table", "quoted", "transaction"]

# What another program would have to do for the saboteur to succeed.
_ADVICE: Final = {
    "locked": "another connection holds the database; let the tool end its transactions",
    "readonly": "give dsn a file that this user may write",
    "not a database": "correct dsn",
    "no such table": "a view or trigger of the database names a table that is not there; mend or drop it",
}


@contextlib.contextmanager
def transaction(url: URL, *, patience_s: float) -> Iterator[sqlite3.Connection]:
    """A connection that alone may write; what the block does is kept altogether or not at all.

    Raises:
        UnreachableError: the file cannot be opened.
        SabotageError: something else holds it for longer than the patience, or it does not let itself be changed.
    """
    with contextlib.closing(_connection(url, patience_s)) as connection:
        try:
            # Both are settings of a connection, with defaults that differ from one build of SQLite to another.
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA legacy_alter_table = OFF")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            said = one_line(error)
            advice = next((advice for sign, advice in _ADVICE.items() if sign in said), "")
            raise SabotageError(f"{place_of(url)}: {said}" + (f": {advice}" if advice else "")) from error


def _connection(url: URL, patience_s: float) -> sqlite3.Connection:
    (name, *_), options = url.get_dialect()().create_connect_args(url)
    try:
        # Without a mode, SQLite would create the file of a tool that has not started yet.
        address = name if options.get("uri") else f"{Path(name).absolute().as_uri()}?mode=rw"
        return sqlite3.connect(address, uri=True, timeout=patience_s, isolation_level=None)
    except sqlite3.Error as error:
        raise UnreachableError(
            f"{place_of(url)}: {one_line(error)}; correct dsn, or start the tool if it is what creates the file"
        ) from error


def find_table(connection: sqlite3.Connection, url: URL, table: TableName) -> str:
    """The name of the table as the database spells it.

    Raises:
        SabotageError: there is no such table, or none that can be renamed.
    """
    rows = connection.execute("SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')")
    entries = {name: (kind, sql or "") for name, kind, sql in rows if not name.startswith((PREFIX, "sqlite_"))}
    # SQLite compares names without regard to the case of ASCII letters.
    name: str | None = next((name for name in entries if name.lower() == table.name.lower()), None)
    if name is None or table.schema not in (None, "main"):
        near = difflib.get_close_matches(table.name, entries, n=3) or sorted(entries)
        known = f"known are {', '.join(near)}" if near else "it has no tables yet"
        raise SabotageError(f'{place_of(url)}: there is no table "{table}"; {known}')
    kind, sql = entries[name]
    if kind != "table" or sql.upper().startswith("CREATE VIRTUAL"):
        raise SabotageError(f'{place_of(url)}: "{name}" is no ordinary table; name the one that its rows come from')
    return name


def quoted(name: str) -> str:
    """A name for a statement."""
    return '"' + name.replace('"', '""') + '"'
