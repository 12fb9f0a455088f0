from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis.strategies import booleans, dictionaries, integers, lists, none, recursive, sampled_from, text

from mockplatform.dialects.dialect import Dialect
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.services.registration import invite
from mockplatform.tool_configuration import metadata_problems, registration_of
from tests.mockplatform.makers import COURSE, INSTRUCTOR, LAW, NOW_S, PERSON, PLATFORM, make_auth_request, make_platform
from tests.mockplatform.services.asking import talking_to

pytestmark = pytest.mark.asyncio

CONFIGURATION = f"{PLATFORM}/.well-known/openid-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
GROUPS = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"

METADATA: dict[str, Any] = {
    "application_type": "web",
    "response_types": ["id_token"],
    "grant_types": ["implicit", "client_credentials"],
    "initiate_login_uri": "https://tool.example/login",
    "redirect_uris": ["https://tool.example/launch", "https://app.tool.example/launch?x=1"],
    "client_name": "Virtual Garden",
    "client_name#ja": "バーチャルガーデン",
    "jwks_uri": "https://tool.example/jwks.json",
    "token_endpoint_auth_method": "private_key_jwt",
    "contacts": ["ve7jtb@example.org"],
    "scope": f"{ROSTER} https://purl.imsglobal.org/spec/lti-ags/scope/unheard-of {ROSTER}",
    TOOL: {
        "domain": "tool.example",
        "target_link_uri": "https://tool.example/launch",
        "custom_parameters": {"context_history": "$Context.id.history"},
        "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
        "messages": [
            {"type": "LtiResourceLinkRequest"},
            {
                "type": "LtiDeepLinkingRequest",
                "target_link_uri": "https://tool.example/pick",
                "label": "Add a garden",
                "placements": ["ContentArea"],
                "custom_parameters": {"botanical_set": "12943,49023,50013"},
            },
            {"type": "LtiTelepathyRequest"},
        ],
    },
}


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, registrations=(), services=("nrps", "registration"))


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    async with talking_to(platform) as client:
        yield client


def invited(platform: Platform) -> dict[str, str]:
    token = invite(platform, tool_url="https://tool.example/register").token
    return {"authorization": f"Bearer {token}"}


def changed(path: str, value: Any = None) -> dict[str, Any]:
    """The metadata with one member another; None takes it out. `tool/` is the tool configuration."""
    metadata = copy.deepcopy(METADATA)
    name = path.removeprefix("tool/")
    holder = metadata if name == path else metadata[TOOL]
    if value is None:
        del holder[name]
    else:
        holder[name] = value
    return metadata


async def test_an_invitation(platform: Platform) -> None:
    """An invitation leads to the tool, with the configuration and a token in the query (DYNREG 3.1)."""
    invitation = invite(platform, tool_url="https://tool.example/register?site=1&x=%26#part")
    address, _, query = invitation.url.partition("?")

    assert address == "https://tool.example/register"
    assert parse_qsl(query) == [
        ("site", "1"),
        ("x", "&"),
        ("openid_configuration", CONFIGURATION),
        ("registration_token", invitation.token),
    ]
    assert invitation.token not in repr(invitation)
    assert urlsplit(invite(platform, tool_url="http://127.0.0.1:8000").url).path == ""


@pytest.mark.parametrize("url", ["", "tool.example", "javascript:alert(1)", "https://", "http://[::1"])
async def test_an_invitation_to_nowhere(platform: Platform, url: str) -> None:
    """A tool's address that is none is the caller's mistake."""
    with pytest.raises(UsageError, match="no http or https URL"):
        invite(platform, tool_url=url)


async def test_the_configuration_offers_registration(http: httpx2.AsyncClient) -> None:
    """The configuration names the endpoint, the messages, the scopes and the variables (DYNREG 3.4)."""
    told = (await http.get(CONFIGURATION)).json()
    lti = told["https://purl.imsglobal.org/spec/lti-platform-configuration"]

    assert told["registration_endpoint"] == f"{PLATFORM}/register"
    assert ROSTER in told["scopes_supported"]
    assert {"type": "LtiResourceLinkRequest"} in lti["messages_supported"]
    assert {"type": "LtiDeepLinkingRequest"} in lti["messages_supported"]
    assert "User.id" in lti["variables"]


