"""The tool's way to a platform's services: one request, bounded in time and size, that follows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio

from conformance.sample_tool.services.model import Answered, Send

if TYPE_CHECKING:
    from httpcore2 import AsyncConnectionPool

__all__ = ["http_send"]

TIMEOUT_S = 5
BODY_LIMIT = 4 << 20


def http_send() -> Send:
    """A way over one connection pool."""
    # Who brings a way of their own, as the demonstration does, needs no client.
    import httpcore2

    # A kept connection belongs to the event loop that opened it, and the tool may be driven by several.
    pool = httpcore2.AsyncConnectionPool(max_keepalive_connections=0)

    async def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        try:
            with anyio.fail_after(TIMEOUT_S):
                return await _exchange(pool, method, url, headers, body)
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
            httpcore2.UnsupportedProtocol,
            ValueError,
        ) as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    return send


async def _exchange(
    pool: AsyncConnectionPool, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Answered:
    content = bytearray()
    async with pool.stream(method, url, headers=list(headers.items()), content=body) as response:
        async for chunk in response.aiter_stream():
            content += chunk
            if len(content) > BODY_LIMIT:
                raise ConnectionError("the answer is too large")
        told = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)
        return Answered(status=response.status, headers=told, body=bytes(content))
