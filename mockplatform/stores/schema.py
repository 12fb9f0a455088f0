"""The two tables of a database that keeps a platform, and how a database gets them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    select,
)

from mockplatform.errors import UsageError

__all__ = ["RECORDS", "VERSION", "alone", "prepare"]

VERSION: Final = 1

_METADATA: Final = MetaData()

RECORDS: Final = Table(
    "mockplatform_records",
    _METADATA,
    # In SQLite only an INTEGER numbers itself.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("grp", String, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("tenant", "kind", "key", name="mockplatform_records_key"),
    Index("mockplatform_records_order", "tenant", "kind", "seq"),
    Index("mockplatform_records_group", "tenant", "kind", "grp", "seq"),
    sqlite_autoincrement=True,
)
"""All records of all kinds and tenants; `seq` is the order in which they came."""

_SCHEMA: Final = Table("mockplatform_schema", _METADATA, Column("version", Integer, nullable=False))

_LOCK: Final = 0x4C5449
"""The PostgreSQL advisory lock of whoever is `alone`."""


def prepare(engine: Engine, name: str) -> None:
    """Make the tables unless they are there.

    Args:
        name: what the database is called in messages.

    Raises:
        UsageError: the database belongs to something else, or to a newer version.
    """
    # Two processes may begin with the same empty database.
    with alone(engine) as connection:
        _check_or_make(connection, name)


@contextlib.contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A transaction for the block, and no other one of this kind beside it."""
    begin = engine.execution_options(isolation_level="AUTOCOMMIT").connect
    with begin() as connection:
        postgresql = engine.dialect.name == "postgresql"
        connection.exec_driver_sql("BEGIN" if postgresql else "BEGIN IMMEDIATE")
        try:
            if postgresql:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _check_or_make(connection: Connection, name: str) -> None:
    there = set(inspect(connection).get_table_names())
    if not there:
        _METADATA.create_all(connection, checkfirst=False)
        connection.execute(_SCHEMA.insert().values(version=VERSION))
        return
    if not there >= set(_METADATA.tables):
        other = min(there - set(_METADATA.tables), default=min(there))
        raise UsageError(f"{name}: the database belongs to something else (it has a table {other}); name an empty one")
    found = connection.execute(select(_SCHEMA.c.version)).scalar()
    if found != VERSION:
        raise UsageError(
            f"{name}: its schema has version {found}, this mockplatform knows {VERSION};"
            " use the mockplatform that made it, or an empty database"
        )