async def test_messages_as_texts(keys: KeyRing) -> None:
    """A platform may have the habit of listing messages as bare texts."""
    platform = make_platform(keys, quirks={"registration.messages_as_strings": True})
    async with talking_to(platform) as http:
        told = (await http.get(CONFIGURATION)).json()

    lti = told["https://purl.imsglobal.org/spec/lti-platform-configuration"]
    assert "LtiResourceLinkRequest" in lti["messages_supported"]
    assert "registration_endpoint" not in told


async def test_a_tool_registers(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A tool gets its metadata back, with ids, and of scopes and messages those that there are (DYNREG 3.6)."""
    answer = await http.post("/register", json=METADATA, headers=invited(platform))
    told = answer.json()

    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    (registration,) = platform.registrations
    expected = copy.deepcopy(METADATA) | {"client_id": registration.client_id, "scope": ROSTER}
    expected[TOOL]["deployment_id"] = registration.deployment_ids[0]
    del expected[TOOL]["messages"][2]
    assert told == expected


async def test_what_is_registered(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The registration says what the metadata said."""
    await http.post("/register", json=METADATA, headers=invited(platform))
    (registration,) = platform.registrations

    assert registration.issuer == PLATFORM
    assert registration.name == "Virtual Garden"
    assert registration.login_url == "https://tool.example/login"
    assert registration.launch_url == "https://tool.example/launch"
    assert registration.deep_linking_url == "https://tool.example/pick"
    assert registration.redirect_uris == ("https://tool.example/launch", "https://app.tool.example/launch?x=1")
    assert registration.jwks_url == "https://tool.example/jwks.json"
    assert registration.scopes == (ROSTER,)
    assert dict(registration.custom) == {"context_history": "$Context.id.history"}
    assert registration.privacy == "public"


async def test_a_registered_tool_can_be_launched(http: httpx2.AsyncClient, platform: Platform) -> None:
    """What has registered itself can be launched at once, and the journal knows it."""
    told = (await http.post("/register", json=METADATA, headers=invited(platform))).json()
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)
    login = platform.begin(launch).login
    request = make_auth_request(login, client_id=told["client_id"], redirect_uri="https://tool.example/launch")
    answer = await http.get("/auth", params=dict(request.params))

    assert dict(login.params)["lti_deployment_id"] == told[TOOL]["deployment_id"]
    assert answer.status_code == 200
    assert "id_token" in answer.text
    assert platform.journal[0].about["client_id"] == told["client_id"]


@pytest.mark.parametrize(
    ("claims", "privacy"),
    [
        (["sub", "name", "email"], "public"),
        (["sub", "given_name"], "name"),
        (["email"], "email"),
        (["iss", "sub"], "anonymous"),
        ([], "anonymous"),
    ],
)
async def test_claims_decide_on_privacy(
    http: httpx2.AsyncClient, platform: Platform, claims: list[str], privacy: str
) -> None:
    """A tool gets of people what it has asked for."""
    await http.post("/register", json=changed("tool/claims", claims), headers=invited(platform))

    assert platform.registrations[0].privacy == privacy


