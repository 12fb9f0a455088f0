from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Registration
from mockplatform.oauth.tool_keys import ToolTokenError, unverified, verified
from tests.mockplatform.makers import make_platform, make_registration
from tests.mockplatform.services.asserting import JWKS_URL, FakeFetch, key_set, signed

pytestmark = pytest.mark.asyncio

CLAIMS = {"iss": "Client-A", "n": 1}


def published(*sets: dict[str, Any]) -> FakeFetch:
    return FakeFetch(*((200, json.dumps(one).encode()) for one in sets))


def fetching(keys: KeyRing, fetch: FakeFetch | None) -> tuple[Platform, Registration]:
    return make_platform(keys, fetch=fetch), make_registration(jwks_url=JWKS_URL)


async def problem_of(platform: Platform, registration: Registration, text: str) -> str:
    with pytest.raises(ToolTokenError) as caught:
        await verified(platform, registration, text, what="the JWT")
    return caught.value.problem


async def test_a_key_set_that_was_handed_over(keys: KeyRing) -> None:
    """A registration with a key set of its own needs nothing fetched."""
    registration = make_registration(jwks=key_set(keys), jwks_url=JWKS_URL)

    assert await verified(make_platform(keys), registration, signed(keys, CLAIMS), what="the JWT") == CLAIMS


async def test_a_key_set_is_fetched_once(keys: KeyRing) -> None:
    """The published keys are fetched when first needed, and kept for a while."""
    fetch = published(key_set(keys))
    platform, registration = fetching(keys, fetch)
    for _ in range(3):
        assert await verified(platform, registration, signed(keys, CLAIMS), what="the JWT") == CLAIMS
    assert fetch.asked == [JWKS_URL]
    platform.change_settings(offset_s=301.0)
    await verified(platform, registration, signed(keys, CLAIMS), what="the JWT")

    assert fetch.asked == [JWKS_URL, JWKS_URL]


async def test_a_tool_changes_its_keys(keys: KeyRing) -> None:
    """A kid that is not in the kept set is looked for in a fresh one (SEC 6.4)."""
    fetch = published(key_set(keys, "rotated"), key_set(keys, "platform"))
    platform, registration = fetching(keys, fetch)
    await verified(platform, registration, signed(keys, CLAIMS), what="the JWT")

    assert await verified(platform, registration, signed(keys, CLAIMS, key="platform"), what="the JWT") == CLAIMS
    assert "names the key" in await problem_of(platform, registration, signed(keys, CLAIMS))


async def test_a_tool_puts_a_new_key_under_an_old_kid(keys: KeyRing) -> None:
    """A signature that does not fit the kept key is checked with a fresh set before it is refused."""
    first = {"keys": [dict(keys.jwk("platform")) | {"kid": "one"}]}
    second = {"keys": [dict(keys.jwk("rotated")) | {"kid": "one"}]}
    platform, registration = fetching(keys, published(first, second))
    await verified(platform, registration, signed(keys, CLAIMS, key="platform", kid="one"), what="the JWT")

    assert await verified(platform, registration, signed(keys, CLAIMS, kid="one"), what="the JWT") == CLAIMS
    forged = await problem_of(platform, registration, signed(keys, CLAIMS, key="foreign", kid="one"))
    assert "signature does not fit the key 'one'" in forged


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (ConnectionError("connection refused"), "cannot be fetched: connection refused"),
        ((404, b"{}"), "answers 404, expected 200"),
        ((200, b"<html>"), "is no JWK Set"),
        ((200, b"[]"), "is no JWK Set"),
        ((200, b'{"keys": {}}'), "is no JWK Set"),
        ((200, b"[" * 100_000), "is no JWK Set"),
        ((200, b'{"keys": []}'), "has no keys"),
        ((200, b'{"keys": [7, null, {"kty": "RSA"}]}'), "has one without kid"),
    ],
)
async def test_a_key_set_that_is_none(keys: KeyRing, answer: tuple[int, bytes] | ConnectionError, told: str) -> None:
    """What is wrong with a key set is said with its URL, and nothing of it is kept."""
    platform, registration = fetching(keys, FakeFetch(answer, (200, json.dumps(key_set(keys)).encode())))
    problem = await problem_of(platform, registration, signed(keys, CLAIMS))

    assert problem.startswith("the JWT: ")
    assert told in problem
    assert JWKS_URL in problem
    assert await verified(platform, registration, signed(keys, CLAIMS), what="the JWT") == CLAIMS


async def test_no_keys_at_all(keys: KeyRing) -> None:
    """A registration without keys, and a platform that fetches nothing, say so."""
    assert "has no keys" in await problem_of(make_platform(keys), make_registration(), signed(keys, CLAIMS))
    platform, registration = fetching(keys, None)
    assert "fetches nothing" in await problem_of(platform, registration, signed(keys, CLAIMS))


