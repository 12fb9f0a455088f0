"""Lies in the token's header, and signatures that the header does not tell (RFC 7515, RFC 8725)."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from mockplatform.model import IdToken
from mockplatform.mutation import Context, header_of, mutation


@mutation("SEC 6.3")
def without(token: IdToken, *, member: str) -> IdToken:
    """A header member is left out."""
    return replace(token, header={k: v for k, v in header_of(token).items() if k != member})


@mutation("RFC 7515 4.1")
def member(token: IdToken, *, name: str, value: Any) -> IdToken:
    """A header member has another value."""
    return replace(token, header=header_of(token) | {name: value})


@mutation("SEC 6.3")
def certification_no_kid(token: IdToken) -> IdToken:
    """The header is the certification suite's own: an unknown member, `alg`, and no `kid`."""
    return replace(token, header={"badtestonly": "12345", "alg": header_of(token)["alg"]})


@mutation("SEC 6.3")
def kid_long(token: IdToken, *, length: int = 65536) -> IdToken:
    """The key id is absurdly long."""
    return replace(token, header=header_of(token) | {"kid": "k" * length})


@mutation("SEC 5.4")
def alg_none(token: IdToken, *, spelling: str = "none") -> IdToken:
    """The algorithm is `none` and the signature is empty."""
    return replace(token, header=header_of(token) | {"alg": spelling}, algorithm="none")


@mutation("RFC 8725 3.1")
def alg_claimed(token: IdToken, *, name: str) -> IdToken:
    """The header names an algorithm that was not used; the RS256 signature is genuine."""
    return replace(token, header=header_of(token) | {"alg": name})


@mutation("SEC 5.1.3 step 6")
def signed_by(token: IdToken, context: Context, *, algorithm: str = "RS256", key: str = "platform") -> IdToken:
    """The token is genuinely signed with another algorithm, or by another key of the platform under its kid."""
    kid = {"kid": context.keys.kid(key)} if key != token.key else {}
    return replace(token, header=header_of(token) | {"alg": algorithm} | kid, algorithm=algorithm, key=key)


@mutation("RFC 8725 2.1")
def hmac_with(token: IdToken, *, secret: str, algorithm: str = "HS256") -> IdToken:
    """An HMAC keyed with something public: the platform's public key, or a guessable text."""
    return replace(token, header=header_of(token) | {"alg": algorithm}, algorithm=algorithm, key=secret)


@mutation("SEC 5.4")
def embedded_key(token: IdToken, context: Context) -> IdToken:
    """The header carries the attacker's own public key as `jwk`, and the attacker signed."""
    return replace(token, header=header_of(token) | {"jwk": dict(context.keys.jwk("foreign"))}, key="foreign")


@mutation("SEC 5.4")
def key_set_url(token: IdToken, context: Context, *, name: str = "jku") -> IdToken:
    """The header points to the attacker's key set, and the attacker signed under the kid found there."""
    lie = {name: context.canary_url, "kid": context.keys.kid("foreign")}
    return replace(token, header=header_of(token) | lie, key="foreign")


@mutation("RFC 7515 4.1.6")
def certificate_chain(token: IdToken, context: Context) -> IdToken:
    """The header carries the attacker's own certificate as `x5c`, and the attacker signed."""
    key = context.keys.private("foreign")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "platform.example")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), serial_number=1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode("ascii")]
    return replace(token, header=header_of(token) | {"x5c": chain}, key="foreign")


@mutation("RFC 7515 4.1.11")
def critical(token: IdToken, *, names: Any = ("lti-harness",)) -> IdToken:
    """`crit` names an extension that nobody knows, so the token must not be used."""
    listed = list(names) if isinstance(names, tuple) else names
    return replace(token, header=header_of(token) | {"crit": listed, "lti-harness": True})


@mutation("RFC 7515 4")
def duplicate_member(token: IdToken, *, name: str, first: Any) -> IdToken:
    """A header member comes twice: first with the given value, then with the honest one."""
    text = json.dumps(header_of(token), separators=(",", ":"))
    return replace(token, header=f"{{{json.dumps(name)}:{json.dumps(first)},{text[1:]}".encode())


@mutation("RFC 7515 5.2")
def text(token: IdToken, *, text: str) -> IdToken:
    """The header is this text instead of a JSON object."""
    return replace(token, header=text.encode("utf-8", "surrogatepass"))


@mutation("RFC 7519 7.2")
def not_utf8(token: IdToken) -> IdToken:
    """The header has a member whose value holds a byte that UTF-8 never has."""
    text = json.dumps(header_of(token), separators=(",", ":")).encode()
    return replace(token, header=b'{"x-vendor":"\xff",' + text[1:])
