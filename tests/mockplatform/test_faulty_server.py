from __future__ import annotations

import asyncio
import contextlib
import datetime
import http.client
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn.protocols.http.auto
from uvicorn.protocols.http.h11_impl import H11Protocol

from mockplatform.app import create_app
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.server import listen, serve
from mockplatform.tls import new_authority, server_context
from tests.mockplatform.makers import make_platform

REQUEST = b"GET /jwks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture(params=["the usual protocol", "h11"])
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which the server may read requests."""
    if request.param == "h11":
        monkeypatch.setattr(uvicorn.protocols.http.auto, "AutoHTTPProtocol", H11Protocol)


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys)


@contextlib.contextmanager
def served(platform: Platform, done: threading.Event | None = None) -> Iterator[int]:
    """The port of a platform; `done` is set whenever a request is over."""
    app = create_app(platform)

    async def noted(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        finally:
            if done is not None and scope["type"] == "http":
                done.set()

    bound = listen()
    port = bound.getsockname()[1]
    with serve(noted, bound):
        yield port


def asked(port: int) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/jwks", headers={"Connection": "close"})
    return connection.getresponse()


def read_to_the_end(client: socket.socket) -> None:
    while client.recv(4096):
        pass


@pytest.mark.usefixtures("protocol")
def test_a_reset_is_a_reset(platform: Platform) -> None:
    """The client's socket says that the peer reset the connection, and the next request is served."""
    platform.faults.arm(endpoint="jwks", verb="reset", times=1)
    with served(platform) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(REQUEST)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        with asked(port) as answer:
            assert answer.status == 200


def test_a_reset_below_tls(platform: Platform) -> None:
    """A connection that is encrypted is reset just so, without a farewell of TLS."""
    now = datetime.datetime.now(datetime.UTC)
    authority, bound = new_authority(now), listen()
    context = ssl.create_default_context(cadata=authority.pem.decode())
    platform.faults.arm(endpoint="jwks", verb="reset")
    with contextlib.ExitStack() as stack:
        stack.enter_context(serve(create_app(platform), bound, server_context(authority, "127.0.0.1", now)))
        plain = stack.enter_context(socket.create_connection(bound.getsockname(), timeout=30))
        client = stack.enter_context(context.wrap_socket(plain, server_hostname="127.0.0.1"))
        client.sendall(REQUEST)
        # The ssl module tells a reset as the end of the stream, so what lies below is read.
        below = stack.enter_context(socket.socket(fileno=os.dup(client.fileno())))
        below.settimeout(30)
        with pytest.raises(ConnectionResetError):
            read_to_the_end(below)


@pytest.mark.usefixtures("protocol")
def test_a_closed_connection_has_no_answer(platform: Platform) -> None:
    """The client reads the end of the stream and nothing before it."""
    platform.faults.arm(endpoint="jwks", verb="close")
    with served(platform) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(REQUEST)
        assert client.recv(1) == b""


