"""The middleware that keeps the journal: every exchange with the platform, bodies cut short."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from mockplatform.endpoints.parameters import asked_url
from mockplatform.lms import Platform
from mockplatform.model import Exchange, Params

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Journal"]

SHOWN_BYTES = 16_000


class Journal:
    """Records every exchange in the platform's journal."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and note it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        platform: Platform = scope["platform"]
        about: dict[str, str] = scope["about"]
        asked, answered = bytearray(), bytearray()
        at_s = platform.clock()
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
            if "page" not in about:
                # Where there is no endpoint, nobody is sent there.
                asker = about.pop("asked_by", "tool")
                exchange = Exchange(
                    asker="browser" if asker == "browser" else "tool",
                    method=scope["method"],
                    url=asked_url(platform, scope),
                    request_headers=_text(scope["headers"]),
                    request_body=asked.decode("utf-8", "replace"),
                    status=start["status"],
                    response_headers=_text(start["headers"]),
                    response_body=answered.decode("utf-8", "replace"),
                    elapsed_s=time.perf_counter() - began,
                    at_s=at_s,
                    about=dict(about),
                )
                platform.state.note(exchange, secrets.token_hex(8))


def _text(headers: list[tuple[bytes, bytes]]) -> Params:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
