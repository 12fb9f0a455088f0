"""The statements of an SQL store, put together once: to put one together costs more than to carry it out."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Delete, Select, Update, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mockplatform.stores.schema import RECORDS

__all__ = ["EVERYTHING", "Statements", "count", "page", "statements"]

EVERYTHING: Final = 2**62
"""A limit that is none; databases differ in how they call that."""

_COLUMNS: Final = RECORDS.c
# The parameters of conditions have names of their own, since an UPDATE keeps those of the columns for itself.
_OWN: Final = (_COLUMNS.tenant == bindparam("of_tenant"), _COLUMNS.kind == bindparam("of_kind"))
_ONE: Final = (*_OWN, _COLUMNS.key == bindparam("of_key"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """What is done with the records of one kind and tenant (`of_tenant`, `of_kind`), or with one of them (`of_key`)."""

    get: Select[Any]
    put: Any
    add: Any
    change: Update
    """Only while its body is still `before`; then it is `after`."""
    pop: Any
    clear: Delete
    trim: Delete
    """Leaves the newest `most`."""


@functools.cache
def statements(dialect: str) -> Statements:
    """The statements for PostgreSQL or SQLite."""
    insert: Any = (postgresql if dialect == "postgresql" else sqlite).insert(RECORDS)
    key = ["tenant", "kind", "key"]
    new = insert.excluded
    newest = select(_COLUMNS.seq).where(*_OWN).order_by(_COLUMNS.seq.desc()).limit(1).offset(_number("most"))
    return Statements(
        get=select(_COLUMNS.body).where(*_ONE),
        put=insert.on_conflict_do_update(index_elements=key, set_={"body": new.body, "grp": new.grp}),
        # Not every driver counts the rows of an INSERT.
        add=insert.on_conflict_do_nothing().returning(_COLUMNS.seq),
        change=update(RECORDS).where(*_ONE, _COLUMNS.body == bindparam("before")).values(body=bindparam("after")),
        pop=delete(RECORDS).where(*_ONE).returning(_COLUMNS.body),
        clear=delete(RECORDS).where(*_OWN),
        trim=delete(RECORDS).where(*_OWN, _COLUMNS.seq <= newest.scalar_subquery()),
    )


@functools.cache
def page(*, grouped: bool, newest_first: bool) -> Select[Any]:
    """The records from `skipped` on, as many as `most`, of the group `of_grp` or of all."""
    order = _COLUMNS.seq.desc() if newest_first else _COLUMNS.seq
    whole = select(_COLUMNS.body).where(*_part(grouped=grouped)).order_by(order)
    return whole.limit(_number("most")).offset(_number("skipped"))


@functools.cache
def count(*, grouped: bool) -> Select[Any]:
    """How many records there are in the group `of_grp`, or in all."""
    return select(func.count()).select_from(RECORDS).where(*_part(grouped=grouped))


def _part(*, grouped: bool) -> tuple[ColumnElement[bool], ...]:
    return (*_OWN, _COLUMNS.grp == bindparam("of_grp")) if grouped else _OWN


def _number(name: str) -> Any:
    return bindparam(name, type_=BigInteger)
