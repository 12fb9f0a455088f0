from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mockplatform.fetching import BODY_LIMIT, fetcher, is_loopback
from mockplatform.server import listen, serve
from tests.conformance.loopback import Talk, free_port, keep_still, say, server, trickle

pytestmark = pytest.mark.asyncio


@contextlib.contextmanager
def tool() -> Iterator[str]:
    async def keys(request: Request) -> Response:
        return Response(b'{"keys": []}', media_type=request.headers["accept"])

    async def host(request: Request) -> Response:
        return Response(request.headers["host"])

    async def moved(request: Request) -> Response:
        return RedirectResponse("/keys", 301)

    async def around(request: Request) -> Response:
        return RedirectResponse("/around", 302)

    async def elsewhere(request: Request) -> Response:
        return RedirectResponse("http://127.0.0.1:1/keys")

    async def long(request: Request) -> Response:
        return Response(b" " * (BODY_LIMIT + 1))

    async def gone(request: Request) -> Response:
        return Response(b"no", 410)

    pages = (keys, host, moved, around, elsewhere, long, gone)
    with serve(Starlette(routes=[Route(f"/{page.__name__}", page) for page in pages]), listen()) as url:
        yield url


async def test_status_and_body_come_back() -> None:
    """A fetch gives status and body, be it an error or reached by a redirect on the same host."""
    fetch = fetcher()
    with tool() as url:
        assert await fetch(f"{url}/keys") == (200, b'{"keys": []}')
        assert await fetch(f"{url}/moved") == (200, b'{"keys": []}')
        assert await fetch(f"{url}/gone") == (410, b"no")
        assert await fetch(f"{url}/host") == (200, url.removeprefix("http://").encode())


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("around", "/around redirects more than 3 times"),
        ("elsewhere", "redirects to another host, http://127.0.0.1:1/keys; give the address"),
        ("long", "answers with more than 1048576 bytes"),
    ],
)
async def test_an_answer_that_is_not_taken(path: str, problem: str) -> None:
    """A redirect to another host or without an end, and a body without one, are told from an answer."""
    with tool() as url, pytest.raises(ConnectionError) as caught:
        await fetcher()(f"{url}/{path}")

    assert problem in str(caught.value)


@pytest.mark.parametrize("allowed", [True, False])
async def test_nobody_listens(allowed: bool) -> None:
    """A port at which nobody listens is a connection error that names the URL."""
    url = f"http://127.0.0.1:{free_port()}/keys"

    with pytest.raises(ConnectionError, match=f"^{url} does not answer: "):
        await fetcher(allow_remote=allowed)(url)


@pytest.mark.parametrize("talk", [keep_still, trickle(b"HTTP/1.1 200 OK\r\n\r\n")])
async def test_an_answer_that_takes_too_long(talk: Talk) -> None:
    """The time is bounded for the whole answer, however it is spent."""
    with server(talk) as url, pytest.raises(ConnectionError, match="did not answer within 0.2 s"):
        await fetcher(timeout_s=0.2)(url)


async def test_an_answer_that_is_no_http() -> None:
    """What does not speak HTTP is a connection error."""
    with server(say(b"220 mail.example ESMTP\r\n")) as url, pytest.raises(ConnectionError, match="does not answer"):
        await fetcher()(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://tool.example/keys",
        "http://192.0.2.1/keys",
        "http://localhost.example/",
        "http://127.0.0.1@tool.example/",
        "http://[::1/",
        "file:///etc/passwd",
        "",
    ],
)
async def test_another_machine_is_not_asked(url: str) -> None:
    """Nothing but loopback is asked unless the platform's user has allowed it."""
    assert not is_loopback(url)
    with pytest.raises(ConnectionError, match="start it with --allow-remote"):
        await fetcher()(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://127.9.9.9/", "https://[::1]:2", "http://a.localhost"])
async def test_addresses_of_this_machine(url: str) -> None:
    """Every address of the loopback network and every name below localhost is this machine's."""
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "keys", "http://[::1/"])
async def test_a_url_that_nobody_can_ask(url: str) -> None:
    """What is no URL of the web is a connection error, even where everything is allowed."""
    with pytest.raises(ConnectionError):
        await fetcher(allow_remote=True)(url)