@pytest.mark.usefixtures("protocol")
def test_a_body_is_cut(platform: Platform) -> None:
    """The length promises more than there is; what there is, is the beginning of the right body."""
    honest = json.dumps({"keys": platform.key_set.publish().keys}).encode()
    platform.faults.arm(endpoint="jwks", verb="cut", settings={"part": 0.25})
    with served(platform) as port, asked(port) as answer:
        assert answer.status == 200
        assert answer.headers["content-length"] == str(len(honest))
        with pytest.raises(http.client.IncompleteRead) as raised:
            answer.read()
    assert raised.value.partial == honest[: len(honest) // 4]


@pytest.mark.usefixtures("protocol")
def test_who_hangs_is_let_go(platform: Platform) -> None:
    """A request that is never answered is over when its client has gone."""
    waiting, done = threading.Event(), threading.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    platform.faults.sleep = sleep
    platform.faults.arm(endpoint="jwks", verb="hang")
    with served(platform, done) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(REQUEST)
            assert waiting.wait(30)
            assert not done.is_set()
        assert done.wait(30)

    (exchange,) = platform.journal
    assert (exchange.status, exchange.about["fault"]) == (None, "hang")


@pytest.mark.usefixtures("protocol")
def test_a_hanging_request_ends_at_its_limit(platform: Platform) -> None:
    """After the limit the connection is closed."""

    async def sleep(seconds: float) -> None:
        assert seconds == 7

    platform.faults.sleep = sleep
    platform.faults.arm(endpoint="jwks", verb="hang", settings={"limit_s": 7})
    with served(platform) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(REQUEST)
        assert client.recv(1) == b""


@pytest.mark.usefixtures("protocol")
def test_a_hanging_request_does_not_keep_the_server(platform: Platform) -> None:
    """The server stops although a client waits for its answer."""
    waiting = threading.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    platform.faults.sleep = sleep
    platform.faults.arm(endpoint="jwks", verb="hang")
    with contextlib.ExitStack() as stack:
        with served(platform) as port:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            client.sendall(REQUEST)
            assert waiting.wait(30)
        assert [thread for thread in threading.enumerate() if thread.name == "lti-server"] == []


@pytest.mark.usefixtures("protocol")
def test_a_body_drips(platform: Platform) -> None:
    """The pieces arrive and make the right body; a client that leaves ends it."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    platform.faults.sleep = sleep
    platform.faults.arm(endpoint="jwks", verb="drip", settings={"chunk_bytes": 100, "pause_s": 3})
    with served(platform) as port, asked(port) as answer:
        body = answer.read()

    assert json.loads(body)["keys"][0]["kid"] == platform.keys.kid("platform")
    assert pauses == [3] * -(-len(body) // 100)


@pytest.mark.usefixtures("protocol")
def test_no_more_drips_for_a_client_that_has_gone(platform: Platform) -> None:
    """A drip that nobody reads ends with its client, however much is left."""
    first, done = threading.Event(), threading.Event()

    async def sleep(seconds: float) -> None:
        first.set()
        await asyncio.sleep(0)

    platform.faults.sleep = sleep
    platform.faults.arm(endpoint="jwks", verb="drip", settings={"chunk_bytes": 1})
    # At a byte each time, far more than anybody waits for.
    platform.faults.arm(endpoint="jwks", verb="huge", settings={"mib": 8})
    with served(platform, done) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(REQUEST)
            assert first.wait(30)
        assert done.wait(30)


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize(
    ("verb", "settings", "status", "begins"),
    [
        ("no_content", {}, 204, b""),
        ("empty", {}, 200, b""),
        ("status", {"code": 599, "body": "x"}, 599, b"x"),
        ("redirect", {}, 302, b""),
        ("bom", {}, 200, b"\xef\xbb\xbf{"),
        ("gzip_lie", {}, 200, b'{"keys"'),
        ("header", {"name": "x-thing", "value": "ä"}, 200, b'{"keys"'),
        ("json_merge", {"patch": {"keys": None}}, 200, b"{}"),
    ],
)
def test_what_a_server_puts_on_the_wire(
    platform: Platform, verb: str, settings: dict[str, Any], status: int, begins: bytes
) -> None:
    """An answer of a fault is well-formed HTTP, so that the tool stumbles over the fault and nothing else."""
    platform.faults.arm(endpoint="jwks", verb=verb, settings=settings)
    with served(platform) as port, asked(port) as answer:
        body = answer.read()

    assert answer.status == status
    assert body.startswith(begins)
    assert answer.headers.get("content-length", "0") == str(len(body))


def test_a_huge_body_is_not_held_in_memory(platform: Platform) -> None:
    """All of it arrives, though no more than a piece of it exists at a time."""
    platform.faults.arm(endpoint="jwks", verb="huge", settings={"mib": 8})
    length = 0
    with served(platform) as port, asked(port) as answer:
        while part := answer.read(1 << 16):
            length += len(part)

    assert str(length) == answer.headers["content-length"]
    assert length > 8 << 20
