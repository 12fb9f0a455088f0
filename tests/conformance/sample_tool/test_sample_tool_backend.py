"""The tool beside its steps: a real database, a real key set address, several threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from conformance.sample_tool.fetching import BODY_LIMIT, http_fetch
from conformance.sample_tool.keyset import Fetch

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser

OpenTool = Callable[..., "Browser"]


class KeySetHandler(BaseHTTPRequestHandler):
    """Serves a key set, one that is too large, and a redirect."""

    def do_GET(self) -> None:
        """Answers by path."""
        body = b"x" * (BODY_LIMIT + 1) if self.path == "/large" else b"{}"
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/jwks")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """The address of a real server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), KeySetHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_fetch_brings_status_and_body(address: str) -> None:
    """One fetch may be used from several event loops, and follows no redirect."""
    fetch = http_fetch()
    for _ in range(2):
        assert asyncio.run(_fetched(fetch, f"{address}/jwks")) == (200, b"{}")
    assert asyncio.run(_fetched(fetch, f"{address}/moved"))[0] == 302


@pytest.mark.parametrize("path", ["/large", None, "mailto:x"])
def test_fetch_without_a_usable_answer(address: str, path: str | None) -> None:
    """A body that is too large, a closed port and an address of another kind are no answer."""
    url = "http://127.0.0.1:1/" if path is None else f"{address}{path}" if path.startswith("/") else path
    with pytest.raises(OSError, match=r"."):
        asyncio.run(_fetched(http_fetch(), url))


@pytest.mark.parametrize(
    ("table", "code"), [("lti_credentials", 1003), ("zoom_authorisations", 1008), ("course_links", 1010)]
)
def test_broken_database(open_tool: OpenTool, tmp_path: Path, table: str, code: int) -> None:
    """A table that is gone fails the launch with the code of what was read from it."""
    url = f"sqlite+pysqlite:///{tmp_path}/tool.db"
    browser = open_tool(policy="class", database_url=url)
    browser.app.state.store.authorise_zoom("ada@lms.example")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO gone"))
    engine.dispose()
    assert f"code={code}" in browser.launch(roles=["Instructor"]).error


@pytest.mark.parametrize(("table", "at"), [("logins", "login"), ("sessions", "launch"), ("deferred_classes", "launch")])
def test_what_has_no_point_of_its_own(open_tool: OpenTool, table: str, at: str) -> None:
    """A store of logins or sessions that fails is no crash, and neither is that of deferred classes."""
    browser = open_tool(policy="class")
    store = browser.app.state.store
    store.authorise_zoom("ada@lms.example")
    begun = browser.begin()
    with store.transaction() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone")
    refused = browser.begin() if at == "login" else browser.launch(roles=["Instructor"])
    code = 1013 if table == "deferred_classes" else 1003
    assert (refused.status, refused.error) == (500, f'class=unknown, type="Unknown", code={code}')
    assert "gone" not in refused.text
    if at == "login":
        assert "code=1003" in browser.finish(begun, "a.b.c").error


def test_junk_in_a_row(open_tool: OpenTool) -> None:
    """A record that can be read and makes no sense has failed as one that cannot be read."""
    browser = open_tool()
    with browser.app.state.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE lti_credentials SET deployment_ids = '7'")
    assert "code=1003" in browser.begin().error
    with browser.app.state.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE lti_credentials SET deployment_ids = '[7'")
    assert "code=1003" in browser.begin().error


def test_a_locked_database_is_not_waited_for(
    open_tool: OpenTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who holds it makes a login fail, and not stand still."""
    monkeypatch.setattr("conformance.sample_tool.tables.PATIENCE_S", 0.01)
    url = f"sqlite+pysqlite:///{tmp_path}/tool.db"
    browser = open_tool(database_url=url)
    engine = create_engine(url)
    with engine.connect() as other:
        other.exec_driver_sql("BEGIN EXCLUSIVE")
        assert "code=1003" in browser.begin().error
        other.rollback()
    engine.dispose()
    assert browser.launch().launched


def test_one_of_many_replays_wins(open_tool: OpenTool) -> None:
    """The same form from many threads at once opens one session."""
    browser = open_tool()
    login = browser.begin()
    token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: browser.finish(login, token), range(16)))
    assert sum(reply.launched for reply in replies) == 1
    assert sum("NonceReused" in reply.error for reply in replies) == 15


async def _fetched(fetch: Fetch, url: str) -> tuple[int, bytes]:
    return await fetch(url)
