"""The tool's own key: it signs what the tool says to platforms, and its public half is for all to fetch (SEC 6.3)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["ToolKey", "key_of_process", "new_key"]


class ToolKey:
    """An RSA key with the id that its public half is published under."""

    def __init__(self, private: RSAPrivateKey) -> None:
        self._private = private
        numbers = private.public_key().public_numbers()
        members = {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
        # Members in this order and nothing else: the thumbprint of RFC 7638.
        self.kid = _base64url(sha256(json.dumps(members, separators=(",", ":")).encode()).digest())
        self.jwk: Mapping[str, str] = {**members, "kid": self.kid, "alg": "RS256", "use": "sig"}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as a token, signed by RS256 (RFC 7515 7.1)."""
        header = {"alg": "RS256", "kid": self.kid, "typ": "JWT"}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{_base64url(self._private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def new_key() -> ToolKey:
    """A key that nobody else has."""
    return ToolKey(generate_private_key(public_exponent=65537, key_size=2048))


@cache
def key_of_process() -> ToolKey:
    """The key of all tools in this process that bring none: making one takes longer than a hundred launches."""
    return new_key()


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
