"""A table `classes` behind a proxy."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.conformance.pgproxy.proxies import Proxied, proxied
from tests.conformance.postgres import PostgreSQL


@pytest.fixture(scope="session")
def database(postgresql: PostgreSQL) -> str:
    """One for all tests of the proxy, since to make one takes longer than a test; each begins with an empty schema."""
    return postgresql.new_database()


@pytest.fixture
def emptied(postgresql: PostgreSQL, database: str) -> str:
    with psycopg.connect(postgresql.dsn(database), autocommit=True) as connection:
        connection.execute("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return database


@pytest.fixture
def classes(postgresql: PostgreSQL, emptied: str) -> Iterator[Proxied]:
    """Three classes, with a proxy on a Unix socket."""
    with proxied(postgresql, database=emptied) as site:
        fill(site)
        yield site


@pytest.fixture
def marked(postgresql: PostgreSQL, emptied: str) -> Iterator[Proxied]:
    """The same, of which only statements about one context are hit."""
    with proxied(postgresql, match="context_id", database=emptied) as site:
        fill(site)
        yield site


def fill(site: Proxied) -> None:
    with psycopg.connect(site.direct, autocommit=True) as connection:
        connection.execute("CREATE TABLE classes (id int PRIMARY KEY, name text, context uuid)")
        connection.execute("CREATE TABLE other (id int PRIMARY KEY, classes text)")
        connection.execute("INSERT INTO classes VALUES (1, 'one'), (2, 'two'), (3, 'three')")
        connection.execute("INSERT INTO other VALUES (1, 'classes')")
