"""Each kind of database, as the tests attack it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.postgres import PostgreSQL
from tests.conformance.saboteurs.databases import PostgresDatabase, SqliteDatabase


@pytest.fixture
def sqlite(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(path=tmp_path / "tool of a team.db")


@pytest.fixture
def postgres(postgresql: PostgreSQL) -> PostgresDatabase:
    return PostgresDatabase(dsn=postgresql.dsn(postgresql.new_database()))


@pytest.fixture(params=["sqlite", "sqlite-wal", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> SqliteDatabase | PostgresDatabase:
    if request.param == "postgresql":
        found: PostgresDatabase = request.getfixturevalue("postgres")
        return found
    return SqliteDatabase(path=tmp_path / "tool.db", journal="wal" if request.param == "sqlite-wal" else "delete")
