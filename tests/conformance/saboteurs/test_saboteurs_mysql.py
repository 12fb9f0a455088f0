"""The saboteur of MySQL and MariaDB, where a server and its driver are there; its refusals, everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from conformance.driver import Order
from conformance.saboteurs import Sabotage, SabotageError, TableName, mysql
from tests.conformance.saboteurs.armed_run import armed_elsewhere
from tests.conformance.saboteurs.databases import binding, open_driver, site
from tests.conformance.saboteurs.mariadb import lacking, running_mariadb

ODD = "of.d`d:x %s"
QUERY = "SELECT title FROM classes WHERE id = 1"
SCHEMA = (
    "DROP TABLE IF EXISTS course_links, classes",
    "CREATE TABLE classes (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(20) UNIQUE, seats INT NOT NULL DEFAULT 7)",
    "CREATE TABLE course_links (course VARCHAR(9) PRIMARY KEY, class_id INT)",
    "ALTER TABLE course_links ADD FOREIGN KEY (class_id) REFERENCES classes (id)",
    "INSERT INTO classes (title) VALUES ('one'), ('two')",
    "CREATE TRIGGER counted BEFORE INSERT ON classes FOR EACH ROW SET NEW.seats = NEW.seats + 1",
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    reason = lacking()
    if reason is not None:
        pytest.skip(reason)
    with running_mariadb() as dsn:
        yield dsn


@pytest.fixture
def dsn(server: str) -> str:
    with closing(connected(server)) as admin:
        for statement in SCHEMA:
            admin.exec_driver_sql(statement)
    return server


def connected(dsn: str) -> Connection:
    return create_engine(dsn, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()


def dump(dsn: str) -> Mapping[str, Any]:
    """How each table would be created anew, its triggers and its rows."""
    with closing(connected(dsn)) as tool:
        tables = [name for (name,) in tool.exec_driver_sql("SHOW TABLES")]
        found: dict[str, Any] = {"triggers": tool.exec_driver_sql("SHOW TRIGGERS").all(), "tables": tables}
        for name in tables:
            found[name] = plain(tool, f"SHOW CREATE TABLE {quoted(name)}").all()
        return found


def plain(tool: Connection, statement: str) -> Any:
    """Sends a statement as it is, percent signs and all."""
    return tool.execution_options(no_parameters=True).exec_driver_sql(statement)


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def order(mode: Any, **more: Any) -> Order:
    return Order(point="class.read", mode=mode, **more)


def test_reads_fail_or_find_nothing_and_work_again(dsn: str):
    """Inserts go through meanwhile, with their ids; nothing is counted."""
    before = dump(dsn)
    with closing(connected(dsn)) as tool, binding(dsn, "classes") as bound:
        with bound.arm(order("error")) as armed:
            with pytest.raises(SQLAlchemyError, match="out of range"):
                tool.exec_driver_sql(QUERY)
            assert armed.hits is None
        with bound.arm(order("empty")):
            assert tool.exec_driver_sql(QUERY).all() == []
            assert tool.exec_driver_sql("INSERT INTO course_links VALUES ('c1', 1)").rowcount == 1
        with bound.arm(order("error", ttl_s=0.0)):
            assert tool.exec_driver_sql(QUERY).all() == [("one",)]
        assert tool.exec_driver_sql(QUERY).all() == [("one",)]
        tool.exec_driver_sql("DELETE FROM course_links")
    assert dump(dsn) == before


def test_writes_fail_and_work_again(dsn: str):
    """Each kind of change says that it failed."""
    before = dump(dsn)
    with closing(connected(dsn)) as tool, binding(dsn, "classes", "write") as bound:
        for change in (
            "INSERT INTO classes (title) VALUES ('x')",
            "UPDATE classes SET seats = 9",
            "DELETE FROM classes",
        ):
            with bound.arm(order("error")), pytest.raises(SQLAlchemyError, match="armed fault"):
                tool.exec_driver_sql(change)
        with bound.arm(order("error", ttl_s=0.0)):
            assert tool.exec_driver_sql("UPDATE classes SET seats = 9 WHERE id = 1").rowcount == 1
    assert {**dump(dsn), "classes": None} == {**before, "classes": None}


def test_the_record_of_a_fault_stays_while_others_come_and_go(dsn: str):
    """A run that looks in meanwhile still knows whose the fault is; in the end nothing of ours is left."""
    before = dump(dsn)
    with binding(dsn, "classes") as bound, bound.arm(order("error")):
        with binding(dsn, "course_links") as other, other.arm(order("error")):
            pass
        run = site()
        with open_driver(dsn, {"class.read": "course_links"}, run=run):
            assert [("left alone" in note) for note in run.notes] == [True]
    assert dump(dsn) == before


@pytest.mark.parametrize("access", ["read", "write"])
def test_the_next_run_puts_back_what_a_killed_one_left(dsn: str, access: str):
    """It says so once; while the run lives, its fault is left alone and cannot be armed over."""
    before = dump(dsn)
    with armed_elsewhere(dsn, "classes", access) as process:
        with binding(dsn, "classes") as bound, pytest.raises(SabotageError, match="has a fault armed already"):
            bound.arm(order("error")).__enter__()
        process.kill()
    assert dump(dsn) != before
    run = site()
    with open_driver(dsn, {"class.read": "classes"}, run=run):
        assert [("was put back" in note) for note in run.notes] == [True]
    assert dump(dsn) == before


@pytest.mark.parametrize("access", ["read", "write"])
def test_an_odd_name_is_quoted(dsn: str, access: str):
    """No name can put in a statement of its own, or a parameter."""
    with closing(connected(dsn)) as tool:
        plain(tool, f"CREATE TABLE {quoted(ODD)} (id INT)")
        try:
            before = dump(dsn)
            with binding(dsn, f'"{ODD}"', access) as bound, bound.arm(order("error")):
                assert dump(dsn) != before
            assert dump(dsn) == before
        finally:
            plain(tool, f"DROP TABLE {quoted(ODD)}")


def test_an_unknown_table_and_an_unreachable_server_are_one_line(dsn: str):
    """Nothing is touched."""
    before = dump(dsn)
    for address, said in (
        (dsn, 'there is no table "none"'),
        ("mysql+pymysql://root@127.0.0.1:1/tool", "start the database"),
    ):
        with binding(address, "none") as bound, pytest.raises(SabotageError, match=said):
            bound.arm(order("error")).__enter__()
    assert dump(dsn) == before


def test_what_mysql_cannot_do_is_out_of_reach():
    """It leaves no row out silently, waits for nothing and counts nothing."""
    table = TableName(name="classes")
    for access, mode, times in (("write", "empty", None), ("read", "timeout", None), ("read", "error", 1)):
        refusal = mysql.refusal(Sabotage(table=table, access=access, mode=mode, times=times))  # type: ignore[arg-type]
        assert refusal is not None
        assert "take the driver callback" in refusal
    assert mysql.refusal(Sabotage(table=table, access="write", mode="error")) is None
