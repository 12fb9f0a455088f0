"""What a tool does that is not hit is the same through the proxy as without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from conformance.pgproxy.connection import Connection
from tests.conformance.pgproxy.proxies import through
from tests.conformance.pgproxy.workloads import WORKLOADS, Workload
from tests.conformance.postgres import PostgreSQL

each_way = pytest.mark.parametrize("way", ["Unix", "TCP"])
each_workload = pytest.mark.parametrize("name", WORKLOADS)


@pytest.fixture(scope="session")
def expected(postgresql: PostgreSQL) -> Callable[[str], Any]:
    """What a workload sees at the server itself, found once."""
    found: dict[str, Any] = {}

    def of(name: str) -> Any:
        if name not in found:
            found[name] = afresh(postgresql, direct, WORKLOADS[name])
        return found[name]

    direct = postgresql.dsn(postgresql.new_database())
    return of


def afresh(postgresql: PostgreSQL, dsn: str, work: Workload, through_dsn: str | None = None) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return work(through_dsn or dsn)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """Those that the proxies of the test have had."""
    made: list[Connection] = []
    begin = Connection.__init__

    def remembered(self: Connection, *arguments: Any) -> None:
        begin(self, *arguments)
        made.append(self)

    monkeypatch.setattr(Connection, "__init__", remembered)
    return made


def waiting(connections: list[Connection]) -> list[Connection]:
    """Those to which the server owes an answer; one that brought a CancelRequest never began."""
    return [connection for connection in connections if connection.key is not None and connection.ledger]


@each_way
@each_workload
def test_nothing_is_changed(
    postgresql: PostgreSQL, database: str, expected: Any, connections: list[Connection], name: str, way: str
):
    """The results are the same, and at the end no answer is awaited."""
    with through(postgresql, way, database) as site:
        assert afresh(postgresql, site.direct, WORKLOADS[name], site.dsn) == expected(name)
    assert connections
    assert waiting(connections) == []


@each_workload
def test_nothing_is_changed_beside_what_is_hit(
    postgresql: PostgreSQL, database: str, expected: Any, connections: list[Connection], name: str
):
    """The same while a fault is armed that looks into every statement and finds none of its launch."""
    with (
        through(postgresql, "marked", database) as site,
        site.armed("error", marks={"context_id": "nobody-has-this"}) as fault,
    ):
        assert afresh(postgresql, site.direct, WORKLOADS[name], site.dsn) == expected(name)
        assert fault.hits == 0
    assert waiting(connections) == []
