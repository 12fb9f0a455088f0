"""A request as a command that sends it again."""

from __future__ import annotations

import shlex
from typing import Final

from mockplatform.model import Exchange, Params

__all__ = ["curl", "curl_of"]

_LEFT_OUT: Final = ("host", "content-length", "connection", "accept-encoding", "user-agent", "transfer-encoding")
_BROWSERS: Final = ("sec-", "upgrade-insecure-requests", "cache-control", "pragma", "priority")
"""Beginnings of names of headers that a browser adds and no answer depends on."""


def curl(method: str, url: str, *, headers: Params = (), form: Params = (), body: str = "") -> str:
    """The command for a request, one option a line, quoted for a POSIX shell.

    Args:
        form: fields that are sent URL-encoded: in the body, or for GET in the query.
        body: what is sent as it stands instead.
    """
    lines = [f"curl --include {shlex.quote(url)}"]
    if method == "GET" and form:
        lines.append("--get")
    elif method != ("POST" if form or body else "GET"):
        lines.append(f"--request {shlex.quote(method)}")
    # A value that begins with @ is the name of a file to curl, but not behind a field's name and "=".
    lines += [f"--header {shlex.quote(_header(name, value))}" for name, value in headers]
    lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in form]
    if body:
        lines.append(f"--data-raw {shlex.quote(body)}")
    return " \\\n  ".join(lines)


def curl_of(exchange: Exchange) -> str:
    """The command for a request of the journal; what curl says by itself and what browsers add is left out."""
    headers = tuple(
        (name, value)
        for name, value in exchange.request_headers
        if name.lower() not in _LEFT_OUT and not name.lower().startswith(_BROWSERS)
    )
    return curl(exchange.method, exchange.url, headers=headers, body=exchange.request_body)


def _header(name: str, value: str) -> str:
    # curl takes a header without a value for one to be left out, unless a semicolon stands in place of the colon.
    return f"{name}: {value}" if value else f"{name};"
