"""Which server on this machine answers at an address; nothing is sent but a GET that begins no login."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import urlsplit

from conformance.transport import HttpTransport, Request, TransportTrouble

__all__ = ["PATHS", "PORTS", "UNHEARD", "free_port", "is_up", "running"]

PORTS = (8000, 5000, 3000, 8080, 9001, 8001, 8888, 4000)
PATHS = ("/lti/login", "/login/", "/login", "/lti/login/", "/lti/oidc/login", "/oidc/login", "/lti/login_initiations")
UNHEARD = frozenset({403, 404, 410, 502, 503})
"""Somebody who knows no such thing; a proxy, or what a system keeps at a well-known port, forbids everything."""
_NOWHERE = "/lti-conformance/nobody-has-this-page"
_TIMEOUT_S = 2.0


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody accepts connections at a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False


def is_up(base: str) -> bool:
    """Whether somebody accepts connections at an address."""
    parts = urlsplit(base)
    return is_listening(parts.port or {"http": 80, "https": 443}[parts.scheme], parts.hostname or "127.0.0.1")


def free_port(wanted: int) -> int:
    """The port, or the next one at which nobody listens."""
    return next((port for port in range(wanted, wanted + 100) if not is_listening(port)), wanted)


def running(
    bases: Sequence[str], paths: Sequence[str], methods: Collection[str] = (), unheard: Collection[int] = UNHEARD
) -> Iterator[tuple[str, str]]:
    """The servers that answer at one of these paths as a tool would, each with the first of them.

    Args:
        methods: what the tool is known to answer there; empty: unknown.
        unheard: statuses that are no answer of a tool.
    """
    for base in filter(is_up, bases):
        # A server that answers so to every address tells nothing.
        otherwise = _status(f"{base}{_NOWHERE}")
        for path in paths:
            status = _status(f"{base}{path}")
            if status not in (None, otherwise, *unheard) and _fits(status, methods):
                yield base, path
                break


def _status(url: str) -> int | None:
    """The status of the answer to a GET; None if there is none."""
    with HttpTransport(timeout_s=_TIMEOUT_S) as transport, contextlib.suppress(TransportTrouble):
        return transport.send(Request(method="GET", url=url)).status
    return None


def _fits(status: int | None, methods: Collection[str]) -> bool:
    """Whether a GET is refused as such where GET is not answered, and nowhere else."""
    return not methods or ("GET" not in methods) == (status == 405)
