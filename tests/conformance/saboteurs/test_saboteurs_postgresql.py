"""What only PostgreSQL can do, and what only PostgreSQL can get in the way of."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg import errors
from sqlalchemy import make_url

from conformance.driver import Order
from conformance.saboteurs import Sabotage, SabotageError, TableName, postgresql
from conformance.saboteurs.postgresql import planting
from conformance.saboteurs.postgresql.planting import PostgresFault
from tests.conformance.saboteurs.databases import PostgresDatabase, binding

ONE = "SELECT title FROM classes WHERE id = 1"
ADD = "INSERT INTO classes (title) VALUES ('three'), ('four') ON CONFLICT (title) DO UPDATE SET seats = 9 RETURNING id"
CHANGE = "UPDATE classes SET title = title WHERE id = 1 RETURNING id"


def order(mode: Any, **more: Any) -> Order:
    return Order(point="class.read", mode=mode, **more)


def direct(database: PostgresDatabase, access: Any = "read", mode: Any = "error") -> PostgresFault:
    """A fault that gives up soon."""
    sabotage = Sabotage(table=TableName(name="classes"), access=access, mode=mode)
    return PostgresFault(postgresql.checked(make_url(database.dsn)), sabotage, patience_s=0.1)


def test_the_first_reads_fail_and_the_next_one_works(postgres: PostgresDatabase):
    """A prepared statement fails as often as asked for, though each failure is rolled back."""
    with closing(postgres.connect()) as tool, binding(postgres.dsn, "classes") as bound:
        assert tool.execute(ONE).fetchall() == [("one",)]
        with bound.arm(order("error", times=2)) as armed:
            for met in (1, 2):
                with pytest.raises(errors.IoError), tool.transaction():
                    tool.execute(ONE)
                assert armed.hits == met
            assert tool.execute(ONE).fetchall() == [("one",)]
            assert armed.hits == 3
        with bound.arm(order("empty", times=1)):
            assert tool.execute(ONE).fetchall() == []
            assert tool.execute(ONE).fetchall() == [("one",)]


def test_the_first_writes_fail_and_the_next_one_works(postgres: PostgresDatabase):
    """A statement is one reach, with all its rows and conflicts."""
    with closing(postgres.connect()) as tool, binding(postgres.dsn, "classes", "write") as bound:
        with bound.arm(order("error", times=1)) as armed:
            with pytest.raises(errors.IoError):
                tool.execute(ADD)
            assert len(tool.execute(ADD).fetchall()) == 2
            assert armed.hits == 2
        tool.execute("DELETE FROM classes WHERE title IN ('three', 'four')")
        with bound.arm(order("empty", times=1)) as armed:
            assert tool.execute(ADD).fetchall() == []
            assert len(tool.execute(ADD).fetchall()) == 2
            assert armed.hits == 2


def test_writes_go_through_while_reads_fail(postgres: PostgresDatabase):
    """Defaults, identities, RETURNING, conflicts, changes and deletions are as ever, and are no reads."""
    with closing(postgres.connect()) as tool, binding(postgres.dsn, "classes") as bound:
        with bound.arm(order("error")) as armed:
            added = tool.execute("INSERT INTO classes (title) VALUES ('three') RETURNING id, seats, doubled").fetchall()
            assert added == [(3, 7, 14)]
            again = "INSERT INTO classes (title, seats) VALUES ('one', 3) ON CONFLICT (title) "
            assert tool.execute(again + "DO NOTHING RETURNING id").fetchall() == []
            assert tool.execute(again + "DO UPDATE SET seats = excluded.seats RETURNING id").fetchall() == [(1,)]
            assert tool.execute("UPDATE classes SET seats = 5 WHERE title = 'two' RETURNING id").fetchall() == [(2,)]
            assert tool.execute("UPDATE classes SET seats = 5 WHERE title = 'never'").rowcount == 0
            assert tool.execute("DELETE FROM classes WHERE id = 3").rowcount == 1
            assert armed.hits == 0
            with pytest.raises(errors.IoError):
                tool.execute("INSERT INTO course_links SELECT title, id FROM classes")
            assert armed.hits == 1
        rows = tool.execute("SELECT * FROM classes ORDER BY id").fetchall()
        assert rows == [(1, "one", 3, 6), (2, "two", 5, 10)]


def test_rows_can_be_locked_while_they_are_read(postgres: PostgresDatabase):
    """`FOR UPDATE` fails, finds nothing, and works after the fault's time, like any read."""
    query = "SELECT title FROM classes WHERE id = 1 FOR UPDATE"
    with closing(postgres.connect()) as tool, binding(postgres.dsn, "classes") as bound:
        with bound.arm(order("error")), pytest.raises(errors.IoError):
            tool.execute(query)
        with bound.arm(order("empty")):
            assert tool.execute(query).fetchall() == []
        with bound.arm(order("empty", ttl_s=0.0)):
            assert tool.execute(query).fetchall() == [("one",)]


