"""The fake Zoom in place of the network, for the clients that Python tools use."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpcore2
import httpx
import httpx2
import pytest
import respx

from conformance.transport import HttpTransport, Request
from conformance.upstream import FakeZoom, Fault
from conformance.upstream.intercepted import intercepted
from mockplatform.errors import UsageError
from mockplatform.server import listen, serve
from tests.conformance.upstream.asking import Clock, bearer

API = "https://api.zoom.us"
ME = f"{API}/v2/users/me"
GRANT = {"grant_type": "refresh_token", "refresh_token": "of ada@lms.example"}
CLIENTS = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


@pytest.fixture
def zoom() -> FakeZoom:
    return FakeZoom(clock=Clock())


async def elsewhere(scope: Any, _receive: Any, send: Any) -> None:
    """A server that has nothing to do with Zoom."""
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"here"})


@pytest.fixture
def other() -> Iterator[str]:
    with serve(elsewhere, listen()) as url:
        yield url


@CLIENTS
def test_a_class_is_created_at_the_real_addresses(zoom: FakeZoom, library: Any) -> None:
    """Both hosts of Zoom are the fake; a client made before is answered as well."""
    with library.Client() as client, intercepted(zoom):
        granted = client.post("https://zoom.us/oauth/token", data=GRANT, auth=("client", "secret")).json()
        headers = bearer(granted["access_token"])
        made = client.post(f"{API}/v2/users/me/meetings", json={"topic": "é"}, headers=headers)
        assert (made.status_code, made.json()["topic"]) == (201, "é")
        with zoom.arm(Fault(route="GET /v2/users/me", mode="rate-limited")):
            limited = client.get(ME, headers=headers)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "0")
    assert [asked.status for asked in zoom.journal] == [200, 201, 429]


@CLIENTS
@pytest.mark.asyncio
async def test_asynchronous_clients(zoom: FakeZoom, library: Any) -> None:
    """They are answered in the same way."""
    with intercepted(zoom):
        async with library.AsyncClient() as client:
            granted = await client.post("https://zoom.us/oauth/token", data=GRANT, auth=("client", "secret"))
            me = await client.get(ME, headers=bearer(granted.json()["access_token"]))
    assert me.json()["email"] == "of ada@lms.example"


@CLIENTS
def test_silence_is_the_clients_own_timeout(zoom: FakeZoom, library: Any) -> None:
    """At once, and by the exception that the tool has to expect."""
    with (
        intercepted(zoom),
        library.Client() as client,
        zoom.arm(Fault(route="GET /v2/users/me", mode="timeout")) as armed,
        pytest.raises(library.ReadTimeout),
    ):
        client.get(ME)
    assert armed.hits == 1


@CLIENTS
@pytest.mark.asyncio
async def test_silence_for_asynchronous_clients(zoom: FakeZoom, library: Any) -> None:
    """Theirs as well."""
    with intercepted(zoom), zoom.arm(Fault(route="GET /v2/users/me", mode="timeout")):
        async with library.AsyncClient() as client:
            with pytest.raises(library.ReadTimeout):
                await client.get(ME)


@CLIENTS
def test_everything_else_passes(zoom: FakeZoom, other: str, library: Any) -> None:
    """Other hosts, other ports of the same host and other schemes are not touched, nor are the harness's own calls."""
    here, port = other.rsplit(":", 1)
    with intercepted(zoom, f"{here}:{int(port) + 1}/zoom", f"https{here[4:]}:{port}"), library.Client() as client:
        assert client.get(f"{other}/v2/users/me").text == "here"
        assert client.get(f"{here}:{int(port) + 1}/zoom/v2/users/me").status_code == 401
        with HttpTransport(timeout_s=30) as transport:
            assert transport.send(Request(method="POST", url=f"{other}/x", body=b"x")).body == b"here"
    assert [asked.path for asked in zoom.journal] == ["/v2/users/me"]


@CLIENTS
def test_afterwards_the_network_is_there_again(zoom: FakeZoom, other: str, library: Any) -> None:
    """Also when the block has failed."""
    with contextlib.suppress(ZeroDivisionError), intercepted(zoom, other):
        assert library.get(f"{other}/v2/users/me").status_code == 401
        raise ZeroDivisionError
    assert library.get(f"{other}/v2/users/me").text == "here"


@pytest.mark.parametrize(("library", "layer"), [(httpx, "httpcore"), (httpx2, "httpcore2")], ids=["httpx", "httpx2"])
def test_it_gets_along_with_respx_of_the_user(zoom: FakeZoom, library: Any, layer: str) -> None:
    """Around it and within it, the user's own routes are answered by the user."""
    for order in ("around", "within"):
        user = respx.MockRouter(assert_all_called=False, using=layer)
        user.get("https://mine.example/").respond(text="mine")
        blocks = [user, intercepted(zoom)] if order == "around" else [intercepted(zoom), user]
        with blocks[0], blocks[1]:  # type: ignore[attr-defined]
            assert library.get("https://mine.example/").text == "mine"
            assert library.get(ME).status_code == 401


def test_one_client_may_be_left_alone(zoom: FakeZoom, other: str) -> None:
    """Then its layer is not touched."""
    untouched = httpcore2.ConnectionPool.handle_request
    with intercepted(zoom, other, clients=["httpx"]):
        assert httpcore2.ConnectionPool.handle_request is untouched
        assert httpx.get(f"{other}/v2/users/me").status_code == 401
        assert httpx2.get(f"{other}/v2/users/me").text == "here"


def test_without_respx_the_user_is_told_what_to_install(zoom: FakeZoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""
    monkeypatch.setitem(sys.modules, "respx", None)
    with pytest.raises(UsageError, match=r"without 'respx'; run: pip install 'lti-conformance\[respx\]'$"):
        intercepted(zoom).__enter__()


def test_respx_is_imported_by_nobody_else() -> None:
    """It doubles the start of pytest, and most users do without."""
    code = (
        "import sys, conformance.faults, conformance.upstream.app, conformance.upstream.intercepted;"
        "conformance.faults.drivers(); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    ).stdout.split()
    assert {"respx", "httpx", "httpx2", "pytest_httpx2"} & set(loaded) == set()
