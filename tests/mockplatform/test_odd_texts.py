from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import jwt
import pytest
import pytest_asyncio
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from mockplatform.control.app import Door, create_control
from mockplatform.endpoints.rendering import rendered
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.tenants import Tenants
from tests.mockplatform.makers import COURSE, INSTRUCTOR, NOW_S, PERSON, PLATFORM
from tests.mockplatform.services.asking import talking_to
from tests.mockplatform.services.asserting import ask, form, make_granting, signed
from tests.mockplatform.services.test_registration import METADATA, invited
from tests.mockplatform.test_deep_link_return import right_claims

pytestmark = pytest.mark.asyncio

CONTROL = "http://127.0.0.1:9401"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
FORM = "application/x-www-form-urlencoded"
LINK = {"type": "link", "url": "https://tool.example/page"}


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_granting(keys, services=("ags", "registration"))


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    async with talking_to(platform) as client:
        yield client


def response(platform: Platform, keys: KeyRing, *items: Any, **changed: Any) -> str:
    """A right response to a deep linking request that is under way."""
    launch = platform.intend(
        platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE, message="deep_linking"
    )
    launch = platform.begin(launch).launch
    claims = right_claims(launch, *items, **changed)
    private: Any = keys.private("rotated")
    return jwt.encode(claims, private, algorithm="RS256", headers={"kid": keys.kid("rotated")})


def assertion(keys: KeyRing, jti: str) -> str:
    """A client assertion that is right but for its jti, whose odd characters are escaped in its JSON."""
    claims = {"iss": "Client-A", "sub": "Client-A", "aud": f"{PLATFORM}/token", "jti": jti}
    return signed(keys, json.dumps(claims | {"iat": int(NOW_S), "exp": int(NOW_S) + 300}).encode())


def problems(answer: httpx2.Response) -> str:
    """What a page complains of."""
    page = HTMLParser(answer.text).css_first("main")
    assert page is not None
    return " ".join(page.text().split())


async def state_put_back(platform: Platform) -> int:
    """The status of the answer when the state of a platform is fetched and put back as it was told."""
    app = create_control(Tenants(platform), Door(url=CONTROL))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=CONTROL) as control:
        told = await control.get("/tenants/main/state")
        headers = {"content-type": "application/json"}
        put = await control.put("/tenants/main/state", content=told.content, headers=headers)
    return put.status_code


async def test_the_journal_shows_any_token(platform: Platform, http: httpx2.AsyncClient, keys: KeyRing) -> None:
    """The page of the journal is there whatever texts the tokens in it have."""
    refused = await http.post("/deep-links", data={"JWT": response(platform, keys, LINK | {"title": "\ud800"})})
    await ask(http, form(assertion(keys, "a\ud800b")))

    page = await http.get("/journal")

    assert refused.status_code == 400
    assert (page.status_code, "a\\ud800b" in page.text) == (200, True)


async def test_a_page_has_an_escape_for_half_a_character() -> None:
    """No page fails by a text that UTF-8 cannot say."""
    text = rendered("form_post.html", url="/", method="post", fields=(("a", "x\udc80ü"),), platform=None, path="")

    assert "x\\udc80ü" in text


@pytest.mark.parametrize("jti", ["\ud800", "a\udfffb", "a\0b"])
async def test_a_jti_is_a_text_that_can_be_kept(http: httpx2.AsyncClient, keys: KeyRing, jti: str) -> None:
    """An assertion whose jti has half a character or U+0000 opens nothing (RFC 8259, section 8.2)."""
    status, told = await ask(http, form(assertion(keys, jti)))

    assert (status, told["error"]) == (401, "invalid_client")
    assert "jti: the text" in told["error_description"]


