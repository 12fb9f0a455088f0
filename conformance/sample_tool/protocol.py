"""The first steps of a launch: from the posted form to a token whose signature is good (SEC 5.1.1.3, 5.1.3)."""

from __future__ import annotations

import hmac
from dataclasses import replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from conformance.sample_tool import backend
from conformance.sample_tool.compact import Token, read_token
from conformance.sample_tool.forms import only
from conformance.sample_tool.keyset import KeySetError
from conformance.sample_tool.login import state_cookie
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import failed, invalid, security

__all__ = [
    "algorithm",
    "critical",
    "id_token_present",
    "key",
    "kid",
    "oidc_error",
    "registration_again",
    "shape",
    "signature",
    "signed_by",
    "state",
    "token_of",
    "typ",
]


def oidc_error(launch: Launch) -> Launch:
    """A platform that says no has the last word (SEC 5.1.1.5)."""
    if "error" in launch.form:
        raise security("AuthenticationFailed", ref="SEC 5.1.1.5")
    return launch


def id_token_present(launch: Launch) -> Launch:
    """There is one id token (SEC 5.1.1.3)."""
    id_token = only(launch.form, "id_token")
    if id_token is None:
        raise invalid("MissingParameter", ref="SEC 5.1.1.3", about="id_token")
    return replace(launch, id_token=id_token)


def state(launch: Launch) -> Launch:
    """The state belongs to a login that began in this very browser (SEC 7.3.1)."""
    returned = only(launch.form, "state") or ""
    kept = launch.cookies.get(state_cookie(returned), "")
    login = launch.tool.store.find_login(state=returned, now=launch.now)
    if login is None or not hmac.compare_digest(kept.encode(), returned.encode()):
        raise security("StateMismatch", ref="SEC 7.3.1")
    return replace(launch, login=login)


def shape(launch: Launch) -> Launch:
    """The token has the form of a signed token (SEC 5.1.2, RFC 7515 7.1)."""
    try:
        return replace(launch, token=read_token(launch.id_token))
    except ValueError:
        raise invalid("InvalidJson", ref="SEC 5.1.2", about="id_token") from None


def registration_again(launch: Launch) -> Launch:
    """The registration that the login was for still exists (SEC 5.1.1.2)."""
    login, tool = launch.login, launch.tool
    integration = backend.read(
        tool.faults, "credentials.read", tool.store.find_integration, issuer=login.issuer, client_id=login.client_id
    )
    if integration is None:
        raise invalid("RegistrationNotFound", code=1002)
    return replace(launch, integration=integration)


def algorithm(launch: Launch) -> Launch:
    """The tool, not the token, decides how a signature is verified (SEC 5.1.3-6, RFC 8725 3.1)."""
    if token_of(launch).header.get("alg") != "RS256":
        raise security("AlgorithmNotAllowed", ref="SEC 5.1.3-6")
    return launch


def critical(launch: Launch) -> Launch:
    """No extension that this tool does not know changes what the signature means (RFC 7515 4.1.11)."""
    if token_of(launch).header.keys() & {"crit", "b64"}:
        raise security("SignatureInvalid", ref="SEC 5.1.3-1")
    return launch


def typ(launch: Launch) -> Launch:
    """A token made for something else is not taken for an id token (RFC 8725 3.11)."""
    kind = token_of(launch).header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise security("SignatureInvalid", ref="SEC 5.1.3-1")
    return launch


def kid(launch: Launch) -> Launch:
    """The token names the key that it was signed with (SEC 6.3)."""
    named = token_of(launch).header.get("kid")
    if not isinstance(named, str) or not named:
        raise security("KidMissing", ref="SEC 6.3")
    return launch


async def key(launch: Launch) -> Launch:
    """The key comes from the platform's own set, and from nowhere else (SEC 6.3)."""
    named = token_of(launch).header["kid"]
    try:
        keys = await launch.tool.key_sets.keys(launch.integration.jwks_url, named)
    except KeySetError as error:
        raise failed(code=1017, ref="SEC 6.3") from error
    if not keys:
        raise security("KidNotFound", ref="SEC 6.3")
    return replace(launch, keys=keys)


def signature(launch: Launch) -> Launch:
    """The signature is good: from here on, and not before, the claims may be read (SEC 5.1.3-1)."""
    token = token_of(launch)
    if not any(signed_by(key, token) for key in launch.keys):
        raise security("SignatureInvalid", ref="SEC 5.1.3-1")
    return replace(launch, claims=token.payload)


def signed_by(key: RSAPublicKey, token: Token) -> bool:
    """Whether this key made the signature, by RS256."""
    try:
        key.verify(token.signature, token.signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def token_of(launch: Launch) -> Token:
    """The token that `shape` has read."""
    if launch.token is None:
        raise invalid("InvalidJson", ref="SEC 5.1.2", about="id_token")
    return launch.token
