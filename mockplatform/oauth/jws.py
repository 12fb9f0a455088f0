"""The form of a signed JWT and the fitness of the keys that check it (RFC 7515, 7517, 7518; SEC 6)."""

from __future__ import annotations

import binascii
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockplatform.keys import from_b64url
from mockplatform.strict_json import strict_json

if TYPE_CHECKING:
    from jwt.algorithms import Algorithm

__all__ = ["ALGORITHMS", "TokenFormError", "TokenParts", "key_problem", "signature_fits", "taken_apart"]

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
"""What a tool may sign with: RS256 as SEC 6.1 has it, and what Security Framework 1.1 allows beside it."""

_SMALLEST_RSA_BITS = 2048
_MOST_RSA_BITS = 16_384
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "k")
_CURVES: Mapping[str, str] = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_PART = re.compile(r"[A-Za-z0-9_-]*")
_LONGEST: Final = 1_000_000
"""Letters: a deep linking response with thousands of items is shorter, and no form that holds more is taken."""


class TokenFormError(Exception):
    """A text that is no signed JWT, and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenParts:
    """A signed JWT, taken apart (RFC 7515, section 3.1)."""

    algorithm: str
    kid: str
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes


def taken_apart(text: str) -> TokenParts:
    """The parts of a signed JWT, nothing checked but its form.

    Raises:
        TokenFormError: it is none, or is one that no platform should look at.
    """
    if len(text) > _LONGEST:
        raise TokenFormError(
            f"it is no signed JWT that this platform reads: it has {len(text)} characters, expected at most {_LONGEST}"
        )
    parts = text.split(".")
    if len(parts) != 3:
        raise TokenFormError("it is no signed JWT: expected three base64url parts with dots between (RFC 7515 3.1)")
    header = _object(parts[0], "header")
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise TokenFormError(f"its header has alg {algorithm!r}, expected RS256 (SEC 6.1)")
    if not isinstance(kid, str) or not kid:
        given = "no kid" if kid is None else f"kid {kid!r}"
        raise TokenFormError(f"its header has {given}, expected the kid of the key that signs it (SEC 6.3)")
    if "crit" in header:
        raise TokenFormError("its header has crit, whose extensions this platform does not know (RFC 7515 4.1.11)")
    return TokenParts(
        algorithm=algorithm,
        kid=kid,
        claims=_object(parts[1], "claims"),
        signing_input=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=_decoded(parts[2], "signature"),
    )


def key_problem(algorithm: str, key: Mapping[str, Any]) -> str:
    """Why a key may not check a signature of that algorithm, as the end of a sentence; empty if it may."""
    wanted = "RSA" if algorithm.startswith("RS") else "EC"
    published = [name for name in _PRIVATE if name in key]
    operations = key.get("key_ops")
    if published:
        return f"is published with its private part ({', '.join(published)}); make a new key, this one is spent"
    if key.get("kty") != wanted:
        return f"has kty {key.get('kty')!r}, expected {wanted} for {algorithm} (RFC 7517, section 4.1)"
    if key.get("use", "sig") != "sig":
        return f"has use {key['use']!r}, expected 'sig' (RFC 7517, section 4.2)"
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return f"has key_ops {operations!r}, expected ['verify'] (RFC 7517, section 4.3)"
    if key.get("alg", algorithm) != algorithm:
        return (
            f"is for {key['alg']!r}, but the header has alg {algorithm!r}; they have to agree (RFC 8725, section 3.1)"
        )
    if wanted == "EC" and key.get("crv") != _CURVES[algorithm]:
        return f"has crv {key.get('crv')!r}, expected {_CURVES[algorithm]} for {algorithm} (RFC 7518, section 3.4)"
    return _number_problem(algorithm, key)


def signature_fits(parts: TokenParts, key: Mapping[str, Any]) -> bool:
    """Whether the signature was made with the private part of a key that has no `key_problem`."""
    checker = _algorithms()[parts.algorithm]
    return checker.verify(
        parts.signing_input, _loaded(parts.algorithm, json.dumps(key, sort_keys=True)), parts.signature
    )


def _number_problem(algorithm: str, key: Mapping[str, Any]) -> str:
    from jwt import InvalidKeyError

    try:
        loaded = _loaded(algorithm, json.dumps(key, sort_keys=True))
    except (InvalidKeyError, ValueError, TypeError, KeyError, AttributeError) as error:
        return f"cannot be used: {error} (RFC 7518, section 6)"
    bits = getattr(loaded, "key_size", 0)
    if algorithm.startswith("RS") and bits < _SMALLEST_RSA_BITS:
        return f"has {bits} bits, expected {_SMALLEST_RSA_BITS} or more (RFC 7518, section 3.3)"
    if bits > _MOST_RSA_BITS:
        return f"has {bits} bits, which no platform will compute with"
    return ""


@functools.cache
def _algorithms() -> Mapping[str, Algorithm]:
    # A platform whose tool calls no service and answers no deep linking request checks nothing.
    from jwt.algorithms import get_default_algorithms

    return get_default_algorithms()


@functools.lru_cache(maxsize=256)
def _loaded(algorithm: str, key: str) -> Any:
    return _algorithms()[algorithm].from_jwk(key)


def _object(part: str, name: str) -> Mapping[str, Any]:
    try:
        # Numbers are looked at one by one, each where it means something.
        value = strict_json(_decoded(part, name), parse_float=float)
    except ValueError as error:
        raise TokenFormError(f"its {name} is no JSON object (RFC 7519, section 7.2): {error}") from error
    if not isinstance(value, dict):
        raise TokenFormError(f"its {name} is no JSON object (RFC 7519, section 7.2)")
    return value


def _decoded(part: str, name: str) -> bytes:
    try:
        if not _PART.fullmatch(part):
            raise TokenFormError(f"its {name} is no base64url without padding (RFC 7515, section 2)")
        return from_b64url(part)
    except binascii.Error as error:
        raise TokenFormError(f"its {name} is no base64url without padding (RFC 7515, section 2)") from error
