"""Lies of the platform's key set endpoint (SEC 6.3 and 6.4, RFC 7517).

A scenario with one of these signs under a fresh key id, so that a tool that caches has to ask again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mockplatform.keys import b64url, private_members
from mockplatform.model import KeySet
from mockplatform.mutation import Context, NotApplicableError, mutation

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


@mutation("RFC 7517 4.2")
def newest_member(keys: KeySet, *, name: str, value: Any) -> KeySet:
    """The key published last has another value for a member; those that a tool may hold already are as they were."""
    if not keys.keys:
        raise NotApplicableError("no key is published")
    *known, newest = keys.keys
    return replace(keys, keys=(*known, dict(newest) | {name: value}), headers=_NO_STORE)


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


@mutation("RFC 7517 5")
def with_secret(keys: KeySet, context: Context, *, secret: str) -> KeySet:
    """A symmetric key under the very same kid stands before each key, so that anybody can read the secret.

    Args:
        secret: as in `header.hmac_with`, such as `text:hush`.
    """
    shared = {"kty": "oct", "alg": "HS256", "use": "sig", "k": b64url(context.keys.secret(secret))}
    twins = tuple(shared | {"kid": key["kid"]} for key in keys.keys if "kid" in key)
    return replace(keys, keys=(*twins, *keys.keys), headers=_NO_STORE)


@mutation("SEC 6.2")
def with_private_members(keys: KeySet, context: Context) -> KeySet:
    """The platform publishes the private parts of its key by mistake."""
    try:
        private = private_members(context.keys.private("platform"))
    except TypeError as error:
        raise NotApplicableError("the platform's key is no RSA key") from error
    return replace(keys, keys=tuple({**key, **private} for key in keys.keys), headers=_NO_STORE)


@mutation("RFC 7517 5")
def among_many(keys: KeySet, context: Context, *, count: int = 10_000) -> KeySet:
    """Thousands of keys with other ids stand before the good one."""
    other = dict(context.keys.jwk("rotated"))
    crowd = tuple(other | {"kid": f"old-{number}"} for number in range(count))
    return replace(keys, keys=(*crowd, *keys.keys), headers=_NO_STORE)


@mutation("RFC 7517 5")
def bulky(keys: KeySet, *, kib: int = 10_240) -> KeySet:
    """A member that nobody knows makes the last key, and the set with it, this much larger."""
    if not keys.keys:
        raise NotApplicableError("the key set has no keys")
    bulk = dict(keys.keys[-1]) | {"x-bulk": "x" * kib * 1024}
    return replace(keys, keys=(*keys.keys[:-1], bulk), headers=_NO_STORE)


@mutation("SEC 6.3")
def redirect(keys: KeySet, context: Context, *, to: str = "") -> KeySet:
    """The endpoint sends whoever asks somewhere else: to this address, or to the attacker's key set."""
    location = ("location", to or context.canary_url)
    return replace(keys, status=302, body=b"", content_type="text/plain", headers=(*_NO_STORE, location))
