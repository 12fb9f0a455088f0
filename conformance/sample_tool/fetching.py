"""The tool's way to a platform's key set: one GET, bounded in time and size, that follows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from conformance.sample_tool.keyset import Fetch

if TYPE_CHECKING:
    from httpcore2 import AsyncConnectionPool

__all__ = ["http_fetch"]

TIMEOUT_S = 5
BODY_LIMIT = 1 << 20


def http_fetch() -> Fetch:
    """A fetch over one connection pool."""
    # Who brings a fetch of their own, as the demonstration does, needs no client.
    import httpcore2

    # A kept connection belongs to the event loop that opened it, and the tool may be driven by several.
    pool = httpcore2.AsyncConnectionPool(max_keepalive_connections=0)

    async def fetch(url: str) -> tuple[int, bytes]:
        try:
            with anyio.fail_after(TIMEOUT_S):
                return await _get(pool, url)
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
            httpcore2.UnsupportedProtocol,
            ValueError,
        ) as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    return fetch


async def _get(pool: AsyncConnectionPool, url: str) -> tuple[int, bytes]:
    body = b""
    async with pool.stream("GET", url, headers={"Accept": "application/json"}) as response:
        async for chunk in response.aiter_stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                raise ConnectionError("the key set is too large")
        return response.status, body
