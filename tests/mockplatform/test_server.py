from __future__ import annotations

import contextlib
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mockplatform.errors import BindError
from mockplatform.server import listen, serve


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@pytest.fixture
def app() -> Starlette:
    return Starlette(routes=[Route("/", hello)])


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        text: str = answer.read().decode()
        return text


def is_served(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True


def servers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "lti-server"]


def test_an_application_is_served_for_the_block(app: Starlette) -> None:
    """On a free port the application answers inside the block; afterwards nobody listens and no thread is left."""
    bound = listen()
    port = bound.getsockname()[1]
    with serve(app, bound) as url:
        assert url == f"http://127.0.0.1:{port}"
        assert fetch(url) == "hello"
        assert servers()

    assert not is_served(port)
    assert servers() == []


def test_a_failing_block_stops_the_server(app: Starlette) -> None:
    """An exception in the block ends the server, too, and comes through."""
    bound = listen()
    port = bound.getsockname()[1]

    def fail() -> None:
        with serve(app, bound):
            raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        fail()
    assert not is_served(port)


def test_an_open_connection_does_not_keep_the_server(app: Starlette) -> None:
    """A client that stays connected does not keep the server from stopping."""
    bound = listen()
    with serve(app, bound), socket.create_connection(bound.getsockname(), timeout=60) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")

    assert servers() == []


def test_two_servers_side_by_side(app: Starlette) -> None:
    """Each server has a port of its own."""
    with serve(app, listen()) as one, serve(app, listen()) as other:
        assert one != other
        assert fetch(one) == fetch(other) == "hello"


def test_a_port_can_be_taken_again(app: Starlette) -> None:
    """The port of a server that has stopped is free at once."""
    bound = listen()
    port = bound.getsockname()[1]
    with serve(app, bound) as url:
        fetch(url)

    with serve(app, listen(port=port)) as url:
        assert fetch(url) == "hello"


def test_a_port_in_use_is_named() -> None:
    """The message says which address is taken, and what to do."""
    with taken_port() as port, pytest.raises(BindError) as caught:
        listen(port=port)

    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another port or stop what uses it"
    )


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70000), ("no such host", 0)])
def test_an_address_that_is_none_is_named(host: str, port: int) -> None:
    """An address of another machine, a port too large or a name of nothing cannot be listened on."""
    with pytest.raises(BindError, match=f"^cannot listen on {host}:{port}: "):
        listen(host, port)


def test_an_address_of_ip_version_6_stands_in_brackets(app: Starlette) -> None:
    """The URL of a server on ::1 can be opened as it is."""
    try:
        bound = listen("::1")
    except BindError as error:
        pytest.skip(str(error))
    with serve(app, bound) as url:
        assert url == f"http://[::1]:{bound.getsockname()[1]}"
        assert fetch(url) == "hello"


def test_an_application_that_cannot_start_gives_its_reason() -> None:
    """A start that fails is a usage error with the application's own words, and leaves nothing behind."""

    @contextlib.asynccontextmanager
    async def broken(app: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no database at 127.0.0.1:1")
        yield

    bound = listen()
    port = bound.getsockname()[1]
    with pytest.raises(BindError) as caught, serve(Starlette(lifespan=broken), bound):
        pytest.fail("an application that did not start was served")

    assert str(caught.value) == (
        f"the application for http://127.0.0.1:{port} did not start: RuntimeError: no database at 127.0.0.1:1; "
        "mend it and try again"
    )
    assert not is_served(port)
    assert servers() == []


async def broken(request: Request) -> PlainTextResponse:
    raise LookupError(f"no {request.path_params['name']}\nand more")


async def left_alone(request: Request) -> PlainTextResponse:
    raise ClientDisconnect


def told_of(url: str, method: str = "GET") -> None:
    request = urllib.request.Request(url, method=method, headers={"authorization": "Bearer s3cret"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    caught.value.close()
    assert caught.value.code == 500


def test_an_unexpected_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An error that nobody expected is told on standard error: what was asked for, its type and its first line."""
    routes = [Route("/x/{name}", broken, methods=["GET", "POST"]), Route("/", hello)]
    with serve(Starlette(routes=routes), listen()) as url:
        fetch(url)
        told_of(f"{url}/x/a%0Ab?token=s3cret", "POST")
        told_of(f"{url}/x/{'c' * 300}")
    first, second = capsys.readouterr().err.splitlines()

    assert first == "unexpected error: POST /x/a%0Ab: LookupError: no a"
    assert second.startswith("unexpected error: GET /x/ccc")
    assert "LookupError: no ccc" in second
    assert len(second) < 600


def test_a_client_that_leaves_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """That a client is gone before its request was read is not told."""
    with serve(Starlette(routes=[Route("/", left_alone)]), listen()) as url:
        told_of(url)

    assert capsys.readouterr().err == ""


def test_somebody_else_may_be_told() -> None:
    """Whoever serves an application can hear of its errors instead of standard error."""
    heard: list[str] = []
    with serve(Starlette(routes=[Route("/{name}", broken)]), listen(), tell=heard.append) as url:
        told_of(f"{url}/x")

    assert heard == ["unexpected error: GET /x: LookupError: no x"]


def test_start_and_end_of_an_application_are_run(app: Starlette) -> None:
    """The application's lifespan is around the block."""
    told: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        told.append("start")
        yield
        told.append("end")

    with serve(Starlette(lifespan=lifespan), listen()):
        assert told == ["start"]
    assert told == ["start", "end"]
