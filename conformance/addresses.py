"""What a browser reads in the address of a request: whether it is one, whose host it is, and which path. Pure.

What comes after the path decides nothing here. Nothing is remembered, since an address may hold a password.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

__all__ = ["is_address", "origin", "place"]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_USER_INFO: Final = re.compile(r"^([^/]*//)[^/\[\]]*@")


def is_address(url: str) -> bool:
    """Whether a request can be sent there."""
    try:
        parts = urlsplit(_decisive(url))
        return parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def place(url: str) -> tuple[str, str]:
    """What decides which cookies belong to an address: its host and its path.

    Raises:
        ValueError: it is no address.
    """
    parts = urlsplit(_decisive(url))
    return parts.hostname or "", parts.path or "/"


def origin(url: str) -> str:
    """Scheme, host and port as an origin is written (RFC 6454, section 6.2): a default port is left out.

    Of what is no address to which a request can be sent it is all before the query, without a name and a password.
    """
    address = _decisive(url)
    if not is_address(address):
        return address
    parts = urlsplit(address)
    host = parts.hostname or ""
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _decisive(url: str) -> str:
    """An address without its query, and without a name and a password: `urlsplit` remembers what it has split."""
    address = url.partition("#")[0].partition("?")[0]
    return _USER_INFO.sub(r"\1", address) if "@" in address else address
