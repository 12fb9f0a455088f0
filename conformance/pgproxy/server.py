"""The proxies of a run, in one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import socket
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from conformance.pgproxy.addresses import Address
from conformance.pgproxy.relay import Relay
from conformance.pgproxy.rules import Fault, Faults
from mockplatform.errors import BindError
from mockplatform.server import listen

__all__ = ["Proxy", "Running", "listening", "running"]

KNOCK_S: Final = 1.0
BACKLOG: Final = 128


class Proxy:
    """Relays whoever connects to a socket that listens.

    Attributes:
        faults: what is armed here.
    """

    def __init__(self, bound: socket.socket, *, upstream: Address, faults: Faults) -> None:
        self.faults = faults
        self._bound = bound
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._relays: set[Relay] = set()
        self._changed = asyncio.Event()

    async def start(self) -> None:
        """Accepts connections."""
        loop = asyncio.get_running_loop()
        if self._bound.family == getattr(socket, "AF_UNIX", None):
            self._server = await loop.create_unix_server(self._accepted, sock=self._bound, backlog=BACKLOG)
        else:
            self._server = await loop.create_server(self._accepted, sock=self._bound, backlog=BACKLOG)

    async def stop(self) -> None:
        """Accepts none any more, and ends those that are there."""
        if self._server is not None:
            with contextlib.suppress(NotImplementedError):
                asyncio.get_running_loop().remove_reader(self._bound)
            # A connection that was accepted just now gets its relay in the next turn, but not from a closed server.
            await asyncio.sleep(0)
            self._server.close()
        for relay in self._relays:
            relay.abort()
        while self._relays:
            self._changed.clear()
            await self._changed.wait()

    async def wake(self, fault: Fault) -> None:
        """Ends the statements that sleep for a fault."""
        await asyncio.gather(*(relay.wake(fault) for relay in self._relays))

    def _accepted(self) -> asyncio.Protocol:
        relay = Relay(self._upstream, self.faults, self._over)
        self._relays.add(relay)
        return relay.client

    def _over(self, relay: Relay) -> None:
        self._relays.discard(relay)
        self._changed.set()


class Running:
    """The thread of the proxies, for other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
        self._loop = loop
        self._over = over
        self._is_over = False
        self._lock = threading.Lock()

    def wake(self, proxy: Proxy, fault: Fault) -> None:
        """Ends the statements that sleep for a fault, and returns when they have ended; at the end all have."""
        with self._lock:
            if self._is_over:
                return
            waking = asyncio.run_coroutine_threadsafe(proxy.wake(fault), self._loop)
        with contextlib.suppress(concurrent.futures.CancelledError):
            waking.result()

    def stop(self) -> None:
        """Ends the thread soon."""
        with self._lock:
            self._is_over = True
            self._loop.call_soon_threadsafe(self._over.set)


@contextlib.contextmanager
def running(proxies: Sequence[Proxy]) -> Iterator[Running]:
    """The proxies at work for the block, after which no connection, task or thread of theirs is left."""
    begun: concurrent.futures.Future[Running] = concurrent.futures.Future()
    thread = threading.Thread(target=lambda: asyncio.run(_work(proxies, begun)), name="lti-pgproxy", daemon=True)
    thread.start()
    try:
        started = begun.result()
        try:
            yield started
        finally:
            started.stop()
    finally:
        thread.join()


async def _work(proxies: Sequence[Proxy], begun: concurrent.futures.Future[Running]) -> None:
    over = asyncio.Event()
    try:
        for proxy in proxies:
            await proxy.start()
    except BaseException as error:  # noqa: BLE001 - whoever waits for the start has to be told of any
        begun.set_exception(error)
    else:
        begun.set_result(Running(asyncio.get_running_loop(), over))
        await over.wait()
    for proxy in proxies:
        await proxy.stop()


@contextlib.contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """A socket that listens for the block; that of Unix is gone afterwards.

    Raises:
        BindError: the address is taken or cannot be had.
    """
    if not address.path:
        with listen(address.host, address.port) as bound:
            yield bound
        return
    if not hasattr(socket, "AF_UNIX"):
        raise BindError(f"cannot listen on {address}: this system has no Unix sockets; give host:port")
    path = Path(address.path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
        try:
            _clear(path)
            bound.bind(address.path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise BindError(f"cannot listen on {address}: {reason}; name another directory or socket") from None
        try:
            bound.listen(BACKLOG)
            yield bound
        finally:
            path.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Removes a socket that a killed process has left, at which nobody listens.

    Raises:
        OSError: somebody does, or it is no socket.
    """
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        knocking.settimeout(KNOCK_S)
        try:
            knocking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
