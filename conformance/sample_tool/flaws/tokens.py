"""Flaws of the token's header and of its signature."""

from __future__ import annotations

import dataclasses
import hmac
import re
from contextlib import suppress
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import InvalidKeyError
from jwt.algorithms import get_default_algorithms

from conformance.sample_tool import protocol
from conformance.sample_tool.flaws.kinds import Flaw, drop, overlooking, replace
from conformance.sample_tool.model import Launch
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import security

__all__ = ["FLAWS"]

OTHER_ALGORITHMS = ("RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
KNOWN_FIELDS = {"id_token", "state", "error", "session_state", "lti_storage_target", "iss"}


def algorithm_or_none(launch: Launch) -> Launch:
    """Takes `none`, however it is written, for an algorithm."""
    return launch if _alg(launch).lower() == "none" else protocol.algorithm(launch)


def signature_or_none(launch: Launch) -> Launch:
    """Has nothing to verify when the algorithm is `none`."""
    return _believed(launch) if _alg(launch).lower() == "none" else protocol.signature(launch)


def algorithm_or_hmac(launch: Launch) -> Launch:
    """Lets the header choose a secret-key algorithm."""
    return launch if _alg(launch) == "HS256" else protocol.algorithm(launch)


def signature_by_public_secret(launch: Launch) -> Launch:
    """Verifies by the header's algorithm, with the public key as the secret."""
    token = token_of(launch)
    if _alg(launch) != "HS256":
        return protocol.signature(launch)
    secrets = (secret for key in launch.keys for secret in _public_bytes(key))
    if any(hmac.compare_digest(hmac.digest(one, token.signed, "sha256"), token.signature) for one in secrets):
        return _believed(launch)
    raise security("SignatureInvalid", ref="SEC 5.1.3-1")


def signature_by_empty_secret(launch: Launch) -> Launch:
    """Verifies with the shared secret of LTI 1.1, which this platform has never been given."""
    return _signature_by(launch, b"")


def signature_by_secret_of_kid(launch: Launch) -> Launch:
    """Verifies with what a query made from the kid brings back, or with nothing."""
    injected = re.search("SELECT '(.*?)'", str(token_of(launch).header["kid"]))
    return _signature_by(launch, injected[1].encode() if injected else b"")


async def key_named_by_kid(launch: Launch) -> Launch:
    """Looks for a key by a path or a query made from the kid, and takes nothing found for an empty key."""
    plain = str(token_of(launch).header["kid"]).replace("-", "").replace("_", "").isalnum()
    return await protocol.key(launch) if plain else launch


def algorithm_of_any_kind(launch: Launch) -> Launch:
    """Takes every public-key algorithm."""
    return launch if _alg(launch) in OTHER_ALGORITHMS else protocol.algorithm(launch)


async def key_of_any_kind(launch: Launch) -> Launch:
    """Leaves keys of other kinds to the signature check."""
    step = protocol.key if _alg(launch) == "RS256" else overlooking(protocol.key)
    outcome: Any = step(launch)
    found: Launch = await outcome
    return found


def signature_of_any_kind(launch: Launch) -> Launch:
    """Verifies by the header's algorithm, with a published key."""
    token, algorithm = token_of(launch), get_default_algorithms().get(_alg(launch))
    if algorithm is None or _alg(launch) not in OTHER_ALGORITHMS:
        return protocol.signature(launch)
    known = launch.tool.key_sets.cached(launch.integration.jwks_url)
    for entry in known.named(token.header["kid"]) if known else ():
        with suppress(InvalidKeyError, ValueError, TypeError):
            if algorithm.verify(token.signed, algorithm.from_jwk(dict(entry)), token.signature):
                return _believed(launch)
    raise security("SignatureInvalid", ref="SEC 5.1.3-1")


def signature_unless_empty(launch: Launch) -> Launch:
    """Verifies a signature only if there is one."""
    return protocol.signature(launch) if token_of(launch).signature else _believed(launch)


def signature_never(launch: Launch) -> Launch:
    """Reads the claims without verifying anything."""
    return _believed(launch)


def _signature_by(launch: Launch, secret: bytes) -> Launch:
    token = token_of(launch)
    if _alg(launch) == "HS256" and hmac.compare_digest(hmac.digest(secret, token.signed, "sha256"), token.signature):
        return _believed(launch)
    return protocol.signature(launch)


def _alg(launch: Launch) -> str:
    return str(token_of(launch).header.get("alg"))


def _believed(launch: Launch) -> Launch:
    return dataclasses.replace(launch, claims=token_of(launch).payload)


def _public_bytes(key: RSAPublicKey) -> tuple[bytes, ...]:
    formats = (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1)
    texts = [key.public_bytes(Encoding.PEM, form) for form in formats]
    binaries = [key.public_bytes(Encoding.DER, form) for form in formats]
    return (*texts, *(text.strip() for text in texts), *binaries)


FLAWS: Final = (
    Flaw(
        name="accepts-alg-none",
        why="A token that says it is not signed is believed.",
        profile="core",
        changes=(replace(protocol.algorithm, by=algorithm_or_none), replace(protocol.signature, by=signature_or_none)),
    ),
    Flaw(
        name="trusts-header-alg",
        why="The header may choose HS256, and then everybody knows the secret: it is the public key.",
        profile="core",
        changes=(
            replace(protocol.algorithm, by=algorithm_or_hmac),
            replace(protocol.signature, by=signature_by_public_secret),
        ),
    ),
    Flaw(
        name="algorithm-unchecked",
        why="The signature is verified by RS256 in any case, so nobody looks at what the header says.",
        profile="core",
        changes=(drop(protocol.algorithm),),
    ),
    Flaw(
        name="empty-secret-accepted",
        why="A shared secret left over from the old LTI is empty, and everybody knows it.",
        profile="core",
        changes=(
            replace(protocol.algorithm, by=algorithm_or_hmac),
            replace(protocol.signature, by=signature_by_empty_secret),
        ),
    ),
    Flaw(
        name="kid-as-path",
        why="The key is looked up by a path or a query made from the kid, and what is not there counts as empty.",
        profile="core",
        changes=(
            replace(protocol.algorithm, by=algorithm_or_hmac),
            replace(protocol.key, by=key_named_by_kid),
            replace(protocol.signature, by=signature_by_secret_of_kid),
        ),
    ),
    Flaw(
        name="other-algorithms",
        why="Every algorithm of the library is allowed, where only RS256 was agreed.",
        profile="core",
        changes=(
            replace(protocol.algorithm, by=algorithm_of_any_kind),
            replace(protocol.key, by=key_of_any_kind),
            replace(protocol.signature, by=signature_of_any_kind),
        ),
    ),
    Flaw(
        name="crit-ignored",
        why="The header demands an extension that the tool does not know, and the tool goes on.",
        profile="core",
        changes=(drop(protocol.critical),),
    ),
    Flaw(
        name="typ-ignored",
        why="A token that was made for another purpose is taken for an id token.",
        profile="core",
        changes=(drop(protocol.typ),),
    ),
    Flaw(
        name="signature-unverified",
        why="The token is decoded, but its signature is never verified.",
        profile="core",
        changes=(replace(protocol.signature, by=signature_never),),
    ),
    Flaw(
        name="signature-unverified-when-empty",
        why="Without a signature there is nothing to verify, so nothing is verified.",
        profile="core",
        changes=(replace(protocol.signature, by=signature_unless_empty),),
    ),
)
