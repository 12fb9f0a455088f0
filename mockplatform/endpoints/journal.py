"""The middleware that keeps the journal: every exchange with the platform, bodies cut short."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mockplatform.endpoints.parameters import asked_url
from mockplatform.lms import Platform
from mockplatform.model import Exchange, Params

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Entry", "Journal"]

SHOWN_BYTES = 16_000


@dataclass(slots=True)
class Entry:
    """What is learnt of a request on its way to the endpoint, for the journal; it lies in the scope as `entry`."""

    about: dict[str, str] = field(default_factory=dict)
    # Where there is no endpoint, nobody is sent there by a page.
    asker: Literal["browser", "tool"] = "tool"
    is_noted: bool = True


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
        at_s, began = platform.clock(), time.perf_counter()

        def note(overheard: _Overheard) -> None:
            entry: Entry = scope["entry"]
            if entry.is_noted:
                exchange = overheard.exchange(
                    asker=entry.asker,
                    method=scope["method"],
                    url=asked_url(platform, scope),
                    request_headers=_text(scope["headers"]),
                    elapsed_s=time.perf_counter() - began,
                    at_s=at_s,
                    about=entry.about,
                )
                platform.state.note(exchange, secrets.token_hex(8))

        overheard = _Overheard(receive, send, note)
        try:
            await self._app(scope, overheard.receive, overheard.send)
        finally:
            overheard.end()


class _Overheard:
    """Both ways of an exchange, and what has gone over them.

    Args:
        note: told once, before the last part of the answer goes out: whoever has the answer finds it in the journal.
    """

    def __init__(self, receive: Receive, send: Send, note: Callable[[_Overheard], None]) -> None:
        self._receive = receive
        self._send = send
        self._note = note
        self._is_over = False
        self._asked, self._answered = bytearray(), bytearray()
        self._start: Message = {"status": None, "headers": []}

    async def receive(self) -> Message:
        """Hand on what the client sends."""
        message = await self._receive()
        self._asked.extend(message.get("body", b"")[: SHOWN_BYTES - len(self._asked)])
        return message

    async def send(self, message: Message) -> None:
        """Hand on what the endpoint answers."""
        if message["type"] == "http.response.start":
            self._start = message
            await self._send(message)
            return
        self._answered.extend(message.get("body", b"")[: SHOWN_BYTES - len(self._answered)])
        try:
            if not message.get("more_body", False):
                self.end()
        finally:
            # A store that fails takes nobody's answer away.
            await self._send(message)

    def end(self) -> None:
        """Note the exchange, unless that is done."""
        if not self._is_over:
            self._is_over = True
            self._note(self)

    def exchange(self, **told: Any) -> Exchange:
        """The exchange, with what else is told of it."""
        return Exchange(
            request_body=self._asked.decode("utf-8", "replace"),
            status=self._start["status"],
            response_headers=_text(self._start["headers"]),
            response_body=self._answered.decode("utf-8", "replace"),
            **told,
        )


def _text(headers: list[tuple[bytes, bytes]]) -> Params:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
