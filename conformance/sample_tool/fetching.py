"""The tool's way to a platform's key set: one GET."""

from __future__ import annotations

from conformance.sample_tool.exchanging import http_exchange
from conformance.sample_tool.keyset import Fetch

__all__ = ["http_fetch"]

BODY_LIMIT = 1 << 20


def http_fetch() -> Fetch:
    """A fetch over HTTP, bounded in time and size, that follows nothing."""
    exchange = http_exchange(limit=BODY_LIMIT, awaited="the key set")

    async def fetch(url: str) -> tuple[int, bytes]:
        status, _, body = await exchange("GET", url, {"Accept": "application/json"}, None)
        return status, body

    return fetch
