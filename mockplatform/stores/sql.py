"""A store in SQLite or PostgreSQL, which outlives the process and which several worker processes share.

Every method is one statement, or one that is tried again until nobody came in between: no transaction is ever left
open, and a function that edits a record holds no lock while it works.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Engine, Executable, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mockplatform.store import Kind
from mockplatform.stores.codec import read, text
from mockplatform.stores.opening import open_engine
from mockplatform.stores.schema import RECORDS

__all__ = ["SqlStore", "SqlTable"]

T = TypeVar("T")

_LONGEST_KEY: Final = 300
_SLACK: Final = 16
"""A table is trimmed whenever a sixteenth of its limit has been put."""


def _written(key: str) -> str:
    """A key as every database takes it: what is not ASCII escaped, what is too long for an index as its digest.

    Keys come off the wire, with whatever a mutation or a tool has made of them.
    """
    escaped = json.dumps(key)[1:-1]
    # No escaped text has a backslash before a number sign.
    return escaped if len(escaped) <= _LONGEST_KEY else f"\\#{hashlib.sha256(escaped.encode()).hexdigest()}"


class SqlTable(Generic[T]):
    """The records of one kind and tenant; see `mockplatform.store.Table`.

    A record keeps its place in the order of all when it goes to another group. What is beyond the limit is dropped
    now and then, not at each `put`.
    """

    def __init__(self, engine: Engine, kind: Kind[T], tenant: str) -> None:
        self._engine = engine
        self._kind = kind
        self._own = (RECORDS.c.tenant == _written(tenant), RECORDS.c.kind == kind.name)
        self._names = {"tenant": _written(tenant), "kind": kind.name}
        self._insert: Any = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(RECORDS)
        self._puts = itertools.count()

    def get(self, key: str) -> T | None:
        """The record of a key, if there is one."""
        body = self._body(key)
        return None if body is None else read(self._kind, body)

    def put(self, key: str, value: T, *, group: str = "") -> None:
        """Keep a record; one of the same key is replaced and keeps its place."""
        row = self._row(key, value, group)
        self._run(
            self._insert.values(row).on_conflict_do_update(
                index_elements=["tenant", "kind", "key"], set_={"body": row["body"], "grp": row["grp"]}
            )
        )
        self._trim()

    def add(self, key: str, value: T, *, group: str = "") -> bool:
        """Keep a record unless there is one of that key: whether it was kept. Of two at the same moment one wins."""
        statement = self._insert.values(self._row(key, value, group)).on_conflict_do_nothing()
        # Not every driver counts the rows of an INSERT.
        with self._engine.connect() as connection:
            kept = connection.execute(statement.returning(RECORDS.c.seq)).scalar() is not None
        if kept:
            self._trim()
        return kept

    def change(self, key: str, edit: Callable[[T], T]) -> T | None:
        """Replace a record by what `edit` makes of it, which is asked anew where somebody came in between."""
        while (before := self._body(key)) is not None:
            value = edit(read(self._kind, before))
            still = (*self._where(key), RECORDS.c.body == before)
            if self._run(update(RECORDS).where(*still).values(body=text(self._kind, value))):
                return value
        return None

    def pop(self, key: str) -> T | None:
        """Drop a record and return it; None if there is none."""
        with self._engine.connect() as connection:
            body = connection.execute(delete(RECORDS).where(*self._where(key)).returning(RECORDS.c.body)).scalar()
        return None if body is None else read(self._kind, body)

    def page(
        self, *, group: str | None = None, offset: int = 0, limit: int | None = None, newest_first: bool = False
    ) -> list[T]:
        """Some records of a group, or of all."""
        order = RECORDS.c.seq.desc() if newest_first else RECORDS.c.seq
        wanted = select(RECORDS.c.body).where(*self._part(group)).order_by(order).limit(limit).offset(offset)
        with self._engine.connect() as connection:
            return [read(self._kind, body) for body in connection.execute(wanted).scalars().all()]

    def count(self, *, group: str | None = None) -> int:
        """How many there are in a group, or in all."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).where(*self._part(group))).scalar_one()

    def clear(self) -> None:
        """Drop all."""
        self._run(delete(RECORDS).where(*self._own))

    def _trim(self) -> None:
        limit = self._kind.limit
        if limit is None or next(self._puts) % max(1, limit // _SLACK):
            return
        newest = select(RECORDS.c.seq).where(*self._own).order_by(RECORDS.c.seq.desc()).limit(1).offset(limit)
        self._run(delete(RECORDS).where(*self._own, RECORDS.c.seq <= newest.scalar_subquery()))

    def _body(self, key: str) -> str | None:
        with self._engine.connect() as connection:
            body: str | None = connection.execute(select(RECORDS.c.body).where(*self._where(key))).scalar()
            return body

    def _run(self, statement: Executable) -> int:
        with self._engine.connect() as connection:
            return connection.execute(statement).rowcount

    def _row(self, key: str, value: T, group: str) -> dict[str, str]:
        return {**self._names, "key": _written(key), "grp": _written(group), "body": text(self._kind, value)}

    def _where(self, key: str) -> tuple[ColumnElement[bool], ...]:
        return (*self._own, RECORDS.c.key == _written(key))

    def _part(self, group: str | None) -> tuple[ColumnElement[bool], ...]:
        return self._own if group is None else (*self._own, RECORDS.c.grp == _written(group))


class SqlStore:
    """Tables in a database.

    Args:
        url: `sqlite:///file` or `postgresql://user:password@host/database`.

    Raises:
        UsageError: the database cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._tables: dict[str, dict[str, SqlTable[Any]]] = {}
        self._lock = threading.Lock()

    def table(self, kind: Kind[T], tenant: str) -> SqlTable[T]:
        """The table of a kind for a tenant; the same one each time."""
        with self._lock:
            tables = self._tables.setdefault(tenant, {})
            if kind.name not in tables:
                tables[kind.name] = SqlTable(self._engine, kind, tenant)
            return tables[kind.name]

    def drop(self, tenant: str) -> None:
        """Forget everything of a tenant."""
        with self._lock:
            self._tables.pop(tenant, None)
        with self._engine.connect() as connection:
            connection.execute(delete(RECORDS).where(RECORDS.c.tenant == _written(tenant)))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
