"""Sessions of the saboteur in a PostgreSQL database, and the tables and faults that they find there."""

from __future__ import annotations

import contextlib
import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import psycopg
from psycopg import errors

from conformance.saboteurs import PREFIX, SabotageError, TableName, UnreachableError, one_line, place_of

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["Record", "Session", "connected", "find_table", "held", "records", "told"]

Session: TypeAlias = psycopg.Connection[tuple[object, ...]]

_LOCKS: Final = 0x171FA017
"""The first half of the key of the advisory lock that says that the run of a fault lives; the second is the table."""

_GRACE_MS: Final = 1000
"""How long the server may need to notice that the process of a session is gone."""

_TABLES: Final = ("r", "p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A fault as it stands in the database, in the comment of its function."""

    oid: int
    schema: str
    table: str
    token: str

    @property
    def comment(self) -> str:
        """What is written down."""
        return json.dumps({"table": self.table, "token": self.token})


def connected(url: URL) -> Session:
    """A session that is in no transaction.

    Raises:
        UnreachableError: the server or its database cannot be had.
    """
    _, options = url.get_dialect()().create_connect_args(url)
    try:
        session: Session = psycopg.connect(
            **{"connect_timeout": 10, "application_name": "lti-conformance", **options}, autocommit=True
        )
    except psycopg.Error as error:
        raise UnreachableError(f"{place_of(url)}: {one_line(error)}: correct dsn, or start the database") from error
    return session


@contextlib.contextmanager
def told(url: URL, table: TableName | str) -> Iterator[None]:
    """What the server objects to becomes one line."""
    try:
        yield
    except psycopg.Error as error:
        said = error.diag.message_primary or one_line(error)
        place = f'{place_of(url)}: the table "{table}"'
        if isinstance(error, errors.LockNotAvailable | errors.DeadlockDetected):
            advice = "a session of the tool holds it in an open transaction; let the tool end its transactions"
            raise SabotageError(f"{place} cannot be changed for now: {advice}") from error
        if isinstance(error, errors.InsufficientPrivilege | errors.ReadOnlySqlTransaction):
            advice = "give dsn an account that owns it and may create in its schema, or a superuser"
            raise SabotageError(f"{place} cannot be changed: {said}; {advice}") from error
        raise SabotageError(f"{place} cannot be changed: {said}") from error


def find_table(session: Session, url: URL, table: TableName) -> tuple[int, str, str]:
    """The object id of the table, its schema and its name; that of a leftover if there is one in its place.

    Raises:
        SabotageError: there is no such table, or it is none that has rows of its own.
    """
    found = session.execute(
        "SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = %s AND (n.nspname = %s OR %s::text IS NULL AND pg_table_is_visible(c.oid))",
        (table.name, table.schema, table.schema),
    ).fetchone()
    if found is None:
        rows = session.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname <> 'information_schema' AND schemaname !~ '^pg_'"
        )
        names = [str(name) for (name,) in rows]
        near = difflib.get_close_matches(table.name, names, n=3) or sorted(names)
        known = f"known are {', '.join(near)}" if near else "it has no tables yet"
        raise SabotageError(f'{place_of(url)}: there is no table "{table}"; {known}')
    oid, schema, name, kind = found
    left = next((r for r in records(session) if (r.schema, r.table) == (schema, name)), None)
    if left is not None:
        return left.oid, left.schema, left.table
    if kind not in _TABLES:
        raise SabotageError(f'{place_of(url)}: "{table}" is no table; name the one that its rows come from')
    return int(str(oid)), str(schema), str(name)


def records(session: Session) -> Sequence[Record]:
    """The faults that stand in the database, living or left behind."""
    rows = session.execute(
        "SELECT n.nspname, substring(p.proname FROM '[0-9]+$')::int8, obj_description(p.oid, 'pg_proc') "
        "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname ~ %s "
        "AND obj_description(p.oid, 'pg_proc') IS NOT NULL ORDER BY 2",
        (f"^{PREFIX}fault_[0-9]+$",),
    ).fetchall()
    return [Record(oid=int(str(oid)), schema=str(schema), **json.loads(str(said))) for schema, oid, said in rows]


def held(session: Session, oid: int) -> bool:
    """Whether the table is this session's own to break from now on; not if the session of another run has it."""
    try:
        with session.transaction():
            session.execute(f"SET LOCAL lock_timeout = {_GRACE_MS}")
            session.execute("SELECT pg_advisory_lock(%s, %s::oid::int4)", (_LOCKS, oid))
    except errors.LockNotAvailable:
        return False
    return True
