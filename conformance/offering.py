"""What the platform of a run offers a tool: the services that its tool file lists."""

from __future__ import annotations

import asyncio

from conformance.toolvalues import Tool
from conformance.transport import AsgiTransport, Request, Response, Transport, TransportTrouble
from mockplatform.lms import Platform

__all__ = ["offer_services"]


def offer_services(platform: Platform, tool: Tool, transport: Transport) -> None:
    """Let launches name the services that the tool file lists, and the platform ask for the tool's keys."""
    from mockplatform.service import services

    named = [name for name in tool.capabilities.services if name in services()]
    if named:
        platform.change_settings(services=tuple(named))

    async def ask(request: Request) -> Response:
        # A tool in this process may be waiting for the platform, on the event loop that it has.
        if isinstance(transport, AsgiTransport):
            return await transport.ask(request)
        return await asyncio.to_thread(transport.send, request)

    async def fetch(url: str) -> tuple[int, bytes]:
        try:
            answer = await ask(Request(method="GET", url=url))
        except TransportTrouble as trouble:
            raise ConnectionError(f"{url} does not answer: {trouble}") from trouble
        return answer.status, answer.body

    if platform.fetch is None and (tool.tool.jwks_url or named):
        platform.fetch = fetch
