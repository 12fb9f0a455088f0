from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx2
import jwt
import pytest
import pytest_asyncio
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mockplatform.app import create_app
from mockplatform.endpoints.rendering import unknown
from mockplatform.gradebook.grades import add_line_item
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Course, Exchange
from mockplatform.records import PlacedLink, Score
from mockplatform.tenants import Tenants
from tests.mockplatform.hostile import fill
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LTI11,
    NOW_S,
    PERSON,
    PLATFORM,
    make_auth_request,
    make_platform,
    make_registration,
)

pytestmark = pytest.mark.asyncio

TOOL = f"{PLATFORM} Client-A"
CHOICE = {"registration": TOOL, "person": "person-7", "course": "course-9"}
MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>"
URL = "javascript:alert(3)"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
SERVICES = ("token", "ags", "nrps", "groups", "registration")


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, services=SERVICES)


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(platform) as client:
        yield client


def client_of(platform: Platform, tenants: Tenants | None = None) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(create_app(platform, tenants))
    return httpx2.AsyncClient(transport=transport, base_url=PLATFORM)


def routes(method: str) -> Iterator[str]:
    """The paths of all pages for people that a method opens."""
    package = importlib.import_module("mockplatform.endpoints")
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        if getattr(module, "FOR_PEOPLE", False):
            yield from (route.path for route in module.ROUTES if method in route.methods and "{" not in route.path)


PAGES = sorted(set(routes("GET")) - {"/favicon.ico", "/launches/file"})
CHANGES = sorted(routes("POST"))


async def launch(http: httpx2.AsyncClient, platform: Platform, **more: str) -> str:
    """The key of a launch that was begun in a frame and answered."""
    answer = await http.post("/launches", data=CHOICE | {"how": "frame"} | more)
    assert answer.status_code == 303, answer.text
    key = answer.headers["location"].rpartition("launch=")[2]
    pending = platform.launches.get(key)
    assert pending is not None
    await http.get("/auth", params=dict(make_auth_request(pending.login).params))
    return str(key)


def address(path: str, key: str = "none") -> str:
    return f"{path}?course=course-9&launch={key}"


def text_of(page: str) -> str:
    main = HTMLParser(page).css_first("main")
    assert main is not None
    return main.text()


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_opens(http: httpx2.AsyncClient, platform: Platform, path: str) -> None:
    """It has a title, one heading of the first level and the policy that keeps foreign scripts out."""
    key = await launch(http, platform)
    answer = await http.get(address(path, key))
    page = HTMLParser(answer.text)

    assert answer.status_code == 200
    assert len(page.css("h1")) == len(page.css("title")) == len(page.css("main")) == 1
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", sorted(set(PAGES) - {"/frame/login"}))
async def test_no_other_site_may_frame_a_page(http: httpx2.AsyncClient, platform: Platform, path: str) -> None:
    """Only what a launch shows in its frame may stand in a frame of another site."""
    key = await launch(http, platform)

    assert "frame-ancestors 'self'" in (await http.get(address(path, key))).headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
async def test_markup_from_outside_stays_text(http: httpx2.AsyncClient, platform: Platform, path: str) -> None:
    """Nothing that a tool, a token or a registration says is an element, an attribute or an address of a page."""
    fill(platform, MARKUP, url=URL, course_id=COURSE.id)
    key = await launch(http, platform, person=MARKUP, course="odd", role="own")
    page = HTMLParser((await http.get(address(path, key).replace("=none", f"={key}"))).text)

    assert page.css("img, script:not([src]), [onerror], [onload], [onclick], iframe[srcdoc]") == []
    addresses = [
        str(node.attributes[name]) for name in ("href", "src", "action", "formaction") for node in page.css(f"[{name}]")
    ]
    assert [one for one in addresses if one.lower().startswith("javascript")] == []


@pytest.mark.parametrize(
    "path", ["/", "/launches/one", "/courses/gradebook", "/courses/links", "/journal", "/registrations"]
)
async def test_markup_from_outside_is_shown(http: httpx2.AsyncClient, platform: Platform, path: str) -> None:
    """It can be read as it was written."""
    fill(platform, MARKUP, url=URL, course_id=COURSE.id)
    key = await launch(http, platform, person=MARKUP, course="odd")

    assert MARKUP in text_of((await http.get(address(path, key))).text)


@pytest.mark.parametrize("path", PAGES)
async def test_every_link_of_a_tenant_stays_with_it(platform: Platform, path: str) -> None:
    """On the pages of a tenant every address on this server begins with the tenant's own."""
    tenants = Tenants(platform)
    tenant = tenants.create("class-7b")
    fill(tenant, "odd", url=URL, course_id=COURSE.id)
    async with client_of(platform, tenants) as http:
        choice = CHOICE | {"registration": tenant.registrations[0].key, "how": "frame"}
        where = (await http.post("/t/class-7b/launches", data=choice)).headers["location"]
        page = HTMLParser((await http.get("/t/class-7b" + address(path, where.rpartition("=")[2]))).text)

    assert where.startswith("/t/class-7b/frame?")
    found = [
        str(node.attributes[name]) for name in ("href", "src", "action", "formaction") for node in page.css(f"[{name}]")
    ]
    own = [one for one in found if one.startswith("/")]
    assert own
    assert [one for one in own if not one.startswith("/t/class-7b/")] == []


