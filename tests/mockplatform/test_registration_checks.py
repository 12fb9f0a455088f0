from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from mockplatform.config import load_school
from mockplatform.control.app import Door, create_control
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.tenants import Tenants
from mockplatform.tool_table import registration_from
from tests.mockplatform.makers import make_platform
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
FIXED = (
    "iss",
    "login_hint",
    "target_link_uri",
    "lti_message_hint",
    "client_id",
    "lti_deployment_id",
    "lti_storage_target",
)
CASES: tuple[tuple[Mapping[str, Any], str], ...] = (
    ({"login_url": PAGE}, f"login_url: {FRAGMENT}"),
    ({"launch_url": PAGE}, f"launch_url: {FRAGMENT}"),
    ({"deep_linking_url": PAGE}, f"deep_linking_url: {FRAGMENT}"),
    ({"redirect_uris": [PAGE]}, f"redirect_uris[0]: {FRAGMENT}"),
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

    assert str(raised.value) == f"{file}: registration[0]: launch_url: {FRAGMENT}"


async def test_a_form_says_the_same(platform: Platform) -> None:
    """The page of the tools refuses the same, and shows what was typed."""
    typed = {"client_id": "new", "deployment_ids": "1", "login_url": PAGE, "launch_url": TABLE["launch_url"]}
    async with talking_to(platform) as pages:
        answer = await pages.post("/registrations", data=typed)

    assert (answer.status_code, "has a fragment" in answer.text) == (400, True)
    assert platform.registrations == ()


def with_tool(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def changed(metadata: dict[str, Any]) -> dict[str, Any]:
        return metadata | {TOOL: metadata[TOOL] | {name: "https://tool.example/launch#a"}}

    return changed


def without_uri(metadata: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in metadata.items() if name != "jwks_uri"}
    return told | {"jwks": {"keys": ["x"]}}


def with_message(metadata: dict[str, Any]) -> dict[str, Any]:
    message = {"type": "LtiDeepLinkingRequest", "target_link_uri": "https://tool.example/pick#a"}
    return metadata | {TOOL: metadata[TOOL] | {"messages": [message]}}


@pytest.mark.parametrize(
    "change",
    [
        lambda metadata: metadata | {"initiate_login_uri": "https://tool.example/login#a"},
        with_tool("target_link_uri"),
        with_message,
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
