"""The platform's own client: one GET for a key set of a tool, bounded in time and size."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import anyio

if TYPE_CHECKING:
    from httpcore2 import AsyncConnectionPool, Response

__all__ = ["fetcher", "is_loopback"]

TIMEOUT_S: Final = 5.0
BODY_LIMIT: Final = 1 << 20
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 3


def is_loopback(url: str) -> bool:
    """Whether a URL is one of this machine's own by its text; names of other forms are not looked up."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fetcher(
    *, allow_remote: bool = False, timeout_s: float = TIMEOUT_S
) -> Callable[[str], Awaitable[tuple[int, bytes]]]:
    """A function that gets a URL over one pool: status and body.

    It raises ConnectionError, with a sentence for the tool's developer, where there is no answer or none that may be
    asked for: on another machine unless that is allowed, larger than 1 MiB, or behind a redirect to another host.
    """
    made = functools.cache(_client)

    async def fetch(url: str) -> tuple[int, bytes]:
        if not allow_remote and not is_loopback(url):
            raise ConnectionError(
                f"{url} is not on this machine, and this platform may ask only there; start it with --allow-remote"
            )
        pool, troubles = made()
        try:
            with anyio.fail_after(timeout_s):
                return await _followed(pool, url)
        except TimeoutError:
            raise ConnectionError(f"{url} did not answer within {timeout_s:g} s") from None
        except ConnectionError:
            raise
        except troubles as error:
            raise ConnectionError(f"{url} does not answer: {str(error) or type(error).__name__}") from error

    return fetch


def _client() -> tuple[AsyncConnectionPool, tuple[type[Exception], ...]]:
    """A pool, and what goes wrong with it."""
    # Many a run never asks for a key set, and the client is a tenth of what the platform takes up.
    import httpcore2

    troubles = (
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.TimeoutException,
        httpcore2.UnsupportedProtocol,
        ValueError,
    )
    # A kept connection belongs to the event loop that opened it, and the pages and the control API have one each.
    return httpcore2.AsyncConnectionPool(max_keepalive_connections=0), troubles


async def _followed(pool: AsyncConnectionPool, url: str) -> tuple[int, bytes]:
    asked = url
    for _ in range(_MOST_REDIRECTS + 1):
        async with pool.stream("GET", asked, headers=_headers(asked)) as response:
            if response.status not in _REDIRECTS:
                return response.status, await _body(response, asked)
            asked = _next(response, asked)
        if urlsplit(asked)[:2] != urlsplit(url)[:2]:
            raise ConnectionError(f"{url} redirects to another host, {asked}; give the address where the answer is")
    raise ConnectionError(f"{url} redirects more than {_MOST_REDIRECTS} times")


def _headers(url: str) -> list[tuple[bytes | str, bytes | str]]:
    return [("Host", urlsplit(url).netloc.rpartition("@")[2]), ("Accept", "application/json")]


def _next(response: Response, asked: str) -> str:
    location = dict(response.headers).get(b"location") or dict(response.headers).get(b"Location")
    if location is None:
        raise ConnectionError(f"{asked} redirects without saying where to")
    return urljoin(asked, location.decode("latin-1"))


async def _body(response: Response, asked: str) -> bytes:
    body = b""
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise ConnectionError(f"{asked} answers with more than {BODY_LIMIT} bytes")
    return body
