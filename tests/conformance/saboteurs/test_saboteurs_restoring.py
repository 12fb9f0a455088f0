"""Whatever becomes of a run, the database is as before."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import ExitStack, closing

import pytest

from conformance.driver import Order
from conformance.saboteurs import SabotageError
from conformance.saboteurs.postgresql import planting as postgresql
from conformance.saboteurs.sqlite import planting as sqlite
from tests.conformance.saboteurs.armed_run import armed_elsewhere
from tests.conformance.saboteurs.databases import PostgresDatabase, SqliteDatabase, binding, open_driver, site

Database = SqliteDatabase | PostgresDatabase
BOTH = pytest.mark.parametrize("access", ["read", "write"])


def order(mode: str = "error", **more: object) -> Order:
    return Order(**{"point": "class.read", "mode": mode, **more})  # type: ignore[arg-type]


@BOTH
@pytest.mark.parametrize("table", ["classes", "course_links", "odd"])
def test_the_database_is_as_before(database: Database, access: str, table: str):
    """Its catalogue is the same to the last byte and object id, and so are its rows, however odd the name is."""
    before = database.dump()
    with binding(database.dsn, database.odd if table == "odd" else table, access) as bound:
        for mode in bound.modes:
            with bound.arm(order(mode)):
                assert database.dump() != before
            assert database.dump() == before


@BOTH
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_every_way_out_puts_back(database: Database, access: str, error: type[BaseException]):
    """The block may end as it likes."""
    before = database.dump()
    with pytest.raises(error), binding(database.dsn, "classes", access) as bound, bound.arm(order()):
        raise error
    assert database.dump() == before


def test_the_end_of_the_run_puts_back_what_nobody_disarmed(database: Database):
    """A fault whose context was never left is off when the driver closes."""
    before = database.dump()
    with binding(database.dsn, "classes") as bound:
        armed = bound.arm(order())
        armed.__enter__()
        assert database.dump() != before
    assert database.dump() == before


@BOTH
def test_a_second_interrupt_does_not_stop_it_either(database: Database, access: str, monkeypatch: pytest.MonkeyPatch):
    """Whoever is impatient while the table is put back waits for a second try, at the end of the run."""
    before = database.dump()
    module = {"sqlite": sqlite, "postgresql": postgresql}[database.kind]

    def impatient(*args: object) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    with binding(database.dsn, "classes", access) as bound:
        armed = bound.arm(order())
        armed.__enter__()
        monkeypatch.setattr(module, "_restore", impatient)
        with pytest.raises(KeyboardInterrupt):
            armed.__exit__(None, None, None)
        assert database.dump() != before
    assert database.dump() == before


@pytest.mark.parametrize("first", ["read", "write"])
@pytest.mark.parametrize("in_order", [True, False])
def test_two_tables_fail_side_by_side(database: Database, first: str, in_order: bool):
    """They are disarmed in either order, though one table refers to the other."""
    before = database.dump()
    point = {"read": "class.read", "write": "class.create"}[first]
    with open_driver(database.dsn, {point: "classes", "course_link.read": "course_links"}) as bound:
        one, other = (bound[name].arm(order()) for name in (point, "course_link.read"))
        one.__enter__()
        other.__enter__()
        for armed in (one, other) if in_order else (other, one):
            armed.__exit__(None, None, None)
        assert database.dump() == before


def test_two_points_of_one_table_take_turns(database: Database):
    """A table carries one fault at a time, whatever the other is, and stays armed when a second one is refused."""
    before = database.dump()
    with open_driver(database.dsn, {"class.read": "classes", "class.create": "classes"}) as bound:
        for point, second in (("class.read", "class.create"), ("class.create", "class.read")):
            with bound[point].arm(order()):
                during = database.dump()
                with pytest.raises(SabotageError, match='classes" has a fault armed already'):
                    bound[second].arm(order()).__enter__()
                assert database.dump() == during
            assert database.dump() == before


@BOTH
def test_an_interrupt_puts_back_at_once(database: Database, access: str):
    """Ctrl-C ends a run, and nothing is left."""
    before = database.dump()
    with armed_elsewhere(database.dsn, "classes", access) as process:
        assert database.dump() != before
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert database.dump() == before


@BOTH
def test_the_next_run_puts_back_what_a_killed_one_left(database: Database, access: str):
    """It says so once, and only once."""
    before = database.dump()
    with armed_elsewhere(database.dsn, "classes", access) as process:
        process.kill()
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert database.dump() != before
    assert len(notes_of_a_run(database)) == 1
    assert database.dump() == before
    assert notes_of_a_run(database) == []


def test_the_note_names_the_table(database: Database):
    """Whoever reads the report learns what had been broken."""
    with armed_elsewhere(database.dsn, "course_links", "read") as process:
        process.kill()
    (note,) = notes_of_a_run(database)
    assert 'course_links", which a killed run had left with a fault, was put back' in note


def test_a_run_leaves_the_fault_of_another_one_alone(database: Database):
    """A fault that is armed by a living process is neither swept nor armed over."""
    before = database.dump()
    with armed_elsewhere(database.dsn, "classes", "read"):
        during = database.dump()
        run = site()
        with open_driver(database.dsn, {"class.read": "classes"}, run=run) as bound:
            assert [("left alone" in note) for note in run.notes] == [True]
            with pytest.raises(SabotageError, match="has a fault armed already"):
                bound["class.read"].arm(order()).__enter__()
        assert database.dump() == during
    assert database.dump() == before


def test_what_a_killed_run_left_does_not_keep_a_table_from_being_armed(database: Database):
    """A fault that was left after the driver had opened is put back by the next one that is armed there."""
    before = database.dump()
    with binding(database.dsn, "classes", "write") as bound:
        with armed_elsewhere(database.dsn, "classes", "read") as process:
            process.kill()
        with bound.arm(order()), closing(database.connect()) as tool:
            assert tool.execute("SELECT count(*) FROM classes").fetchall() == [(2,)]
    assert database.dump() == before


def notes_of_a_run(database: Database) -> Sequence[str]:
    run = site()
    with ExitStack() as stack:
        stack.enter_context(
            open_driver(database.dsn, {"class.read": "classes", "class.create": "course_links"}, run=run)
        )
    return run.notes
