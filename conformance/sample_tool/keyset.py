"""The platforms' public keys: fetched, cached, and read once into key objects (SEC 6.3, RFC 7517)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from conformance.sample_tool.compact import strict_base64url

__all__ = ["Fetch", "KeySet", "KeySetError", "KeySets", "read_key_set", "read_rsa", "usable"]

Fetch = Callable[[str], Awaitable[tuple[int, bytes]]]

MINIMUM_BITS = 2048


class KeySetError(Exception):
    """A platform's key set could not be obtained."""


class KeySet:
    """The entries of a key set as they came, and the key objects made of them so far."""

    def __init__(self, entries: Sequence[object]) -> None:
        self.entries = entries
        self._keys: dict[str, tuple[RSAPublicKey, ...]] = {}

    def keys(self, kid: str) -> tuple[RSAPublicKey, ...]:
        """Every usable key with this id: two entries may share one."""
        if kid not in self._keys:
            keys = (usable(entry) for entry in self.named(kid))
            self._keys[kid] = tuple(key for key in keys if key is not None)
        return self._keys[kid]

    def named(self, kid: str) -> Iterator[Mapping[str, Any]]:
        """The entries with this id, usable or not."""
        return (entry for entry in self.entries if isinstance(entry, dict) and entry.get("kid") == kid)


class KeySets:
    """The key sets of all platforms, by address."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._cached: dict[str, KeySet] = {}

    def cached(self, url: str) -> KeySet | None:
        """The set as it was last fetched."""
        return self._cached.get(url)

    async def fetched(self, url: str) -> KeySet:
        """The set as it is now; a failed fetch leaves the cached one in place."""
        try:
            status, body = await self._fetch(url)
        except OSError as error:
            raise KeySetError(f"no answer: {error}") from error
        if status != 200:
            raise KeySetError(f"status {status}")
        self._cached[url] = read_key_set(body)
        return self._cached[url]

    async def keys(self, url: str, kid: str) -> tuple[RSAPublicKey, ...]:
        """The keys with this id; an id that is new to the cache is looked for once more at the platform."""
        known = self.cached(url)
        if known is not None and (found := known.keys(kid)):
            return found
        return (await self.fetched(url)).keys(kid)


def read_key_set(body: bytes) -> KeySet:
    """Reads a key set, but none of its entries yet: a bad one must not spoil the others."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise KeySetError("not JSON") from error
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise KeySetError("no list of keys")
    return KeySet(entries)


def usable(entry: Mapping[str, Any]) -> RSAPublicKey | None:
    """The key of an entry that is meant and strong enough for verifying RS256."""
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    key = read_rsa(entry)
    return key if key is not None and key.key_size >= MINIMUM_BITS else None


def read_rsa(entry: Mapping[str, Any]) -> RSAPublicKey | None:
    """The RSA key of an entry, whatever it is meant for; None when it is malformed."""
    try:
        exponent, modulus = (int.from_bytes(strict_base64url(entry[name])) for name in ("e", "n"))
        return RSAPublicNumbers(e=exponent, n=modulus).public_key()
    except (KeyError, TypeError, ValueError):
        return None
