"""The middleware that keeps the journal: every exchange with the platform, bodies cut short."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mockplatform.lms import Platform
from mockplatform.model import Exchange, Params

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Journal"]

SHOWN_BYTES = 16_000
UNRECORDED = ("/", "/journal", "/launches", "/favicon.ico")
"""For the person who reads the journal; everything else is the platform talking."""


class Journal:
    """Records every exchange in the platform's journal."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        self._app = app
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and note it."""
        if scope["type"] != "http" or scope["path"] in UNRECORDED:
            await self._app(scope, receive, send)
            return
        asked, answered = bytearray(), bytearray()
        start: Message = {"status": None, "headers": []}
        began = time.perf_counter()

        async def listening() -> Message:
            message = await receive()
            asked.extend(message.get("body", b"")[: SHOWN_BYTES - len(asked)])
            return message

        async def speaking(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                answered.extend(message.get("body", b"")[: SHOWN_BYTES - len(answered)])
            await send(message)

        try:
            await self._app(scope, listening, speaking)
        finally:
            self._platform.journal.append(
                Exchange(
                    asker="browser" if scope["path"] in ("/auth", "/return") else "tool",
                    method=scope["method"],
                    url=_url(self._platform, scope),
                    request_headers=_text(scope["headers"]),
                    request_body=asked.decode("utf-8", "replace"),
                    status=start["status"],
                    response_headers=_text(start["headers"]),
                    response_body=answered.decode("utf-8", "replace"),
                    elapsed_s=time.perf_counter() - began,
                )
            )


def _url(platform: Platform, scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{platform.url}{scope['path']}" + (f"?{query}" if query else "")


def _text(headers: list[tuple[bytes, bytes]]) -> Params:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
