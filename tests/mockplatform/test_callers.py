from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from mockplatform.endpoints.callers import caller
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.records import Grant
from tests.mockplatform.makers import COURSE, INSTRUCTOR, LTI11, PERSON, PLATFORM, make_platform, make_registration

pytestmark = pytest.mark.asyncio

FORM = "application/x-www-form-urlencoded"
UNSIGNED = jwt.encode({"iss": "Client-A", "sub": "Client-A"}, "a secret that is long enough for the library")


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, registrations=(make_registration(**LTI11),))


def parts_of(body: bytes) -> list[dict[str, Any]]:
    """A body in two parts, as a server hands it over."""
    half = len(body) // 2
    return [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.request", "body": body[half:], "more_body": False},
    ]


async def called(
    platform: Platform, *, query: str = "", body: bytes = b"", **headers: str
) -> tuple[str, list[dict[str, Any]]]:
    """Whose request it is, and what its endpoint still gets to read."""
    waiting = parts_of(body)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "query_string": query.encode(), "headers": told}
    found, again = await caller(platform, scope, receive)
    return found, [dict(await again()) for _ in range(3)]


@pytest.mark.parametrize(
    "sent",
    [
        {"client_id": "Client-A"},
        {"grant_type": "client_credentials", "client_assertion": UNSIGNED},
        {"JWT": UNSIGNED},
    ],
    ids=["authentication request", "token request", "deep linking"],
)
async def test_a_form_names_its_tool(platform: Platform, sent: dict[str, str]) -> None:
    """By a client id, or by the issuer of a JWT; the endpoint reads the same body again."""
    body = urlencode(sent).encode()
    found, left = await called(platform, body=body, content_type=FORM)

    assert found == "Client-A"
    assert left == [*parts_of(body), {"type": "http.disconnect"}]
    assert (await called(platform, query=urlencode(sent)))[0] == "Client-A"


async def test_a_launch_under_way_names_its_tool(platform: Platform) -> None:
    """An authentication request without a client id is known by its hint."""
    tool = platform.registrations[0]
    pending = platform.begin(platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE))
    assert (await called(platform, query=urlencode({"lti_message_hint": pending.key})))[0] == "Client-A"


async def test_an_access_token_names_its_tool(platform: Platform) -> None:
    """It was granted to one tool; one that is not from here was granted to none."""
    grant = Grant(token="t", client_id="Client-A", issuer=PLATFORM, scopes=(), expires_s=0)
    platform.state.grants.put("t", grant)

    assert (await called(platform, authorization="Bearer t"))[0] == "Client-A"
    assert (await called(platform, authorization="Bearer u"))[0] == ""


async def test_a_consumer_key_names_its_tool(platform: Platform) -> None:
    """A signed request of LTI 1.1 is of the tool that has the key."""
    signed = f'OAuth realm="", oauth_consumer_key="{LTI11["consumer_key"]}", oauth_version="1.0"'

    assert (await called(platform, authorization=signed))[0] == "Client-A"
    assert (await called(platform, authorization='OAuth oauth_consumer_key="other"'))[0] == ""


@pytest.mark.parametrize(
    "body",
    [b"", b"client_assertion=a.b.c", b"JWT=nothing", b"client_id=", b"JWT=x.W10.y", b"JWT=x.eyJpc3MiOjF9.y", b"\xff"],
)
async def test_a_request_that_does_not_tell(platform: Platform, body: bytes) -> None:
    """Nobody is known by nothing, or by what cannot be read."""
    assert (await called(platform, body=body, content_type=FORM))[0] == ""


async def test_a_token_that_is_nested_without_end(platform: Platform) -> None:
    """Claims that nobody can read name no tool, and the endpoint gets to refuse them."""
    claims = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    body = urlencode({"client_assertion": f"e30.{claims}."}).encode()

    found, parts = await called(platform, body=body, content_type=FORM)

    assert found == ""
    assert b"".join(part.get("body", b"") for part in parts) == body
