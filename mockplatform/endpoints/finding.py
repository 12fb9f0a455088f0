"""Parts of long lists: what matches a search, page by page, without reading the whole of a table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from mockplatform.store import Table

__all__ = ["Found", "found", "number"]

T = TypeVar("T")

_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[T]):
    """A part of a list.

    Args:
        before, after: the offsets of the parts beside it; None: there is none.
        total: how long the list is; None: a search does not count.
    """

    items: tuple[T, ...]
    offset: int
    before: int | None
    after: int | None
    total: int | None = None


def found(
    table: Table[T],
    *,
    query: str = "",
    words: Callable[[T], str],
    accept: Callable[[T], bool] | None = None,
    offset: int = 0,
    limit: int = 20,
    group: str | None = None,
    newest_first: bool = False,
) -> Found[T]:
    """A part of a table.

    Args:
        query: only records in whose words every word of it occurs, whatever the case of its letters.
        words: what a search looks through.
        accept: only records of which this is true.
    """
    wanted = query.casefold().split()
    if not wanted and accept is None:
        items = table.page(group=group, offset=offset, limit=limit + 1, newest_first=newest_first)
        return _part(items, offset, limit, table.count(group=group))
    matching = (
        record
        for record in _all(table, group, newest_first=newest_first)
        if (accept is None or accept(record)) and all(word in words(record).casefold() for word in wanted)
    )
    return _part(list(itertools.islice(matching, offset, offset + limit + 1)), offset, limit, None)


def _all(table: Table[T], group: str | None, *, newest_first: bool) -> Iterator[T]:
    offset = 0
    while records := table.page(group=group, offset=offset, limit=_CHUNK, newest_first=newest_first):
        yield from records
        offset += len(records)


def _part(items: list[T], offset: int, limit: int, total: int | None) -> Found[T]:
    return Found(
        items=tuple(items[:limit]),
        offset=offset,
        before=max(offset - limit, 0) if offset else None,
        after=offset + limit if len(items) > limit else None,
        total=total,
    )


def number(text: str, otherwise: int = 0) -> int:
    """A whole number from an address, not below 0; anything else is ignored."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
