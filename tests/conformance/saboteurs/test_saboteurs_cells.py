"""Each way in which a table can fail, in each kind of database."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from conformance.driver import Order, OutOfReachError
from conformance.faultpoints import sql as driver
from conformance.faults import fault_points
from conformance.modes import MODES
from tests.conformance.saboteurs.databases import PostgresDatabase, SqliteDatabase, binding, open_driver

Database = SqliteDatabase | PostgresDatabase
READS = (
    "SELECT id, title FROM classes WHERE id = 1",
    "SELECT title FROM classes WHERE title = 'never'",
    "SELECT * FROM classes ORDER BY seats LIMIT 1",
    "SELECT class_id FROM course_links JOIN classes ON classes.id = class_id",
    "SELECT course FROM course_links WHERE class_id IN (SELECT id FROM classes)",
)
WRITES = (
    "INSERT INTO classes (title) VALUES ('three')",
    "INSERT INTO classes (title) VALUES ('four') RETURNING id",
    "INSERT INTO classes (title) VALUES ('one') ON CONFLICT (title) DO NOTHING",
    "INSERT INTO classes (title) VALUES ('one') ON CONFLICT (title) DO UPDATE SET seats = 9",
    "UPDATE classes SET seats = 8 WHERE id = 2",
    "DELETE FROM classes WHERE id = 2",
)


def outcome(connection: Any, query: str) -> Any:
    """The rows of a query, how many rows a change touched, or what the error is called that was raised."""
    try:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else cursor.rowcount
    except Exception as error:  # noqa: BLE001
        names = [base.__name__ for base in type(error).__mro__]
        return next(name for name in names if name in ("OperationalError", "IntegrityError", "Exception"))


def order(mode: Any, **more: Any) -> Order:
    return Order(point="class.read", mode=mode, **more)


@pytest.mark.parametrize("query", READS)
def test_a_read_fails_in_the_mode_error(database: Database, query: str):
    """The database says that it failed, on a connection that has sent the same query before, and then works again."""
    with closing(database.connect()) as tool, binding(database.dsn, "classes") as bound:
        before = outcome(tool, query)
        with bound.arm(order("error")) as armed:
            assert outcome(tool, query) == "OperationalError"
            assert outcome(tool, query) == "OperationalError"
            assert armed.hits == (2 if database.kind == "postgresql" else None)
        assert outcome(tool, query) == before
        assert armed.hits == (2 if database.kind == "postgresql" else None)


@pytest.mark.parametrize("query", READS)
def test_a_read_finds_nothing_in_the_mode_empty(database: Database, query: str):
    """There is no row and no error."""
    with closing(database.connect()) as tool, binding(database.dsn, "classes") as bound:
        before = outcome(tool, query)
        with bound.arm(order("empty")) as armed:
            assert outcome(tool, query) == []
            assert armed.hits == (1 if database.kind == "postgresql" else None)
        assert outcome(tool, query) == before


def test_a_read_of_an_empty_table_fails(database: Database):
    """The fault does not need a row to be met."""
    with closing(database.connect()) as tool, binding(database.dsn, "lonely") as bound:
        assert outcome(tool, "SELECT id FROM lonely") == []
        with bound.arm(order("error")):
            assert outcome(tool, "SELECT id FROM lonely") == "OperationalError"
            assert outcome(tool, "SELECT count(*) FROM lonely") == "OperationalError"
        assert outcome(tool, "SELECT id FROM lonely") == []


@pytest.mark.parametrize("mode", ["error", "empty"])
def test_a_read_fault_leaves_inserts_and_other_tables_alone(database: Database, mode: str):
    """New rows arrive with their defaults, and foreign keys are still looked up."""
    with closing(database.connect()) as tool, binding(database.dsn, "classes") as bound:
        with bound.arm(order(mode)):
            tool.execute("INSERT INTO classes (title) VALUES ('three')")
            tool.execute("INSERT INTO course_links VALUES ('c3', 3)")
            assert outcome(tool, "INSERT INTO course_links VALUES ('c4', 99)") == "IntegrityError"
            assert outcome(tool, "INSERT INTO classes (title) VALUES ('one')") == "IntegrityError"
            assert outcome(tool, "SELECT title FROM titles WHERE title = 'one'") == [("one",)]
        seats = 7 if database.kind == "postgresql" else 8
        assert outcome(tool, "SELECT * FROM classes WHERE id = 3") == [(3, "three", seats, 2 * seats)]


@pytest.mark.parametrize("query", WRITES)
def test_a_write_fails_in_the_mode_error(database: Database, query: str):
    """The database says that it failed; no tool takes that for a row that is there already."""
    with closing(database.connect()) as tool, binding(database.dsn, "classes", "write") as bound:
        rows = outcome(tool, "SELECT * FROM classes")
        with bound.arm(order("error")) as armed:
            assert outcome(tool, query) == "OperationalError"
            assert armed.hits == (1 if database.kind == "postgresql" else None)
            assert outcome(tool, "SELECT * FROM classes") == rows
        assert outcome(tool, query) != "OperationalError"


@pytest.mark.parametrize("query", WRITES)
def test_a_row_is_silently_not_written_in_the_mode_empty(database: Database, query: str):
    """The statement succeeds, says that it touched no row, and is counted, even by SQLite."""
    with closing(database.connect()) as tool, binding(database.dsn, "classes", "write") as bound:
        rows = outcome(tool, "SELECT * FROM classes")
        with bound.arm(order("empty")) as armed:
            assert outcome(tool, query) in ([], 0)
            assert armed.hits == 1
            assert outcome(tool, "SELECT * FROM classes") == rows
        assert armed.hits == 1


def test_sqlite_has_no_count_of_what_was_rolled_back(sqlite: SqliteDatabase):
    """A count that the tool's own rollback took away is unknown, not nought."""
    with (
        closing(sqlite.connect()) as tool,
        binding(sqlite.dsn, "classes", "write") as bound,
        bound.arm(order("empty")) as armed,
    ):
        tool.execute("BEGIN")
        tool.execute(WRITES[0])
        tool.execute("ROLLBACK")
        assert armed.hits is None


