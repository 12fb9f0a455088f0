"""The texts of a schema, which ALTER TABLE writes anew in every table, index, view and trigger that names the table."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import Final

from conformance.saboteurs import PREFIX

__all__ = ["keep_schema", "restore_schema"]

_KEPT: Final = f"{PREFIX}schema"


def keep_schema(connection: sqlite3.Connection) -> None:
    """Writes down the texts that are not written down yet."""
    connection.execute(f"CREATE TABLE IF NOT EXISTS {_KEPT} (type TEXT, name TEXT, sql TEXT, PRIMARY KEY (type, name))")
    connection.execute(
        f"INSERT OR IGNORE INTO {_KEPT} SELECT type, name, sql FROM sqlite_master "  # noqa: S608
        "WHERE sql IS NOT NULL AND substr(name, 1, ?) <> ?",
        (len(PREFIX), PREFIX),
    )


def restore_schema(connection: sqlite3.Connection) -> None:
    """Gives each text its own quotation marks and blanks back, once no table is hidden any more.

    ALTER TABLE puts every name that it touches in quotation marks, so that a table which was renamed and renamed back
    means what it meant and reads otherwise. A text that means something else by now is one that the tool has changed.
    """
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if _KEPT not in names or any(name.startswith(f"{PREFIX}table_") for name in names):
        return
    now = {(kind, name): sql for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master")}
    changed = [
        (sql, kind, name)
        for kind, name, sql in connection.execute(f"SELECT type, name, sql FROM {_KEPT}")  # noqa: S608
        if (found := now.get((kind, name))) not in (None, sql) and _bare(found) == _bare(sql)
    ]
    connection.execute(f"DROP TABLE {_KEPT}")
    # A SQLite that was built to be defensive refuses: then the quotation marks stay, and nothing else differs.
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA writable_schema = ON")
        connection.executemany("UPDATE sqlite_master SET sql = ? WHERE type = ? AND name = ?", changed)


def _bare(sql: str) -> str:
    return re.sub(r"[\s\"'`\[\]]", "", sql).lower()