@pytest.mark.parametrize("name", ["client_name", "logo_text"])
async def test_a_tool_registers_no_text_with_nul(platform: Platform, http: httpx2.AsyncClient, name: str) -> None:
    """Metadata with U+0000 is refused, so that the state can be put back as it was told."""
    answer = await http.post("/register", json=METADATA | {name: "a\0"}, headers=invited(platform))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert "has the character U+0000" in answer.json()["error_description"]
    assert len(platform.registrations) == 1
    assert await state_put_back(platform) == 200


@pytest.mark.parametrize(
    "item",
    [
        LINK | {"title": "a\0"},
        {"type": "ltiResourceLink", "lineItem": {"label": "a\0", "scoreMaximum": 1}},
        {"type": "ltiResourceLink", "custom": {"a\0": "1"}},
    ],
)
async def test_deep_linking_places_no_text_with_nul(
    platform: Platform, http: httpx2.AsyncClient, keys: KeyRing, item: dict[str, Any]
) -> None:
    """A response with U+0000 is refused on its page, and the state can be put back as it was told."""
    answer = await http.post("/deep-links", data={"JWT": response(platform, keys, item)})

    assert answer.status_code == 400
    assert "the character U+0000" in problems(answer)
    assert platform.state.links.count() == 0
    assert await state_put_back(platform) == 200


async def test_a_field_with_nul_does_no_harm(platform: Platform, http: httpx2.AsyncClient) -> None:
    """A form whose field has U+0000 in its name ends on the page of problems, and the state can be put back."""
    answer = await http.post("/deep-links", content=b"a%00=1", headers={"content-type": FORM})

    assert answer.status_code == 400
    assert await state_put_back(platform) == 200


async def test_a_form_of_the_platform_takes_no_nul(platform: Platform, http: httpx2.AsyncClient) -> None:
    """A page refuses a field with U+0000 in one line, and nothing is kept."""
    answer = await http.post("/courses", data={"id": "new", "title": "a\0"})

    assert (answer.status_code, "'title' has the character U+0000" in answer.text) == (400, True)
    assert platform.course("new") is None


async def test_thousands_of_links_are_placed(platform: Platform, http: httpx2.AsyncClient, keys: KeyRing) -> None:
    """A right response is not refused for its length alone."""
    items = [LINK | {"title": f"Page {index}"} for index in range(2000)]
    text = response(platform, keys, *items)
    assert len(text) > 100_000

    answer = await http.post("/deep-links", data={"JWT": text})

    assert answer.status_code == 200, problems(answer)
    assert platform.state.links.count() == 2000


async def test_a_token_that_is_too_long_is_told_so(platform: Platform, http: httpx2.AsyncClient, keys: KeyRing) -> None:
    """Whoever sends a longer JWT than is read is told how long it is and how long one may be."""
    text = response(platform, keys, LINK | {"title": "x" * 770_000})

    answer = await http.post("/deep-links", data={"JWT": text})

    assert answer.status_code == 400
    assert f"it has {len(text)} characters, expected at most 1000000" in problems(answer)


@pytest.mark.parametrize("sent", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_a_response_is_posted_as_a_form(
    platform: Platform, http: httpx2.AsyncClient, keys: KeyRing, sent: str
) -> None:
    """A body of another media type is no form, and nothing is placed (SEC 5.2.1)."""
    content = f"JWT={response(platform, keys, LINK)}".encode()

    answer = await http.post("/deep-links", content=content, headers={"content-type": sent} if sent else {})

    assert answer.status_code == 415
    assert f"expected {FORM} (SEC 5.2.1)" in problems(answer)
    assert platform.state.links.count() == 0


async def test_a_form_may_name_its_charset(platform: Platform, http: httpx2.AsyncClient, keys: KeyRing) -> None:
    """Parameters and the case of a media type say nothing against a form."""
    content = f"JWT={response(platform, keys, LINK)}".encode()
    headers = {"content-type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}

    answer = await http.post("/deep-links", content=content, headers=headers)

    assert (answer.status_code, platform.state.links.count()) == (200, 1)
