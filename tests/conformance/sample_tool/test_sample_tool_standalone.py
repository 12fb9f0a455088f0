"""The sample tool by itself, attached to a platform in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from conformance.sample_tool.services.model import Answered
from conformance.sample_tool.standalone import SCOPES, attach
from conformance.sample_tool.store import Store
from conformance.sample_tool.tables import credentials
from tests.conformance.sample_tool.conftest import Reply, request

PLATFORM, TOOL = "http://127.0.0.1:9400", "http://127.0.0.1:9500"
CONFIGURATION = {
    "issuer": PLATFORM,
    "authorization_endpoint": f"{PLATFORM}/auth",
    "token_endpoint": f"{PLATFORM}/token",
    "jwks_uri": f"{PLATFORM}/jwks",
    "registration_endpoint": f"{PLATFORM}/register",
}


def register(configuration: Mapping[str, str], url: str = f"{PLATFORM}/.well-known/openid-configuration") -> Reply:
    """What becomes of a registration that a platform begins."""
    app = attach(platform_url=PLATFORM, issuer=PLATFORM, tool_url=TOOL).app
    sent: list[tuple[str, str, Mapping[str, str]]] = []

    async def send(method: str, asked: str, headers: Mapping[str, str], body: bytes) -> Answered:
        sent.append((method, asked, headers))
        if method == "GET":
            return Answered(status=200, body=json.dumps(configuration).encode())
        assert json.loads(body)["token_endpoint_auth_method"] == "private_key_jwt"
        return Answered(status=200, body=json.dumps({"client_id": "new-client"}).encode())

    app.state.tool = replace(app.state.tool, send=send)
    query = f"openid_configuration={url}&registration_token=once"
    reply = asyncio.run(request(app, "GET", "/lti/register", query, b"", {"host": "tool.example"}))
    if reply.status == 200:
        assert app.state.store.find_integration(issuer=PLATFORM, client_id="new-client") is not None
        assert [headers["Authorization"] for _, _, headers in sent] == ["Bearer once"] * 2
    return reply


def registered(store: Store) -> list[dict[str, Any]]:
    """What the tool's database has of registrations."""
    return store.rows(select(credentials))


def login(app: Starlette, issuer: str, **more: str) -> Reply:
    """What becomes of a login that anybody begins."""
    asked = {"iss": issuer, "login_hint": "h", "target_link_uri": "https://tool.example/lti/launch", **more}
    return asyncio.run(request(app, "GET", "/lti/login", urlencode(asked), b"", {"host": "tool.example"}))


def test_what_is_attached_fits_its_registration() -> None:
    """The platform knows where the tool's doors and keys are, and both share a secret of this run alone."""
    one, other = (attach(platform_url=PLATFORM, issuer="http://lms.example", tool_url=TOOL) for _ in range(2))
    registration = one.registration
    assert registration.issuer == "http://lms.example"
    assert registration.jwks_url == f"{TOOL}/lti/jwks"
    assert registration.deep_linking_url.startswith(TOOL)
    assert registration.scopes == SCOPES
    assert registration.speaks_lti11
    assert registration.consumer_secret != other.registration.consumer_secret


@pytest.mark.parametrize(
    ("issuer", "auth_url"),
    [
        (PLATFORM, f"{PLATFORM}/auth"),
        (f"{PLATFORM}/t/class-7b", f"{PLATFORM}/t/class-7b/auth"),
        (f"{PLATFORM}/t/class-7b/x", None),
        (f"{PLATFORM}/t/../x", None),
        (f"{PLATFORM}/u/class-7b", None),
        ("/t/evil", None),
        (f"{PLATFORM}/t/class-7b\n", None),
        (f"http://evil.example/{PLATFORM}/t/class-7b", None),
        (f"{PLATFORM.replace('.', '-')}/t/class-7b", None),
        ("http://127.0.0.1:9401/t/class-7b", None),
    ],
)
def test_tenants_of_the_platform_are_known(issuer: str, auth_url: str | None) -> None:
    """A tenant launches the tool under its own issuer, with nothing to register; nobody else does."""
    app = attach(platform_url=PLATFORM, issuer=PLATFORM, tool_url=TOOL).app
    before = registered(app.state.store)
    reply = login(app, issuer, client_id="sample-tool")
    assert registered(app.state.store) == before
    if auth_url is None:
        assert reply.status >= 400
        assert app.state.store.find_integrations(issuer=issuer) == []
    else:
        assert reply.status == 302
        assert reply.headers["location"].startswith(f"{auth_url}?")


def test_a_tenant_may_have_registered_the_tool_as_well() -> None:
    """Which of both a login means has to be said then, and each is found by its client id."""
    app, issuer = attach(platform_url=PLATFORM, issuer=PLATFORM, tool_url=TOOL).app, f"{PLATFORM}/t/class-7b"
    store = app.state.store
    (offered,) = store.find_integrations(issuer=issuer)
    assert login(app, issuer).status == 302
    store.register(replace(offered, client_id="new-client"))
    assert login(app, issuer).status >= 400
    assert [login(app, issuer, client_id=name).status for name in ("sample-tool", "new-client")] == [302, 302]
    assert login(app, issuer, client_id="other").status >= 400


def test_a_platform_registers_the_tool_by_itself() -> None:
    """The window may close afterwards, and the registration is kept."""
    reply = register(CONFIGURATION)
    assert reply.status == 200
    assert "org.imsglobal.lti.close" in reply.text


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({"issuer": "http://other.example"}, ""),
        ({"registration_endpoint": "http://other.example/register"}, ""),
        ({}, "http://169.254.169.254/latest"),
        ({}, "file:///etc/hostname"),
    ],
)
def test_a_configuration_of_a_foreign_host_is_refused(changed: dict[str, str], url: str) -> None:
    """Neither is a foreign host asked, nor believed what a platform says of one."""
    reply = register({**CONFIGURATION, **changed}, url or f"{PLATFORM}/.well-known/openid-configuration")
    assert reply.error.startswith("class=invalid")
