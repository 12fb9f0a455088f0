"""Flaws of the way to the key: its name, the platform's set, the cache."""

from __future__ import annotations

import dataclasses
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_der_x509_certificate

from conformance.sample_tool import protocol
from conformance.sample_tool.flaws.kinds import Flaw, drop, replace
from conformance.sample_tool.keyset import MINIMUM_BITS, KeySet, KeySetError, read_rsa, usable
from conformance.sample_tool.model import Launch
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import failed, security

__all__ = ["FLAWS"]

Rule = Callable[[Mapping[str, Any]], RSAPublicKey | None]
KEY_TYPES = frozenset({"RSA", "EC", "OKP", "oct"})


async def embedded_key(launch: Launch) -> Launch:
    """Takes the key out of the token's own header."""
    entry = token_of(launch).header.get("jwk")
    found = read_rsa(entry) if isinstance(entry, dict) else None
    return _with_keys(launch, [found]) if found else await protocol.key(launch)


async def key_of_certificate(launch: Launch) -> Launch:
    """Takes the key out of a certificate in the token's own header."""
    chain = token_of(launch).header.get("x5c")
    if not isinstance(chain, list) or not chain:
        return await protocol.key(launch)
    found = load_der_x509_certificate(b64decode(chain[0])).public_key()
    return _with_keys(launch, [found]) if isinstance(found, RSAPublicKey) else await protocol.key(launch)


async def key_of_named_set(launch: Launch) -> Launch:
    """Fetches the key set from the address in the token's own header."""
    return await _key_from(launch, token_of(launch).header.get("jku"))


async def key_of_certificate_address(launch: Launch) -> Launch:
    """Fetches what the token's own header calls the address of its certificate."""
    return await _key_from(launch, token_of(launch).header.get("x5u"))


async def key_after_a_look(launch: Launch) -> Launch:
    """Fetches what the token's own header names, and takes the key of the platform all the same."""
    for name in ("jku", "x5u"):
        if address := token_of(launch).header.get(name):
            with suppress(KeySetError):
                await launch.tool.key_sets.fetched(str(address))
    return await protocol.key(launch)


async def first_key_without_kid(launch: Launch) -> Launch:
    """Takes the first key there is when the token names none."""
    named = token_of(launch).header.get("kid")
    if isinstance(named, str) and named:
        return await protocol.key(launch)
    return _with_keys(launch, _keys((await _set_of(launch)).entries, rule=usable)[:1])


async def every_key(launch: Launch) -> Launch:
    """Tries every key when the one that the token names is unknown."""
    named = (await _set_of(launch)).keys(token_of(launch).header["kid"])
    return _with_keys(launch, named or _keys((await _set_of(launch)).entries, rule=usable))


async def key_of_any_length(launch: Launch) -> Launch:
    """Takes keys however weak they are."""
    return await _key_by(launch, rule=_meant_for_signatures)


async def key_for_any_use(launch: Launch) -> Launch:
    """Takes keys that are published for encryption or for another algorithm."""
    return await _key_by(launch, rule=_strong)


async def key_of_flawless_set(launch: Launch) -> Launch:
    """Refuses a set when one of its entries cannot be read."""
    if any(_is_malformed(entry) for entry in (await _set_of(launch)).entries):
        raise failed(code=1017, ref="SEC 6.3")
    return await protocol.key(launch)


async def key_of_first_fetch(launch: Launch) -> Launch:
    """Never fetches a set again."""
    url, named = launch.integration.jwks_url, token_of(launch).header["kid"]
    known = launch.tool.key_sets.cached(url)
    return await protocol.key(launch) if known is None else _with_keys(launch, known.keys(named))


async def key_of_fresh_set(launch: Launch) -> Launch:
    """Fetches the set for every launch."""
    return _with_keys(launch, (await _fetched(launch)).keys(token_of(launch).header["kid"]))


async def first_key_of_id(launch: Launch) -> Launch:
    """Takes the first of several keys with one id, whatever its type."""
    named = (await _set_of(launch)).named(token_of(launch).header["kid"])
    return _with_keys(launch, _keys(islice(named, 1), rule=usable))


async def _key_from(launch: Launch, address: object) -> Launch:
    elsewhere = dataclasses.replace(launch.integration, jwks_url=str(address or launch.integration.jwks_url))
    found = await protocol.key(dataclasses.replace(launch, integration=elsewhere))
    return dataclasses.replace(found, integration=launch.integration)


async def _key_by(launch: Launch, *, rule: Rule) -> Launch:
    named = (await _set_of(launch)).named(token_of(launch).header["kid"])
    return _with_keys(launch, _keys(named, rule=rule))


