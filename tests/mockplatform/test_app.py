from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, MutableMapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import jwt
import pytest
import pytest_asyncio
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from selectolax.lexbor import LexborNode as Node

from mockplatform.app import create_app
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Course, Launch, Person
from mockplatform.mutation import Context, bind
from mockplatform.store import StoreError
from mockplatform.telling.timeline import exchanges_of
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LTI11,
    PERSON,
    PLATFORM,
    make_auth_request,
    make_launch,
    make_platform,
    make_registration,
)

pytestmark = pytest.mark.asyncio

CHOICE = {
    "registration": f"{PLATFORM} Client-A",
    "deployment": "Dep-2",
    "person": "person-7",
    "role": "student",
    "course": "course-9",
}


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys)


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as client:
        yield client


def form_in(page: str) -> tuple[str | None, str | None, dict[str, str | None]]:
    """Method, action and hidden fields of the only form of a page."""
    (form,) = HTMLParser(page).css("form")
    fields = {str(field.attributes["name"]): field.attributes["value"] for field in form.css("input[type=hidden]")}
    return form.attributes["method"], form.attributes["action"], fields


def only(page: HTMLParser, selector: str) -> Node:
    (found,) = page.css(selector)
    return found


def begin(platform: Platform) -> dict[str, str]:
    """A right authentication request of a launch under way."""
    return dict(make_auth_request(platform.begin(intended(platform)).login).params)


def intended(platform: Platform) -> Launch:
    return platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)


async def test_the_configuration(http: httpx2.AsyncClient) -> None:
    """The OpenID configuration announces where this platform's endpoints are and what it can."""
    answer = await http.get("/.well-known/openid-configuration")
    told = answer.json()

    assert answer.headers["content-type"] == "application/json"
    assert told["issuer"] == "http://127.0.0.1:9400"
    assert told["authorization_endpoint"] == "http://127.0.0.1:9400/auth"
    assert told["jwks_uri"] == "http://127.0.0.1:9400/jwks"
    assert told["token_endpoint"] == "http://127.0.0.1:9400/token"
    assert told["response_types_supported"] == ["id_token"]
    assert told["grant_types_supported"] == ["implicit", "client_credentials"]
    assert told["scopes_supported"] == ["openid"]
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert "RS256" in told["token_endpoint_auth_signing_alg_values_supported"]
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    offered = told["https://purl.imsglobal.org/spec/lti-platform-configuration"]
    assert {message["type"] for message in offered["messages_supported"]} == {
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
        "LtiSubmissionReviewRequest",
        "LtiDataPrivacyLaunchRequest",
    }
    assert {"User.id", "Context.title", "ResourceLink.id", "Person.name.full"} <= set(offered["variables"])


