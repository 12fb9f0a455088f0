"""One request that a fault answers, and what a fault verb can do with it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mockplatform.model import Params

__all__ = ["TRANSPORT", "Answer", "NoAnswerError", "WireCall"]

TRANSPORT: Final = "mockplatform.transport"
"""The ASGI extension under which our server shows the connection of a request."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_BODILESS = (204, 304)


class NoAnswerError(ConnectionError):
    """The connection is gone before there was a whole answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole HTTP answer; the names of its headers are in small letters."""

    status: int = 200
    headers: Params = ()
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body as JSON, or None if it is something else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def header(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for found, value in self.headers if found == name]

    def with_header(self, name: str, *values: str) -> Answer:
        """The same with these values of a header instead of what it had; none: without it."""
        others = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=(*others, *((name, value) for value in values)))


@dataclass(slots=True, kw_only=True)
class WireCall:
    """A request on its way to an endpoint.

    Args:
        app: the endpoint, or the next fault before it.
        sleep: waits for some seconds.
        url: the absolute URL that was asked for.
        now_s: the platform's time.
    """

    app: App
    scope: MutableMapping[str, Any]
    receive: Receive
    send: Send
    sleep: Callable[[float], Awaitable[None]]
    url: str
    now_s: float

    async def pass_on(self, edit: Callable[[Answer], Answer] | None = None) -> None:
        """Let the endpoint answer, part by part.

        Args:
            edit: what becomes of status and headers; it sees no body.
        """

        async def edited(message: Message) -> None:
            if edit is not None and message["type"] == "http.response.start":
                message = _start(edit(_head(message)))
            await self.send(message)

        await self.app(self.scope, self.receive, edited)

    async def honest(self) -> Answer:
        """What the endpoint would answer.

        Raises:
            NoAnswerError: a fault between here and the endpoint gave the connection up.
        """
        head: Answer | None = None
        body = bytearray()
        complete = False

        async def collected(message: Message) -> None:
            nonlocal head, complete
            if message["type"] == "http.response.start":
                head = _head(message)
            else:
                body.extend(message.get("body", b""))
                complete = not message.get("more_body", False)

        await self.app(self.scope, self.receive, collected)
        if head is None or not complete:
            raise NoAnswerError("the platform closed the connection, as a fault told it to")
        return replace(head, body=bytes(body))

    async def reply(self, answer: Answer) -> None:
        """Send a whole answer, with the length that it has."""
        if answer.status in _BODILESS:
            answer = replace(answer, body=b"").with_header("content-type")
        await self.begin(answer, length=len(answer.body))
        await self.part(answer.body, last=True)

    async def begin(self, answer: Answer, *, length: int) -> None:
        """Send status and headers.

        Args:
            length: what is said of the body's length, unless the status allows of no body.
        """
        told = () if answer.status in _BODILESS else (str(length),)
        await self.send(_start(answer.with_header("content-length", *told)))

    async def part(self, body: bytes, *, last: bool = False) -> None:
        """Send a part of the body."""
        await self.send({"type": "http.response.body", "body": body, "more_body": not last})

    async def gone(self) -> None:
        """Wait until the client has gone; what it still sends is dropped."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def wait(self, seconds: float) -> bool:
        """Wait for some seconds, or until the client has gone: whether it is still there."""
        waits = [asyncio.ensure_future(self.gone()), asyncio.ensure_future(self.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return not waits[0].done()
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def hang_up(self) -> None:
        """Close the connection after what has been sent.

        Raises:
            NoAnswerError: always; where no socket is to be had, this is what the client sees.
        """
        transport = self._transport()
        if transport is not None:
            transport.close()
            await self.gone()
        raise NoAnswerError("the platform closed the connection, as a fault told it to")

    async def reset(self) -> None:
        """Break the connection off, so that the client gets a TCP reset.

        Raises:
            NoAnswerError: always; where no socket is to be had, this is what the client sees.
        """
        transport = self._transport()
        if transport is not None:
            connection = transport.get_extra_info("socket")
            # To linger for no time at all means RST instead of FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
            await self.gone()
        raise NoAnswerError("the platform reset the connection, as a fault told it to")

    def _transport(self) -> asyncio.Transport | None:
        found: asyncio.Transport | None = self.scope.get("extensions", {}).get(TRANSPORT)
        return found


def _head(message: Message) -> Answer:
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"])
    return Answer(status=message["status"], headers=headers)


def _start(answer: Answer) -> Message:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
