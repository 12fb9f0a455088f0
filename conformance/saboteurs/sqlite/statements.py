"""The statements that make a table of SQLite fail until a moment that stands in the record of the fault."""

# ruff: noqa: S608 - the names are quoted, and a schema takes no parameters

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from conformance.modes import Mode
from conformance.saboteurs import PREFIX
from conformance.saboteurs.sqlite.file import quoted

__all__ = ["reading", "writing"]

# Seconds since 1970 in the SQL of every version of SQLite.
_NOW: Final = "(julianday('now') - 2440587.5) * 86400.0"

# Of 64-bit integers only the lowest has no absolute value, so SQLite stops with "integer overflow". That is an error
# like one of the disk, whereas RAISE() in a trigger looks like a broken constraint, which tools take for "it is there
# already". The number comes from a row, or SQLite would work it out at once and fail after the fault's time as well.
_FAILING: Final = "abs(f.trap)"

_GENERATED: Final = (2, 3)


def reading(connection: sqlite3.Connection, table: str, *, hidden: str, record: str, mode: Mode) -> Sequence[str]:
    """A view in the place of a table that has been renamed, and triggers that pass on what is written to it."""
    columns = connection.execute(f"PRAGMA table_xinfo({quoted(hidden)})").fetchall()
    names = [quoted(name) for _, name, _, _, _, _, kind in columns if kind != 1]
    kept = [(quoted(name), default) for _, name, _, _, default, _, kind in columns if kind not in (1, *_GENERATED)]
    key = [quoted(name) for _, name, _, _, _, place, _ in columns if place] or names
    # CROSS JOIN fixes the order, so that the condition is looked at even if the table is empty or an index finds none.
    view = (
        f"CREATE VIEW {quoted(table)} AS SELECT {', '.join(f't.{name} AS {name}' for name in names)} "
        f"FROM {quoted(record)} AS f CROSS JOIN {quoted(hidden)} AS t "
        f"WHERE CASE WHEN {_NOW} >= f.until THEN 1 ELSE {_FAILING if mode == 'error' else '0'} END"
    )
    where = " AND ".join(f"{name} IS OLD.{name}" for name in key)
    changes = {
        # A view has no defaults: what an INSERT leaves out arrives as NULL.
        "insert": f"INSERT INTO {quoted(hidden)} ({', '.join(name for name, _ in kept)}) "
        f"VALUES ({', '.join(_given(name, default) for name, default in kept)})",
        "update": f"UPDATE {quoted(hidden)} SET {', '.join(f'{name} = NEW.{name}' for name, _ in kept)} WHERE {where}",
        "delete": f"DELETE FROM {quoted(hidden)} WHERE {where}",
    }
    return view, *(
        f"CREATE TRIGGER {quoted(f'{PREFIX}{event}_{table}')} INSTEAD OF {event.upper()} ON {quoted(table)} "
        f"BEGIN {change}; END"
        for event, change in changes.items()
    )


def writing(
    connection: sqlite3.Connection,  # noqa: ARG001
    table: str,
    *,
    hidden: str,  # noqa: ARG001
    record: str,
    mode: Mode,
) -> Sequence[str]:
    """Triggers before each row is written: it fails, or is left out without a word."""
    failing = f"SELECT {_FAILING} FROM {quoted(record)} AS f"
    silent = f"UPDATE {quoted(record)} SET met = met + 1; SELECT RAISE(IGNORE)"
    return tuple(
        f"CREATE TRIGGER {quoted(f'{PREFIX}{event}_{table}')} BEFORE {event.upper()} ON {quoted(table)} "
        f"WHEN {_NOW} < (SELECT until FROM {quoted(record)}) "
        f"BEGIN {failing if mode == 'error' else silent}; END"
        for event in ("insert", "update", "delete")
    )


def _given(name: str, default: str | None) -> str:
    return f"NEW.{name}" if default is None else f"coalesce(NEW.{name}, {default})"
