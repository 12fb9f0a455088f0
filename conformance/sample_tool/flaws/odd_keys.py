"""Flaws that show in key sets nobody thought of."""

from __future__ import annotations

import dataclasses
import hmac
from contextlib import suppress
from typing import Final

from conformance.sample_tool import protocol
from conformance.sample_tool.compact import strict_base64url
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, replace
from conformance.sample_tool.keyset import KeySetError
from conformance.sample_tool.model import Launch
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import Refusal

__all__ = ["FLAWS"]

PATIENCE = 3


def algorithm_of_key(launch: Launch) -> Launch:
    """Leaves the algorithm to the key that the platform has published."""
    return launch if token_of(launch).header.get("alg") == "HS256" else protocol.algorithm(launch)


def signature_by_published_secret(launch: Launch) -> Launch:
    """Verifies with whatever kind of key the token's id names, a secret included."""
    token, known = token_of(launch), launch.tool.key_sets.cached(launch.integration.jwks_url)
    for entry in known.named(str(token.header["kid"])) if known is not None else ():
        with suppress(KeyError, TypeError, ValueError):
            secret = strict_base64url(entry["k"])
            if hmac.compare_digest(hmac.digest(secret, token.signed, "sha256"), token.signature):
                return dataclasses.replace(launch, claims=token.payload)
    return protocol.signature(launch)


async def key_after_patience(launch: Launch) -> Launch:
    """Asks for the key set again and again when the key is not in it, in case it was just about to come."""
    for _ in range(PATIENCE - 1):
        with suppress(Refusal, KeySetError):
            return await protocol.key(launch)
    return await protocol.key(launch)


async def public_key_only(launch: Launch) -> Launch:
    """Builds a key object of all members and is sure to get a public one."""
    found = await protocol.key(launch)
    known = launch.tool.key_sets.cached(launch.integration.jwks_url)
    for entry in known.named(str(token_of(launch).header["kid"])) if known is not None else ():
        if "d" in entry:
            raise AttributeError("'RSAPrivateKey' object has no attribute 'verify'")
    return found


FLAWS: Final = (
    Flaw(
        name="published-secret-trusted",
        why="The key decides the algorithm, and a secret in a public key set is everybody's.",
        profile="core",
        changes=(
            replace(protocol.algorithm, by=algorithm_of_key),
            replace(protocol.signature, by=signature_by_published_secret),
        ),
    ),
    Flaw(
        name="keys-asked-until-found",
        why="A key that is not there is asked for three times, and anybody can make the tool ask.",
        profile="core",
        changes=(replace(protocol.key, by=key_after_patience),),
    ),
    Flaw(
        name="private-keys-crash",
        why="A key that comes with its private parts becomes an object that can sign and cannot verify.",
        profile="class",
        changes=unexpected(replace(protocol.key, by=public_key_only)),
    ),
)
