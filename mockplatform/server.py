"""A real server in a thread, on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from mockplatform.errors import BindError

__all__ = ["listen", "serve"]


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Raises:
        BindError: the address is in use or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise BindError(f"cannot listen on {host}:{port}: {reason}; choose another port or stop what uses it") from None
    return bound


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
            self.run(sockets)
        finally:
            self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the main thread."""
        yield


@contextlib.contextmanager
def serve(app: Callable[..., Any], bound: socket.socket) -> Iterator[str]:
    """Serve an ASGI application on a bound socket for the block; yields its URL without a trailing slash.

    Raises:
        BindError: the application did not start.
    """
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="auto", timeout_graceful_shutdown=1)
    server = _Server(config)
    thread = threading.Thread(target=server.run_until_told, args=([bound],), name="lti-server", daemon=True)
    host, port = bound.getsockname()[:2]
    thread.start()
    server.ready.wait()
    try:
        if not server.started:
            raise BindError(f"the application for http://{host}:{port} did not start; its own log says why")
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()
        bound.close()