def test_a_statement_counts_once_however_often_it_looks(postgres: PostgresDatabase):
    """Joins of a table with itself and subqueries for each row are one read."""
    with closing(postgres.connect()) as tool, binding(postgres.dsn, "classes") as bound:
        with bound.arm(order("empty", times=1)) as armed:
            tool.execute("SELECT * FROM classes a JOIN classes b USING (id)")
            assert armed.hits == 1
        many = "SELECT n, (SELECT max(title) FROM classes WHERE id = n) FROM generate_series(1, 2) AS n"
        with bound.arm(order("empty", times=1)) as armed:
            assert tool.execute(many).fetchall() == [(1, None), (2, None)]
            assert armed.hits == 1
            assert tool.execute(many).fetchall() == [(1, "one"), (2, "two")]


def test_reads_in_a_read_only_transaction_are_counted(postgres: PostgresDatabase):
    """No sequence can be moved there, and still the first fails, the second works, and both are known of."""
    with closing(postgres.connect()) as tool, binding(postgres.dsn, "classes") as bound:
        tool.read_only = True
        with bound.arm(order("error", times=1)) as armed:
            with pytest.raises(errors.IoError), tool.transaction():
                tool.execute(ONE)
            with tool.transaction():
                assert tool.execute(ONE).fetchall() == [("one",)]
            assert armed.hits == 2
        # The locks of the session are those of the fault before.
        with bound.arm(order("empty")) as armed:
            assert armed.hits == 0
            with tool.transaction():
                assert tool.execute(ONE).fetchall() == []
            assert armed.hits == 1


@pytest.mark.parametrize(("access", "query"), [("read", ONE), ("write", CHANGE)])
def test_a_timeout_does_not_answer(postgres: PostgresDatabase, access: str, query: str):
    """A statement waits until its own time is up, and is counted."""
    with closing(postgres.connect()) as tool, binding(postgres.dsn, "classes", access) as bound:
        tool.execute("SET statement_timeout = 100")
        with bound.arm(order("timeout")) as armed:
            with pytest.raises(errors.QueryCanceled, match="statement timeout"):
                tool.execute(query)
            assert armed.hits == 1
        assert tool.execute(query).fetchall()


@pytest.mark.parametrize(("access", "query"), [("read", ONE), ("write", CHANGE)])
def test_a_timeout_ends_with_its_time(postgres: PostgresDatabase, access: str, query: str):
    """A tool that waits for ever gets an error when the time of the fault is over, and then everything works."""
    with (
        closing(postgres.connect()) as tool,
        binding(postgres.dsn, "classes", access) as bound,
        bound.arm(order("timeout", ttl_s=0.2)),
    ):
        with pytest.raises(errors.QueryCanceled, match="armed fault"):
            tool.execute(query)
        assert tool.execute(query).fetchall()


