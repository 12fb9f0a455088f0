from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from mockplatform.keys import KeyRing
from tests.mockplatform.makers import NOW_S, PLATFORM, make_registration
from tests.mockplatform.services.asking import talking_to
from tests.mockplatform.services.asserting import AGS, ask, assertion, form, key_set, make_granting, signed

pytestmark = pytest.mark.asyncio

DEPLOYMENT = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_right_request_gets_a_token(keys: KeyRing) -> None:
    """A signed assertion gets an opaque token for what was asked for (SEC 4.1; RFC 6749, section 5.1)."""
    platform = make_granting(keys, new_id=lambda: "Opaque-1")
    async with talking_to(platform) as http:
        answer = await http.post("/token", data=form(assertion(keys)))

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "access_token": "Opaque-1",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": f"{AGS}score",
    }
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


async def test_a_token_opens_what_it_is_for(keys: KeyRing) -> None:
    """The token opens operations of its scopes and no others (RFC 6750, section 3.1)."""
    async with talking_to(make_granting(keys)) as http:
        _, told = await ask(http, form(assertion(keys), scope=f"{AGS}lineitem.readonly"))
        bearer = {"authorization": f"Bearer {told['access_token']}"}
        listed = await http.get("/lti/courses/course-9/line-items", headers=bearer)
        made = await http.post("/lti/courses/course-9/line-items", headers=bearer, json={})

    assert (listed.status_code, listed.json()) == (200, [])
    assert (made.status_code, made.json()["error"]) == (403, "insufficient_scope")


async def test_the_journal_knows_whose_request_it_was(keys: KeyRing) -> None:
    """The journal names the tool and its deployment, also where it was refused."""
    platform = make_granting(keys)
    async with talking_to(platform) as http:
        await ask(http, form(assertion(keys)))
        await ask(http, form(assertion(keys)))
    granted, refused = platform.journal

    assert dict(granted.about) == {"endpoint": "token", "client_id": "Client-A", "deployment_id": "Dep-1"}
    assert (refused.status, refused.about["client_id"]) == (401, "Client-A")


async def test_a_long_life_is_accepted_and_noted(keys: KeyRing) -> None:
    """An assertion that lives longer than needed, or names no deployment, is good; the journal says what is better."""
    platform = make_granting(keys)
    async with talking_to(platform) as http:
        status, _ = await ask(http, form(assertion(keys, exp=int(NOW_S) + 1800, **{DEPLOYMENT: None})))
    advice = platform.journal[0].about["advice"]

    assert status == 200
    assert "lives for 1800 s" in advice
    assert "CORE 6.2.1" in advice


@pytest.mark.parametrize(
    ("claims", "mended"),
    [
        ({"sub": "Client-B"}, "sub is 'Client-B', expected 'Client-A'"),
        ({"sub": None}, "sub is None, expected 'Client-A'"),
        ({"iss": "Client-B"}, "iss is 'Client-B', expected the client_id of a tool that is registered"),
        ({"iss": None}, "iss is None"),
        ({"iss": ["Client-A"]}, "iss is ['Client-A']"),
        ({"aud": None}, "aud is None, expected 'http://127.0.0.1:9400/token'"),
        ({"aud": f"{PLATFORM}/token/"}, "aud is 'http://127.0.0.1:9400/token/', expected"),
        ({"aud": PLATFORM}, "aud is 'http://127.0.0.1:9400', expected"),
        ({"aud": []}, "aud is [], expected"),
        ({"exp": None}, "exp is missing, expected a number"),
        ({"exp": str(int(NOW_S) + 300)}, "expected a number of seconds"),
        ({"exp": True}, "exp is True, expected a number"),
        ({"exp": int(NOW_S) - 61, "iat": int(NOW_S) - 300}, "exp was 62 s ago"),
        ({"exp": int(NOW_S) + 3661}, "which is more than 3600"),
        ({"exp": 10**400}, "which is more than 3600"),
        ({"exp": int(NOW_S) - 10, "iat": int(NOW_S) - 10}, "exp is not after iat"),
        ({"iat": None}, "iat is missing"),
        ({"iat": "now"}, "iat is 'now', expected a number"),
        ({"iat": int(NOW_S) + 62, "exp": int(NOW_S) + 300}, "iat is 61 s in the future"),
        ({"nbf": int(NOW_S) + 62}, "nbf is 61 s in the future"),
        ({"nbf": "soon"}, "nbf is 'soon'"),
        ({"jti": None}, "jti is missing"),
        ({"jti": " "}, "jti is ' '"),
        ({"jti": 7}, "jti is 7, expected a text"),
        ({DEPLOYMENT: "Dep-9"}, "is 'Dep-9', which is no deployment of this tool"),
    ],
)
async def test_a_claim_that_is_wrong(keys: KeyRing, claims: dict[str, Any], mended: str) -> None:
    """Each claim that is missing or wrong is refused as invalid_client, with what to mend (SEC 4.1.1; RFC 7523, 3)."""
    async with talking_to(make_granting(keys)) as http:
        status, told = await ask(http, form(assertion(keys, **claims)))

    assert (status, told["error"]) == (401, "invalid_client")
    assert mended in told["error_description"]
    assert "SEC 4.1.1" in told["error_description"] or "RFC" in told["error_description"] or "CORE" in str(told)


