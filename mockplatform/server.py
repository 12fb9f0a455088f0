"""A real server in a thread, on loopback."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn

from mockplatform.errors import BindError
from mockplatform.misbehaving.wire_call import TRANSPORT

__all__ = ["listen", "serve"]


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Raises:
        BindError: the address is in use or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, since asyncio turns Nagle's algorithm off only where the protocol is: else each POST takes 40 ms more.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise BindError(f"cannot listen on {host}:{port}: {reason}; choose another port or stop what uses it") from None
    return bound


def _showing_connections(make: Callable[..., Any]) -> Callable[..., Any]:
    """A maker of protocols whose requests show their connection, so that a fault can break it off."""

    def protocol(*given: Any, **named: Any) -> Any:
        made = make(*given, **named)
        app = made.app

        async def shown(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            scope["extensions"] = {**scope.get("extensions", {}), TRANSPORT: made.transport}
            await app(scope, receive, send)

        made.app = shown
        return made

    return protocol


class _Starting:
    """Passes everything on to an application, and keeps what it says when it cannot start."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self.trouble = ""

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        async def heard(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.failed":
                # Starlette sends a whole traceback, whose last line is the reason.
                self.trouble = message.get("message", "").strip().rpartition("\n")[2]
            await send(message)

        await self._app(scope, receive, heard if scope["type"] == "lifespan" else send)


class _Server(uvicorn.Server):
    """Tells when it is ready, or when it has given up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def run_until_told(self, sockets: list[socket.socket]) -> None:
        try:
            # A start that fails exits, which in a thread ends nothing and is reported by pytest as a stray exception.
            with contextlib.suppress(SystemExit):
                self.run(sockets)
        finally:
            self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the main thread."""
        yield


@contextlib.contextmanager
def serve(app: Callable[..., Any], bound: socket.socket, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve an ASGI application on a bound socket for the block; yields its URL without a trailing slash.

    Raises:
        BindError: the application did not start.
    """
    starting = _Starting(app)
    config = uvicorn.Config(
        starting, log_level="critical", access_log=False, lifespan="auto", timeout_graceful_shutdown=1
    )
    config.load()
    config.ssl = tls
    config.http_protocol_class = _showing_connections(config.http_protocol_class)  # type: ignore[assignment]
    server = _Server(config)
    thread = threading.Thread(target=server.run_until_told, args=([bound],), name="lti-server", daemon=True)
    host, port = bound.getsockname()[:2]
    scheme = "http" if tls is None else "https"
    url = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
    thread.start()
    server.ready.wait()
    try:
        if not server.started:
            why = starting.trouble or "it gives no reason"
            raise BindError(f"the application for {url} did not start: {why}; mend it and try again")
        yield url
    finally:
        server.should_exit = True
        thread.join()
        bound.close()