async def test_the_configuration_names_the_issuer_of_the_launches(keys: KeyRing) -> None:
    """A platform with an issuer of its own announces it, and its endpoints where they are."""
    app = create_app(make_platform(keys, issuer="https://lms.example"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as client:
        told = (await client.get("/.well-known/openid-configuration")).json()

    assert (told["issuer"], told["jwks_uri"]) == ("https://lms.example", "http://127.0.0.1:9400/jwks")


async def test_everything_announced_is_there(http: httpx2.AsyncClient) -> None:
    """No address of the configuration is unknown to the platform."""
    told = (await http.get("/.well-known/openid-configuration")).json()
    addresses = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]

    assert len(addresses) == 3
    for address in addresses:
        assert (await http.post(address)).status_code != 404


async def by_get(http: httpx2.AsyncClient, params: dict[str, str]) -> httpx2.Response:
    return await http.get("/auth", params=params)


async def by_post(http: httpx2.AsyncClient, params: dict[str, str]) -> httpx2.Response:
    return await http.post("/auth", data=params)


@pytest.mark.parametrize("ask", [by_get, by_post])
async def test_authentication(http: httpx2.AsyncClient, platform: Platform, ask: Any) -> None:
    """Asked by GET or POST, the platform answers with a form that posts token and state to the tool."""
    answer = await ask(http, begin(platform))
    method, action, fields = form_in(answer.text)

    assert answer.status_code == 200
    assert (method, action) == ("post", "http://127.0.0.1:8000/lti/launch")
    assert fields.keys() == {"id_token", "state"}
    assert fields["state"] == "State-ß/+ =&"
    key = jwt.PyJWK(dict(platform.keys.jwk("platform")))
    claims = json.loads(jwt.PyJWS().decode(str(fields["id_token"]), key.key, algorithms=["RS256"]))
    assert (claims["sub"], claims["nonce"]) == ("person-7", "Nonce-1")


async def test_a_response_is_not_kept(http: httpx2.AsyncClient, platform: Platform) -> None:
    """No browser and no proxy may store the page with the token (OAuth form_post, section 3)."""
    answer = await by_get(http, begin(platform))

    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


async def test_markup_in_the_state_is_escaped(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A state with quotes and markup comes back unchanged, and is no markup of the page."""
    state = "\"><script>alert('1')</script>&amp;"
    page = (await by_get(http, begin(platform) | {"state": state})).text

    assert form_in(page)[2]["state"] == state
    assert [script.text() for script in HTMLParser(page).css("script")] == [""]


async def test_a_bad_authentication_request_gets_an_error(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A mistake of the tool is told to the tool, through the browser (SEC 5.1.1.5)."""
    answer = await by_post(http, begin(platform) | {"prompt": "login"})

    assert form_in(answer.text) == (
        "post",
        "http://127.0.0.1:8000/lti/launch",
        {
            "error": "login_required",
            "error_description": "prompt is 'login', expected 'none'",
            "state": "State-ß/+ =&",
        },
    )


async def test_a_refusal_says_what_to_do(http: httpx2.AsyncClient, platform: Platform) -> None:
    """What cannot be answered safely ends on a page of the platform, without a form, with advice."""
    answer = await by_get(http, begin(platform) | {"redirect_uri": "https://evil.example/<b>"})
    page = HTMLParser(answer.text)

    assert answer.status_code == 400
    assert page.css("form, b") == []
    assert "redirect_uri is not on the tool's host" in only(page, "body").text()
    assert "What to do" in [heading.text() for heading in page.css("h2")]
    assert "/" in [link.attributes["href"] for link in page.css("main a")]


async def test_the_key_set(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The key set holds the platform's public key, and each fetch is counted."""
    answer = await http.get("/jwks")

    assert answer.json() == {"keys": [dict(platform.keys.jwk("platform"))]}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    await http.get("/jwks")
    assert platform.key_set.fetches == 2


async def test_a_spoilt_key_set_is_served_as_it_is(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Status, type and body of a spoilt key set reach the wire."""
    context = Context(launch=make_launch(), keys=platform.keys, canary_url="http://127.0.0.1/canary")
    with platform.spoilt_keys([bind("key_set.status(code=503)", where="test")], context, kid="fresh"):
        answer = await http.get("/jwks")
    assert (answer.status_code, answer.text) == (503, '{"error":"unavailable"}')
    with platform.spoilt_keys([bind("key_set.html", where="test")], context, kid="fresh"):
        answer = await http.get("/jwks")

    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/html")


async def test_the_canary_counts(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The attacker's key set holds the attacker's key, and whoever asks for it is counted."""
    platform.begin(make_launch())
    answer = await http.get("/canary/launch-1/jwks")

    assert [key["kid"] for key in answer.json()["keys"]] == [platform.keys.kid("foreign")]
    assert platform.canary_hits == {"launch-1": 1}


async def test_the_first_page_lists_what_can_be_launched(http: httpx2.AsyncClient, platform: Platform) -> None:
    """One form chooses among tools, people, courses, roles and deployments, the first of each chosen already."""
    platform.register(make_registration(name="Lab <3>", issuer="https://second.example", deployment_ids=("9",)))
    page = HTMLParser((await http.get("/")).text)

    assert [name.text() for name in page.css("#tools .name")] == ["Quiz", "Lab <3>"]
    assert [name.text() for name in page.css("#people .name")] == ["Zoë Nguyễn"]
    assert [name.text() for name in page.css("#courses .name")] == ["Zellen & Gewebe"]
    assert [choice.attributes["value"] for choice in page.css("input[type=radio][checked]")] == [
        "http://127.0.0.1:9400 Client-A",
        "person-7",
        "course-9",
    ]
    deployments = [option.attributes["value"] for option in page.css("select[name=deployment] option")]
    assert deployments == ["", "Dep-1", "Dep-2"]
    first, second = page.css("#tools li")
    assert "https://second.example" in second.text()
    assert "https://second.example" not in first.text()


async def test_the_first_page_can_be_used_by_keyboard_and_reader(http: httpx2.AsyncClient) -> None:
    """Every choice has a label, the groups of choices have names, and the page names its language and its parts."""
    page = HTMLParser((await http.get("/")).text)

    assert only(page, "html").attributes["lang"] == "en"
    assert len(page.css("select")) == len(page.css("label > select"))
    assert len(page.css("input[type=radio]")) == len(page.css("label > input[type=radio]"))
    labelled = {label.attributes["for"] for label in page.css("label[for]")}
    assert {box.attributes["id"] for box in page.css("input[type=search]")} <= labelled
    assert [legend.text() for legend in page.css("fieldset > legend")] == ["Tool", "Person", "Course"]
    assert page.css("form button")
    assert page.css_matches("main h1")
    assert only(page, "nav[aria-label=Pages] a[aria-current=page]").text() == "Launch"


@pytest.mark.parametrize("path", ["/", "/journal", "/return", "/auth"])
async def test_pages_need_nothing_from_elsewhere(http: httpx2.AsyncClient, path: str) -> None:
    """No page loads a script, a style sheet, an image or a font from another address, or has one within."""
    page = HTMLParser((await http.get(path)).text)

    assert page.css("img, iframe, style, [style], [onload], [onclick]") == []
    loaded = [str(script.attributes["src"]) for script in page.css("script")]
    loaded += [str(link.attributes["href"]) for link in page.css("link") if link.attributes["rel"] != "icon"]
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)
    assert "url(" not in (await http.get("/static/style.css")).text


async def test_a_platform_without_tools_says_how_to_get_one(keys: KeyRing) -> None:
    """Without a registration the first page names the option that brings one."""
    app = create_app(make_platform(keys, registrations=()))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as client:
        page = HTMLParser((await client.get("/")).text)

    assert page.css("form[action='/launches']") == []
    assert "--config" in only(page, "main").text()
    assert page.css_matches("main a[href='/registrations']")


async def test_a_chosen_launch_begins(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The choice of the first page becomes a login request, which the browser posts by itself."""
    answer = await http.post("/launches", data=CHOICE)
    method, action, fields = form_in(answer.text)

    assert answer.status_code == 200
    assert (method, action) == ("post", "http://127.0.0.1:8000/lti/login")
    assert fields == {
        "iss": "http://127.0.0.1:9400",
        "login_hint": "hint-person-7",
        "target_link_uri": "http://127.0.0.1:8000/lti/launch",
        "lti_message_hint": "launch-1",
        "client_id": "Client-A",
        "lti_deployment_id": "Dep-2",
    }
    assert only(HTMLParser(answer.text), "script").attributes["src"] == "/static/go.js"
    assert "submit" in (await http.get("/static/go.js")).text

    launched = await by_get(http, dict(make_auth_request(lti_message_hint="launch-1").params))
    claims = jwt.decode(str(form_in(launched.text)[2]["id_token"]), options={"verify_signature": False})
    prefix = "https://purl.imsglobal.org/spec/lti/claim/"
    assert claims[prefix + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    assert claims[prefix + "deployment_id"] == "Dep-2"
    assert claims[prefix + "context"]["id"] == "course-9"


@pytest.mark.parametrize(
    "change",
    [
        {"registration": "http://127.0.0.1:9400 Client-B"},
        {"registration": ""},
        {"link": "gone"},
        {"deployment": "Dep-3"},
        {"person": "person-8"},
        {"role": "Instructor"},
        {"course": ""},
    ],
)
async def test_a_choice_that_does_not_exist_is_refused(
    http: httpx2.AsyncClient, platform: Platform, change: dict[str, str]
) -> None:
    """A launch of something that the platform does not have ends in a page that says what to do."""
    answer = await http.post("/launches", data=CHOICE | change)

    assert answer.status_code == 400
    assert "What to do" in answer.text
    assert HTMLParser(answer.text).css("form") == []


@pytest.mark.parametrize("name", ["registration", "person", "course"])
async def test_a_choice_that_lacks_something_is_refused(http: httpx2.AsyncClient, name: str) -> None:
    """Tool, person and course have to be there."""
    answer = await http.post("/launches", data={key: value for key, value in CHOICE.items() if key != name})

    assert answer.status_code == 400


async def test_a_launch_by_lti11(keys: KeyRing) -> None:
    """A tool that is registered for it has a button for LTI 1.1, which brings a signed form and no secret."""
    app = create_app(
        make_platform(keys, registrations=(make_registration(**LTI11), make_registration(client_id="Client-B")))
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as client:
        home = (await client.get("/")).text
        answer = await client.post("/launches", data=CHOICE | {"lti": "1.1"})

    assert [button.text() for button in HTMLParser(home).css("button[value=lti11]")] == ["By LTI 1.1"]
    method, action, fields = form_in(answer.text)
    assert (answer.status_code, method, action) == (200, "post", "http://tool.example/lti/basic")
    assert answer.headers["cache-control"] == "no-store"
    assert fields["roles"] == "Learner"
    assert fields["oauth_signature"]
    assert "s&amp;cret" not in home + answer.text
    assert "s&cret" not in home + answer.text


async def test_a_tool_of_lti13_alone_is_not_launched_by_lti11(http: httpx2.AsyncClient) -> None:
    """Without consumer key and secret there is no button, and asking all the same is refused."""
    assert HTMLParser((await http.get("/")).text).css("button[value=lti11]") == []
    assert (await http.post("/launches", data=CHOICE | {"lti": "1.1"})).status_code == 400


async def test_the_journal_keeps_what_was_said(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Exchanges of browser and tool stand in the journal with their parameters, the newest first."""
    await http.get("/jwks")
    await by_post(http, begin(platform))
    first, second = platform.journal

    assert (first.asker, first.method, first.url, first.status) == ("tool", "GET", "http://127.0.0.1:9400/jwks", 200)
    assert json.loads(first.response_body)["keys"][0]["kid"] == platform.keys.kid("platform")
    assert (second.asker, second.method, second.status) == ("browser", "POST", 200)
    assert "nonce=Nonce-1" in second.request_body
    assert "id_token" in second.response_body
    page = HTMLParser((await http.get("/journal")).text)
    assert [code.text() for code in page.css("main > details > summary code")] == ["POST /auth", "GET /jwks"]
    assert "Nonce-1" in [code.text() for code in page.css("dd code")]


async def test_the_journal_is_not_in_the_journal(http: httpx2.AsyncClient, platform: Platform) -> None:
    """What the reader of the journal does is not recorded."""
    for path in ("/", "/journal", "/favicon.ico"):
        await http.get(path)
    await http.post("/launches", data=CHOICE)

    assert not platform.journal
    assert "Nothing has been said" in (await http.get("/journal")).text


async def test_the_journal_has_what_somebody_has_the_answer_of(platform: Platform) -> None:
    """An exchange is noted before the last part of its answer goes out, and once."""
    known: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            known.append(len(platform.journal))

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"host", b"127.0.0.1:9400")]
    scope = {"type": "http", "method": "GET", "path": "/jwks", "query_string": b"", "headers": headers}
    await create_app(platform)(scope, receive, send)

    assert known == [1]
    assert len(platform.journal) == 1


async def test_an_answer_that_cannot_be_noted_goes_out(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that cannot be written is an error of the server, and the tool has its answer."""

    def full(*_: object) -> None:
        raise StoreError("the store does not answer: disk full")

    monkeypatch.setattr(platform.state, "note", full)
    transport = httpx2.ASGITransport(create_app(platform), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as client:
        answer = await client.get("/jwks")

    assert (answer.status_code, list(answer.json())) == (200, ["keys"])


async def test_the_journal_lays_the_token_out(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Header and claims of a token in an answer can be read in the journal."""
    await by_get(http, begin(platform))

    page = HTMLParser((await http.get("/journal")).text)
    header, claims = (json.loads(part.text()) for part in page.css("main > details > pre"))
    assert header["kid"] == platform.keys.kid("platform")
    assert (claims["sub"], claims["family_name"]) == ("person-7", "Nguyễn")
    shown = dict(zip((d.text() for d in page.css("dt")), (d.text() for d in page.css("dd")), strict=True))
    assert shown["state"] == "State-ß/+ =&"
    assert shown["prompt"] == "none"


async def test_the_journal_shows_even_long_claims(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The claims of a course with a long title are laid out, too."""
    course = Course(id="c", label="L", title="Ä" * 1200)
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=course)
    await by_get(http, dict(make_auth_request(platform.begin(launch).login).params))

    page = HTMLParser((await http.get("/journal")).text)
    assert "Ä" * 1200 in page.css("main > details > pre")[1].text()


async def test_the_journal_escapes_markup(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Markup that a tool sends is text in the journal."""
    await by_get(http, {"state": "<script>alert(1)</script>", "nonce": "<img src=x onerror=alert(2)>"})
    await http.get("/return", params={"lti_errormsg": "</pre><script>alert(3)</script>"})
    page = HTMLParser((await http.get("/journal")).text)

    assert page.css("script:not([src]), img") == []
    assert "<script>alert(1)</script>" in [code.text() for code in page.css("dd code")]


async def test_the_journal_survives_a_token_that_is_none(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Something that only looks like a token is shown as it stands."""
    half = base64.urlsafe_b64encode(b'{"alg":"RS256",').decode().rstrip("=")
    await http.get("/return", params={"lti_msg": f"{half}.{half}."})
    page = HTMLParser((await http.get("/journal")).text)

    assert [part.text() for part in page.css("main > details > pre")] == [half, half]


async def test_the_return_page_shows_what_the_tool_says(http: httpx2.AsyncClient) -> None:
    """The four messages of CORE 5.4.4 are shown by name, escaped; anything else is not (CORE 5.4.4)."""
    said = {
        "launch": "1",
        "lti_msg": "Well <b>done</b>",
        "lti_errormsg": "Not so well",
        "lti_log": "log & more",
        "lti_errorlog": "code 1006",
        "lti_other": "secret",
    }
    page = HTMLParser((await http.get("/return?" + urlencode(said))).text)

    assert [(t.text(), d.text()) for t, d in zip(page.css("dt"), page.css("dd"), strict=True)] == [
        ("Message", "Well <b>done</b>"),
        ("Error message", "Not so well"),
        ("For the log", "log & more"),
        ("Error for the log", "code 1006"),
    ]
    assert page.css("b") == []


async def test_the_way_back_is_that_of_its_launch(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Of two launches of a tool the one is told to be over whose return URL was opened."""
    first, second = (platform.begin(intended(platform)) for _ in range(2))
    await http.get(f"{first.launch.return_url}&lti_errormsg=No")

    assert [len(exchanges_of(pending, platform.journal)) for pending in (first, second)] == [1, 0]


async def test_the_return_page_without_a_message(http: httpx2.AsyncClient) -> None:
    """A tool that sends people back in silence is allowed to."""
    answer = await http.get("/return?launch=1")

    assert answer.status_code == 200
    assert "without a message" in answer.text


async def test_names_of_people_are_escaped(keys: KeyRing) -> None:
    """A person whose name is markup is a name in the list."""
    person = Person(sub='"><i>', given_name="<i>", family_name="O'Brien", email="i@example.org")
    app = create_app(make_platform(keys, people=(person,)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as client:
        page = HTMLParser((await client.get("/")).text)

    (choice,) = page.css("input[name=person]")
    assert (choice.attributes["value"], only(page, "#people .name").text()) == ('"><i>', "<i> O'Brien")
    assert page.css("i") == []


@pytest.mark.parametrize("path", ["/token", "/lti/outcomes", "/auth", "/deep-links"])
async def test_a_client_that_goes_in_the_middle_of_its_request(keys: KeyRing, path: str) -> None:
    """A connection that ends before the body does is noted as a bad request; nothing is raised."""
    platform = make_platform(keys)
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"grant_type=", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(_message: Any) -> None:
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
    }
    await create_app(platform)(scope, receive, send)
    (exchange,) = platform.journal

    assert exchange.status == 400
