"""Public keys that nobody has the private half of, for key sets in which a tool must find the right one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mockplatform.keys import b64url

__all__ = ["decoy"]

_BLOCKS = 4
"""Of 512 bits each: the size of a usual RSA key."""


def decoy(label: str) -> Mapping[str, Any]:
    """A JWK that looks like an RSA key and is the same for the same label (RFC 7518, section 6.3.1)."""
    digests = (hashlib.sha512(f"{label} {block}".encode()).digest() for block in range(_BLOCKS))
    number = bytearray(b"".join(digests))
    # Of full length and odd, as a product of two primes is.
    number[0] |= 0x80
    number[-1] |= 1
    return {"e": "AQAB", "kty": "RSA", "n": b64url(bytes(number)), "kid": label, "use": "sig", "alg": "RS256"}