@pytest.mark.parametrize("access", ["read", "write"])
@pytest.mark.parametrize("mode", ["error", "empty"])
def test_a_fault_whose_time_is_over_is_none(database: Database, access: str, mode: str):
    """The database itself lets everything through again, while the fault is still armed."""
    with closing(database.connect()) as tool, binding(database.dsn, "classes", access) as bound:
        with bound.arm(order(mode, ttl_s=0.0)) as armed:
            assert outcome(tool, "SELECT title FROM classes ORDER BY id") == [("one",), ("two",)]
            tool.execute("UPDATE classes SET seats = 5 WHERE title = 'one'")
            tool.execute("DELETE FROM classes WHERE title = 'two'")
            tool.execute("INSERT INTO classes (title) VALUES ('three')")
            assert armed.hits in (0, None)
        assert outcome(tool, "SELECT title, seats FROM classes ORDER BY id") == [("one", 5), ("three", 7)]


def test_the_modes_of_a_point_are_those_of_any_database():
    """Nothing is garbage, the key set is out of reach, and the point's own database may know less."""
    for point in fault_points().values():
        assert driver.modes(point) == (() if point.access == "platform" else ("error", "timeout", "empty"))


def test_a_binding_has_the_modes_of_its_database(database: Database):
    """SQLite cannot wait."""
    expected = {"error", "timeout", "empty"} if database.kind == "postgresql" else {"error", "empty"}
    with open_driver(
        database.dsn, {"class.read": "classes", "class.create": "classes", "zoom.session": "classes"}
    ) as bound:
        assert {point: set(found.modes) for point, found in bound.items()} == dict.fromkeys(bound, expected)
        assert [found.isolated for found in bound.values()] == [False] * 3


@pytest.mark.parametrize("access", ["read", "write"])
def test_what_a_database_cannot_do_is_out_of_reach(database: Database, access: str):
    """The text says so, and what can; nothing is touched."""
    before = database.dump()
    with binding(database.dsn, "classes", access) as bound:
        for mode in set(MODES) - set(bound.modes):
            with pytest.raises(OutOfReachError, match="take the driver callback"):
                bound.arm(order(mode)).__enter__()
    assert database.dump() == before


def test_sqlite_cannot_fail_a_number_of_times(sqlite: SqliteDatabase):
    """It says so before anything is touched."""
    before = sqlite.dump()
    with binding(sqlite.dsn, "classes") as bound, pytest.raises(OutOfReachError, match="number of times"):
        bound.arm(order("error", times=1)).__enter__()
    assert sqlite.dump() == before


def test_the_live_session_of_zoom_is_read(database: Database):
    """The point that is called by name fails when its row is looked up, not when one is written."""
    with closing(database.connect()) as tool, open_driver(database.dsn, {"zoom.session": "classes"}) as bound:
        with bound["zoom.session"].arm(order("empty")):
            assert outcome(tool, READS[0]) == []
            tool.execute(WRITES[0])
        assert outcome(tool, "SELECT count(*) FROM classes") == [(3,)]
