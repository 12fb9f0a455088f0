"""Where the proxy listens and where it connects to, as texts of the tool file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

__all__ = ["Address", "read_listen", "read_upstream"]

DEFAULT_PORT: Final = 5432
HIGHEST_PORT: Final = 65535
SOCKET_NAME: Final = ".s.PGSQL."
PLAIN_TLS_MODES: Final = frozenset({"disable", "allow", "prefer"})
_SETTING: Final = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)")
_SCHEME: Final = re.compile(r"postgres(?:ql)?(?:\+\w+)?://")


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP port, or a Unix socket by its path; one of the two is there.

    Args:
        path: of a Unix socket; empty: TCP.
    """

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_listen(text: str) -> Address:
    """`127.0.0.1:6543`, `/run/dir` for the socket that libpq looks for there, or `/run/dir/.s.PGSQL.6543`.

    Raises:
        ValueError: it is none of them.
    """
    if "/" in text and "://" not in text:
        return _socket(text, DEFAULT_PORT)
    address = _host_and_port(text)
    if address is None:
        raise ValueError(f"listen is {text!r}, expected an address such as '127.0.0.1:6543' or a socket's directory")
    return address


def read_upstream(text: str) -> Address:
    """`127.0.0.1:5432`, a socket or its directory, a URL `postgresql://…`, or settings as `host=… port=…`.

    User, password and database of a URL are passed over: the tool says its own.

    Raises:
        ValueError: it is none of them.
    """
    if _SCHEME.match(text):
        return _from_url(text)
    if "=" in text and not text.startswith(("/", ".")):
        return _from_settings(text)
    if "/" in text and "://" not in text:
        return _socket(text, DEFAULT_PORT)
    address = _host_and_port(text)
    if address is None:
        # The text itself stays untold: it may hold a password.
        raise ValueError(
            "upstream is no address of a PostgreSQL, expected one such as 'postgresql://127.0.0.1:5432', "
            "'127.0.0.1:5432' or a socket's directory"
        )
    return address


def _socket(text: str, port: int) -> Address:
    name = text.rpartition("/")[2]
    return Address(path=text if name.startswith(SOCKET_NAME) else f"{text.rstrip('/')}/{SOCKET_NAME}{port}")


def _host_and_port(text: str) -> Address | None:
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None
    return Address(host=host, port=int(port)) if host and _is_port(port) else None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT


def _from_url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        host, port = _host_of(parts), parts.port
        query = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        expected = "postgresql://host:port/ or postgresql:///?host=/socket/dir"
        raise ValueError(f"upstream is no URL of a PostgreSQL, expected {expected}") from None
    settings = {"host": host, "port": str(port or "")}
    return _of(settings | {key: values[-1] for key, values in query.items()})


def _host_of(parts: SplitResult) -> str:
    # A directory may stand in the place of the host, and has capital letters.
    written = parts.netloc.rpartition("@")[2].partition(":")[0]
    return unquote(written) if written.upper().startswith("%2F") else parts.hostname or ""


def _from_settings(text: str) -> Address:
    settings: dict[str, str] = {}
    at = 0
    while found := _SETTING.match(text, at):
        settings[found[1]] = re.sub(r"\\(.)", r"\1", found[2].removeprefix("'").removesuffix("'"))
        at = found.end()
    if text[at:].strip():
        raise ValueError("upstream has settings that cannot be read, expected host='…' port=…")
    return _of(settings)


def _of(settings: Mapping[str, str]) -> Address:
    host = settings.get("hostaddr") or settings.get("host") or ""
    port = settings.get("port") or str(DEFAULT_PORT)
    if not host:
        raise ValueError("upstream names no host; add it, or host=/socket/dir for a socket")
    if settings.get("sslmode", "prefer") not in PLAIN_TLS_MODES:
        raise ValueError("upstream asks for TLS (sslmode), which the proxy does not speak; name a server without it")
    if "," in host or "," in port:
        raise ValueError("upstream names several servers; name the one that the tool is to use")
    if not _is_port(port):
        raise ValueError(f"upstream has the port {port!r}, expected a number from 1 to {HIGHEST_PORT}")
    return _socket(host, int(port)) if host.startswith("/") else Address(host=host, port=int(port))
