"""Where a platform keeps what it knows: typed tables per tenant, in memory unless it is given another place.

A `Kind` says what a table holds and how many of it; a `Store` opens its table for one tenant. What is kept is never
changed in place: `put` it anew, or `change` it where two workers could do so at once.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Entry", "Kind", "MemoryStore", "MemoryTable", "Store", "StoreError", "Table"]

T = TypeVar("T")
Entry = tuple[str, T, str]
"""A record between its key and its group."""


class StoreError(Exception):
    """What is kept cannot be had; one line that says why."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What a table holds.

    Args:
        name: the table's name, once in a store.
        type: the frozen dataclass of its records.
        limit: how many records a tenant has at most; the oldest are dropped. None: as many as come.
        encode, decode: to and from a JSON value, for records that a store cannot take apart by their type.
    """

    name: str
    type: type[T]
    limit: int | None = None
    encode: Callable[[T], Any] | None = None
    decode: Callable[[Any], T] | None = None


class Table(Protocol[T]):
    """Records of one kind and tenant by key, in the order in which they came; `group` makes a part of them findable."""

    def get(self, key: str) -> T | None:
        """The record of a key, if there is one."""

    def put(self, key: str, value: T, *, group: str = "") -> None:
        """Keep a record; one of the same key is replaced and keeps its place."""

    def add(self, key: str, value: T, *, group: str = "") -> bool:
        """Keep a record unless there is one of that key: whether it was kept. Of two at the same moment one wins."""

    def change(self, key: str, edit: Callable[[T], T]) -> T | None:
        """Replace a record by what `edit` makes of it, with nobody in between; None if there is none."""

    def pop(self, key: str) -> T | None:
        """Drop a record and return it; None if there is none."""

    def page(
        self, *, group: str | None = None, offset: int = 0, limit: int | None = None, newest_first: bool = False
    ) -> list[T]:
        """Some records of a group, or of all."""

    def count(self, *, group: str | None = None) -> int:
        """How many there are in a group, or in all."""

    def replace(self, entries: Iterable[Entry[T]]) -> None:
        """Hold these records in this order, and no others; nobody ever sees a part of them, or none."""

    def clear(self) -> None:
        """Drop all."""


class Store(Protocol):
    """Tables by kind and tenant."""

    def table(self, kind: Kind[T], tenant: str) -> Table[T]:
        """The table of a kind for a tenant; the same one each time."""

    def drop(self, tenant: str, *, keep: Collection[str] = ()) -> None:
        """Forget everything of a tenant; whoever holds a table of it goes on with an empty one.

        Args:
            keep: the names of kinds whose tables stay as they are.
        """


class MemoryTable(Generic[T]):
    """A table in this process.

    Args:
        beside: the tables of the same tenant, which are known as long as one of them is held.
    """

    def __init__(self, limit: int | None = None, beside: object = None) -> None:
        self._limit = limit
        self._beside = beside
        self._records: dict[str, tuple[T, str]] = {}
        self._groups: dict[str, dict[str, None]] = {}
        self._lock = threading.RLock()

    def get(self, key: str) -> T | None:
        """The record of a key, if there is one."""
        found = self._records.get(key)
        return None if found is None else found[0]

    def put(self, key: str, value: T, *, group: str = "") -> None:
        """Keep a record; one of the same key is replaced and keeps its place."""
        with self._lock:
            before = self._records.get(key)
            self._records[key] = (value, group)
            if before is None or before[1] != group:
                if before is not None:
                    self._leave(key, before[1])
                self._groups.setdefault(group, {})[key] = None
            if self._limit is not None and len(self._records) > self._limit:
                self.pop(next(iter(self._records)))

    def add(self, key: str, value: T, *, group: str = "") -> bool:
        """Keep a record unless there is one of that key: whether it was kept."""
        with self._lock:
            if key in self._records:
                return False
            self.put(key, value, group=group)
            return True

    def change(self, key: str, edit: Callable[[T], T]) -> T | None:
        """Replace a record by what `edit` makes of it; None if there is none."""
        with self._lock:
            found = self._records.get(key)
            if found is None:
                return None
            value = edit(found[0])
            self._records[key] = (value, found[1])
            return value

    def pop(self, key: str) -> T | None:
        """Drop a record and return it; None if there is none."""
        with self._lock:
            found = self._records.pop(key, None)
            if found is None:
                return None
            self._leave(key, found[1])
            return found[0]

    def page(
        self, *, group: str | None = None, offset: int = 0, limit: int | None = None, newest_first: bool = False
    ) -> list[T]:
        """Some records of a group, or of all."""
        with self._lock:
            keys: dict[str, Any] = self._records if group is None else self._groups.get(group, {})
            ordered: Iterator[str] = reversed(keys) if newest_first else iter(keys)
            end = None if limit is None else offset + limit
            return [self._records[key][0] for key in itertools.islice(ordered, offset, end)]

    def count(self, *, group: str | None = None) -> int:
        """How many there are in a group, or in all."""
        return len(self._records if group is None else self._groups.get(group, {}))

    def entries(self) -> list[Entry[T]]:
        """All records with their keys and groups."""
        with self._lock:
            return [(key, value, group) for key, (value, group) in self._records.items()]

    def replace(self, entries: Iterable[Entry[T]]) -> None:
        """Hold these records in this order, and no others."""
        other = MemoryTable[T](self._limit)
        for key, value, group in entries:
            other.put(key, value, group=group)
        with self._lock:
            self._records, self._groups = other._records, other._groups

    def clear(self) -> None:
        """Drop all."""
        with self._lock:
            self._records.clear()
            self._groups.clear()

    def _leave(self, key: str, group: str) -> None:
        members = self._groups[group]
        del members[key]
        if not members:
            del self._groups[group]


_Held = weakref.WeakValueDictionary[str, MemoryTable[Any]]


class MemoryStore:
    """Tables in this process, gone with it."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, MemoryTable[Any]]] = {}
        # A tenant that goes on after it was dropped holds its tables; those of one that is gone go with it.
        self._held: weakref.WeakValueDictionary[str, _Held] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def table(self, kind: Kind[T], tenant: str) -> MemoryTable[T]:
        """The table of a kind for a tenant; the same one each time."""
        with self._lock:
            held = self._held.get(tenant)
            if held is None:
                held = self._held[tenant] = weakref.WeakValueDictionary()
            table = held.get(kind.name)
            if table is None:
                table = held[kind.name] = MemoryTable(kind.limit, held)
            return self._kept.setdefault(tenant, {}).setdefault(kind.name, table)

    def drop(self, tenant: str, *, keep: Collection[str] = ()) -> None:
        """Forget everything of a tenant; whoever holds a table of it goes on with an empty one."""
        with self._lock:
            kept = self._kept.pop(tenant, {})
            if keep:
                self._kept[tenant] = {name: table for name, table in kept.items() if name in keep}
            for name, table in list(self._held.get(tenant, {}).items()):
                if name not in keep:
                    table.clear()
