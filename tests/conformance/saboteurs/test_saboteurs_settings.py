"""What is wrong in the tool file, or with the database, becomes one line."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from conformance.driver import Order
from conformance.faults import drivers, fault_points, settings_of
from conformance.saboteurs import SabotageError, TableName, saboteurs
from mockplatform.errors import UsageError
from tests.conformance.saboteurs.databases import PostgresDatabase, SqliteDatabase, binding

Database = SqliteDatabase | PostgresDatabase


@pytest.mark.parametrize(
    ("text", "schema", "name"),
    [
        ("classes", None, "classes"),
        ("Lti Classes", None, "Lti Classes"),
        ("school.classes", "school", "classes"),
        ('"of.d""d"', None, 'of.d"d'),
        ('school."of.d""d"', "school", 'of.d"d'),
        ('"a.b"."c.d"', "a.b", "c.d"),
        ("x'; DROP TABLE classes; --", None, "x'; DROP TABLE classes; --"),
    ],
)
def test_a_table_is_named_as_in_sql(text: str, schema: str | None, name: str):
    """Parts in double quotes may have anything in them."""
    assert TableName.parse(text) == TableName(schema=schema, name=name)


@pytest.mark.parametrize("text", ["", ".", "a.b.c", 'a"b', '"a', '""', "a.", ".b", "a\0b"])
def test_another_table_name_is_refused(text: str):
    """It is a usage error that shows the name."""
    with pytest.raises(UsageError) as error:
        settings_of(faults(dsn="sqlite:///tool.db", table=text), where="tool.toml")
    assert str(error.value).startswith(f'tool.toml faults."class.read": table is {text!r}, expected a name')


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("tool.db", "dsn is no URL such as postgresql://user@host/database or sqlite:///path/of.db"),
        ("postgresql://ada:sesame@host:port/db", "dsn is no URL such as postgresql://"),
        (
            "oracle://ada:sesame@host/db",
            "dsn is of the kind 'oracle', expected one of mariadb, mysql, postgresql, sqlite",
        ),
        ("sqlite://", "dsn is a database in memory"),
        ("sqlite:///:memory:", "dsn is a database in memory"),
        ("sqlite:///file:shared?mode=memory&uri=true", "dsn is a database in memory"),
        ("mysql+nonesuch://ada:sesame@host/db", "dsn needs a driver that is not there"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(dsn: str, said: str):
    """It is a usage error in one line, without the password."""
    with pytest.raises(UsageError) as error:
        settings_of(faults(dsn=dsn, table="classes"), where="tool.toml")
    assert str(error.value).startswith(f'tool.toml faults."class.read": {said}')
    assert "sesame" not in str(error.value)
    assert "\n" not in str(error.value)


def test_without_psycopg_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """The driver of PostgreSQL is an extra of the package."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match=r"pip install 'lti-conformance\[postgresql\]'"):
        settings_of(faults(dsn="postgresql://host/db", table="classes"), where="tool.toml")


def test_the_drivers_of_a_tool_are_taken_for_the_saboteurs_own():
    """An address may be copied from the tool, whichever library that uses."""
    for dsn in ("postgres://h/d", "postgresql+asyncpg://h/d", "postgresql://h/d", "sqlite+aiosqlite:///tool.db"):
        assert set(settings_of(faults(dsn=dsn, table="classes"), where="tool.toml")) == {"sql"}


def test_every_saboteur_is_found():
    """The folder says which kinds of database there are."""
    assert set(saboteurs()) == {"sqlite", "postgresql", "mysql", "mariadb"}


def test_the_example_of_each_point_can_be_read():
    """What `explain` prints is a binding."""
    import tomllib

    for point in fault_points().values():
        if point.access != "platform":
            tables = tomllib.loads(drivers()["sql"].example(point))
            assert list(settings_of(tables, where="tool.toml")) == ["sql"]


@pytest.mark.parametrize("access", ["read", "write"])
def test_an_unknown_table_is_one_line_with_those_that_come_near(database: Database, access: str):
    """Nothing is touched."""
    before = database.dump()
    said = complaint(database.dsn, "clases", access)
    assert said.startswith(f'tool.toml faults."class.{"read" if access == "read" else "create"}": {database.kind}://')
    assert said.endswith('there is no table "clases"; known are classes')
    assert complaint(database.dsn, "elsewhere.classes", access).endswith("known are classes")
    assert 'there is no table "zzz"; known are ' in complaint(database.dsn, "zzz", access)
    assert database.dump() == before


@pytest.mark.parametrize("access", ["read", "write"])
def test_a_view_is_no_table(database: Database, access: str):
    """Its rows come from somewhere else."""
    before = database.dump()
    assert "name the one that its rows come from" in complaint(database.dsn, "titles", access)
    assert database.dump() == before


def test_a_database_that_is_not_there_is_one_line_when_it_is_needed(tmp_path: Any):
    """The tool may start it later, so opening the driver says nothing; the password is not shown."""
    said = complaint("postgresql://ada:sesame@127.0.0.1:1/tool?password=sesame", "classes")
    assert said.startswith('tool.toml faults."class.read": postgresql://ada:***@127.0.0.1:1/tool: ')
    assert said.endswith(": correct dsn, or start the database")
    assert "sesame" not in said
    said = complaint(f"sqlite:///{tmp_path / 'none.db'}", "classes")
    assert said.endswith("correct dsn, or start the tool if it is what creates the file")
    assert list(tmp_path.iterdir()) == []


def complaint(dsn: str, table: str, access: str = "read") -> str:
    """The one line that arming a table ends with."""
    with binding(dsn, table, access) as bound, pytest.raises(SabotageError) as error:
        bound.arm(Order(point="class.read", mode="error")).__enter__()
    assert "\n" not in str(error.value)
    return str(error.value)


def faults(**settings: str) -> dict[str, Any]:
    return {"class.read": {"driver": "sql", **settings}}
