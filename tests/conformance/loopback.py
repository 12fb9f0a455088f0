"""Servers on loopback that behave as a test says, rightly or not."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.patience import ended

__all__ = [
    "Talk",
    "free_port",
    "is_listening",
    "keep_still",
    "keep_still_once",
    "reset",
    "say",
    "server",
    "tool_file",
    "trickle",
]

Talk = Callable[[socket.socket, threading.Event], None]


@contextlib.contextmanager
def server(talk: Talk) -> Iterator[str]:
    """A server that reads a request and then behaves as `talk` says; the event is set when the test is over."""
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    host, port = listening.getsockname()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while not over.is_set():
                connection, _ = listening.accept()
                if over.is_set():
                    connection.close()
                    return
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(60)
                    connection.recv(65536)
                    talk(connection, over)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{port}"
    finally:
        over.set()
        with contextlib.suppress(OSError):
            socket.create_connection((host, port), timeout=1).close()
        ended([thread], "the end of a server")
        listening.close()


def say(*pieces: bytes) -> Talk:
    """Sends these bytes and closes."""

    def talk(connection: socket.socket, _: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return talk


def trickle(start: bytes) -> Talk:
    """Sends the start, and then a byte every few milliseconds until the reader gives up."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.wait(0.01):
            connection.sendall(b"x")

    return talk


def keep_still(_: socket.socket, over: threading.Event) -> None:
    over.wait(60)


def reset(connection: socket.socket, _: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def keep_still_once() -> Talk:
    """Says nothing until the reader has gone."""

    def talk(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(1)

    return talk


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def tool_file(folder: Path, url: str, *, platform: str, tool: str = "", rest: str = "") -> Path:
    """A tool file for a tool at this address, which reads the LTI-Error header and probes at /me."""
    text = f"""[tool]
name = "Miniature"
login_url = "{url}/login"
launch_url = "{url}/launch"
{tool}
[platform]
url = "{platform}"
[observe]
launched = {{ text = "Welcome" }}
probe = {{ request = "GET /me" }}
[[observe.error]]
kind = "header"
{rest}
"""
    path = folder / "lti-conformance.toml"
    path.write_text(text, encoding="utf-8")
    return path