async def test_a_token_is_good_once(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A mistake does not use a token up; a registration does."""
    headers = invited(platform)
    statuses = [
        (await http.post("/register", json=metadata, headers=headers)).status_code
        for metadata in (changed("client_name"), METADATA, METADATA)
    ]

    assert statuses == [400, 201, 401]
    assert len(platform.registrations) == 1


async def test_a_token_that_has_expired(keys: KeyRing) -> None:
    """An hour after the invitation its token is no longer good."""
    now = [NOW_S]
    platform = make_platform(keys, registrations=(), clock=lambda: now[0])
    headers = invited(platform)
    now[0] += 3600
    async with talking_to(platform) as http:
        answer = await http.post("/register", json=METADATA, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert "expired" in answer.json()["error_description"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc"])
async def test_without_an_invitation(http: httpx2.AsyncClient, platform: Platform, header: str) -> None:
    """Whoever was not invited is refused, as RFC 6750 says it."""
    answer = await http.post("/register", json=METADATA, headers={"authorization": header} if header else {})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer error=")
    assert platform.registrations == ()


async def test_a_platform_that_is_open(
    http: httpx2.AsyncClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform may let tools in without a token; one that is sent has to be right all the same."""
    honest = Dialect.value
    monkeypatch.setattr(
        Dialect,
        "value",
        lambda self, name, otherwise: "optional" if name == "registration.token" else honest(self, name, otherwise),
    )

    assert (await http.post("/register", json=METADATA)).status_code == 201
    wrong = await http.post("/register", json=METADATA, headers={"authorization": "Bearer wrong"})
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("application_type", "native", "application_type is 'native'"),
        ("response_types", None, "response_types is None"),
        ("response_types", ["code"], "response_types lacks id_token"),
        ("grant_types", "implicit", "grant_types is 'implicit'"),
        ("grant_types", ["implicit"], "grant_types lacks client_credentials"),
        ("initiate_login_uri", None, "initiate_login_uri is None"),
        ("initiate_login_uri", "/login", "initiate_login_uri is '/login'"),
        ("client_name", None, "client_name is None"),
        ("client_name", " ", "client_name is ' '"),
        ("client_name", 5, "client_name is 5"),
        ("jwks_uri", None, "neither jwks_uri nor jwks"),
        ("jwks_uri", "ftp://tool.example/jwks", "jwks_uri is 'ftp://tool.example/jwks'"),
        ("jwks", {"keys": []}, "both jwks_uri and jwks"),
        ("token_endpoint_auth_method", None, "token_endpoint_auth_method is None"),
        ("token_endpoint_auth_method", "client_secret_basic", "token_endpoint_auth_method is 'client_secret_basic'"),
        ("scope", [ROSTER], "scope is ["),
        ("contacts", "me", "contacts is 'me'"),
        ("logo_uri", "logo.png", "logo_uri is 'logo.png'"),
        (TOOL, None, f"{TOOL} is None"),
        (TOOL, "yes", f"{TOOL} is 'yes'"),
        ("tool/domain", None, "domain is None"),
        ("tool/domain", "https://tool.example", "domain is 'https://tool.example'"),
        ("tool/domain", "other.example", "does not lie"),
        ("tool/domain", "ool.example", "does not lie"),
        ("tool/secondary_domains", "x", "secondary_domains is 'x'"),
        ("tool/target_link_uri", None, "target_link_uri is None"),
        ("tool/target_link_uri", "https://tool.example/a b", "target_link_uri is 'https://tool.example/a b'"),
        ("tool/claims", None, "claims is None"),
        ("tool/claims", [1], "claims is [1]"),
        ("tool/custom_parameters", [], "custom_parameters is []"),
        ("tool/custom_parameters", {"n": 1}, "custom_parameters.n is 1"),
        ("tool/messages", None, "messages is None"),
        ("tool/messages", ["LtiResourceLinkRequest"], "messages is ['LtiResourceLinkRequest']"),
        ("tool/messages", [{}], "messages[0].type is None"),
        ("tool/messages", [{"type": "T", "target_link_uri": "x"}], "messages[0].target_link_uri is 'x'"),
        ("tool/messages", [{"type": "T", "placements": "x"}], "messages[0].placements is 'x'"),
        ("tool/messages", [{"type": "T", "custom_parameters": {"a": None}}], "messages[0].custom_parameters.a is None"),
    ],
)
async def test_metadata_with_a_mistake(
    http: httpx2.AsyncClient, platform: Platform, path: str, value: Any, told: str
) -> None:
    """Each mistake in the metadata is named, with what was expected; nothing is registered (DYNREG 3.5)."""
    answer = await http.post("/register", json=changed(path, value), headers=invited(platform))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert told in answer.json()["error_description"]
    assert platform.registrations == ()


@pytest.mark.parametrize(
    "uris", [None, [], "https://tool.example", [1], ["tool"], ["https://tool.example/#x"], ["http://[::1"]]
)
async def test_redirect_uris_with_a_mistake(http: httpx2.AsyncClient, platform: Platform, uris: Any) -> None:
    """Redirect URIs that cannot be used have an error of their own (OpenID Connect Registration 3.3)."""
    answer = await http.post("/register", json=changed("redirect_uris", uris), headers=invited(platform))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")
    assert "redirect_uris" in answer.json()["error_description"]


