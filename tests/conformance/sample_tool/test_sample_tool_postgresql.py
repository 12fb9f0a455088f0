"""The sample tool on PostgreSQL: it launches, survives a cut connection, and waits for nothing for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from conformance.sample_tool.tables import open_engine
from conformance.upstream import FakeZoom
from tests.conformance.postgres import PostgreSQL
from tests.conformance.upstream.asking import Clock

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser

OpenTool = Callable[..., "Browser"]

TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
EMAIL = "ada@lms.example"


@pytest.fixture
def dsn(postgresql: PostgreSQL) -> str:
    """The address of an empty database."""
    return postgresql.dsn(postgresql.new_database())


@pytest.fixture
def admin(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else in the same database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def school(open_tool: OpenTool, dsn: str) -> Iterator[Browser]:
    """A tool whose store is there."""
    browser = open_tool(policy="class", database_url=dsn, zoom=FakeZoom(clock=Clock()).ask)
    browser.app.state.store.authorise_zoom(EMAIL)
    yield browser
    browser.app.state.store._engine.dispose()


def test_a_teacher_and_a_student_launch(school: Browser) -> None:
    """Classes, deferred classes, sessions and an edit are kept and found."""
    school.app.state.store.defer_class(EMAIL, "https://lms.example", "1", "later", "Prepared")
    assert school.launch().error == "class=invalid, code=1011"
    assert school.launch(roles=[TEACHER]).launched
    assert school.send("POST", "/class/edit").status == 200
    assert "Prepared" in school.launch(context={"id": "later", "title": "x"}).text
    assert school.me().status == 200


def test_a_cut_connection_fails_nobody(school: Browser, admin: psycopg.Connection[Any]) -> None:
    """The launch after it is on a new one."""
    assert school.launch(roles=[TEACHER]).launched
    cut = admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchall()
    assert cut
    assert school.launch(roles=[TEACHER]).launched


def test_a_locked_table_is_not_waited_for(
    open_tool: OpenTool, dsn: str, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement is given up, and its point has failed."""
    monkeypatch.setattr("conformance.sample_tool.tables.PATIENCE_S", 0.05)
    browser = open_tool(policy="class", database_url=dsn)
    browser.app.state.store.authorise_zoom(EMAIL)
    for table, code in (("course_links", 1010), ("logins", 1003)):
        with admin.transaction():
            admin.execute(f"LOCK TABLE {table}".encode())
            assert f"code={code}" in browser.launch(roles=[TEACHER]).error
    monkeypatch.undo()
    assert browser.launch(roles=[TEACHER]).launched
    browser.app.state.store._engine.dispose()


def test_a_text_that_postgresql_cannot_keep(school: Browser) -> None:
    """It is not found, which is no failure of the store."""
    assert 'type="RegistrationNotFound", code=1002' in school.begin(client_id="a\0b").error
    assert 'type="RegistrationNotFound", code=1002' in school.begin(iss="a\0b", client_id=[]).error
    begun = school.begin()
    assert 'type="StateMismatch"' in school.finish(begun, "a.b.c", state="a\0b").error


def test_one_of_many_replays_wins(school: Browser) -> None:
    """The same form from many threads at once opens one session, without a lock in the tool."""
    begun = school.begin()
    claims = school.claims(begun, roles=[TEACHER])
    token = school.platform.sign(claims, header={"kid": "main"})
    with ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(lambda _: school.finish(begun, token), range(8)))
    assert sum(reply.launched for reply in replies) == 1
    assert sum("NonceReused" in reply.error for reply in replies) == 7


def test_the_same_work_from_many_sides(school: Browser) -> None:
    """A class, an enrolment and deferred classes are made once, and nobody is told that it failed."""
    store = school.app.state.store
    store.defer_class(EMAIL, "https://lms.example", "1", "later", "Prepared")

    def work(_: int) -> tuple[int, int]:
        class_id = store.create_class("https://lms.example", "1", "course-1", "Title")
        return store.enrol(class_id, "person-1"), store.create_deferred(EMAIL)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(work, range(16)))
    assert len({class_id for class_id, _ in found}) == 1
    assert sorted(created for _, created in found) == [0] * 15 + [1]


@pytest.mark.parametrize("address", ["postgresql://a@127.0.0.1/b", "postgresql+psycopg://a@127.0.0.1/b"])
def test_an_address_without_a_driver_means_psycopg(address: str) -> None:
    """It is the one that is installed with the extra."""
    assert open_engine(address).dialect.driver == "psycopg"
