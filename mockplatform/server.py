"""A real server in a thread, on loopback."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Final

import uvicorn
from starlette.requests import ClientDisconnect

from mockplatform.errors import BindError
from mockplatform.misbehaving.wire_call import TRANSPORT

__all__ = ["listen", "serve"]

_SHOWN: Final = 200


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


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _complaint(scope: MutableMapping[str, Any], error: Exception) -> str:
    """One line about an error: neither query, headers nor body, which may hold what is secret."""
    path = (scope.get("raw_path") or scope["path"].encode("utf-8", "replace")).decode("latin-1").partition("?")[0]
    reason = str(error).strip().partition("\n")[0]
    told = f"{scope['method'][:_SHOWN]} {path[:_SHOWN]}: {type(error).__name__}: {reason[:_SHOWN]}"
    # Nothing that somebody has sent steers a terminal.
    return "unexpected error: " + "".join(letter if letter.isprintable() else "?" for letter in told)


class _Watched:
    """Passes everything on to an application; keeps what it says when it cannot start, and tells of its errors."""

    def __init__(self, app: Callable[..., Any], tell: Callable[[str], None]) -> None:
        self._app = app
        self._tell = tell
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

        if scope["type"] != "http":
            await self._app(scope, receive, heard)
            return
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            raise
        except Exception as error:
            self._tell(_complaint(scope, error))
            raise


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
def serve(
    app: Callable[..., Any],
    bound: socket.socket,
    tls: ssl.SSLContext | None = None,
    *,
    tell: Callable[[str], None] = _to_stderr,
) -> Iterator[str]:
    """Serve an ASGI application on a bound socket for the block; yields its URL without a trailing slash.

    Args:
        tell: gets one line for each error that the application did not expect.

    Raises:
        BindError: the application did not start.
    """
    watched = _Watched(app, tell)
    # uvicorn's own set-up of logging asks whether `sys.stdout` is a terminal; there is none where that was closed.
    config = uvicorn.Config(
        watched,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="auto",
        timeout_graceful_shutdown=1,
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
            why = watched.trouble or "it gives no reason"
            raise BindError(f"the application for {url} did not start: {why}; mend it and try again")
        yield url
    finally:
        server.should_exit = True
        thread.join()
        bound.close()