def without(keys: KeyRing, name: str, *left_out: str, **other: Any) -> dict[str, Any]:
    jwk = {member: value for member, value in keys.jwk(name).items() if member not in left_out}
    return {"keys": [jwk | {"kid": keys.kid("rotated")} | other]}


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"use": "enc"}, "has use 'enc', expected 'sig'"),
        ({"key_ops": ["sign"]}, "has key_ops ['sign']"),
        ({"key_ops": "verify"}, "has key_ops 'verify'"),
        ({"alg": "RS512"}, "is for 'RS512', but the header has alg 'RS256'"),
        ({"kty": "EC"}, "has kty 'EC', expected RSA"),
        ({"kty": ["RSA"]}, "has kty ['RSA'], expected RSA"),
        ({"d": "AQAB"}, "is published with its private part (d)"),
        ({"n": "AQAB"}, "cannot be used"),
        ({"n": "?"}, "cannot be used"),
        ({"n": None}, "cannot be used"),
        ({"e": 65537}, "cannot be used"),
    ],
)
async def test_a_key_that_may_not_check(keys: KeyRing, members: dict[str, Any], told: str) -> None:
    """A key for something else, a weak one and one that is no secret any more are refused (RFC 7517, RFC 7518)."""
    registration = make_registration(jwks=without(keys, "rotated", **members))

    assert told in await problem_of(make_platform(keys), registration, signed(keys, CLAIMS))


async def test_weak_keys(keys: KeyRing) -> None:
    """An RSA key of 1024 bits is refused (RFC 7518, section 3.3)."""
    registration = make_registration(jwks=key_set(keys, "weak"))

    assert "has 1024 bits" in await problem_of(make_platform(keys), registration, signed(keys, CLAIMS, key="weak"))


async def test_keys_of_one_kid(keys: KeyRing) -> None:
    """Of several keys under one kid the one that fits the algorithm decides, and odd ones are passed over (SEC 6.3)."""
    kid = keys.kid("rotated")
    odd = [{"kid": kid, "kty": "oct"}, {"kty": "RSA"}, dict(keys.jwk("ec")) | {"kid": kid}]
    registration = make_registration(jwks={"keys": [*odd, dict(keys.jwk("rotated"))]})

    assert await verified(make_platform(keys), registration, signed(keys, CLAIMS), what="the JWT") == CLAIMS


@pytest.mark.parametrize(("key", "algorithm"), [("rotated", "RS384"), ("rotated", "RS512"), ("ec", "ES256")])
async def test_other_algorithms(keys: KeyRing, key: str, algorithm: str) -> None:
    """RSA and elliptic curves with longer digests are taken where the key allows it (Security Framework 1.1)."""
    jwk = {name: value for name, value in keys.jwk(key).items() if name != "alg"}
    registration = make_registration(jwks={"keys": [jwk]})
    text = signed(keys, CLAIMS, key=key, algorithm=algorithm)

    assert await verified(make_platform(keys), registration, text, what="the JWT") == CLAIMS


async def test_a_curve_of_another_algorithm(keys: KeyRing) -> None:
    """A P-256 key signs nothing but ES256 (RFC 7518, section 3.4)."""
    jwk = {name: value for name, value in keys.jwk("ec").items() if name != "alg"}
    registration = make_registration(jwks={"keys": [jwk]})
    text = signed(keys, CLAIMS, key="ec", algorithm="ES384")

    assert "expected P-384" in await problem_of(make_platform(keys), registration, text)


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


RIGHT = b'{"alg":"RS256","kid":"k"}'


def compact(header: bytes = RIGHT, claims: bytes = b"{}") -> str:
    return f"{part(header)}.{part(claims)}."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no signed JWT"),
        ("a.b", "is no signed JWT"),
        ("a.b.c.d.e", "is no signed JWT"),
        ("a" * 1_000_000 + "..", "is no signed JWT"),
        ("ü.b.c", "header is no base64url"),
        ("e30=.e30.", "header is no base64url"),
        ("abcde.e30.", "header is no base64url"),
        (compact(b"7"), "header is no JSON object"),
        (compact(b"{"), "header is no JSON object"),
        (compact(claims=b"[]"), "claims is no JSON object"),
        (compact(claims=b"\xff"), "claims is no JSON object"),
        (compact(claims=b'{"iss":1,"iss":2}'), "'iss' stands in it twice"),
        (compact(claims=b'{"exp":NaN}'), "NaN is no number"),
        (compact(claims=b"[" * 50_000), "claims is no JSON object"),
        (compact(b'{"alg":"none","kid":"k"}'), "alg 'none', expected RS256"),
        (compact(b'{"alg":"HS256","kid":"k"}'), "alg 'HS256', expected RS256"),
        (compact(b'{"alg":["RS256"],"kid":"k"}'), "alg ['RS256'], expected RS256"),
        (compact(b'{"kid":"k"}'), "alg None, expected RS256"),
        (compact(b'{"alg":"RS256"}'), "has no kid"),
        (compact(b'{"alg":"RS256","kid":""}'), "has kid ''"),
        (compact(b'{"alg":"RS256","kid":7}'), "has kid 7"),
        (compact(b'{"alg":"RS256","kid":"k","crit":["b64"]}'), "has crit"),
        (f"{compact()}?", "signature is no base64url"),
    ],
)
async def test_what_is_no_signed_jwt(text: str, told: str) -> None:
    """Each way of not being a signed JWT is told in a sentence that begins with what it should have been."""
    with pytest.raises(ToolTokenError, match="^client_assertion: ") as caught:
        unverified(text, what="client_assertion")
    assert told in caught.value.problem


async def test_a_signature_that_was_cut(keys: KeyRing) -> None:
    """A signature that is empty or too short fits no key."""
    registration = make_registration(jwks=key_set(keys))
    head, claims, signature = signed(keys, CLAIMS).split(".")
    for cut in ("", signature[:-4]):
        assert "does not fit" in await problem_of(make_platform(keys), registration, f"{head}.{claims}.{cut}")