async def test_every_wrong_claim_is_named(keys: KeyRing) -> None:
    """A developer learns of all mistakes at once."""
    async with talking_to(make_granting(keys)) as http:
        _, told = await ask(http, form(assertion(keys, aud="x", jti=None, exp=None)))

    assert all(f"{name} is" in told["error_description"] for name in ("aud", "jti", "exp"))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [f"{PLATFORM}/token"]},
        {"aud": ["https://other.example", f"{PLATFORM}/token"]},
        {"iat": NOW_S + 59, "exp": NOW_S + 300.5},
        {"iat": NOW_S - 300, "exp": NOW_S - 59},
        {"nbf": int(NOW_S) - 5},
        {"jti": "x" * 3000},
        {DEPLOYMENT: "Dep-2"},
    ],
)
async def test_what_is_right_in_another_way(keys: KeyRing, claims: dict[str, Any]) -> None:
    """Audiences may be several, numbers have fractions, clocks differ by less than a minute."""
    async with talking_to(make_granting(keys)) as http:
        assert (await ask(http, form(assertion(keys, **claims))))[0] == 200


async def test_an_assertion_is_good_once(keys: KeyRing) -> None:
    """The same jti is refused, another one is not, and each tool has its own (SEC 4.1.1)."""
    other = make_registration(client_id="Client-B", jwks=key_set(keys))
    platform = make_granting(keys)
    platform.register(other)
    async with talking_to(platform) as http:
        first = await ask(http, form(assertion(keys)))
        again = await ask(http, form(assertion(keys)))
        new = await ask(http, form(assertion(keys, jti="jti-2")))
        others = await ask(http, form(assertion(keys, iss="Client-B", sub="Client-B")))

    assert [status for status, _ in (first, again, new, others)] == [200, 401, 200, 200]
    assert "was used before" in again[1]["error_description"]


async def test_a_refused_assertion_is_not_spent(keys: KeyRing) -> None:
    """Whoever cannot sign for the tool cannot use up its jti."""
    async with talking_to(make_granting(keys)) as http:
        forged = signed(keys, jwt.decode(assertion(keys), options={"verify_signature": False}), key="foreign")
        status, _ = await ask(http, form(forged))
        right, _ = await ask(http, form(assertion(keys)))

    assert (status, right) == (401, 200)


@pytest.mark.parametrize(
    ("values", "status", "error", "mended"),
    [
        ({"grant_type": None}, 400, "invalid_request", "grant_type is missing"),
        ({"grant_type": ""}, 400, "invalid_request", "grant_type is missing"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "expected client_credentials"),
        ({"client_assertion": None}, 401, "invalid_client", "client_assertion is missing"),
        ({"client_assertion": "a.b"}, 401, "invalid_client", "is no signed JWT"),
        ({"client_assertion_type": None}, 401, "invalid_client", "client_assertion_type is None"),
        ({"client_assertion_type": "jwt"}, 401, "invalid_client", "expected urn:ietf"),
        ({"client_secret": "s"}, 400, "invalid_request", "no secret may be sent"),
        ({"client_id": "Client-B"}, 401, "invalid_client", "client_id is 'Client-B', but iss is 'Client-A'"),
        ({"scope": None}, 400, "invalid_scope", "scope is missing"),
        ({"scope": "  "}, 400, "invalid_scope", "scope is missing"),
        ({"scope": "openid"}, 400, "invalid_scope", "not for this tool: openid"),
        ({"scope": 'ü"\\'}, 400, "invalid_scope", "not for this tool: ?'/"),
    ],
)
async def test_a_parameter_that_is_wrong(
    keys: KeyRing, values: dict[str, str | None], status: int, error: str, mended: str
) -> None:
    """Each mistake in the request has its error code (RFC 6749, section 5.2) and says what to mend."""
    async with talking_to(make_granting(keys)) as http:
        answer = await http.post("/token", data=form(assertion(keys), **values))
    told = answer.json()

    assert (answer.status_code, told["error"]) == (status, error)
    assert mended in told["error_description"]
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert answer.headers["pragma"] == "no-cache"
    allowed = {chr(code) for code in range(0x20, 0x7F)} - {'"', "\\"}
    assert set(told["error_description"]) <= allowed


