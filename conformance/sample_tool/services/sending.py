"""The tool's way to a platform's services: one request."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.sample_tool.exchanging import http_exchange
from conformance.sample_tool.services.model import Answered, Send

__all__ = ["http_send"]

BODY_LIMIT = 4 << 20


def http_send() -> Send:
    """A way over HTTP, bounded in time and size, that follows nothing."""
    exchange = http_exchange(limit=BODY_LIMIT, awaited="the answer")

    async def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        status, told, content = await exchange(method, url, headers, body)
        return Answered(status=status, headers=told, body=content)

    return send
