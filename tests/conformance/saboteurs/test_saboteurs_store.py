"""The sample tool, whose tables are attacked while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from conformance.driver import Order
from conformance.sample_tool.model import Integration
from conformance.sample_tool.store import Store
from conformance.sample_tool.tables import enrolments
from tests.conformance.postgres import PostgreSQL
from tests.conformance.saboteurs.databases import binding

COURSE = ("https://lms.example", "d1", "c1")
FINDS: dict[str, Callable[[Store], Any]] = {
    "lti_credentials": lambda store: store.find_integration(issuer="https://lms.example", client_id="tool"),
    "zoom_authorisations": lambda store: store.find_zoom("ada@example.org"),
    "course_links": lambda store: store.find_class(issuer=COURSE[0], deployment_id=COURSE[1], context_id=COURSE[2]),
    "classes": lambda store: store.find_class_title(1),
    "meeting_defaults": lambda store: store.find_meeting_defaults("https://lms.example"),
}
# The last table is empty: nobody has chosen anything.
FOUND = {"lti_credentials": "tool", "zoom_authorisations": "ada@example.org", "course_links": 1, "classes": "Physics"}


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sample.db'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.dsn(server.new_database())


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    integration = Integration(
        issuer="https://lms.example",
        client_id="tool",
        auth_url="https://lms.example/auth",
        jwks_url="https://lms.example/keys",
        deployment_ids=("d1",),
    )
    url = address.replace("postgresql:", "postgresql+psycopg:")
    store = Store(database_url=url, integrations=[integration])
    store.authorise_zoom("ada@example.org")
    store.create_class(*COURSE, "Physics")
    yield store
    store._engine.dispose()


def order(mode: Any) -> Order:
    return Order(point="class.read", mode=mode)


def found(store: Store, table: str) -> Any:
    what = FINDS[table](store)
    return what.client_id if isinstance(what, Integration) else what


@pytest.mark.parametrize("table", FINDS)
def test_what_the_store_looks_up_fails_and_works_again(store: Store, address: str, table: str):
    """It raises, then finds nothing, then finds what it did, all on the connections of its pool."""
    with binding(address, table) as bound:
        for _ in range(2):
            assert found(store, table) == FOUND.get(table)
            with bound.arm(order("error")), pytest.raises(SQLAlchemyError):
                found(store, table)
            assert found(store, table) == FOUND.get(table)
            with bound.arm(order("empty")):
                assert found(store, table) is None
            assert found(store, table) == FOUND.get(table)


def test_a_class_is_not_created(store: Store, address: str):
    """It fails, and fails as well when the row silently is not there; then the same call creates it."""
    course = ("https://lms.example", "d1", "c2", "Chemistry")
    with binding(address, "classes", "write") as bound:
        for mode in ("error", "empty"):
            with bound.arm(order(mode)), pytest.raises(SQLAlchemyError):
                store.create_class(*course)
    created = store.create_class(*course)
    assert store.find_class_title(created) == "Chemistry"


def test_nobody_is_enrolled(store: Store, address: str):
    """Neither a write that fails nor one that is silently left out makes a member; the next try does."""
    with binding(address, "enrolments", "write") as bound:
        for mode in ("error", "empty"):
            with bound.arm(order(mode)), suppress(SQLAlchemyError):
                store.enrol(1, "ada")
            assert members(store) == 0
    store.enrol(1, "ada")
    assert members(store) == 1
    with binding(address, "enrolments", "write") as bound, bound.arm(order("error")):
        assert store.enrol(1, "ada") == 1


def members(store: Store) -> int:
    with store.transaction() as connection:
        return len(connection.execute(select(enrolments)).all())


def test_waiting_classes_are_not_created(store: Store, address: str):
    """The write of the class fails, and what waited goes on waiting."""
    store.defer_class("ada@example.org", "https://lms.example", "d1", "c3")
    with binding(address, "classes", "write") as bound, bound.arm(order("error")), pytest.raises(SQLAlchemyError):
        store.create_deferred("ada@example.org")
    assert store.has_deferred("ada@example.org")
    assert store.create_deferred("ada@example.org") == 1
