"""Launches that are broken in ways that take more than changed claims, as stories of a browser."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser, Reply

Story = Callable[["Browser"], "Reply"]

TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
ISSUER = "https://lms.example"
FOREIGN_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def part(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(token: str) -> str:
    """The token without an algorithm."""
    return ".".join((part(b'{"alg":"nOnE","kid":"main"}'), token.split(".")[1], ""))


def with_duplicate_header(browser: Browser) -> Reply:
    """A launch whose signed header names the algorithm twice."""
    login = browser.begin()
    head = part(b'{"alg":"none","alg":"RS256","kid":"main"}')
    body = part(json.dumps(browser.claims(login)).encode())
    signature = jwt.get_algorithm_by_name("RS256").sign(f"{head}.{body}".encode(), browser.platform.key)
    return browser.finish(login, f"{head}.{body}.{part(signature)}")


def with_byte_order_mark(browser: Browser) -> Reply:
    """A launch whose signed claims begin with a byte order mark."""
    login = browser.begin()
    claims = b"\xef\xbb\xbf" + json.dumps(browser.claims(login)).encode()
    head, body = part(b'{"alg":"RS256","kid":"main"}'), part(claims)
    signature = jwt.get_algorithm_by_name("RS256").sign(f"{head}.{body}".encode(), browser.platform.key)
    return browser.finish(login, f"{head}.{body}.{part(signature)}")


def edit_without_zoom(browser: Browser) -> Reply:
    """An edit after Zoom was disconnected."""
    browser.launch(roles=[TEACHER])
    browser.app.state.store.withdraw_zoom("ada@lms.example")
    return browser.send("POST", "/class/edit")


def by_public_secret(browser: Browser) -> Reply:
    """A launch signed with the public key as the secret."""
    login, key = browser.begin(), browser.platform.key.public_key()
    secret = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = part(b'{"alg":"HS256","kid":"main"}'), part(json.dumps(browser.claims(login)).encode())
    signature = part(hmac.digest(secret, f"{head}.{body}".encode(), "sha256"))
    return browser.finish(login, f"{head}.{body}.{signature}")


def by_weak_key(browser: Browser) -> Reply:
    """A launch signed with a published key of 1024 bits."""
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    modulus = weak.public_key().public_numbers().n
    browser.platform.entries.append({"kty": "RSA", "kid": "weak", "e": "AQAB", "n": part(modulus.to_bytes(128))})
    return browser.launch(header={"kid": "weak"}, key=weak)


def by_encryption_key(browser: Browser) -> Reply:
    """A launch signed with a key that is published for encryption."""
    browser.platform.entries.append({**browser.platform.entries[0], "kid": "enc", "use": "enc"})
    return browser.launch(header={"kid": "enc"})


def by_second_of_two(browser: Browser) -> Reply:
    """A launch signed with the second of two keys with one id."""
    foreign = jwt.algorithms.RSAAlgorithm.to_jwk(FOREIGN_KEY.public_key(), as_dict=True)
    browser.platform.entries.insert(0, {**foreign, "kid": "main"})
    return browser.launch()


def beside_odd_entry(browser: Browser) -> Reply:
    """A launch with something odd in the key set."""
    browser.platform.entries.append({"kty": "XYZ"})
    return browser.launch()


def by_embedded_key(browser: Browser) -> Reply:
    """A launch that brings its own key."""
    own = jwt.algorithms.RSAAlgorithm.to_jwk(FOREIGN_KEY.public_key(), as_dict=True)
    return browser.launch(header={"jwk": own}, key=FOREIGN_KEY)


def by_certificate(browser: Browser) -> Reply:
    """A launch that brings its own certificate."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "anybody")])
    begins = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, FOREIGN_KEY.public_key(), 1, begins, begins + timedelta(days=1))
    ).sign(FOREIGN_KEY, SHA256())
    chain = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]
    return browser.launch(header={"x5c": chain}, key=FOREIGN_KEY)


def by_named_set(browser: Browser) -> Reply:
    """A launch that names its own key set."""
    own = jwt.algorithms.RSAAlgorithm.to_jwk(FOREIGN_KEY.public_key(), as_dict=True)
    body = json.dumps({"keys": [{**own, "kid": "main"}]}).encode()
    honest = json.dumps({"keys": browser.platform.entries}).encode()
    browser.platform.answer = lambda: (200, body if browser.platform.fetched[-1] == "https://evil.example" else honest)
    return browser.launch(header={"jku": "https://evil.example"}, key=FOREIGN_KEY)


def after_rotation(browser: Browser) -> Reply:
    """A launch after the platform has changed its key's id."""
    browser.launch()
    browser.platform.entries[0]["kid"] = "rotated"
    return browser.launch(header={"kid": "rotated"})


def in_outage(browser: Browser) -> Reply:
    """A launch while the key set cannot be had, after one while it could."""
    browser.launch()
    browser.platform.answer = lambda: (503, b"")
    return browser.launch()


def without_key_set(browser: Browser) -> Reply:
    """A first launch while the key set cannot be had."""
    browser.platform.answer = lambda: (503, b"")
    return browser.launch()


def token_twice(browser: Browser) -> Reply:
    """A launch with two tokens."""
    return browser.launch(respell=lambda token: ["x.y.z", token])


def without_cookies(browser: Browser) -> Reply:
    """A launch that another browser began."""
    login = browser.begin()
    token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
    browser.cookies.clear()
    return browser.finish(login, token)


def replayed(browser: Browser) -> Reply:
    """The same form, a second time."""
    login = browser.begin()
    token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
    browser.finish(login, token)
    return browser.finish(login, token)


def after_forgery(browser: Browser) -> Reply:
    """A good token after a forged one with the same nonce."""
    login = browser.begin()
    for key in (FOREIGN_KEY, None):
        token = browser.platform.sign(browser.claims(login), header={"kid": "main"}, key=key)
        reply = browser.finish(login, token)
    return reply


def with_nonce_of_other_login(browser: Browser) -> Reply:
    """A token made for another login."""
    other, login = browser.begin(), browser.begin()
    return browser.finish(login, browser.platform.sign(browser.claims(other), header={"kid": "main"}))


def without_claim(name: str) -> Story:
    """A launch that lacks a claim."""

    def story(browser: Browser) -> Reply:
        login = browser.begin()
        claims = {claim: value for claim, value in browser.claims(login).items() if claim != name}
        return browser.finish(login, browser.platform.sign(claims, header={"kid": "main"}))

    return story


def session_after_refusal(changes: Mapping[str, Any]) -> Story:
    """Whether there is a session after a refused launch."""

    def story(browser: Browser) -> Reply:
        assert not browser.launch(**changes).launched
        return browser.me()

    return story


def failing(point: str, **changes: Any) -> Story:
    """A teacher's launch while a point fails."""

    def story(browser: Browser) -> Reply:
        browser.app.state.store.defer_class("ada@lms.example", ISSUER, "1", "later")
        with browser.app.state.faults.arm(point, "error"):
            return browser.launch(**{"roles": [TEACHER], **changes})

    return story


def without_zoom(browser: Browser) -> Reply:
    """A launch of a teacher without a Zoom account."""
    browser.app.state.store.withdraw_zoom("ada@lms.example")
    return browser.launch(roles=[TEACHER])


def with_custom(**custom: Any) -> Story:
    """A launch of the registration that names custom fields."""

    def story(browser: Browser) -> Reply:
        return browser.launch(login={"client_id": "client-named"}, aud="client-named", custom=custom)

    return story