async def test_all_mistakes_are_told_at_once(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Metadata with nothing in it hears of everything that it lacks."""
    told = (await http.post("/register", json={}, headers=invited(platform))).json()["error_description"]

    for name in (
        "client_name",
        "response_types",
        "grant_types",
        "redirect_uris",
        "jwks_uri",
        "initiate_login_uri",
        TOOL,
    ):
        assert name in told


@pytest.mark.parametrize(
    "body", ["", "[]", "5", "{", "[" * 100_000, "null", '{"client_name": "\\ud800"}', '{"x": NaN}', '{"x": 1e999}']
)
async def test_a_body_that_is_no_object(http: httpx2.AsyncClient, platform: Platform, body: str) -> None:
    """A body that is no JSON object is refused in a sentence."""
    headers = invited(platform) | {"content-type": "application/json"}
    answer = await http.post("/register", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


async def test_a_form_is_no_metadata(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Metadata that calls itself a form is not read."""
    answer = await http.post("/register", data={"client_name": "x"}, headers=invited(platform))

    assert answer.status_code == 415


@pytest.mark.parametrize("domain", ["tool.example:8443", "TOOL.example", "127.0.0.1:8443"])
async def test_domains_with_ports(http: httpx2.AsyncClient, platform: Platform, domain: str) -> None:
    """A domain may name the port of the tool's addresses, as tools under development do."""
    metadata = json.loads(json.dumps(METADATA).replace("https://tool.example", f"http://{domain}"))
    metadata["redirect_uris"] = [f"http://{domain}/launch"]
    metadata[TOOL]["domain"] = domain

    answer = await http.post("/register", json=metadata, headers=invited(platform))
    assert answer.status_code == 201, answer.text


async def test_secondary_domains(http: httpx2.AsyncClient, platform: Platform) -> None:
    """An address on another domain of the tool is fine."""
    metadata = changed("tool/secondary_domains", ["login.example"]) | {"initiate_login_uri": "https://login.example/"}

    assert (await http.post("/register", json=metadata, headers=invited(platform))).status_code == 201


async def test_logins_on_another_domain(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A domain is for what is launched; that a login or a redirect lies elsewhere is noted, not refused."""
    metadata = METADATA | {
        "initiate_login_uri": "https://login.example/",
        "redirect_uris": ["https://broker.example/callback"],
    }
    answer = await http.post("/register", json=metadata, headers=invited(platform))
    (exchange,) = platform.journal

    assert answer.status_code == 201
    assert "initiate_login_uri 'https://login.example/'" in exchange.about["advice"]
    assert "redirect_uris 'https://broker.example/callback'" in exchange.about["advice"]


async def test_metadata_that_is_nested_without_end(http: httpx2.AsyncClient, platform: Platform) -> None:
    """What no store could keep is refused, and the invitation stays good."""
    headers = invited(platform) | {"content-type": "application/json"}
    body = json.dumps(METADATA)[:-1] + ', "x": ' + "[" * 900 + "]" * 900 + "}"
    answer = await http.post("/register", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert (await http.post("/register", json=METADATA, headers=headers)).status_code == 201


async def test_keys_in_the_metadata(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A tool may hand over its keys instead of their address."""
    metadata = {name: value for name, value in METADATA.items() if name != "jwks_uri"} | {"jwks": {"keys": []}}
    await http.post("/register", json=metadata, headers=invited(platform))

    assert (platform.registrations[0].jwks_url, dict(platform.registrations[0].jwks)) == ("", {"keys": []})


async def test_a_very_long_mistake_is_told_shortly(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A mistake of many bytes is shown in part, with what was expected."""
    answer = await http.post("/register", json=changed("jwks_uri", "x" * 100_000), headers=invited(platform))

    assert len(answer.text) < 2000
    assert "expected an http or https URL" in answer.json()["error_description"]


ANYTHING = recursive(
    none()
    | booleans()
    | integers()
    | text(max_size=5)
    | sampled_from(["https://tool.example/x", "http://[", "http://a:b"]),
    lambda inner: lists(inner, max_size=3) | dictionaries(text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = sampled_from(
    [*METADATA, "jwks", "logo_uri", *(f"tool/{name}" for name in METADATA[TOOL]), "tool/secondary_domains"]
)


@LAW
@given(path=MEMBERS, value=ANYTHING)
async def test_any_metadata_is_taken_or_refused(path: str, value: Any) -> None:
    """Whatever stands in a member, its problem is told, or the metadata makes a registration."""
    metadata = changed(path, value) if value is not None else METADATA
    problems = metadata_problems(metadata)

    assert all(problem.text for problem in problems)
    if not problems:
        made = registration_of(metadata, issuer=PLATFORM, client_id="c", deployment_id="d", scopes=())
        assert made.launch_url.startswith("https://tool.example/")