async def test_more_parameters_than_any_request_has(keys: KeyRing) -> None:
    """A form of very many parameters is refused before anybody compares them."""
    body = urlencode([(f"x{number}", "1") for number in range(300_000)])
    async with talking_to(make_granting(keys)) as http:
        answer = await http.post("/token", content=body, headers=FORM)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_parameter_twice(keys: KeyRing) -> None:
    """A parameter that comes twice is refused, even with the same value (RFC 6749, section 3.2)."""
    body = urlencode([*form(assertion(keys)).items(), ("scope", f"{AGS}score")])
    async with talking_to(make_granting(keys)) as http:
        answer = await http.post("/token", content=body, headers=FORM)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "scope: sent twice" in answer.json()["error_description"]


async def test_a_request_in_the_wrong_place(keys: KeyRing) -> None:
    """Parameters in the URL, a body of another type, or one that is no UTF-8, are refused (SEC 4.1)."""
    right = form(assertion(keys))
    async with talking_to(make_granting(keys)) as http:
        in_url = await http.post("/token", params={"client_assertion": "x"}, data=right)
        as_json = await http.post("/token", json=right)
        broken = await http.post("/token", content=b"grant_type=\xff", headers=FORM)
        got = await http.get("/token", params=right)

    for answer, mended in ((in_url, "in the URL"), (as_json, "Content-Type"), (broken, "no form in UTF-8")):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert mended in answer.json()["error_description"]
    assert got.status_code == 405


async def test_another_way_to_authenticate(keys: KeyRing) -> None:
    """Who comes with a password is challenged in the same scheme (RFC 6749, section 5.2)."""
    sent = {"grant_type": "client_credentials", "scope": f"{AGS}score"}
    async with talking_to(make_granting(keys)) as http:
        answer = await http.post("/token", data=sent, auth=("Client-A", "secret"))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"] == 'Basic realm="token"'
    assert "instead of the Authorization header" in answer.json()["error_description"]


async def test_a_part_of_the_scopes(keys: KeyRing) -> None:
    """Of what was asked for, the tool gets what it may have, once and in its order (SEC 4.1)."""
    platform = make_granting(keys, tool={"scopes": (f"{AGS}score", f"{AGS}lineitem")})
    asked = f"{AGS}lineitem {AGS}result.readonly  {AGS}score {AGS}lineitem"
    async with talking_to(platform) as http:
        _, told = await ask(http, form(assertion(keys), scope=asked))

    assert told["scope"] == f"{AGS}lineitem {AGS}score"


async def test_a_platform_that_grants_all_or_nothing(keys: KeyRing) -> None:
    """With the quirk, one scope too many is refused, and the others are named."""
    platform = make_granting(keys, quirks={"token.scopes": "refuse"})
    async with talking_to(platform) as http:
        status, told = await ask(http, form(assertion(keys), scope=f"{AGS}score openid"))

    assert (status, told["error"]) == (400, "invalid_scope")
    assert "not for this tool: openid" in told["error_description"]


@pytest.mark.parametrize("values", [{"services": ()}, {"tool": {"scopes": ()}}])
async def test_a_tool_without_services(keys: KeyRing, values: dict[str, Any]) -> None:
    """Where nothing could be opened, the client is not authorised for the grant (RFC 6749, section 5.2)."""
    async with talking_to(make_granting(keys, **values)) as http:
        status, told = await ask(http, form(assertion(keys)))

    assert (status, told["error"]) == (400, "unauthorized_client")


async def test_the_audience_of_another_platform(keys: KeyRing) -> None:
    """A platform may have an audience that is not its token URL."""
    quirks = {"token.audience": "https://lms.example/auth"}
    async with talking_to(make_granting(keys, quirks=quirks)) as http:
        usual, _ = await ask(http, form(assertion(keys)))
        own, _ = await ask(http, form(assertion(keys, aud="https://lms.example/auth")))

    assert (usual, own) == (401, 200)


@pytest.mark.parametrize("named", [None, "https://lms.example/auth"])
async def test_an_audience_is_told_wherever_a_tool_looks_for_it(keys: KeyRing, named: str | None) -> None:
    """The page with the addresses and the configuration name one that is not the token URL, and no other."""
    quirks = {} if named is None else {"token.audience": named}
    async with talking_to(make_granting(keys, quirks=quirks)) as http:
        page = (await http.get("/addresses")).text
        told = (await http.get("/.well-known/openid-configuration")).json()

    assert told.get("authorization_server") == named
    assert ("https://lms.example/auth" in page) is (named is not None)


