"""What only SQLite gets in the way of."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import make_url

from conformance import saboteurs
from conformance.driver import Order
from conformance.saboteurs import Sabotage, SabotageError, TableName
from conformance.saboteurs.sqlite import planting
from conformance.saboteurs.sqlite.planting import SqliteFault
from tests.conformance.saboteurs.databases import SqliteDatabase, binding, open_driver, site

ONE = "SELECT title FROM classes WHERE id = 1"


def order(mode: Any, **more: Any) -> Order:
    return Order(point="class.read", mode=mode, **more)


def direct(database: SqliteDatabase, *, ttl_s: float = 60.0) -> SqliteFault:
    """A fault that gives up soon."""
    sabotage = Sabotage(table=TableName(name="classes"), access="read", mode="error", ttl_s=ttl_s)
    return SqliteFault(saboteurs.saboteurs()["sqlite"].checked(make_url(database.dsn)), sabotage, patience_s=0.1)


def test_a_file_that_the_tool_holds_is_not_waited_for_for_ever(sqlite: SqliteDatabase):
    """Arming and putting back give up with a line that says why, and can be tried again."""
    before = sqlite.dump()
    fault = direct(sqlite)
    with closing(sqlite.connect()) as tool:
        tool.execute("BEGIN IMMEDIATE")
        with pytest.raises(SabotageError, match="another connection holds the database"):
            fault.plant()
        tool.execute("ROLLBACK")
        fault.put_back()
        assert sqlite.dump() == before
        fault.plant()
        tool.execute("BEGIN IMMEDIATE")
        with pytest.raises(SabotageError, match="another connection holds the database"):
            fault.put_back()
        tool.execute("ROLLBACK")
        fault.put_back()
    assert sqlite.dump() == before


def test_the_driver_waits_for_a_reader(sqlite: SqliteDatabase):
    """With a rollback journal a reader in the midst of its rows keeps everybody from writing; nothing is half done."""
    before = sqlite.dump()
    with closing(sqlite.connect()) as tool:
        rows = tool.execute("SELECT title FROM classes UNION ALL SELECT course FROM course_links")
        assert rows.fetchone() == ("one",)
        fault = direct(sqlite)
        with pytest.raises(SabotageError, match="another connection holds the database"):
            fault.plant()
        assert len(rows.fetchall()) == 2
        fault.put_back()
    assert sqlite.dump() == before


def test_a_file_that_may_only_be_read_is_told_so(sqlite: SqliteDatabase):
    """The line says what kind of file is needed."""
    before = sqlite.dump()
    dsn = f"sqlite:///file:{sqlite.path}?mode=ro&uri=true"
    with binding(dsn, "classes") as bound, pytest.raises(SabotageError) as error:
        bound.arm(order("error")).__enter__()
    assert str(error.value).endswith("attempt to write a readonly database: give dsn a file that this user may write")
    assert sqlite.dump() == before


def test_a_file_that_is_no_database_is_told_so(tmp_path: Any):
    """It is found out when it is needed, as the tool may write the file later."""
    path = tmp_path / "tool.db"
    path.write_text("no database " * 100)
    with binding(f"sqlite:///{path}", "classes") as bound, pytest.raises(SabotageError, match="correct dsn"):
        bound.arm(order("error")).__enter__()


def test_a_schema_with_a_view_of_nothing_cannot_be_broken(sqlite: SqliteDatabase):
    """SQLite renames no table while a view names one that is not there, and the line says what to do."""
    with closing(sqlite.connect()) as admin:
        admin.execute("CREATE VIEW broken AS SELECT * FROM nowhere")
    before = sqlite.dump()
    with binding(sqlite.dsn, "classes") as bound, pytest.raises(SabotageError, match="mend or drop it"):
        bound.arm(order("error")).__enter__()
    assert sqlite.dump() == before


def test_a_virtual_table_is_no_ordinary_one(sqlite: SqliteDatabase):
    """Its rows come from other tables."""
    with closing(sqlite.connect()) as admin:
        if ("ENABLE_RTREE",) not in admin.execute("PRAGMA compile_options").fetchall():
            pytest.skip("this SQLite was built without a kind of virtual table")
        admin.execute("CREATE VIRTUAL TABLE places USING rtree(id, low, high)")
    before = sqlite.dump()
    with binding(sqlite.dsn, "places") as bound, pytest.raises(SabotageError, match="is no ordinary table"):
        bound.arm(order("error")).__enter__()
    assert sqlite.dump() == before


def test_names_are_compared_as_sqlite_does(sqlite: SqliteDatabase):
    """Capital letters make no other table, and `main` is the schema of the file."""
    with closing(sqlite.connect()) as tool, binding(sqlite.dsn, "main.CLASSES") as bound:
        with bound.arm(order("empty")):
            assert tool.execute(ONE).fetchall() == []
        assert tool.execute(ONE).fetchall() == [("one",)]


def test_what_the_tool_changes_meanwhile_stays(sqlite: SqliteDatabase):
    """Only quotation marks are put back: a column and a table that the tool has added are there afterwards."""
    with closing(sqlite.connect()) as tool, binding(sqlite.dsn, "classes") as bound:
        with bound.arm(order("error")):
            tool.execute("ALTER TABLE course_links ADD COLUMN note TEXT DEFAULT 'none'")
            tool.execute("CREATE TABLE later (id INT REFERENCES course_links (course))")
        assert tool.execute("SELECT note FROM course_links").fetchall() == [("none",)]
        assert tool.execute("SELECT * FROM later").fetchall() == []
        tool.execute("INSERT INTO course_links VALUES ('c2', 2, 'new')")
        with pytest.raises(sqlite3.IntegrityError):
            tool.execute("INSERT INTO course_links VALUES ('c3', 99, 'new')")
        assert tool.execute("SELECT name FROM sqlite_master WHERE name LIKE 'lti_conformance%'").fetchall() == []


@pytest.mark.parametrize(
    ("host", "alive", "ttl_s", "said"),
    [
        ("elsewhere", True, 600.0, "left alone"),
        ("elsewhere", True, 0.0, "was put back"),
        ("here", True, 600.0, "left alone"),
        ("here", True, 0.0, "was put back"),
        ("here", False, 600.0, "was put back"),
        ("elsewhere", False, 600.0, "left alone"),
    ],
)
def test_a_fault_of_a_dead_run_is_swept(
    sqlite: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, host: str, alive: bool, ttl_s: float, said: str
):
    """A run on another machine is dead when its time is over, one on this machine when its process is gone as well."""
    before = sqlite.dump()
    fault = direct(sqlite, ttl_s=ttl_s)
    with monkeypatch.context() as there:
        there.setattr(socket, "gethostname", lambda: f"{host}.example")
        fault.plant()
    monkeypatch.setattr(socket, "gethostname", lambda: "here.example")
    monkeypatch.setattr(planting, "_alive", {os.getpid(): alive}.get)
    run = site()
    with open_driver(sqlite.dsn, {"class.read": "classes"}, run=run):
        assert [said in note for note in run.notes] == [True]
    # Whoever planted it may come back after all.
    fault.put_back()
    assert sqlite.dump() == before


def test_a_process_is_alive_or_not():
    """This one is, that of another user is, and one that has ended is not."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    assert [planting._alive(process) for process in (os.getpid(), 1, ended.pid)] == [True, True, False]