FOREIGN: list[dict[str, str]] = [
    {"origin": "http://127.0.0.1:8000"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9400.evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "same-site", "origin": PLATFORM},
]


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_site_changes_nothing(
    http: httpx2.AsyncClient, platform: Platform, path: str, headers: dict[str, str]
) -> None:
    """A form that a launched tool lets the browser send is refused before it is read."""
    before = (platform.registrations, platform.settings, platform.faults.all(), platform.launches.count())
    answer = await http.post(path, data=CHOICE | {"key": TOOL, "title": "x", "verb": "status"}, headers=headers)

    assert answer.status_code == 403
    assert (platform.registrations, platform.settings, platform.faults.all(), platform.launches.count()) == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": PLATFORM, "sec-fetch-site": "same-origin"},
        {"origin": "http://localhost:9400", "host": "localhost:9400", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
async def test_its_own_pages_may_change_it(http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    """The platform's own forms are taken, by whatever name it is opened; so is what no browser sends."""
    assert (await http.post("/launches", data=CHOICE, headers=headers)).status_code == 200


@pytest.mark.parametrize("path", CHANGES)
async def test_nothing_changes_by_get(http: httpx2.AsyncClient, platform: Platform, path: str) -> None:
    """Whatever a link or an image of another site asks for, nothing is launched, registered or reset."""
    before = (platform.registrations, platform.settings, platform.faults.all(), platform.launches.count())
    await http.get(path, params={"key": TOOL, "verb": "status", "how": "tab"} | CHOICE)

    assert (platform.registrations, platform.settings, platform.faults.all(), platform.launches.count()) == before


async def test_many_tools_are_shown_in_parts(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A page shows a part of the tools and leads to the next; a search finds one wherever it stands."""
    for number in range(1, 61):
        platform.register(make_registration(client_id=f"c{number}", name=f"Tool {number}"))
    page = HTMLParser((await http.get("/")).text)
    names = [name.text() for name in page.css("#tools .name")]

    assert names[:2] == ["Quiz", "Tool 1"]
    assert len(names) == 20
    (further,) = page.css("a[rel=next]")
    second = HTMLParser((await http.get(str(further.attributes["href"]))).text)
    assert second.css("#tools .name")[0].text() == "Tool 20"
    found = HTMLParser((await http.get("/", params={"tool": "TOOL 57"})).text)
    assert [name.text() for name in found.css("#tools .name")] == ["Tool 57"]


@pytest.mark.parametrize(
    "query",
    [{"tools": "99999999999999999999"}, {"tools": "-1"}, {"tools": "x"}, {"from": "²"}, {"path": "x", "request": "y"}],
)
async def test_a_strange_place_in_a_list_is_the_first(http: httpx2.AsyncClient, query: dict[str, str]) -> None:
    """A number that no page has named is no error."""
    page = HTMLParser((await http.get("/", params=query)).text)

    assert [name.text() for name in page.css("#tools .name")] == ["Quiz"]


async def test_search_without_a_script(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The search boxes are a form, whose answer has only what was looked for and keeps the words."""
    platform.state.people.put("p2", replace(PERSON, sub="p2", given_name="Ada", family_name="L", note="counts"))
    page = HTMLParser((await http.get("/", params={"who": "COUNTS ada"})).text)

    assert [name.text() for name in page.css("#people .name")] == ["Ada L"]
    (box,) = page.css("input[name=who]")
    assert (box.attributes["value"], box.attributes["form"]) == ("COUNTS ada", "search")


@pytest.mark.parametrize(
    ("role", "short"),
    [
        ("own", []),
        ("assistant", ["Instructor#TeachingAssistant", "Instructor"]),
        ("nobody", []),
        ("unknown", ["Wizard"]),
    ],
)
async def test_a_role_of_the_person_or_another(
    http: httpx2.AsyncClient, platform: Platform, role: str, short: list[str]
) -> None:
    """Somebody launches in their own roles, or in those that were chosen instead."""
    pending = platform.launches.get(await launch(http, platform, role=role))

    assert pending is not None
    assert [
        uri.rpartition("/")[2].removeprefix("membership#").removeprefix("roles#") for uri in pending.launch.roles
    ] == short


async def test_a_mentor_says_of_whom(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Who looks after others says so in the role of a mentor, and in no other (CORE 5.4.3)."""
    claim = "https://purl.imsglobal.org/spec/lti/claim/role_scope_mentor"
    platform.state.people.put("person-7", replace(PERSON, mentor_of=("p1", "p2")))
    as_mentor = platform.launches.get(await launch(http, platform, role="mentor"))
    as_student = platform.launches.get(await launch(http, platform, role="student"))

    assert as_mentor is not None
    assert as_mentor.launch.extra[claim] == ["p1", "p2"]
    assert as_student is not None
    assert claim not in as_student.launch.extra


async def test_a_launch_in_a_frame(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The tool is in a frame that starts with the login request; storage is offered as it was chosen."""
    key = await launch(http, platform, storage_target="storage")
    page = HTMLParser((await http.get("/frame", params={"launch": key})).text)
    tool, store = page.css("iframe[name=tool]"), page.css("iframe[name=storage]")

    assert [frame.attributes["src"] for frame in tool] == [f"/frame/login?launch={key}"]
    assert [frame.attributes["src"] for frame in store] == ["/storage"]
    assert [script.attributes["data-frame"] for script in page.css("script[src='/storage.js']")] == ["storage"]
    login = HTMLParser((await http.get(f"/frame/login?launch={key}")).text)
    fields = {str(field.attributes["name"]): field.attributes["value"] for field in login.css("input")}
    assert fields["lti_storage_target"] == "storage"


@pytest.mark.parametrize("path", ["/frame", "/frame/login", "/launches/one", "/launches/file"])
async def test_a_launch_that_is_gone(http: httpx2.AsyncClient, path: str) -> None:
    """What is asked of a launch that there is not ends in a page that says so."""
    answer = await http.get(path, params={"launch": "<gone>"})

    assert answer.status_code == 404
    assert HTMLParser(answer.text).css_matches("main h1")


async def test_lies_reach_the_launch(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The mutations of the form, with their parameters, are those of the launch, and its story shows what they did."""
    key = await launch(http, platform, mutation="claims.expired", **{"claims.expired.by_s": "60"})
    pending = platform.launches.get(key)

    assert pending is not None
    assert list(map(str, pending.mutations)) == ["claims.expired(by_s=60)"]
    page = HTMLParser((await http.get("/launches/one", params={"launch": key})).text)
    marked = page.css("section .lie")
    assert len(marked) == 2
    assert all("honest:" in mark.text() for mark in marked)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"mutation": "claims.expired", "claims.expired.by_s": "soon"}, "by_s is 'soon', expected a number"),
        ({"mutation": "claims.nonce_of_earlier"}, "Launch, but broken:"),
        ({"mutation": ["basic.secret", "claims.expired"], "claims.expired.by_s": "1"}, "pick one kind"),
        ({"mutation": "basic.extra"}, "not for LTI 1.1"),
    ],
)
async def test_lies_that_do_not_fit_are_refused(
    http: httpx2.AsyncClient, platform: Platform, fields: dict[str, Any], told: str
) -> None:
    """A lie that cannot be told here ends in a page that says why, and no launch begins."""
    answer = await http.post("/launches", data=CHOICE | fields)

    assert answer.status_code == 400
    assert told in text_of(answer.text)
    assert platform.launches.count() == 0


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"mutation": "claims.without", "claims.without.claim": " "}, "claims.without: claim is blank"),
        (
            {"mutation": ["login.by", "claims.expired"], "claims.expired.by_s": "9", "login.by.method": ""},
            "login.by: m",
        ),
        ({}, "no lie is ticked"),
        ({"mutation": "no.such"}, "no lie is called 'no.such'"),
    ],
)
async def test_a_choice_of_lies_with_a_mistake_comes_back(
    http: httpx2.AsyncClient, platform: Platform, fields: dict[str, Any], told: str
) -> None:
    """What was forgotten is named, nothing begins, and the form still holds all that was chosen."""
    platform.state.people.put("p2", replace(PERSON, sub="p2"))
    choice = CHOICE | {"broken": "1", "person": "p2", "role": "mentor", "for_user": "p2", "login_method": "GET"}
    answer = await http.post("/launches", data=choice | {"storage_target": "_parent"} | fields)
    page = HTMLParser(answer.text)

    assert (answer.status_code, platform.launches.count()) == (400, 0)
    (alert,) = page.css("[role=alert]")
    assert told in alert.text()
    chosen = {str(node.attributes["name"]): node.attributes["value"] for node in page.css("input[type=radio][checked]")}
    assert chosen == CHOICE | {"person": "p2"}
    selected = {
        str(select.attributes["name"]): option.attributes["value"]
        for select in page.css("select")
        for option in select.css("option[selected]")
    }
    wanted = {"role": "mentor", "for_user": "p2", "login_method": "GET", "storage_target": "_parent"}
    assert selected == wanted
    ticked = [str(box.attributes["value"]) for box in page.css("#lies input[checked]")]
    assert set(ticked) == set(fields.get("mutation", [])) or ticked in ([], [fields["mutation"]])
    if "claims.expired.by_s" in fields:
        (box,) = page.css("input[name='claims.expired.by_s']")
        assert box.attributes["value"] == "9"


async def test_a_lie_that_is_empty_on_purpose(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A value may be blank: an empty claim is a lie of its own."""
    lie = {"mutation": "claims.value", "claims.value.claim": "sub", "claims.value.value": ""}
    pending = platform.launches.get(await launch(http, platform, **lie))

    assert pending is not None
    assert [str(spoilt) for spoilt in pending.mutations] == ["claims.value(claim='sub', value='')"]


async def test_a_lie_that_changes_nothing(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A claim that the token does not have cannot be left out; before the launch and after it the page says so."""
    lies: dict[str, Any] = {"mutation": "claims.without", "claims.without.claim": "nope"}
    before = (await http.get("/broken", params=CHOICE | lies)).text
    key = await launch(http, platform, **lies)
    after = (await http.get("/launches/one", params={"launch": key})).text
    better = (await http.get("/broken", params=CHOICE | lies | {"claims.without.claim": "nonce"})).text

    assert "this lie changes nothing" in text_of(before)
    assert "this lie changed nothing" in text_of(after)
    assert "changes nothing" not in text_of(better)


@pytest.mark.parametrize("query", ["1001 expired", "TOKENEXPIRED"])
async def test_lies_are_found_by_what_a_right_tool_answers(http: httpx2.AsyncClient, query: str) -> None:
    """Codes and types of errors are among what a search looks through, and stand with the lies."""
    page = HTMLParser((await http.get("/broken", params={"q": query})).text)
    row = next(row for row in page.css("#lies > li") if "claims.expired" in row.text())

    assert "TokenExpired" in row.text()
    assert "1001" in row.text()
    assert "signature.zeros" not in page.css_first("#lies").text()  # type: ignore[union-attr]


async def test_parameters_are_described_in_plain_words(http: httpx2.AsyncClient) -> None:
    """What may be typed is said without the names of Python's types."""
    page = HTMLParser((await http.get("/broken")).text)
    told = {
        str(field.attributes["name"]): small.text()
        for label in page.css("#lies .parameters label")
        for field, small in zip(label.css("input"), label.css("small"), strict=True)
    }

    assert told["claims.without.claim"] == "text, needed"
    assert told["claims.expired.by_s"] == "whole number"
    assert not {word for text in told.values() for word in text.split()} & {"str", "int", "bool", "Any"}


async def test_a_value_is_read_as_json(http: httpx2.AsyncClient, platform: Platform) -> None:
    """True, false and null mean what they mean in a token."""
    lie = {"mutation": "claims.value", "claims.value.claim": "sub", "claims.value.value": "null"}
    pending = platform.launches.get(await launch(http, platform, **lie))

    assert pending is not None
    assert [dict(spoilt.arguments) for spoilt in pending.mutations] == [{"claim": "sub", "value": None}]


async def reviewed(http: httpx2.AsyncClient, platform: Platform, **more: str) -> Mapping[str, Any]:
    """The claims of a review that was launched with the button."""
    pending = platform.launches.get(await launch(http, platform, how="review", frame="1", **more))
    assert pending is not None
    assert pending.token is not None
    told: Mapping[str, Any] = jwt.decode(pending.token.text, options={"verify_signature": False})
    return told


async def test_a_review_has_its_line_item(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A review without a line item makes one for the link once, and is about a learner (Submission Review 1.0)."""
    platform.state.people.put("s", replace(PERSON, sub="s", roles=(LEARNER,)))
    platform.state.people.put("person-7", replace(PERSON, roles=(INSTRUCTOR,)))
    claims = [await reviewed(http, platform) for _ in range(2)]
    (item,) = platform.state.line_items.page(group="course-9")

    assert {told[AGS]["lineitem"] for told in claims} == {f"{PLATFORM}/lti/courses/course-9/line-items/{item.id}"}
    assert {told[f"{CLAIM}for_user"]["user_id"] for told in claims} == {"s"}
    assert item.resource_link_id == claims[0][f"{CLAIM}resource_link"]["id"]


async def test_the_line_item_of_a_review_is_chosen(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Those that there are can be chosen; one that there is not, or of another course, is refused."""
    items = [
        add_line_item(platform, "course-9", label=f"Essay {n}", score_maximum=5, client_id="Client-A") for n in (1, 2)
    ]
    platform.state.courses.put("other", Course(id="other", label="O", title="Other"))
    foreign = add_line_item(platform, "other", label="Far", score_maximum=5, client_id="Client-A")
    page = HTMLParser((await http.get("/")).text)
    offered = [option.attributes["value"] for option in page.css("select[name=line_item] option")]
    claims = await reviewed(http, platform, line_item=items[1].id)
    gone = await http.post("/launches", data=CHOICE | {"how": "review", "line_item": "nope"})
    far = await http.post("/launches", data=CHOICE | {"how": "review", "line_item": foreign.id})

    assert offered == ["", *(item.id for item in items), foreign.id]
    assert claims[AGS]["lineitem"].endswith(items[1].id)
    assert (gone.status_code, "'nope'" in text_of(gone.text)) == (404, True)
    assert (far.status_code, "'other'" in text_of(far.text)) == (400, True)


HOSTS: list[tuple[str, int]] = [
    ("evil.example", 421),
    ("127.0.0.1.evil.example:9400", 421),
    ("", 421),
    ("127.0.0.1:9400", 200),
    ("localhost:1", 200),
    ("[::1]:9400", 200),
]


@pytest.mark.parametrize("path", sorted({*PAGES, "/launches/file"}))
async def test_a_page_answers_by_its_own_name_only(http: httpx2.AsyncClient, platform: Platform, path: str) -> None:
    """A name that somebody has pointed at this machine opens no page, so that no other site can read one."""
    key = await launch(http, platform)
    statuses = {
        host: (await http.get(address(path, key), headers={"host": host})).status_code for host, _status in HOSTS
    }

    assert statuses == dict(HOSTS)


@pytest.mark.parametrize("path", CHANGES)
async def test_nothing_changes_by_a_foreign_name(http: httpx2.AsyncClient, platform: Platform, path: str) -> None:
    """A form is not read either, even where the browser takes both names for one site."""
    before = (platform.registrations, platform.settings, platform.faults.all(), platform.launches.count())
    headers = {"host": "evil.example", "origin": "http://evil.example"}
    answer = await http.post(path, data=CHOICE | {"key": TOOL, "title": "x", "verb": "status"}, headers=headers)

    assert (answer.status_code, "127.0.0.1" in text_of(answer.text)) == (421, True)
    assert (platform.registrations, platform.settings, platform.faults.all(), platform.launches.count()) == before


async def test_tools_may_ask_by_any_name(http: httpx2.AsyncClient) -> None:
    """What tools ask for stays open, and what pages of a launch are made of."""
    for path in ("/jwks", "/.well-known/openid-configuration", "/static/go.js"):
        assert (await http.get(path, headers={"host": "lms.internal"})).status_code == 200


async def test_a_platform_answers_by_the_name_in_its_url(keys: KeyRing) -> None:
    """A platform that is elsewhere than on this machine opens its pages by the name that it has there."""
    async with client_of(make_platform(keys, url="https://lms.school.example")) as http:
        assert (await http.get("/", headers={"host": "LMS.school.example"})).status_code == 200
        assert (await http.get("/", headers={"host": "lms.school.example.evil.example"})).status_code == 421


async def test_an_unknown_address_is_a_page(platform: Platform) -> None:
    """A person who has mistyped an address is led home; a tool gets plain text."""
    scope = {"type": "http", "method": "GET", "path": "/nope", "query_string": b"", "platform": platform}
    headers = [(b"accept", b"text/html"), (b"host", b"127.0.0.1:9400")]
    page = await unknown(Request(scope | {"headers": headers}), HTTPException(404))
    plain = await unknown(Request(scope | {"headers": []}), HTTPException(404))

    assert (page.status_code, plain.status_code, plain.media_type) == (404, 404, "text/plain")
    assert [node.attributes["href"] for node in HTMLParser(bytes(page.body).decode()).css("main a")][:1] == ["/"]


async def test_a_line_item_is_added_by_a_form(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A gradebook gets a column for the course's own link, and the next honest launch names it."""
    page = HTMLParser((await http.get("/courses/gradebook?course=course-9")).text)
    own = page.css("form[action='/courses/gradebook'] select[name=link] option")[0].attributes["value"]
    form = {"course": "course-9", "label": "Essay", "maximum": "12.5", "link": str(own)}
    answer = await http.post("/courses/gradebook", data=form)
    (item,) = platform.state.line_items.page(group="course-9")
    pending = platform.launches.get(await launch(http, platform))

    assert answer.status_code == 303
    assert (item.label, item.score_maximum) == ("Essay", 12.5)
    assert pending is not None
    assert pending.launch.extra[AGS]["lineitem"].endswith(item.id)


async def test_a_line_item_of_one_of_many_tools(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Where many tools share the course's own link, the form asks whose its column is to be."""
    other = make_registration(client_id="Client-B")
    platform.register(other)
    page = HTMLParser((await http.get("/courses/gradebook?course=course-9")).text)
    options = page.css("form[action='/courses/gradebook'] select[name=registration] option")
    form = {"course": "course-9", "label": "Essay", "maximum": "10", "link": "link-course-9"}
    made = await http.post("/courses/gradebook", data=form | {"registration": other.key})
    unknown = await http.post("/courses/gradebook", data=form | {"registration": "nobody"})
    (item,) = platform.state.line_items.page(group="course-9")

    assert [option.attributes["value"] for option in options] == [tool.key for tool in platform.registrations]
    assert (made.status_code, unknown.status_code) == (303, 400)
    assert (item.client_id, item.issuer) == ("Client-B", other.issuer)
    assert "registration 'nobody': there is none" in text_of(unknown.text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": " "}, "label"),
        ({"maximum": "many"}, "maximum is 'many'"),
        ({"maximum": "nan"}, "score_maximum"),
        ({"maximum": "0"}, "score_maximum"),
        ({"course": "gone"}, "'gone'"),
        ({"link": "gone"}, "link 'gone'"),
    ],
)
async def test_a_line_item_with_a_mistake(
    http: httpx2.AsyncClient, platform: Platform, change: dict[str, str], told: str
) -> None:
    """What no column can be like is refused in a sentence."""
    form = {"course": "course-9", "label": "Essay", "maximum": "10", "link": "link-course-9"}
    answer = await http.post("/courses/gradebook", data=form | change)

    assert (answer.status_code, told in text_of(answer.text)) == (400, True)
    assert platform.state.line_items.count() == 0


async def test_numbers_on_pages_are_right(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A roster counts its members, one score is one, and an entry of the journal has its time."""
    platform.state.people.put("admin", replace(PERSON, sub="admin", roles=("http://x/institution/person#Guest",)))
    item = add_line_item(platform, "course-9", label="Essay", score_maximum=5, client_id="Client-A")
    score = Score(line_item_id=item.id, user_id="p", timestamp="t", activity_progress="a", grading_progress="g")
    platform.state.scores.put(f"{item.id} p", score, group=item.id)
    await http.get("/jwks")
    roster = HTMLParser((await http.get("/courses/roster?course=course-9")).text)
    journal = HTMLParser((await http.get("/journal")).text)

    assert len(roster.css("tbody tr")) == 1
    assert "1 member;" in roster.css("main p")[0].text()
    assert "1 score," in text_of((await http.get("/courses/gradebook?course=course-9")).text) + ","
    assert "1 scores" not in text_of((await http.get("/courses/gradebook?course=course-9")).text)
    assert "2027-01-15 08:00:00 UTC" in journal.css("summary")[0].text()


async def test_used_up_faults_are_not_armed(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A fault that has done all that it shall stands below those that are still armed."""
    platform.faults.arm(endpoint="jwks", verb="status", settings={"code": 503}, times=1)
    platform.faults.arm(endpoint="token", verb="status", settings={"code": 503})
    assert (await http.get("/jwks")).status_code == 503
    page = HTMLParser((await http.get("/faults")).text)

    def rows(name: str) -> list[str]:
        return [row.text().strip() for row in page.css(f"section[aria-labelledby={name}] tbody th")]

    assert (rows("armed"), rows("used-up")) == (["token"], ["jwks"])


async def test_scopes_can_be_copied(http: httpx2.AsyncClient) -> None:
    """Each scope that the platform offers has something to copy it with."""
    page = HTMLParser((await http.get("/addresses")).text)
    told = {node.text() for node in page.css("[data-copy]")}

    assert "https://purl.imsglobal.org/spec/lti-ags/scope/score" in told


def note_call(platform: Platform) -> str:
    """Let the journal know of a call to a service; the access token that it has shown."""
    secret = "a-secret-access-token"
    call = Exchange(
        asker="tool",
        method="GET",
        url=f"{PLATFORM}/lti/courses/course-9/line-items",
        request_headers=(("authorization", f"Bearer {secret}"),),
        status=200,
        at_s=NOW_S,
        about={"endpoint": "line_items", "client_id": "Client-A", "course": "course-9"},
    )
    platform.state.note(call, "call")
    return secret


async def test_masked_commands_say_so(http: httpx2.AsyncClient, platform: Platform) -> None:
    """On a launch's own page its commands can be run; in the file and the journal a note asks for one's own secret."""
    key = await launch(http, platform)
    secret = note_call(platform)
    pending = platform.launches.get(key)
    assert pending is not None
    assert pending.token is not None
    live, file, journal = [
        (await http.get(path, params={"launch": key})).text for path in ("/launches/one", "/launches/file", "/journal")
    ]

    assert (live.count(secret), live.count(pending.token.text)) == (1, 1)
    for told in (file, journal):
        assert secret not in told
        assert pending.token.text not in told
        assert pending.token.text.rpartition(".")[0] in told
        assert "Put your own in" in told


async def test_lies_can_be_looked_for(http: httpx2.AsyncClient) -> None:
    """A search looks through names, summaries and references; what was picked stays."""
    page = HTMLParser(
        (await http.get("/broken", params={"q": "5.1.3 EXPIRED seconds", "mutation": "login.without"})).text
    )
    names = [name.text() for name in page.css("#lies .name")]

    assert names[0] == "login.without"
    assert "claims.expired" in names
    assert "signature.zeros" not in names
    assert [box.attributes["value"] for box in page.css("#lies input[checked]")] == ["login.without"]


async def test_what_is_expected_of_a_lie(http: httpx2.AsyncClient) -> None:
    """Of an expired token the page tells the canonical error of each profile."""
    query = {"mutation": "claims.expired", "claims.expired.by_s": "3600"}
    page = HTMLParser((await http.get("/broken", params=query)).text)
    rows = [[cell.text() for cell in row.css("th, td")] for row in page.css("table tbody tr")]

    assert ["rejected", "security", "TokenExpired", "1001"] in [row[1:5] for row in rows]


async def test_without_advice_there_is_no_table(http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no package gives advice, the page is as useful as ever."""
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: ())
    answer = await http.get("/broken", params={"mutation": "claims.expired", "claims.expired.by_s": "3600"})

    assert answer.status_code == 200
    assert HTMLParser(answer.text).css("table") == []


async def test_a_launch_as_one_file(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The file needs nothing else, runs nothing and holds no access token."""
    key = await launch(http, platform)
    secret = note_call(platform)
    answer = await http.get("/launches/file", params={"launch": key})
    page = HTMLParser(answer.text)

    assert answer.headers["content-disposition"].startswith("attachment")
    assert page.css("script, link, img, iframe, form, [src]") == []
    assert "person-7" in answer.text
    assert "line items" in answer.text
    assert secret not in answer.text


async def test_the_journal_can_be_filtered(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Words, endpoint and kind of answer narrow what is shown; they are kept in the form."""
    await launch(http, platform)
    await http.get("/jwks")
    await http.get("/auth", params={"nonce": "needle"})

    async def shown(**query: str) -> list[str]:
        page = HTMLParser((await http.get("/journal", params=query)).text)
        return [code.text().partition("?")[0] for code in page.css("main > details > summary code")]

    assert await shown() == ["GET /auth", "GET /jwks", "GET /auth"]
    assert await shown(endpoint="jwks") == ["GET /jwks"]
    assert await shown(answer="bad") == ["GET /auth"]
    assert await shown(q="NEEDLE") == ["GET /auth"]
    assert await shown(q="needle", endpoint="jwks") == []


async def test_a_tool_is_registered_changed_and_removed(http: httpx2.AsyncClient, platform: Platform) -> None:
    """One form adds a tool; the same gives it another client id and keeps its secret; a button removes it."""
    form = {
        "name": "New",
        "client_id": "new",
        "deployment_ids": "1\n2",
        "login_url": "http://127.0.0.1:1/login",
        "launch_url": "http://127.0.0.1:1/launch",
        "custom": "user=$User.id\ntext=a=b",
        "attributes.email": "mail",
        "lti11_launch_url": "http://127.0.0.1:1/basic",
        "consumer_key": "key",
        "consumer_secret": "the secret",
        "privacy": "name",
    }
    assert (await http.post("/registrations", data=form)).status_code == 303
    tool = platform.state.registrations.get(f"{PLATFORM} new")
    assert tool is not None
    assert (tool.deployment_ids, tool.custom, tool.attributes, tool.privacy, tool.scopes) == (
        ("1", "2"),
        {"user": "$User.id", "text": "a=b"},
        {"email": "mail"},
        "name",
        None,
    )
    page = (await http.get("/registrations/edit", params={"key": tool.key})).text
    assert "the secret" not in page
    changed = form | {"key": tool.key, "client_id": "newer", "consumer_secret": ""}
    await http.post("/registrations", data=changed)
    newer = platform.state.registrations.get(f"{PLATFORM} newer")
    assert newer == replace(tool, client_id="newer")
    assert platform.state.registrations.get(tool.key) is None
    await http.post("/registrations/remove", data={"key": newer.key})
    assert [known.client_id for known in platform.registrations] == ["Client-A"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"launch_url": "javascript:alert(1)"}, "launch_url: 'javascript:alert(1)' is no http or https URL"),
        ({"client_id": ""}, "client_id is empty"),
        ({"client_id": "Client-A"}, "'Client-A' is registered already"),
        ({"jwks": "{"}, "jwks is not JSON"),
        ({"jwks": "[" * 100_000}, "jwks is not JSON"),
        ({"custom": "no equals sign"}, "custom: 'no equals sign' is no line"),
        ({"consumer_key": "key"}, "lti11_launch_url is missing"),
    ],
)
async def test_a_form_with_a_mistake_comes_back(
    http: httpx2.AsyncClient, platform: Platform, change: dict[str, str], told: str
) -> None:
    """The form says what is wrong and still holds what was typed."""
    form = {"client_id": "new", "deployment_ids": "1", "login_url": "http://a/typed", "launch_url": "http://a/"}
    answer = await http.post("/registrations", data=form | change)

    assert answer.status_code == 400
    assert told in text_of(answer.text)
    assert "http://a/typed" in answer.text
    assert len(platform.registrations) == 1


async def test_a_tool_is_invited(http: httpx2.AsyncClient) -> None:
    """The page that frames the tool's registration URL names configuration and token (Dynamic Registration 3.1)."""
    page = HTMLParser((await http.post("/registrations/begin", data={"tool_url": "http://tool.example/reg?a=1"})).text)
    (frame,) = page.css("iframe")
    asked = httpx2.URL(str(frame.attributes["src"]))

    assert (asked.host, asked.params["a"]) == ("tool.example", "1")
    assert asked.params["openid_configuration"] == f"{PLATFORM}/.well-known/openid-configuration"
    assert asked.params["registration_token"]
    assert (await http.post("/registrations/begin", data={"tool_url": "javascript:alert(1)"})).status_code == 400


async def test_faults_are_armed_and_disarmed(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A form made from a verb's parameters arms it, and a button takes it away."""
    page = HTMLParser((await http.get("/faults", params={"verb": "status"})).text)
    assert page.css("form[action='/faults'] [name^='setting.']")
    await http.post(
        "/faults", data={"verb": "status", "endpoint": "jwks", "setting.code": "503", "nth": "2", "times": "1"}
    )
    (fault,) = platform.faults.all()
    assert (fault.endpoint, fault.verb, fault.settings, fault.nth, fault.times) == (
        "jwks",
        "status",
        {"code": 503},
        2,
        1,
    )
    await http.post("/faults/disarm", data={"id": fault.id})

    assert platform.faults.all() == []
    wrong = await http.post("/faults", data={"verb": "status", "endpoint": "nowhere"})
    assert (wrong.status_code, "unknown endpoint 'nowhere'" in text_of(wrong.text)) == (400, True)


async def test_keys_are_rotated(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A button lets something happen to the keys."""
    before = platform.key_set.signing_kid()
    await http.post("/faults/keys", data={"act": "rotate"})

    assert platform.key_set.signing_kid() != before
    assert (await http.post("/faults/keys", data={"act": "lose"})).status_code == 400


async def test_settings_are_changed(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Clock, flavour, services and quirks are set by forms; what is out of range is refused."""
    form = {"title": "My LMS", "offset_s": "-3600", "flavour": "moodle", "on_problem": "note", "service": ["ags", "x"]}
    await http.post("/settings", data=form)
    settings = platform.settings
    assert (settings.title, settings.offset_s, settings.flavour, settings.on_problem, settings.services) == (
        "My LMS",
        -3600.0,
        "moodle",
        "note",
        ("ags",),
    )
    await http.post("/settings/quirk", data={"quirk": "token.expires_in", "value": "60"})
    assert platform.settings.quirks == {"token.expires_in": 60}
    await http.post("/settings/quirk/remove", data={"quirk": "token.expires_in"})
    assert platform.settings.quirks == {}
    for wrong in ({"offset_s": "nan"}, {"offset_s": "1e12"}, {"flavour": "nobody"}):
        assert (await http.post("/settings", data=form | wrong)).status_code == 400
    assert (await http.post("/settings/quirk", data={"quirk": "nothing", "value": "1"})).status_code == 400


async def test_a_fresh_start(http: httpx2.AsyncClient, platform: Platform) -> None:
    """After a reset launches and changes are gone, and the school is there."""
    await launch(http, platform)
    await http.post("/settings", data={"title": "Other"})
    answer = await http.post("/settings/reset")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (platform.launches.count(), platform.journal) == (0, [])
    assert [person.sub for person in platform.people] == ["person-7"]


async def test_a_placed_link_is_launched_and_removed(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A placed link brings its own tool, course and address; it can be taken away."""
    link = PlacedLink(
        id="link-1",
        course_id="course-9",
        client_id="Client-A",
        issuer=PLATFORM,
        deployment_id="Dep-2",
        type="ltiResourceLink",
        title="Quiz 1",
        url="http://127.0.0.1:8000/quiz/1",
    )
    platform.state.links.put(link.id, link, group=link.course_id)
    pending = platform.launches.get(await launch(http, platform, link="link-1", course="", registration=""))

    assert pending is not None
    assert (pending.launch.resource_link.id, pending.launch.target_link_uri) == (
        "link-1",
        "http://127.0.0.1:8000/quiz/1",
    )
    assert (pending.launch.deployment_id, pending.launch.course) == ("Dep-2", COURSE)
    assert "Quiz 1" in text_of((await http.get("/courses/links?course=course-9")).text)
    await http.post("/courses/links/remove", data={"link": "link-1", "course": "course-9"})
    assert platform.state.links.count() == 0


async def test_a_crowd_is_shown_in_parts(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Of a crowd of any size a page shows fifty members and leads to the next."""
    platform.state.courses.put("big", Course(id="big", label="B", title="Big", crowd=100_000))
    page = HTMLParser((await http.get("/courses/roster?course=big")).text)

    assert len(page.css("tbody tr")) == 50
    (further,) = page.css("a[rel=next]")
    assert len(HTMLParser((await http.get(str(further.attributes["href"]))).text).css("tbody tr")) == 50


async def test_a_member_leaves(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The status of a member is set on the roster."""
    await http.post("/courses/roster", data={"course": "course-9", "person": "person-7", "status": "Inactive"})
    page = HTMLParser((await http.get("/courses/roster?course=course-9")).text)

    assert [option.text() for option in page.css("tbody option[selected]")] == ["Inactive"]
    unknown = await http.post("/courses/roster", data={"course": "course-9", "person": "?", "status": "Active"})
    assert unknown.status_code == 400


async def test_a_course_is_added(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A form adds a course with a crowd."""
    await http.post("/courses", data={"id": "new", "label": "N", "title": "New", "crowd": "12"})

    assert platform.course("new") == Course(id="new", label="N", title="New", crowd=12)
    assert (await http.post("/courses", data={"id": ""})).status_code == 400


async def test_what_a_tool_has_to_know(http: httpx2.AsyncClient) -> None:
    """The addresses of the platform and the ids of each tool can be copied."""
    page = HTMLParser((await http.get("/addresses")).text)
    told = [node.text() for node in page.css("[data-copy]")]

    assert told[:5] == [
        PLATFORM,
        f"{PLATFORM}/auth",
        f"{PLATFORM}/jwks",
        f"{PLATFORM}/token",
        f"{PLATFORM}/.well-known/openid-configuration",
    ]
    assert {"Client-A", "Dep-1", "Dep-2"} <= set(told)


async def test_files_of_the_pages(http: httpx2.AsyncClient) -> None:
    """Style sheet and scripts are served by name, known again by their tag, and nothing beside them."""
    style = await http.get("/static/style.css")

    assert style.headers["content-type"].startswith("text/css")
    again = await http.get("/static/style.css", headers={"if-none-match": style.headers["etag"]})
    assert again.status_code == 304
    for name in ("missing.css", "..%2fbase.html", "base.html"):
        assert (await http.get(f"/static/{name}")).status_code == 404


async def test_a_journal_of_beginnings_is_shown(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Bodies that only look like the beginning of a token do not hold up the page that shows them."""
    for number in range(3):
        said = Exchange(asker="tool", method="POST", url=f"{PLATFORM}/x", request_body="eyJ" * 300_000, status=404)
        platform.state.journal.put(str(number), said)

    page = HTMLParser((await http.get("/journal")).text)

    assert len(page.css("main > details")) == 3


@pytest.mark.parametrize(
    "before", ["", "id_token=", "id_token%3D", "x", "\\n", "keyJ", "see keyJournal.", "eyJ" * 5_000]
)
@pytest.mark.parametrize("member", ["request_body", "response_body"])
async def test_the_journal_lays_any_token_open(
    http: httpx2.AsyncClient, platform: Platform, before: str, member: str
) -> None:
    """Header and claims of a token can be read in the journal, whatever stands right before it in its body."""
    body = f"{before}eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJDbGllbnQtQSJ9.c2lnbmF0dXJl&x=1"
    told: dict[str, Any] = {member: body}
    said = Exchange(asker="tool", method="POST", url=f"{PLATFORM}/x", status=404, **told)
    platform.state.journal.put("1", said)

    page = HTMLParser((await http.get("/journal")).text)

    assert [json.loads(one.text()) for one in page.css("pre.token")] == [{"alg": "RS256"}, {"iss": "Client-A"}]


@pytest.mark.parametrize("body", ["eyJ" * 5_000, "http://keyJournal.example.org/", "eyJ9.eyJ9.x", '{"a": "eyJ.eyJ."}'])
async def test_the_journal_lays_nothing_else_open(http: httpx2.AsyncClient, platform: Platform, body: str) -> None:
    """What only looks like a token is shown as it is."""
    said = Exchange(asker="tool", method="POST", url=f"{PLATFORM}/x", response_body=body, status=404)
    platform.state.journal.put("1", said)

    page = HTMLParser((await http.get("/journal")).text)

    assert (len(page.css("main > details")), len(page.css("pre.token"))) == (1, 0)


WRITTEN: dict[str, list[Any]] = {
    "scopes": [(), ("https://purl.imsglobal.org/spec/lti-ags/scope/score",), None],
    "redirect_uris": [("http://tool.example/a,b", "http://tool.example/c")],
    "deployment_ids": [("1,2", " 3")],
    "custom": [{"a": " b ", "c": "x\ny=z", "d=e": "f", "g": "h,i"}],
    "login_params": [{"a": "line\r\nbreak"}],
    "jwks": [{"keys": [{"kty": "RSA", "n": "x,y"}]}],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRITTEN.items() for value in values])
async def test_a_form_changes_only_what_was_touched(
    http: httpx2.AsyncClient, platform: Platform, name: str, value: Any
) -> None:
    """A tool whose form is sent as it was shown stays as it is."""
    tool = make_registration(**{name: value})
    platform.register(tool)
    page = HTMLParser((await http.get("/registrations/edit", params={"key": TOOL})).text)
    form = {
        **{str(box.attributes["name"]): box.attributes["value"] or "" for box in page.css("main form input[name]")},
        **{str(area.attributes["name"]): "\r\n".join(area.text().splitlines()) for area in page.css("main textarea")},
        **{
            str(select.attributes["name"]): option.attributes["value"]
            for select in page.css("main select")
            for option in select.css("option[selected]")
        },
    }

    assert (await http.post("/registrations", data=form | {"name": "Renamed"})).status_code == 303
    assert platform.state.registrations.get(TOOL) == replace(tool, name="Renamed")


@pytest.mark.parametrize(
    ("fields", "scopes"),
    [
        ({"scopes_of": "listed"}, ()),
        ({"scopes_of": "listed", "scopes": "a\nb"}, ("a", "b")),
        ({"scopes_of": "all"}, None),
        ({"scopes": "a"}, ("a",)),
    ],
)
async def test_no_scope_is_not_all_of_them(
    http: httpx2.AsyncClient, platform: Platform, fields: dict[str, str], scopes: tuple[str, ...] | None
) -> None:
    """A form tells a tool that may open nothing from one that may open everything."""
    form = {"client_id": "new", "deployment_ids": "1,2", "login_url": "http://a/", "launch_url": "http://a/"}
    await http.post("/registrations", data=form | fields | {"redirect_uris": "http://a/b,c\r\nhttp://a/d"})
    tool = platform.state.registrations.get(f"{PLATFORM} new")

    assert tool is not None
    assert (tool.scopes, tool.deployment_ids, tool.redirect_uris) == (scopes, ("1,2",), ("http://a/b,c", "http://a/d"))


async def test_all_scopes_and_some_of_them(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Whoever lists scopes and asks for all is asked which it shall be."""
    form = {"client_id": "new", "deployment_ids": "1", "login_url": "http://a/", "launch_url": "http://a/"}
    answer = await http.post("/registrations", data=form | {"scopes_of": "all", "scopes": "a"})

    assert answer.status_code == 400
    assert "scopes: 'All that the platform offers' is chosen, and 'a' is listed" in text_of(answer.text)


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}])
async def test_looking_at_lies_makes_no_line_item(
    http: httpx2.AsyncClient, platform: Platform, headers: dict[str, str]
) -> None:
    """The lies of a review are tried without the line item that its launch will have."""
    query = CHOICE | {"message": "submission_review", "mutation": "claims.without", "claims.without.claim": "nope"}
    answer = await http.get("/broken", params=query, headers=headers)

    assert "this lie changes nothing" in text_of(answer.text)
    assert platform.state.line_items.count() == 0


@pytest.mark.parametrize("message", ["deep_linking", "submission_review", "data_privacy"])
async def test_lti_11_has_one_message(http: httpx2.AsyncClient, platform: Platform, message: str) -> None:
    """What LTI 1.1 has no message for is refused in a sentence, and nothing is made for it."""
    platform.register(make_registration(**LTI11))
    answer = await http.post("/launches", data=CHOICE | {"message": message, "lti": "1.1"})

    assert answer.status_code == 400
    assert f"message '{message}': LTI 1.1 has none such here" in text_of(answer.text)
    assert platform.state.line_items.count() == 0
