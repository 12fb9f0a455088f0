"""Lies of the platform's key set endpoint (SEC 6.3 and 6.4, RFC 7517).

A scenario with one of these signs under a fresh key id, so that a tool that caches has to ask again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mockplatform.model import KeySet
from mockplatform.mutation import Context, mutation

_NO_STORE = (("cache-control", "no-store"),)


def _body(keys: KeySet, body: bytes, content_type: str = "application/json") -> KeySet:
    return replace(keys, body=body, content_type=content_type, headers=_NO_STORE)


@mutation("SEC 6.3")
def status(keys: KeySet, *, code: int) -> KeySet:
    """The endpoint answers with this HTTP status and no keys."""
    return replace(_body(keys, b'{"error":"unavailable"}'), status=code)


@mutation("RFC 7517 5")
def body(keys: KeySet, *, text: str) -> KeySet:
    """The endpoint answers 200 with this text instead of a key set."""
    return _body(keys, text.encode())


@mutation("RFC 7517 5")
def html(keys: KeySet) -> KeySet:
    """The endpoint answers 200 with a page for people."""
    return _body(keys, b"<!doctype html><title>Sign in</title><p>Please sign in.", "text/html")


@mutation("RFC 7517 5")
def no_keys(keys: KeySet) -> KeySet:
    """The key set is well formed and empty."""
    return replace(keys, keys=(), headers=_NO_STORE)


@mutation("RFC 7517 5")
def with_junk(keys: KeySet) -> KeySet:
    """Malformed keys and keys of unknown types stand beside the good one (honest)."""
    junk: tuple[dict[str, Any], ...] = (
        {"kty": "FOO", "kid": "foo"},
        {"kty": "RSA", "kid": "no-modulus", "e": "AQAB"},
        {"kty": "OKP", "crv": "X9999", "kid": "okp", "x": "AA"},
        {"kid": "no-type"},
    )
    return replace(keys, keys=(*junk, *keys.keys))


@mutation("RFC 7517 4.2")
def member(keys: KeySet, *, name: str, value: Any) -> KeySet:
    """Every published key has another value for a member, such as `use` or `alg`."""
    return replace(keys, keys=tuple(dict(key) | {name: value} for key in keys.keys), headers=_NO_STORE)


@mutation("SEC 6.3")
def without_member(keys: KeySet, *, name: str) -> KeySet:
    """Every published key lacks a member, such as `kid`."""
    stripped = tuple({k: v for k, v in key.items() if k != name} for key in keys.keys)
    return replace(keys, keys=stripped, headers=_NO_STORE)


@mutation("SEC 6.3")
def also(keys: KeySet, context: Context, *, key: str) -> KeySet:
    """A further key of the platform is published under its own kid (honest)."""
    return replace(keys, keys=(*keys.keys, context.keys.jwk(key)))


@mutation("SEC 6.3")
def same_kid_other_type(keys: KeySet, context: Context) -> KeySet:
    """An elliptic-curve key with the very same kid stands before each key (honest: the type tells them apart)."""
    twins = tuple(dict(context.keys.jwk("ec")) | {"kid": key["kid"]} for key in keys.keys if "kid" in key)
    return replace(keys, keys=(*twins, *keys.keys))


@mutation("SEC 6.3")
def same_kid_other_key(keys: KeySet, context: Context) -> KeySet:
    """Another RSA key of the platform with the very same kid stands before each key, so the type cannot tell."""
    twins = tuple(dict(context.keys.jwk("rotated")) | {"kid": key["kid"]} for key in keys.keys if "kid" in key)
    return replace(keys, keys=(*twins, *keys.keys), headers=_NO_STORE)
