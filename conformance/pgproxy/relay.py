"""A tool's connection and the proxy's own to the server, and the bytes between them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Final

from conformance.pgproxy.addresses import Address
from conformance.pgproxy.connection import Connection
from conformance.pgproxy.frames import Piece, ProtocolError, error_response
from conformance.pgproxy.greeting import CANCEL, ENCRYPTION, REFUSED, cancel_request, first_packet, version_of
from conformance.pgproxy.rules import Fault, Faults

__all__ = ["Relay"]

CONNECT_S: Final = 10.0
"""How long a server may take to accept a connection, as a tool would wait."""

WAKE_S: Final = 5.0
"""How long a statement that sleeps may take to end when it is cancelled, before its connection is given up."""

CANCEL_AGAIN_S: Final = 0.1
"""A cancel that comes before the server has begun the statement is lost, so it is sent again."""


class End(asyncio.Protocol):
    """One end of a relay."""

    def __init__(self, arrived: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self._arrived = arrived
        self._lost = lost
        self._is_aborted = False
        self._reasons: set[str] = set()
        self.transport: asyncio.Transport | None = None
        self.is_lost = False
        self.other: End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._is_aborted:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        self._arrived(data)

    def connection_lost(self, _: Exception | None) -> None:
        """The connection has ended."""
        self.is_lost = True
        self._lost()

    def write(self, data: Piece) -> None:
        """Sends these bytes, if it is still there."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        """Ends the connection when all is sent."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Ends the connection at once, or as soon as it is there."""
        self._is_aborted = True
        if self.transport is not None:
            self.transport.abort()

    def pause_writing(self) -> None:
        """It does not take more for now, so the other end has to wait."""
        if self.other is not None:
            self.other.hold("full")

    def resume_writing(self) -> None:
        """It takes more."""
        if self.other is not None:
            self.other.release("full")

    def hold(self, reason: str) -> None:
        """Nothing more is read from it for this reason."""
        self._reasons.add(reason)
        if self.transport is not None:
            self.transport.pause_reading()

    def release(self, reason: str) -> None:
        """The reason is gone."""
        self._reasons.discard(reason)
        if self.transport is not None and not self._reasons:
            self.transport.resume_reading()


class Relay:
    """One connection of a tool, from its first packet to its end.

    Args:
        over: called when nothing of it is left.
    """

    def __init__(self, upstream: Address, faults: Faults, over: Callable[[Relay], None]) -> None:
        self._upstream = upstream
        self._over = over
        self._connection = Connection(faults)
        self._greeting = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self._answered = asyncio.Event()
        self.client = End(self._from_client, self._client_lost)
        self._server = End(self._from_server, self._server_lost)

    def abort(self) -> None:
        """Ends both connections at once."""
        for task in self._tasks:
            task.cancel()
        self.client.abort()
        self._server.abort()

    async def wake(self, fault: Fault) -> None:
        """Ends a statement that sleeps for this fault; the tool is not heard meanwhile, so that none is hit but that.

        If it does not end, its connection does.
        """
        ledger = self._connection.ledger
        if fault.mode != "timeout" or not ledger.waits_for(fault):
            return
        self.client.hold("waking")
        try:
            async with asyncio.timeout(WAKE_S):
                while ledger.waits_for(fault) and not self._server.is_lost:
                    self._answered.clear()
                    if ledger.runs(fault):
                        await self._cancel()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._answered.wait(), CANCEL_AGAIN_S)
        except (OSError, TimeoutError):
            self.abort()
        finally:
            self.client.release("waking")

    def _from_client(self, data: bytes) -> None:
        if self._server.transport is None:
            self._greeted(data)
        else:
            self._pass(self._connection.from_client, data, self._server)

    def _from_server(self, data: bytes) -> None:
        self._pass(self._connection.from_server, data, self.client)
        self._answered.set()
        if self._connection.is_cut:
            self.client.close()
            self._server.abort()

    def _pass(self, through: Callable[[bytes], list[Piece]], data: bytes, to: End) -> None:
        try:
            pieces = through(data)
        except ProtocolError:
            self.abort()
            return
        if pieces:
            to.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def _greeted(self, data: bytes) -> None:
        """What comes before the protocol proper."""
        self._greeting += data
        try:
            while (packet := first_packet(self._greeting)) is not None:
                self._greeting = self._greeting[len(packet) :]
                if version_of(packet) not in ENCRYPTION:
                    self.client.hold("connecting")
                    self._begin(self._hand_on(packet) if version_of(packet) == CANCEL else self._connect(packet))
                    return
                self.client.write(REFUSED)
        except ProtocolError:
            self.abort()

    async def _connect(self, startup: bytes) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await _connected(self._upstream, self._server)
        except (OSError, UnicodeError) as error:
            text = f"lti-conformance: the proxy cannot reach {self._upstream}: {_reason(error)}"
            self.client.write(error_response("FATAL", "08001", text))
            self.client.close()
            return
        self.client.other, self._server.other = self._server, self.client
        self._server.write(startup)
        if self._greeting:
            self._from_client(self._greeting)
        self.client.release("connecting")

    async def _hand_on(self, request: bytes) -> None:
        """A CancelRequest has no answer but the end of the connection, once it has been seen to."""
        with contextlib.suppress(OSError):
            await _delivered(self._upstream, request)
        self.client.close()

    async def _cancel(self) -> None:
        if self._connection.key is not None:
            await _delivered(self._upstream, cancel_request(self._connection.key))

    async def _cancel_quietly(self) -> None:
        with contextlib.suppress(OSError):
            await self._cancel()

    def _client_lost(self) -> None:
        if self._connection.ledger.sleeps:
            # Else the server would notice only when the statement is over.
            self._begin(self._cancel_quietly())
        self._server.close()
        self._end_if_over()

    def _server_lost(self) -> None:
        self._answered.set()
        self.client.close()
        self._end_if_over()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._end_if_over()

    def _end_if_over(self) -> None:
        unused = self._server.transport is None
        if self.client.is_lost and (unused or self._server.is_lost) and not self._tasks:
            self._over(self)


async def _connected(address: Address, end: End) -> None:
    loop = asyncio.get_running_loop()
    if address.path:
        await loop.create_unix_connection(lambda: end, address.path)
    else:
        await loop.create_connection(lambda: end, address.host, address.port)


async def _delivered(address: Address, request: bytes) -> None:
    """Sends a CancelRequest and waits until the server has seen to it, which it says by closing.

    Raises:
        OSError: the server cannot be reached, or TimeoutError, which is one: it does not close.
    """
    async with asyncio.timeout(CONNECT_S):
        if address.path:
            reader, writer = await asyncio.open_unix_connection(address.path)
        else:
            reader, writer = await asyncio.open_connection(address.host, address.port)
        try:
            writer.write(request)
            await reader.read()
        finally:
            writer.close()


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, TimeoutError):
        return f"it does not answer within {CONNECT_S:.0f} s"
    if isinstance(error, UnicodeError):
        return "that is no name of a host"
    if error.errno is None or isinstance(error, socket.gaierror):
        return error.strerror or str(error)
    # asyncio puts words of its own before the system's.
    return os.strerror(error.errno)