async def _set_of(launch: Launch) -> KeySet:
    known = launch.tool.key_sets.cached(launch.integration.jwks_url)
    named = str(token_of(launch).header.get("kid"))
    # The correct tool would fetch again for an id that it does not know, and so do the flawed ones.
    return known if known is not None and any(known.named(named)) else await _fetched(launch)


async def _fetched(launch: Launch) -> KeySet:
    try:
        return await launch.tool.key_sets.fetched(launch.integration.jwks_url)
    except KeySetError as error:
        raise failed(code=1017, ref="SEC 6.3") from error


def _keys(entries: Iterable[object], *, rule: Rule) -> tuple[RSAPublicKey, ...]:
    keys = (rule(entry) for entry in entries if isinstance(entry, dict))
    return tuple(key for key in keys if key is not None)


def _with_keys(launch: Launch, keys: Iterable[RSAPublicKey]) -> Launch:
    found = tuple(keys)
    if not found:
        raise security("KidNotFound", ref="SEC 6.3")
    return dataclasses.replace(launch, keys=found)


def _meant_for_signatures(entry: Mapping[str, Any]) -> RSAPublicKey | None:
    meant = entry.get("use", "sig") == "sig" and entry.get("alg", "RS256") == "RS256"
    return read_rsa(entry) if meant else None


def _strong(entry: Mapping[str, Any]) -> RSAPublicKey | None:
    key = read_rsa(entry)
    return key if key is not None and key.key_size >= MINIMUM_BITS else None


def _is_malformed(entry: object) -> bool:
    if not isinstance(entry, dict) or entry.get("kty") not in KEY_TYPES:
        return True
    return entry["kty"] == "RSA" and read_rsa(entry) is None


FLAWS: Final = (
    Flaw(
        name="trusts-embedded-jwk",
        why="The token brings the key that it is verified with.",
        profile="core",
        changes=(replace(protocol.key, by=embedded_key),),
    ),
    Flaw(
        name="trusts-x5c",
        why="The token brings a certificate, and nobody asks who issued it.",
        profile="core",
        changes=(replace(protocol.key, by=key_of_certificate),),
    ),
    Flaw(
        name="trusts-jku",
        why="The token says where its key is to be fetched; the tool goes there.",
        profile="core",
        changes=(replace(protocol.key, by=key_of_named_set),),
    ),
    Flaw(
        name="trusts-x5u",
        why="The token says where its certificate is to be fetched; the tool goes there.",
        profile="core",
        changes=(replace(protocol.key, by=key_of_certificate_address),),
    ),
    Flaw(
        name="named-keys-fetched",
        why="What the token names is fetched and then not trusted, so a stranger has sent the tool to any address.",
        profile="core",
        changes=(replace(protocol.key, by=key_after_a_look),),
    ),
    Flaw(
        name="kid-unchecked",
        why="A token that names no key is tried with the first one.",
        profile="core",
        changes=(drop(protocol.kid), replace(protocol.key, by=first_key_without_kid)),
    ),
    Flaw(
        name="kid-fallback",
        why="A token that names an unknown key is tried with all the others.",
        profile="core",
        changes=(replace(protocol.key, by=every_key),),
    ),
    Flaw(
        name="weak-keys-accepted",
        why="A published key of 1024 bits is used, though it can be factored.",
        profile="core",
        changes=(replace(protocol.key, by=key_of_any_length),),
    ),
    Flaw(
        name="key-use-ignored",
        why="A key that was published for encryption or another algorithm verifies a signature.",
        profile="core",
        changes=(replace(protocol.key, by=key_for_any_use),),
    ),
    Flaw(
        name="first-key-of-duplicates",
        why="Keys of two types share an id, and only the first is looked at.",
        profile="core",
        changes=(replace(protocol.key, by=first_key_of_id),),
    ),
    Flaw(
        name="whole-set-spoilt",
        why="One entry that cannot be read makes the tool refuse the whole set.",
        profile="core",
        changes=(replace(protocol.key, by=key_of_flawless_set),),
    ),
    Flaw(
        name="keys-never-refetched",
        why="The set is fetched once, so every launch fails after the platform rotates its keys.",
        profile="core",
        changes=(replace(protocol.key, by=key_of_first_fetch),),
    ),
    Flaw(
        name="keys-never-cached",
        why="The set is fetched for every launch, so a short outage of it stops them all.",
        profile="core",
        changes=(replace(protocol.key, by=key_of_fresh_set),),
    ),
)
