"""The fake Zoom over a socket: what is held is let go, and nothing stays behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from conformance.upstream import Answer, FakeZoom, Fault, Silence
from conformance.upstream.app import create_upstream
from mockplatform.server import listen, serve
from tests.conformance.upstream.asking import Clock

ME = "/v2/users/me"
GRANT = {"grant_type": "refresh_token", "refresh_token": "of ada@lms.example"}


class Noticing(FakeZoom):
    """Tells when a request has come."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock=clock)
        self.came = threading.Event()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer | Silence:
        """The answer; who waits for it is told first."""
        found = super().answer(method, path, headers, body)
        self.came.set()
        return found


@pytest.fixture
def zoom() -> Noticing:
    return Noticing(Clock())


@pytest.fixture
def client(zoom: Noticing) -> Iterator[httpx2.Client]:
    with serve(create_upstream(zoom), listen()) as url, httpx2.Client(base_url=url, timeout=30) as client:
        yield client


def test_a_class_is_created(client: httpx2.Client, zoom: Noticing) -> None:
    """By the requests that a tool would send to the real one."""
    token = client.post("/oauth/token", data=GRANT, auth=("client", "secret")).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    made = client.post("/v2/users/ada%40lms.example/meetings?x=%C3%A9", json={"topic": "é"}, headers=headers)
    assert made.status_code == 201
    path = f"/v2/meetings/{made.json()['id']}"
    assert client.get(path, headers=headers).json()["topic"] == "é"
    deleted = client.delete(path, headers=headers)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [asked.path for asked in zoom.journal][1] == "/v2/users/ada%40lms.example/meetings"
    assert client.get("/").status_code == 401


def test_faults_reach_the_client(client: httpx2.Client, zoom: Noticing) -> None:
    """Status, headers and body as they were made."""
    with zoom.arm(Fault(route=f"GET {ME}", mode="rate-limited")):
        limited = client.get(ME)
    assert (limited.status_code, limited.headers["retry-after"], limited.json()["code"]) == (429, "0", 429)
    with zoom.arm(Fault(route=f"GET {ME}", mode="garbage")), pytest.raises(ValueError, match="Expecting"):
        client.get(ME).json()


def test_a_silent_upstream_is_the_clients_timeout(client: httpx2.Client, zoom: Noticing) -> None:
    """And works again for the same client at once."""
    with zoom.arm(Fault(route=f"GET {ME}", mode="timeout")) as armed, pytest.raises(httpx2.ReadTimeout):
        client.get(ME, timeout=0.05)
    assert armed.hits == 1
    assert client.get(ME).status_code == 401


def test_a_held_request_is_let_go_when_the_fault_is_disarmed(client: httpx2.Client, zoom: Noticing) -> None:
    """With an answer that says that it came to nothing."""
    with ThreadPoolExecutor(1) as threads:
        with zoom.arm(Fault(route=f"GET {ME}", mode="timeout")):
            held = threads.submit(client.get, ME)
            assert zoom.came.wait(30)
            assert not held.done()
        assert held.result(30).status_code == 504


def test_the_server_stops_while_a_request_is_held(zoom: Noticing) -> None:
    """It is cut off, and the server's thread is gone."""
    with ThreadPoolExecutor(1) as threads, httpx2.Client(timeout=30) as client:
        with serve(create_upstream(zoom), listen()) as url:
            zoom.arm(Fault(route=f"GET {ME}", mode="timeout"))
            held = threads.submit(client.get, f"{url}{ME}")
            assert zoom.came.wait(30)
        trouble = held.exception(30)
        assert trouble is not None or held.result().status_code >= 500
    assert "lti-server" not in {thread.name for thread in threading.enumerate()}


class Exchange:
    """An ASGI server that sends one request, and then says what it is told to."""

    def __init__(self, *later: str) -> None:
        self.later = ["http.request", *later]
        self.sent: list[Any] = []

    async def receive(self) -> MutableMapping[str, Any]:
        """The request, then the later messages, then nothing."""
        if not self.later:
            await asyncio.Event().wait()
        return {"type": self.later.pop(0)}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Keeps the answer."""
        self.sent.append(message)


def scope() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": ME,
        "raw_path": ME.encode(),
        "query_string": b"",
        "headers": [],
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
    }


@pytest.mark.asyncio
async def test_a_held_request_ends_when_its_client_leaves(zoom: Noticing) -> None:
    """Though the fault stays armed."""
    exchange = Exchange("http.disconnect")
    with zoom.arm(Fault(route=f"GET {ME}", mode="timeout")):
        async with asyncio.timeout(30):
            await create_upstream(zoom)(scope(), exchange.receive, exchange.send)
    assert [asked.status for asked in zoom.journal] == [None]


@pytest.mark.asyncio
async def test_a_held_request_ends_with_the_time_of_its_fault(zoom: Noticing) -> None:
    """Though nobody disarms it and the client stays."""
    exchange = Exchange()
    zoom.arm(Fault(route=f"GET {ME}", mode="timeout", ttl_s=0.01))
    async with asyncio.timeout(30):
        await create_upstream(zoom)(scope(), exchange.receive, exchange.send)
    assert exchange.sent[0]["status"] == 504


@pytest.mark.asyncio
async def test_a_fault_that_ended_before_anybody_waited(zoom: Noticing) -> None:
    """Nobody waits for what is over."""
    exchange = Exchange()
    armed = zoom.arm(Fault(route=f"GET {ME}", mode="timeout"))
    zoom.came.clear()

    class Late(FakeZoom):
        def answer(self, *_: Any) -> Silence:
            zoom.disarm_all()
            return Silence(fault=armed)

    async with asyncio.timeout(30):
        await create_upstream(Late(clock=Clock()))(scope(), exchange.receive, exchange.send)
    assert exchange.sent[0]["status"] == 504