@pytest.mark.parametrize(("access", "query"), [("read", ONE), ("write", CHANGE)])
def test_who_waits_in_a_timeout_is_let_go_when_it_is_disarmed(postgres: PostgresDatabase, access: str, query: str):
    """The statement that holds the table ends with an error, so that the table can be put back."""
    before = postgres.dump()
    with (
        closing(postgres.connect()) as tool,
        ThreadPoolExecutor(1) as pool,
        binding(postgres.dsn, "classes", access) as bound,
    ):
        with bound.arm(order("timeout")) as armed:
            waiting = pool.submit(tool.execute, query)
            while not armed.hits:
                pass
        with pytest.raises(errors.QueryCanceled, match="armed fault"):
            waiting.result(60)
        assert postgres.dump() == before


def test_a_table_that_the_tool_holds_is_not_waited_for_for_ever(postgres: PostgresDatabase):
    """Arming gives up with a line that says why, and has changed nothing."""
    before = postgres.dump()
    fault = direct(postgres)
    with closing(postgres.connect()) as tool:
        with tool.transaction():
            tool.execute(ONE)
            with pytest.raises(SabotageError, match="a session of the tool holds it in an open transaction"):
                fault.plant()
            fault.put_back()
        assert tool.execute(ONE).fetchall() == [("one",)]
    assert postgres.dump() == before


def test_a_fault_that_cannot_be_put_back_yet_is_off(postgres: PostgresDatabase):
    """While the tool holds the table, other reads work again; afterwards the second try puts everything back."""
    before = postgres.dump()
    with closing(postgres.connect()) as tool, closing(postgres.connect()) as other:
        fault = direct(postgres, mode="empty")
        fault.plant()
        with tool.transaction():
            assert tool.execute(ONE).fetchall() == []
            with pytest.raises(SabotageError, match="a session of the tool holds it"):
                fault.put_back()
            assert other.execute(ONE).fetchall() == [("one",)]
        assert postgres.dump() != before
        fault.put_back()
        assert fault.hits == 1
    assert postgres.dump() == before


@pytest.mark.parametrize("access", ["read", "write"])
def test_a_session_that_the_server_closed_does_not_matter(postgres: PostgresDatabase, access: str):
    """The saboteur puts the table back through another one."""
    before = postgres.dump()
    with binding(postgres.dsn, "classes", access) as bound, bound.arm(order("error")) as armed:
        with closing(postgres.connect()) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE application_name = 'lti-conformance' AND datname = current_database()"
            )
        assert armed.hits in (0, None)
    assert postgres.dump() == before


