"""Flaws of the form, of the token's shape and header, and of the signature."""

from __future__ import annotations

import dataclasses
import hmac
import json
import re
from base64 import b64decode
from contextlib import suppress
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import InvalidKeyError
from jwt.algorithms import get_default_algorithms

from conformance.sample_tool import protocol, trust
from conformance.sample_tool.compact import json_object, read_token
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, overlooking, replace
from conformance.sample_tool.forms import only
from conformance.sample_tool.login import state_cookie
from conformance.sample_tool.model import Launch
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import invalid, security

__all__ = ["FLAWS"]

OTHER_ALGORITHMS = ("RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
KNOWN_FIELDS = {"id_token", "state", "error", "session_state", "lti_storage_target", "iss"}


def known_fields_only(launch: Launch) -> Launch:
    """Refuses a form with fields that it has never seen."""
    if launch.form.keys() - KNOWN_FIELDS:
        raise invalid("MissingParameter", ref="SEC 5.1.1.3")
    return launch


def state_from_cookie(launch: Launch) -> Launch:
    """Finds the login by the browser's cookies; the state that came back only picks one of several."""
    returned = only(launch.form, "state")
    kept = [value for name, value in launch.cookies.items() if name == state_cookie(value)]
    return _with_last_login(launch, sorted(kept, key=lambda state: state == returned))


def state_of_any_browser(launch: Launch) -> Launch:
    """Finds the login by the state, and never asks whose browser this is."""
    return _with_last_login(launch, [only(launch.form, "state") or ""])


def lenient_shape(launch: Launch) -> Launch:
    """Decodes every base64 that can be decoded."""
    try:
        return dataclasses.replace(launch, token=read_token(launch.id_token, decode=_lenient_base64))
    except ValueError:
        return protocol.shape(launch)


def shape_with_first_members(launch: Launch) -> Launch:
    """Reads JSON with a parser of its own: of two members with one name the first wins."""
    try:
        return dataclasses.replace(launch, token=read_token(launch.id_token, parse=_first_members))
    except (ValueError, RecursionError):
        return protocol.shape(launch)


def shape_in_any_encoding(launch: Launch) -> Launch:
    """Lets the JSON library guess the encoding."""
    try:
        return dataclasses.replace(launch, token=read_token(launch.id_token, parse=_guessed_json_object))
    except (ValueError, RecursionError):
        return protocol.shape(launch)


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


def registration_of_token(launch: Launch) -> Launch:
    """Finds the registration by what the token says of itself, whatever login there was."""
    claims = token_of(launch).payload
    audience = claims.get("aud")
    client_id = audience[0] if isinstance(audience, list) and audience else audience
    login = dataclasses.replace(launch.login, issuer=str(claims.get("iss")), client_id=str(client_id))
    return protocol.registration_again(dataclasses.replace(launch, login=login))


def query_as_form(launch: Launch) -> Launch:
    """Takes the parameters from wherever they come."""
    return dataclasses.replace(launch, form=launch.form or launch.query)


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


def _with_last_login(launch: Launch, states: list[str]) -> Launch:
    for state in reversed(states):
        login = launch.tool.store.find_login(state=state, now=launch.now)
        if login is not None:
            return dataclasses.replace(launch, login=login)
    raise security("StateMismatch", ref="SEC 7.3.1")


def _lenient_base64(part: str) -> bytes:
    text = "".join(part.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    return b64decode(text + "=" * (-len(text) % 4))


def _first_members(data: bytes) -> dict[str, Any]:
    value = json.loads(data.decode("utf-8"), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    # Read again strictly but for the duplicates, so that nothing else is forgiven.
    return dict(json_object(json.dumps(value).encode()))


def _guessed_json_object(data: bytes) -> dict[str, Any]:
    return json_object(data.decode(json.detect_encoding(data)).encode())


def _public_bytes(key: RSAPublicKey) -> tuple[bytes, ...]:
    formats = (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1)
    texts = [key.public_bytes(Encoding.PEM, form) for form in formats]
    binaries = [key.public_bytes(Encoding.DER, form) for form in formats]
    return (*texts, *(text.strip() for text in texts), *binaries)


FLAWS: Final = (
    Flaw(
        name="oidc-error-ignored",
        why="An answer that says `error` is let in when it also carries a token.",
        profile="core",
        changes=(drop(protocol.oidc_error),),
    ),
    Flaw(
        name="extra-form-fields-refused",
        why="Platforms send fields of their own with the token; the tool takes them for an attack.",
        profile="core",
        changes=(insert(known_fields_only, before=protocol.oidc_error),),
    ),
    Flaw(
        name="state-unchecked",
        why="The cookie alone decides which login this is; the state that comes back is never compared.",
        profile="core",
        changes=(replace(protocol.state, by=state_from_cookie),),
    ),
    Flaw(
        name="state-not-bound",
        why="A state that the server knows is enough, so an attacker's login can be finished by a victim.",
        profile="core",
        changes=(replace(protocol.state, by=state_of_any_browser),),
    ),
    Flaw(
        name="lenient-base64",
        why="Padding, line breaks and the other alphabet are forgiven, so one token has many spellings.",
        profile="core",
        changes=(replace(protocol.shape, by=lenient_shape),),
    ),
    Flaw(
        name="first-member-wins",
        why="Of two members with one name the first counts, and whoever checked the last has checked another token.",
        profile="core",
        changes=(replace(protocol.shape, by=shape_with_first_members),),
    ),
    Flaw(
        name="any-encoding-accepted",
        why="UTF-16 and byte order marks are read as well, so checks in front of the tool see another text.",
        profile="core",
        changes=(replace(protocol.shape, by=shape_in_any_encoding),),
    ),
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
        name="registration-by-token",
        why="The token says which platform it is from; that the login was for another one is not noticed.",
        profile="core",
        changes=(replace(protocol.registration_again, by=registration_of_token),),
    ),
    Flaw(
        name="unsolicited-launches-accepted",
        why="A good signature is thought to be enough: any token works, at any time, in any browser.",
        profile="core",
        changes=(
            drop(protocol.state),
            replace(protocol.registration_again, by=registration_of_token),
            drop(trust.nonce),
        ),
    ),
    Flaw(
        name="launch-by-get-accepted",
        why="A framework hands out query and form alike, so tokens end up in logs and in the browser's history.",
        profile="core",
        changes=(insert(query_as_form, before=protocol.oidc_error),),
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
