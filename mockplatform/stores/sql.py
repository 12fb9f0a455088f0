"""A store in SQLite or PostgreSQL, which outlives the process and which several worker processes share.

Every method is one statement, or one that is tried again until nobody came in between, or a transaction of its own:
none is ever left open, and a function that edits a record holds no lock while it works.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import weakref
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Engine, Executable, delete

from mockplatform.store import Entry, Kind
from mockplatform.stores.codec import read, text
from mockplatform.stores.opening import open_engine
from mockplatform.stores.schema import RECORDS, alone
from mockplatform.stores.statements import EVERYTHING, count, page, statements

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
        self._columns = {"tenant": _written(tenant), "kind": kind.name}
        self._own = {"of_tenant": _written(tenant), "of_kind": kind.name}
        self._does = statements(engine.dialect.name)
        self._puts = itertools.count()

    def get(self, key: str) -> T | None:
        """The record of a key, if there is one."""
        return self._read(self._value(self._does.get, of_key=_written(key)))

    def put(self, key: str, value: T, *, group: str = "") -> None:
        """Keep a record; one of the same key is replaced and keeps its place."""
        with self._engine.connect() as connection:
            connection.execute(self._does.put, self._row(key, value, group))
        self._trim()

    def add(self, key: str, value: T, *, group: str = "") -> bool:
        """Keep a record unless there is one of that key: whether it was kept. Of two at the same moment one wins."""
        with self._engine.connect() as connection:
            kept = connection.execute(self._does.add, self._row(key, value, group)).scalar() is not None
        if kept:
            self._trim()
        return kept

    def change(self, key: str, edit: Callable[[T], T]) -> T | None:
        """Replace a record by what `edit` makes of it, which is asked anew where somebody came in between."""
        one = {**self._own, "of_key": _written(key)}
        while (before := self._value(self._does.get, of_key=one["of_key"])) is not None:
            value = edit(read(self._kind, before))
            bodies = {"before": before, "after": text(self._kind, value)}
            with self._engine.connect() as connection:
                if connection.execute(self._does.change, one | bodies).rowcount:
                    return value
        return None

    def pop(self, key: str) -> T | None:
        """Drop a record and return it; None if there is none."""
        return self._read(self._value(self._does.pop, of_key=_written(key)))

    def page(
        self, *, group: str | None = None, offset: int = 0, limit: int | None = None, newest_first: bool = False
    ) -> list[T]:
        """Some records of a group, or of all."""
        wanted = page(grouped=group is not None, newest_first=newest_first)
        part = self._part(group) | {"skipped": offset, "most": EVERYTHING if limit is None else limit}
        with self._engine.connect() as connection:
            return [read(self._kind, body) for body in connection.execute(wanted, part).scalars().all()]

    def count(self, *, group: str | None = None) -> int:
        """How many there are in a group, or in all."""
        with self._engine.connect() as connection:
            found: int = connection.execute(count(grouped=group is not None), self._part(group)).scalar_one()
            return found

    def replace(self, entries: Iterable[Entry[T]]) -> None:
        """Hold these records in this order, and no others; nobody ever sees a part of them, or none."""
        rows = [self._row(*entry) for entry in entries]
        limit = self._kind.limit
        with alone(self._engine) as connection:
            connection.execute(self._does.clear, self._own)
            if rows:
                connection.execute(self._does.put, rows if limit is None else rows[-limit:])

    def clear(self) -> None:
        """Drop all."""
        with self._engine.connect() as connection:
            connection.execute(self._does.clear, self._own)

    def _trim(self) -> None:
        limit = self._kind.limit
        if limit is None or next(self._puts) % max(1, limit // _SLACK):
            return
        with self._engine.connect() as connection:
            connection.execute(self._does.trim, {**self._own, "most": limit})

    def _value(self, statement: Executable, **parameters: str) -> str | None:
        with self._engine.connect() as connection:
            body: str | None = connection.execute(statement, self._own | parameters).scalar()
            return body

    def _read(self, body: str | None) -> T | None:
        return None if body is None else read(self._kind, body)

    def _row(self, key: str, value: T, group: str) -> dict[str, str]:
        return {**self._columns, "key": _written(key), "grp": _written(group), "body": text(self._kind, value)}

    def _part(self, group: str | None) -> dict[str, Any]:
        return dict(self._own) if group is None else {**self._own, "of_grp": _written(group)}


class SqlStore:
    """Tables in a database.

    Args:
        url: `sqlite:///file` or `postgresql://user:password@host/database`.

    Raises:
        UsageError: the database cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._tables: weakref.WeakValueDictionary[tuple[str, str], SqlTable[Any]] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def table(self, kind: Kind[T], tenant: str) -> SqlTable[T]:
        """The table of a kind for a tenant; the same one each time."""
        with self._lock:
            table = self._tables.get((tenant, kind.name))
            if table is None:
                table = self._tables[tenant, kind.name] = SqlTable(self._engine, kind, tenant)
            return table

    def drop(self, tenant: str, *, keep: Collection[str] = ()) -> None:
        """Forget everything of a tenant."""
        stays = RECORDS.c.kind.in_(sorted(keep))
        with self._engine.connect() as connection:
            connection.execute(delete(RECORDS).where(RECORDS.c.tenant == _written(tenant), ~stays))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
