from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import pytest_asyncio
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from mockplatform.config import load_school
from mockplatform.control.app import Door, create_control
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.tenants import Tenants
from mockplatform.tool_table import registration_from
from tests.mockplatform.makers import COURSE, INSTRUCTOR, PERSON, make_platform, make_registration
from tests.mockplatform.services.asking import talking_to
from tests.mockplatform.services.test_registration import METADATA, TOOL, invited

pytestmark = pytest.mark.asyncio

CONTROL = "http://127.0.0.1:9401"
TABLE: Mapping[str, Any] = {
    "client_id": "new",
    "deployment_ids": ["1"],
    "login_url": "http://127.0.0.1:8000/login",
    "launch_url": "http://127.0.0.1:8000/launch",
}
PAGE = "http://127.0.0.1:8000/pick#part"
FRAGMENT = f"'{PAGE}' has a fragment, which no browser sends; leave out what follows the #"
LAUNCH_FRAGMENT = f"launch_url: {FRAGMENT}, or give redirect_uris"
FIXED = (
    "iss",
    "login_hint",
    "target_link_uri",
    "lti_message_hint",
    "client_id",
    "lti_deployment_id",
)
CASES: tuple[tuple[Mapping[str, Any], str], ...] = (
    ({"login_url": PAGE}, f"login_url: {FRAGMENT}"),
    ({"launch_url": PAGE}, LAUNCH_FRAGMENT),
    ({"redirect_uris": [PAGE]}, f"redirect_uris[0]: {FRAGMENT}"),
    ({"redirect_uris": ["http://127.0.0.1:8000/a", PAGE]}, f"redirect_uris[1]: {FRAGMENT}"),
    ({"client_id": "c" * 2_001}, "client_id has 2001 characters, expected at most 2000"),
    ({"client_id": ""}, "client_id is empty; give the one that the tool knows"),
    ({"client_id": "a\nb"}, "client_id: 'a\\nb' has a character that cannot be seen"),
    ({"deployment_ids": ["d" * 256]}, "deployment_ids[0] has 256 characters, expected at most 255"),
    *(
        ({"login_params": {name: "1"}}, f"login_params.{name}: every login says it as the standard wants it")
        for name in FIXED
    ),
    ({"jwks": {"keys": ["x"]}}, "jwks has no list of keys; give a JWK Set"),
    ({"jwks": {"keys": [{"kty": "RSA"}, 7]}}, "jwks has no list of keys; give a JWK Set"),
    ({"scopes": ["a", ""]}, "scopes has an empty text; leave it out"),
    ({"name": "a\0"}, "name: the text 'a\\x00' has the character U+0000; leave it out"),
    ({"custom": {"a": "b\0"}}, "custom: the text 'b\\x00' has the character U+0000; leave it out"),
)


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, registrations=(), services=("registration",))


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_control(Tenants(platform), Door(url=CONTROL))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=CONTROL) as client:
        yield client


@pytest.mark.parametrize(("changed", "told"), CASES)
async def test_what_no_registration_may_say(changed: Mapping[str, Any], told: str) -> None:
    """A registration that no honest login could follow is refused with the key and what to do."""
    with pytest.raises(UsageError) as raised:
        registration_from({**TABLE, **changed}, where="The tool")

    assert str(raised.value).startswith(f"The tool: {told}")


@pytest.mark.parametrize(
    "changed",
    [
        {"launch_url": PAGE, "redirect_uris": ["http://127.0.0.1:8000/launch"]},
        {"deep_linking_url": PAGE},
        {"deep_linking_url": PAGE, "redirect_uris": ["http://127.0.0.1:8000/launch"]},
        {"login_params": {"lti_storage_target": "_parent"}},
        {"client_id": "c" * 2_000},
        {"client_id": ".."},
        {"deployment_ids": ["d" * 255, ".", "..", "1, 2"]},
    ],
)
async def test_what_a_registration_may_say(
    http: httpx2.AsyncClient, platform: Platform, changed: Mapping[str, Any]
) -> None:
    """A target link URI may have a fragment, and what stands in no path of a URL may be any text that can be seen."""
    added = await http.post("/tenants/main/registrations", json={**TABLE, **changed})
    told = added.json()
    there = await http.get(f"/tenants/main/registrations/{quote(told['key'], safe='')}")

    assert (added.status_code, there.status_code, there.json()) == (201, 200, told)
    assert [{name: told[name] for name in changed}] == [changed]
    assert len(platform.registrations) == 1


@pytest.mark.parametrize(("chosen", "offered"), [("", ["_parent"]), ("frame", ["frame"])])
async def test_storage_that_a_registration_always_offers(keys: KeyRing, chosen: str, offered: list[str]) -> None:
    """A login names one storage target: that of the launch, or else that of the registration."""
    tool = make_registration(login_params={"lti_storage_target": "_parent", "new_window": "1"})
    platform = make_platform(keys, registrations=(tool,))
    launch = platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE, storage_target=chosen)

    params = platform.begin(launch).login.params

    assert [value for name, value in params if name == "lti_storage_target"] == offered
    assert ("new_window", "1") in params


@pytest.mark.parametrize(("changed", "told"), [CASES[0], CASES[-3]])
async def test_the_control_api_says_the_same(
    http: httpx2.AsyncClient, platform: Platform, changed: Mapping[str, Any], told: str
) -> None:
    """A registration of the control API, alone or in a state document, is held to the same."""
    state = (await http.get("/tenants/main/state")).json()

    added = await http.post("/tenants/main/registrations", json={**TABLE, **changed})
    put = await http.put("/tenants/main/state", json=state | {"registrations": [{**TABLE, **changed}]})

    for answer in (added, put):
        assert answer.status_code == 400
        assert answer.json()["detail"] == f"body: {told}"
    assert platform.registrations == ()