def test_a_tool_keeps_to_its_own_rights(postgres: PostgresDatabase):
    """Grants and row security count for the tool's account, during the fault and after its time."""
    role = f"tool_{make_url(postgres.dsn).database}"
    with ExitStack() as stack:
        admin = stack.enter_context(closing(postgres.connect()))
        admin.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
        stack.callback(lambda: admin.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"'.encode(), prepare=False))
        admin.execute("REVOKE SELECT ON classes FROM PUBLIC")
        admin.execute(f'GRANT SELECT, UPDATE (title) ON classes TO "{role}"'.encode())
        admin.execute("ALTER TABLE classes ENABLE ROW LEVEL SECURITY")
        admin.execute("CREATE POLICY first ON classes USING (id = 1)")
        before = postgres.dump()
        tool = stack.enter_context(closing(psycopg.connect(postgres.dsn, user=role, autocommit=True)))
        with binding(postgres.dsn, "classes") as bound:
            with bound.arm(order("error")), pytest.raises(errors.IoError):
                tool.execute("SELECT title FROM classes")
            with bound.arm(order("empty")):
                assert tool.execute("SELECT title FROM classes").fetchall() == []
            with bound.arm(order("error", ttl_s=0.0)):
                assert tool.execute("SELECT title FROM classes").fetchall() == [("one",)]
                tool.execute("UPDATE classes SET title = title")
                for query in ("UPDATE classes SET seats = 9", "INSERT INTO classes (title) VALUES ('three')"):
                    with pytest.raises(errors.InsufficientPrivilege):
                        tool.execute(query.encode())
        assert postgres.dump() == before


@pytest.mark.parametrize("access", ["read", "write"])
def test_an_account_that_may_only_read_is_told_so(postgres: PostgresDatabase, access: str):
    """The line says what kind of account is needed."""
    before = postgres.dump()
    poor = f"poor_{make_url(postgres.dsn).database}"
    with closing(postgres.connect()) as admin:
        admin.execute(f'DROP ROLE IF EXISTS "{poor}"'.encode())
        admin.execute(f'CREATE ROLE "{poor}" LOGIN'.encode())
    reading = postgres.dsn + "&options=-c default_transaction_read_only=on"
    for dsn in (reading, postgres.dsn.replace("postgres@", f"{poor}@")):
        with binding(dsn, "classes", access) as bound, pytest.raises(SabotageError) as error:
            bound.arm(order("error")).__enter__()
        assert str(error.value).endswith(
            "give dsn an account that owns it and may create in its schema, or a superuser"
        )
    assert postgres.dump() == before


def test_the_owner_of_a_table_need_not_be_a_superuser(postgres: PostgresDatabase):
    """An account that owns the table and may create in its schema is enough."""
    role = f"owner_{make_url(postgres.dsn).database}"
    with closing(postgres.connect()) as admin:
        admin.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
        admin.execute(f'GRANT USAGE, CREATE ON SCHEMA public TO "{role}"'.encode())
        admin.execute(f'ALTER TABLE classes OWNER TO "{role}"'.encode())
        before = postgres.dump()
        for access in ("read", "write"):
            dsn = postgres.dsn.replace("postgres@", f"{role}@")
            with (
                binding(dsn, "classes", access) as bound,
                bound.arm(order("error")),
                pytest.raises(errors.IoError),
            ):
                admin.execute(ONE if access == "read" else CHANGE)
            assert postgres.dump() == before


def test_a_table_of_another_schema_can_be_named(postgres: PostgresDatabase):
    """A schema before the name says where it is; without one, the search path does."""
    with closing(postgres.connect()) as tool:
        with binding(postgres.dsn, "school.terms") as bound, bound.arm(order("error")), pytest.raises(errors.IoError):
            tool.execute("SELECT * FROM school.terms")
        with binding(postgres.dsn, "terms") as bound, pytest.raises(SabotageError, match='no table "terms"'):
            bound.arm(order("error")).__enter__()


def test_a_partitioned_table_can_be_broken(postgres: PostgresDatabase):
    """Its partitions are out of reach through it, and come back with it."""
    with closing(postgres.connect()) as tool:
        tool.execute("CREATE TABLE visits (id INT) PARTITION BY LIST (id)")
        tool.execute("CREATE TABLE visits_1 PARTITION OF visits FOR VALUES IN (1)")
        before = postgres.dump()
        for access, query in (("read", "SELECT * FROM visits"), ("write", "INSERT INTO visits VALUES (1)")):
            with (
                binding(postgres.dsn, "visits", access) as bound,
                bound.arm(order("error")),
                pytest.raises(errors.IoError),
            ):
                tool.execute(query.encode())
            assert postgres.dump() == before


def test_a_server_that_is_too_old_for_reads_is_named(postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch):
    """Writes do not need what is new."""
    monkeypatch.setattr(planting, "_OLDEST", 10**7)
    with binding(postgres.dsn, "classes") as bound, pytest.raises(SabotageError, match="from PostgreSQL 15 on"):
        bound.arm(order("error")).__enter__()
    with binding(postgres.dsn, "classes", "write") as bound, bound.arm(order("error")):
        pass


def test_asyncpg_notices_with_what_it_had_prepared(postgres: PostgresDatabase):
    """Its statements are prepared on the server and kept, as its users rely on."""

    async def use() -> None:
        tool = await asyncpg.connect(postgres.dsn)
        try:
            statement = await tool.prepare("SELECT title FROM classes WHERE id = $1")
            assert await statement.fetchval(1) == "one"
            for _ in range(2):
                with bound.arm(order("error")) as armed, pytest.raises(asyncpg.PostgresIOError):
                    await statement.fetchval(1)
                assert armed.hits == 1
                with bound.arm(order("empty")):
                    assert await statement.fetch(1) == []
                assert await statement.fetchval(1) == "one"
        finally:
            await tool.close()

    with binding(postgres.dsn, "classes") as bound:
        asyncio.run(use())
