from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from mockplatform.keys import KeyRing, b64url, encode_json, sign
from mockplatform.keys import _public_jwk as public_jwk
from mockplatform.model import IdToken
from tests.mockplatform.makers import LAW

# RFC 7638, section 3.1: the key, and the thumbprint that the document computes for it.
RFC_7638_N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3o"
    "knjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZH"
    "zu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEg"
    "U8awapJzKnqDKgw"
)
RFC_7638_THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638, section 3, by hand."""
    required = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}[jwk["kty"]]
    text = "{" + ",".join(f'"{name}":"{jwk[name]}"' for name in required) + "}"
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def public_key(keys: KeyRing, name: str) -> Any:
    """The key as a reader of the key set gets it."""
    return jwt.PyJWK(dict(keys.jwk(name))).key


def token(algorithm: str = "RS256", key: str = "platform", **claims: Any) -> IdToken:
    return IdToken(header={"alg": algorithm, "kid": "k"}, claims={"sub": "1"} | claims, algorithm=algorithm, key=key)


def test_an_honest_token_is_verified_by_pyjwt(keys: KeyRing) -> None:
    """PyJWT reads the very claims from a signed token with the published key."""
    text = sign(token(name="Zoë", deep={"a": [1, None]}), keys).text

    assert jwt.decode(text, public_key(keys, "platform"), algorithms=["RS256"]) == {
        "sub": "1",
        "name": "Zoë",
        "deep": {"a": [1, None]},
    }
    assert jwt.get_unverified_header(text) == {"alg": "RS256", "kid": "k"}


def test_a_token_of_another_key_is_not_verified(keys: KeyRing) -> None:
    """The foreign key's signature does not fit the platform's public key."""
    text = sign(token(key="foreign"), keys).text

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(text, public_key(keys, "platform"), algorithms=["RS256"])
    assert jwt.decode(text, public_key(keys, "foreign"), algorithms=["RS256"]) == {"sub": "1"}


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS384", "platform"),
        ("RS512", "platform"),
        ("PS256", "platform"),
        ("PS512", "platform"),
        ("ES256", "ec"),
        ("RS256", "rotated"),
    ],
)
def test_other_algorithms_are_genuine(keys: KeyRing, algorithm: str, key: str) -> None:
    """PyJWT verifies what was signed with another asymmetric algorithm, once it is told which."""
    text = sign(token(algorithm, key), keys).text

    assert jwt.decode(text, public_key(keys, key), algorithms=[algorithm]) == {"sub": "1"}


def test_an_hmac_is_keyed_with_the_public_pem(keys: KeyRing) -> None:
    """HS256 over `platform:pem` is the HMAC that an attacker computes from the published key."""
    message, _, signature = sign(token("HS256", "platform:pem"), keys).text.rpartition(".")
    pem = public_key(keys, "platform").public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    mac = hmac.new(pem, message.encode(), hashlib.sha256).digest()

    assert pem.startswith(b"-----BEGIN PUBLIC KEY-----\n")
    assert signature == base64.urlsafe_b64encode(mac).decode().rstrip("=")


def test_other_hmac_secrets(keys: KeyRing) -> None:
    """A secret is the DER of the public key, its JWK, or a text."""
    der = public_key(keys, "platform").public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    assert keys.secret("platform:der") == der
    assert json.loads(keys.secret("platform:jwk")) == keys.jwk("platform")
    assert keys.secret("text:pass:word") == b"pass:word"
    assert keys.signature("HS512", "text:s", b"m") == hmac.new(b"s", b"m", hashlib.sha512).digest()


def test_alg_none_has_an_empty_signature(keys: KeyRing) -> None:
    """A token without an algorithm ends in a full stop."""
    text = sign(token("none"), keys).text

    assert text.endswith(".")
    assert text.count(".") == 2


@pytest.mark.parametrize("algorithm", ["", "XX", "RS", "RS1024"])
def test_an_unknown_algorithm_raises(keys: KeyRing, algorithm: str) -> None:
    """Nothing is signed with an algorithm that does not exist."""
    with pytest.raises(ValueError, match="unknown signature algorithm"):
        sign(token(algorithm), keys)


def test_raw_bytes_are_signed_as_they_are(keys: KeyRing) -> None:
    """Header and claims may be bytes that are no JSON at all."""
    text = sign(IdToken(header=b"\x00{", claims=b"\xff"), keys).text

    assert text.startswith("AHs._w.")


@pytest.mark.parametrize("name", ["platform", "ec", "weak"])
def test_the_kid_is_the_thumbprint(keys: KeyRing, name: str) -> None:
    """Each published key is named by its RFC 7638 thumbprint."""
    assert keys.jwk(name)["kid"] == thumbprint(keys.jwk(name))
    assert keys.kid(name) == keys.jwk(name)["kid"]


def test_the_thumbprint_of_rfc_7638() -> None:
    """The example key of RFC 7638 gets the thumbprint that the document prints."""

    class Published:
        def public_key(self) -> rsa.RSAPublicKey:
            return rsa.RSAPublicNumbers(65537, number(RFC_7638_N)).public_key()

    jwk = public_jwk(Published())  # type: ignore[arg-type]

    assert (jwk["n"], jwk["e"]) == (RFC_7638_N, "AQAB")
    assert jwk["kid"] == RFC_7638_THUMBPRINT
    assert thumbprint(jwk) == RFC_7638_THUMBPRINT


def test_the_published_numbers_are_the_keys_own(keys: KeyRing) -> None:
    """Modulus and curve point are those of the private key; type, use and algorithm fit."""
    key, curve = keys.private("platform"), keys.private("ec")
    point = curve.public_key().public_numbers()
    rsa_jwk, ec_jwk = keys.jwk("platform"), keys.jwk("ec")

    assert number(rsa_jwk["n"]) == key.public_key().public_numbers().n  # type: ignore[union-attr]
    assert (rsa_jwk["kty"], rsa_jwk["use"], rsa_jwk["alg"]) == ("RSA", "sig", "RS256")
    assert (number(ec_jwk["x"]), number(ec_jwk["y"])) == (point.x, point.y)  # type: ignore[union-attr]
    assert (ec_jwk["kty"], ec_jwk["crv"], ec_jwk["alg"]) == ("EC", "P-256", "ES256")
    assert len(ec_jwk["x"]) == len(ec_jwk["y"]) == 43


@pytest.mark.parametrize("name", ["platform", "rotated", "foreign", "weak", "ec"])
def test_no_private_member_is_published(keys: KeyRing, name: str) -> None:
    """A JWK of the ring holds public members only."""
    assert not PRIVATE_MEMBERS & keys.jwk(name).keys()


def test_keys_are_reused() -> None:
    """A ring makes a key once; two rings have different keys."""
    one, other = KeyRing(), KeyRing()

    assert one.private("ec") is one.private("ec")
    assert one.kid("ec") == one.kid("ec")
    assert one.kid("ec") != other.kid("ec")


def test_the_keys_of_a_ring_differ(keys: KeyRing) -> None:
    """Signer, successor and attacker have keys of their own, and only the weak one is short."""
    names = ("platform", "rotated", "foreign", "weak")

    assert len({keys.kid(name) for name in names}) == 4
    assert [number(keys.jwk(name)["n"]).bit_length() for name in names] == [2048, 2048, 2048, 1024]


def test_an_unknown_key_raises(keys: KeyRing) -> None:
    """A key that nobody has is an error of the caller."""
    with pytest.raises(KeyError, match="nobody"):
        keys.private("nobody")


@LAW
@given(st.binary())
def test_b64url_can_be_read_back(data: bytes) -> None:
    """Base64url has no padding and none of the two letters that a URL spoils."""
    text = b64url(data)

    assert re.fullmatch(r"[A-Za-z0-9_-]*", text)
    assert base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) == data


@LAW
@given(st.dictionaries(st.text(), JSON_VALUES))
def test_encoded_json_can_be_read_back(value: dict[str, Any]) -> None:
    """Any JSON object comes back from its UTF-8 bytes."""
    assert json.loads(encode_json(value).decode("utf-8")) == value


def test_encoded_json_has_no_blanks() -> None:
    """The JSON of a token is compact, and not escaped."""
    assert encode_json({"a": [1, "ß"], "b": {}}) == '{"a":[1,"ß"],"b":{}}'.encode()


@LAW
@given(st.dictionaries(st.text().map("x-{}".format), JSON_VALUES))
def test_whatever_is_signed_is_verified(keys: KeyRing, claims: dict[str, Any]) -> None:
    """PyJWT verifies a token with any claims, and reads the same ones."""
    text = sign(IdToken(header={"alg": "RS256"}, claims=claims), keys).text

    assert jwt.decode(text, public_key(keys, "platform"), algorithms=["RS256"]) == claims