async def test_a_file_says_the_same(tmp_path: Path) -> None:
    """A registration of a file is held to the same."""
    file = tmp_path / "school.toml"
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in ({**TABLE, "launch_url": PAGE}).items())
    file.write_text(f"[[registration]]\n{lines}\n", encoding="utf-8")

    with pytest.raises(UsageError) as raised:
        load_school(file)

    assert str(raised.value) == f"{file}: registration[0]: {LAUNCH_FRAGMENT}"


async def test_a_form_says_the_same(platform: Platform) -> None:
    """The page of the tools refuses the same, and shows what was typed."""
    typed = {"client_id": "new", "deployment_ids": "1", "login_url": PAGE, "launch_url": TABLE["launch_url"]}
    async with talking_to(platform) as pages:
        answer = await pages.post("/registrations", data=typed)

    assert (answer.status_code, "has a fragment" in answer.text) == (400, True)
    assert platform.registrations == ()


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("redirect_uris", "https://a.example/x,https://b.example/y"),
        ("redirect_uris", "https://a.example/x, http://b.example/y"),
        ("redirect_uris", "https://a.example/x\r\nhttps://b.example/y,HTTPS://c.example/z"),
        ("deployment_ids", "1, 2"),
        ("deployment_ids", "0\n1,\t2"),
    ],
)
async def test_a_form_wants_one_per_line(platform: Platform, name: str, typed: str) -> None:
    """What seems to be several values with a comma between is not taken for one: the form says how to write them."""
    given = {**TABLE, "deployment_ids": "1", name: typed}
    async with talking_to(platform) as pages:
        answer = await pages.post("/registrations", data=given)

    problem = HTMLParser(answer.text).css_first("[role=alert]")
    assert problem is not None
    line = typed.splitlines()[-1]
    told = f"The tool: {name}: {line!r} seems to be several with a comma between; write one per line"
    assert (answer.status_code, problem.text()) == (400, told)
    assert platform.registrations == ()


async def test_a_form_takes_commas_within_a_value(platform: Platform) -> None:
    """A comma that nothing seems to follow is a part of an id, or of a URL."""
    given = {**TABLE, "deployment_ids": "1,2\nx,", "redirect_uris": "https://a.example/x,y\nhttps://b.example/?http,z"}
    async with talking_to(platform) as pages:
        answer = await pages.post("/registrations", data=given)

    (tool,) = platform.registrations
    assert answer.status_code == 303
    assert tool.deployment_ids == ("1,2", "x,")
    assert tool.redirect_uris == ("https://a.example/x,y", "https://b.example/?http,z")


async def test_a_form_keeps_commas_that_it_has_shown(platform: Platform) -> None:
    """Ids that came from elsewhere stay as they are when something else of the tool is changed."""
    platform.register(registration_from({**TABLE, "issuer": platform.issuer, "deployment_ids": ["1, 2"]}, where="It"))
    (before,) = platform.registrations
    async with talking_to(platform) as pages:
        answer = await pages.post(
            "/registrations", data={**TABLE, "key": before.key, "name": "Other", "deployment_ids": "1, 2"}
        )

    (after,) = platform.registrations
    assert (answer.status_code, after.name, after.deployment_ids) == (303, "Other", ("1, 2",))


def with_tool(name: str, value: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def changed(metadata: dict[str, Any]) -> dict[str, Any]:
        return metadata | {TOOL: metadata[TOOL] | {name: value}}

    return changed


def without_uri(metadata: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in metadata.items() if name != "jwks_uri"}
    return told | {"jwks": {"keys": ["x"]}}


def with_message(target: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def changed(metadata: dict[str, Any]) -> dict[str, Any]:
        message = {"type": "LtiDeepLinkingRequest", "target_link_uri": target}
        return metadata | {TOOL: metadata[TOOL] | {"messages": [message]}}

    return changed


@pytest.mark.parametrize(
    "change",
    [
        lambda metadata: metadata | {"initiate_login_uri": "https://tool.example/login#a"},
        with_tool("target_link_uri", "/launch"),
        with_message("https://tool.example/pick it"),
        without_uri,
    ],
    ids=["login", "launch", "pick", "keys"],
)
async def test_a_tool_registers_nothing_else(
    platform: Platform, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """A tool that registers itself is held to the same, so that the state can be put back as it was told."""
    async with talking_to(platform) as wire:
        answer = await wire.post("/register", json=change(METADATA), headers=invited(platform))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert platform.registrations == ()


async def test_a_tool_registers_no_redirect_uri_with_a_fragment(platform: Platform) -> None:
    """A redirection endpoint has no fragment (RFC 6749, 3.1.2)."""
    metadata = METADATA | {"redirect_uris": ["https://tool.example/launch#a"]}
    async with talking_to(platform) as wire:
        answer = await wire.post("/register", json=metadata, headers=invited(platform))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")
    assert "expected an http or https URL without a fragment" in answer.json()["error_description"]


async def test_a_tool_registers_targets_with_fragments(http: httpx2.AsyncClient, platform: Platform) -> None:
    """What is launched may be a part of a page; the state with it can be put back as it was told."""
    launch, pick = "https://tool.example/#/lti", "https://tool.example/#/pick"
    metadata = with_message(pick)(with_tool("target_link_uri", launch)(METADATA))
    async with talking_to(platform) as wire:
        answer = await wire.post("/register", json=metadata, headers=invited(platform))
    state = (await http.get("/tenants/main/state")).json()
    put = await http.put("/tenants/main/state", json=state)

    (tool,) = platform.registrations
    assert (answer.status_code, put.status_code) == (201, 200)
    assert (tool.launch_url, tool.deep_linking_url) == (launch, pick)
