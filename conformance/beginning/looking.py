"""Which server on this machine answers at an address; nothing is sent but a GET that begins no login."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from conformance.transport import HttpTransport, Request, TransportTrouble

__all__ = ["PATHS", "PORTS", "answers", "free_port", "is_listening", "running"]

PORTS = (8000, 5000, 3000, 8080, 9001, 8001, 8888, 4000)
PATHS = ("/lti/login", "/login/", "/login", "/lti/login/", "/lti/oidc/login", "/oidc/login", "/lti/login_initiations")
_TIMEOUT_S = 2.0


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections at a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def free_port(wanted: int) -> int:
    """The port, or the next one at which nobody listens."""
    return next((port for port in range(wanted, wanted + 100) if not is_listening(port)), wanted)


def answers(url: str) -> bool:
    """Whether there is something at an address: neither silence nor the answer of somebody who knows no such thing."""
    with HttpTransport(timeout_s=_TIMEOUT_S) as transport, contextlib.suppress(TransportTrouble):
        # A proxy, or what a system keeps at a well-known port, forbids everything.
        return transport.send(Request(method="GET", url=url)).status not in (403, 404, 410, 502, 503)
    return False


def running(bases: Sequence[str], paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The servers that answer at one of these paths, each with the first of them."""
    for base in bases:
        port = urlsplit(base).port
        if port is None or is_listening(port):
            found = [path for path in paths if answers(f"{base}{path}")]
            # A server that has a page for every address tells nothing.
            if found and (len(found) < len(paths) or len(paths) == 1):
                yield base, found[0]
