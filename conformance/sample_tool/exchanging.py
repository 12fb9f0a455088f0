"""The tool's way to a platform, or to Zoom: one exchange, bounded in time and size, that follows nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from httpcore2 import AsyncConnectionPool

__all__ = ["Exchange", "Exchanged", "http_exchange"]

TIMEOUT_S = 5

Exchanged = tuple[int, tuple[tuple[str, str], ...], bytes]
"""Status, headers and body of an answer."""

Exchange = Callable[[str, str, Mapping[str, str], bytes | None], Awaitable[Exchanged]]
"""Sends method, URL, headers and body, or none at all; OSError if there is no usable answer in time."""


def http_exchange(*, limit: int, awaited: str) -> Exchange:
    """A way over one connection pool.

    Args:
        limit: how many bytes the body of an answer may have.
        awaited: what that body is, for the message if it has more.
    """
    # Who brings a way of their own, as the demonstration does, needs no client.
    import httpcore2

    # A kept connection belongs to the event loop that opened it, and the tool may be driven by several.
    pool = httpcore2.AsyncConnectionPool(max_keepalive_connections=0)

    async def exchange(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Exchanged:
        try:
            with anyio.fail_after(TIMEOUT_S):
                answer = await _answer(pool, method, url, headers, body, limit)
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
            httpcore2.UnsupportedProtocol,
            ValueError,
        ) as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        if answer is None:
            raise ConnectionError(f"{awaited} is too large")
        return answer

    return exchange


async def _answer(
    pool: AsyncConnectionPool, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int
) -> Exchanged | None:
    """What is answered; None if it is larger than the limit, of which no more is read."""
    content = bytearray()
    async with pool.stream(method, url, headers=list(headers.items()), content=body) as response:
        async for chunk in response.aiter_stream():
            content += chunk
            if len(content) > limit:
                return None
        told = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)
        return response.status, told, bytes(content)