async def test_a_platform_that_wants_one_audience(keys: KeyRing) -> None:
    """With the quirk, an audience beside the right one is refused."""
    async with talking_to(make_granting(keys, quirks={"token.audience_match": "exact"})) as http:
        two, told = await ask(http, form(assertion(keys, aud=[f"{PLATFORM}/token", "x"])))
        one, _ = await ask(http, form(assertion(keys, aud=f"{PLATFORM}/token")))

    assert (two, one) == (401, 200)
    assert "expected nothing but" in told["error_description"]


async def test_the_form_of_a_token(keys: KeyRing) -> None:
    """Tokens may be JWTs of the platform, with another life and spelling; they open the same."""
    quirks = {"token.format": "jwt", "token.expires_in": 60, "token.type": "bearer"}
    platform = make_granting(keys, quirks=quirks)
    async with talking_to(platform) as http:
        _, told = await ask(http, form(assertion(keys), scope=f"{AGS}lineitem"))
        bearer = {"authorization": f"Bearer {told['access_token']}"}
        listed = await http.get("/lti/courses/course-9/line-items", headers=bearer)
        platform.change_settings(offset_s=60.0)
        late = await http.get("/lti/courses/course-9/line-items", headers=bearer)
    key = jwt.PyJWK(dict(platform.keys.jwk("platform")))
    claims = json.loads(jwt.PyJWS().decode(told["access_token"], key.key, algorithms=["RS256"]))

    assert (told["token_type"], told["expires_in"]) == ("bearer", 60)
    assert (claims["sub"], claims["scope"], claims["exp"] - claims["iat"]) == ("Client-A", f"{AGS}lineitem", 60)
    assert (listed.status_code, late.status_code) == (200, 401)


async def test_a_token_after_the_key_was_changed(keys: KeyRing) -> None:
    """A token in the form of a JWT is signed by the key whose id it names, also when the platform has a new one."""
    platform = make_granting(keys, quirks={"token.format": "jwt"})
    platform.key_set.act("rotate")
    async with talking_to(platform) as http:
        _, told = await ask(http, form(assertion(keys)))
    kid = jwt.get_unverified_header(told["access_token"])["kid"]
    (published,) = (key for key in platform.key_set.publish().keys if key["kid"] == kid)
    claims = json.loads(jwt.PyJWS().decode(told["access_token"], jwt.PyJWK(dict(published)).key, algorithms=["RS256"]))

    assert kid != keys.kid("platform")
    assert claims["client_id"] == "Client-A"


async def test_the_clock_of_the_platform_counts(keys: KeyRing) -> None:
    """A platform whose clock was put ahead finds an assertion expired."""
    platform = make_granting(keys)
    platform.change_settings(offset_s=361.0)
    async with talking_to(platform) as http:
        status, told = await ask(http, form(assertion(keys)))

    assert status == 401
    assert "exp was" in told["error_description"]


async def test_two_registrations_of_one_client_id(keys: KeyRing) -> None:
    """Where a tool is registered under several issuers, the platform's own and the named deployment decide."""
    platform = make_granting(keys)
    platform.register(make_registration(issuer="https://other.example", jwks=key_set(keys, "platform")))
    async with talking_to(platform) as http:
        status, told = await ask(http, form(assertion(keys)))
    grant = platform.state.grants.get(told["access_token"])

    assert status == 200
    assert grant is not None
    assert grant.issuer == PLATFORM


async def test_the_deployment_tells_two_registrations_apart(keys: KeyRing) -> None:
    """An assertion that names a deployment is about the registration that has it, whatever its issuer (SEC 4.1.1)."""
    platform = make_granting(keys)
    platform.register(
        make_registration(issuer="https://other.example", deployment_ids=("Other-1",), jwks=key_set(keys))
    )
    async with talking_to(platform) as http:
        status, told = await ask(http, form(assertion(keys, **{DEPLOYMENT: "Other-1"})))
        _, unnamed = await ask(http, form(assertion(keys, jti="jti-2", **{DEPLOYMENT: None})))
    grants = [platform.state.grants.get(one["access_token"]) for one in (told, unnamed)]

    assert status == 200
    assert [grant and grant.issuer for grant in grants] == ["https://other.example", PLATFORM]


async def test_the_configuration_says_what_can_be_asked_for(keys: KeyRing) -> None:
    """The scopes of the services that launches name stand in the OpenID configuration, with how to authenticate."""
    async with talking_to(make_granting(keys)) as http:
        told = (await http.get("/.well-known/openid-configuration")).json()

    assert set(told["scopes_supported"]) == {
        "openid",
        f"{AGS}lineitem",
        f"{AGS}lineitem.readonly",
        f"{AGS}result.readonly",
        f"{AGS}score",
    }
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert "none" not in told["token_endpoint_auth_signing_alg_values_supported"]
