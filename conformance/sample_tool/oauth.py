"""The signature of an LTI 1.1 launch, computed anew from the request as it came (RFC 5849 3.4)."""

from __future__ import annotations

import base64
import hmac
import string
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

__all__ = ["address", "base_string", "encoded", "gathered", "hmac_sha1"]

UNRESERVED: Final = frozenset(f"{string.ascii_letters}{string.digits}-._~".encode())
DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def encoded(text: str) -> str:
    """Percent encoding as OAuth has it: everything but letters, digits and `-._~` (RFC 5849 3.6)."""
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def address(url: str) -> str:
    """The address as it is signed: scheme and host in lower case, no default port, no query (RFC 5849 3.4.1.2)."""
    parts = urlsplit(url)
    scheme, place = parts.scheme.lower(), parts.netloc.lower()
    return f"{scheme}://{place.removesuffix(DEFAULT_PORTS.get(scheme, ''))}{parts.path or '/'}"


def gathered(fields: Iterable[tuple[str, str]]) -> str:
    """All parameters in their one order, but the signature itself (RFC 5849 3.4.1.3.2)."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in fields if name != "oauth_signature")
    return "&".join(f"{name}={value}" for name, value in pairs)


def base_string(method: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """What is signed (RFC 5849 3.4.1.1)."""
    return "&".join(encoded(part) for part in (method.upper(), address(url), gathered(fields)))


def hmac_sha1(text: str, secret: str) -> str:
    """The signature of a text; LTI has no tokens, so nothing follows the `&` (RFC 5849 3.4.2)."""
    return base64.b64encode(hmac.digest(f"{encoded(secret)}&".encode(), text.encode(), "sha1")).decode()
