from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import jsonschema
import pytest
import pytest_asyncio
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockplatform.app import create_app
from mockplatform.claims import INSTITUTION_ROLE, LEARNER
from mockplatform.control.app import Door, create_control
from mockplatform.control.contract import acts
from mockplatform.control.document import document
from mockplatform.control.groups.documents import CARRIED, LEFT_OUT
from mockplatform.control.groups.tools import Tool
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Registration
from mockplatform.records import LineItem, PlacedLink, Score
from mockplatform.roster import changes
from mockplatform.state import State
from mockplatform.store import MemoryStore, MemoryTable
from mockplatform.tenants import Tenants
from mockplatform.tool_table import ToolTable
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

CONTROL = "http://127.0.0.1:9401"
DOCUMENT = document(CONTROL)
KEY = quote(f"{PLATFORM} Client-A", safe="")
LAUNCH = {"registration": "Client-A", "person": "person-7", "course": "course-9"}


class Checked:
    """A client that compares every answer with the OpenAPI document and remembers which acts it has asked."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http
        self.asked: set[str] = set()

    async def __call__(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = await self.http.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        operation = self._operation(method, path.partition("?")[0])
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            validate(answer.json(), {"$ref": "#/components/schemas/Problem"})
            return answer.json()["detail"]
        self.asked.add(operation["operationId"])
        if body is not None:
            validate(body, operation["requestBody"]["content"]["application/json"]["schema"])
        content = operation["responses"][str(status)].get("content")
        if content is None:
            assert answer.content == b""
            return None
        validate(answer.json(), content["application/json"]["schema"])
        return answer.json()

    @staticmethod
    def _operation(method: str, path: str) -> Mapping[str, Any]:
        for template, operations in DOCUMENT["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in operations:
                found: Mapping[str, Any] = operations[method.lower()]
                return found
        return {}


def validate(value: Any, schema: Mapping[str, Any]) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys)


@pytest_asyncio.fixture
async def ask(platform: Platform) -> AsyncIterator[Checked]:
    app = create_control(Tenants(platform), Door(url=CONTROL))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=CONTROL) as client:
        yield Checked(client)


async def test_the_document_is_valid(ask: Checked) -> None:
    """The document is OpenAPI 3.1, is served, and has every act under a name of its own."""
    served = (await ask.http.get("/openapi.json")).json()

    OpenAPIV31SpecValidator(served).validate()
    assert served == DOCUMENT
    names = [one["operationId"] for operations in served["paths"].values() for one in operations.values()]
    assert sorted(names) == sorted(act.name for act in acts())
    assert len(set(names)) == len(names)
    assert all(one["summary"] for operations in served["paths"].values() for one in operations.values())


async def test_every_act_answers_as_the_document_says(ask: Checked, platform: Platform) -> None:
    """Each act is asked once, and its answer is what the document announces."""
    await _tenants(ask)
    await _tools(ask)
    await _people_and_courses(ask)
    await _grades(ask, platform)
    await _launches(ask, platform)
    await _faults(ask)
    for name in ("mutations", "fault-verbs", "endpoints", "key-acts", "flavours", "quirks", "services"):
        told = await ask("GET", f"/{name}")
        assert told["total"] == len(told["items"]) > 0

    assert ask.asked == {act.name for act in acts()}


async def _tenants(ask: Checked) -> None:
    made = await ask("POST", "/tenants", {"id": "one", "title": "One"}, status=201)
    assert (made["issuer"], made["settings"]["title"], made["clock_s"]) == (f"{PLATFORM}/t/one", "One", NOW_S)
    assert await ask("GET", "/tenants/one") == made
    assert [one["id"] for one in (await ask("GET", "/tenants"))["items"]] == ["main", "one"]
    changed = await ask("PATCH", "/tenants/one", {"offset_s": 60, "services": ["nrps"], "on_problem": "note"})
    assert changed["clock_s"] == NOW_S + 60
    assert (await ask("POST", "/tenants/one/reset"))["settings"] == made["settings"]
    state = await ask("GET", "/tenants/one/state")
    await ask("PUT", "/tenants/one/state", state)
    await ask("DELETE", "/tenants/one", status=204)
    await ask("GET", "/tenants/one", status=404)


async def _tools(ask: Checked) -> None:
    at = "/tenants/main/registrations"
    tool = {
        "client_id": "B/1",
        "deployment_ids": ["d"],
        "login_url": "http://127.0.0.1:1/login",
        "launch_url": "http://127.0.0.1:1/launch",
    }
    made = await ask("POST", at, tool, status=201)
    assert made["key"] == f"{PLATFORM} B/1"
    assert [one["client_id"] for one in (await ask("GET", at))["items"]] == ["Client-A", "B/1"]
    changed = await ask("PUT", f"{at}/B%2F1", tool | {"name": "Second"})
    assert await ask("GET", f"{at}/{quote(made['key'], safe='')}") == changed == made | {"name": "Second"}
    await ask("DELETE", f"{at}/B%2F1", status=204)
    invited = await ask("POST", "/tenants/main/invitations", {"tool_url": "http://127.0.0.1:1/register"}, status=201)
    assert invited["token"] in invited["url"]


async def _people_and_courses(ask: Checked) -> None:
    person = {"sub": "p/ü", "given_name": "P", "family_name": "", "email": ""}
    await ask("POST", "/tenants/main/people", person, status=201)
    at = "/tenants/main/people/p%2F%C3%BC"
    assert (await ask("PUT", at, person | {"email": "p@example.org"}))["email"] == "p@example.org"
    assert (await ask("GET", at))["email"] == "p@example.org"
    assert (await ask("GET", "/tenants/main/people?offset=1&limit=1"))["items"][0]["sub"] == "p/ü"
    course = {"id": "c", "label": "C", "title": "See", "crowd": 3}
    await ask("POST", "/tenants/main/courses", course, status=201)
    at = "/tenants/main/courses/c"
    assert (await ask("GET", at))["crowd"] == 3
    assert (await ask("PUT", at, course | {"title": "New"}))["title"] == "New"
    assert (await ask("GET", "/tenants/main/courses?newest_first=true"))["items"][0]["title"] == "New"
    enrolled = await ask("PUT", f"{at}/enrolments/person-7", {"roles": ["Instructor"], "status": "Inactive"})
    assert enrolled["roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]
    left = await ask("PATCH", f"{at}/enrolments/person-7", {"status": "Deleted"})
    assert (left["status"], left["roles"]) == ("Deleted", enrolled["roles"])
    roster = await ask("GET", f"{at}/roster?limit=2")
    assert len(roster["members"]) == 2
    assert roster["next_offset"] is not None
    await ask("PUT", f"{at}/groups/g", {"id": "g", "course_id": "c", "name": "G", "members": ["person-7"]})
    await ask("PUT", f"{at}/group-sets/s", {"id": "s", "course_id": "c", "name": "S"})
    assert [one["id"] for one in (await ask("GET", f"{at}/groups"))["items"]] == ["g"]
    assert [one["id"] for one in (await ask("GET", f"{at}/group-sets"))["items"]] == ["s"]
    await ask("DELETE", f"{at}/groups/g", status=204)
    await ask("DELETE", at, status=204)
    await ask("DELETE", "/tenants/main/people/p%2F%C3%BC", status=204)


async def test_differences_know_of_people(keys: KeyRing) -> None:
    """Whoever is added, given other roles or removed stands in what the roster tells as changed (NRPS 2.4.3)."""
    now = [NOW_S]
    platform = make_platform(keys, clock=lambda: now[0], services=("nrps",))
    control = httpx2.ASGITransport(create_control(Tenants(platform), Door(url=CONTROL)))
    at = "/tenants/main/people"
    admin = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
    person = {"sub": "new", "given_name": "N", "family_name": "", "email": "", "roles": [INSTRUCTOR]}

    async def told() -> list[tuple[str, str, list[str]]]:
        """What has changed since the clock was last put forward; then it is put forward."""
        found = changes(platform, platform.courses[0], now[0])
        now[0] += 10
        return [(one.person.sub, one.status, list(one.roles)) for one in found]

    async with httpx2.AsyncClient(transport=control, base_url=CONTROL) as http:
        await http.post(at, json=person)
        assert await told() == [("new", "Active", [INSTRUCTOR])]
        assert await told() == []
        await http.put(f"{at}/new", json=person | {"roles": [LEARNER]})
        assert await told() == [("new", "Active", [LEARNER])]
        # Whoever has a role of the institution alone takes part in no course.
        await http.put(f"{at}/new", json=person | {"roles": [admin]})
        assert await told() == [("new", "Deleted", [LEARNER])]
        await http.put(f"{at}/new", json=person)
        await http.delete(f"{at}/new")
        assert await told() == [("new", "Deleted", [INSTRUCTOR])]
        await http.post(at, json=person | {"sub": "admin", "roles": [admin]})
        await http.delete(f"{at}/admin")
        assert await told() == []
        await http.put("/tenants/main/courses/course-9/enrolments/person-7", json={"roles": ["Instructor"]})
        await http.delete(f"{at}/person-7")
        assert await told() == [("person-7", "Active", [INSTRUCTOR])]


async def _grades(ask: Checked, platform: Platform) -> None:
    quiz = {"label": "Quiz", "score_maximum": 10, "resource_link_id": "link-course-9"}
    made = await ask("POST", "/tenants/main/courses/course-9/line-items", quiz, status=201)
    item = made["line_item"]["id"]
    score = Score(
        line_item_id=item,
        user_id="person-7",
        timestamp="2026-01-01T00:00:00Z",
        activity_progress="Completed",
        grading_progress="FullyGraded",
        score_given=7,
        score_maximum=10,
    )
    platform.state.scores.put(f"{item} person-7", score, group=item)
    (column,) = (await ask("GET", "/tenants/main/courses/course-9/gradebook"))["items"]
    assert (column["url"], column["scores"][0]["score_given"]) == (made["url"], 7)
    changed = await ask("PUT", f"/tenants/main/line-items/{item}", quiz | {"label": "Test", "score_maximum": 5})
    assert (changed["line_item"]["label"], changed["line_item"]["course_id"]) == ("Test", "course-9")
    await ask("DELETE", f"/tenants/main/line-items/{item}/scores", status=204)
    assert (await ask("GET", f"/tenants/main/line-items/{item}"))["scores"] == []
    await ask("DELETE", f"/tenants/main/line-items/{item}", status=204)


async def _launches(ask: Checked, platform: Platform) -> None:
    begun = await ask("POST", "/tenants/main/launches", LAUNCH, status=201)
    platform.authorize(make_auth_request(dict(begun["params"])))
    assert [one["id"] for one in (await ask("GET", "/tenants/main/launches"))["items"]] == [begun["id"]]
    told = await ask("GET", f"/tenants/main/launches/{begun['id']}")
    assert told["token"]["claims"]["sub"] == "person-7"
    assert (await ask("GET", "/tenants/main/journal"))["items"] == []
    await ask("DELETE", "/tenants/main/journal", status=204)
    assert (await ask("GET", "/tenants/main/returned"))["items"] == []
    await ask("POST", "/tenants/main/registrations", _second_tool(), status=201)
    state = await ask("GET", "/tenants/main/state")
    link = {
        "id": "link-1",
        "course_id": "course-9",
        "client_id": "Client-A",
        "issuer": PLATFORM,
        "deployment_id": "Dep-1",
        "type": "ltiResourceLink",
        "title": "A link",
    }
    await ask("PUT", "/tenants/main/state", state | {"links": [link]})
    assert (await ask("GET", "/tenants/main/courses/course-9/links"))["items"][0]["title"] == "A link"
    opened = await ask("POST", "/tenants/main/launches", LAUNCH | {"link": "link-1"}, status=201)
    assert (await ask("GET", f"/tenants/main/launches/{opened['id']}"))["launch"]["resource_link"]["id"] == "link-1"
    await ask("DELETE", "/tenants/main/links/link-1", status=204)


def _second_tool() -> dict[str, Any]:
    urls = {"login_url": "http://127.0.0.1:1/", "launch_url": "http://127.0.0.1:1/"}
    return {"client_id": "C", "deployment_ids": ["d"], **urls}


async def _faults(ask: Checked) -> None:
    at = "/tenants/main/faults"
    armed = await ask("POST", at, {"endpoint": "token", "verb": "status", "times": 2}, status=201)
    assert (await ask("GET", at))["items"] == [armed]
    assert await ask("DELETE", f"{at}/{armed['id']}") == armed
    await ask("DELETE", at, status=204)
    assert (await ask("GET", "/tenants/main/keys"))["signing"] == "platform"
    name = (await ask("GET", "/key-acts"))["items"][0]["name"]
    assert name
    await ask("POST", "/tenants/main/keys", {"act": "rotate"})


async def test_a_launch_with_a_lie_is_shown_leg_by_leg(ask: Checked, platform: Platform) -> None:
    """A launch that is begun with a mutation tells its login, the tool's request, the spoilt token and the response."""
    wanted = {**LAUNCH, "mutations": ["claims.value(claim='sub', value='ü')"], "roles": ["Instructor"]}
    begun = await ask("POST", "/tenants/main/launches", wanted, status=201)
    before = await ask("GET", f"/tenants/main/launches/{begun['id']}")
    platform.authorize(make_auth_request(dict(begun["params"]), nonce="n-1"))
    told = await ask("GET", f"/tenants/main/launches/{begun['id']}")

    assert (begun["method"], begun["url"]) == ("POST", "http://127.0.0.1:8000/lti/login")
    assert (before["auth_request"], before["token"], before["response"]) == (None, None, None)
    assert before["login"] == begun
    assert told["mutations"] == ["claims.value(claim='sub', value='ü')"]
    assert told["auth_request"] == {"params": told["auth_request"]["params"], "problems": [], "at_s": NOW_S}
    assert told["token"]["header"]["alg"] == "RS256"
    assert (told["token"]["claims"]["sub"], told["token"]["claims"]["nonce"]) == ("ü", "n-1")
    assert told["response"]["url"] == "http://127.0.0.1:8000/lti/launch"
    assert dict(told["response"]["fields"])["id_token"] == told["token"]["text"]


async def test_a_token_that_is_none_is_shown_as_it_is(ask: Checked, platform: Platform) -> None:
    """Where a mutation has made the claims unreadable, the text of the token is all that is told."""
    wanted = {**LAUNCH, "mutations": ["payload.expiry(text='NaN')"]}
    begun = await ask("POST", "/tenants/main/launches", wanted, status=201)
    platform.authorize(make_auth_request(dict(begun["params"])))
    token = (await ask("GET", f"/tenants/main/launches/{begun['id']}"))["token"]

    assert token["claims"] is None
    assert token["header"]["alg"] == "RS256"


async def test_a_browser_opens_a_launch(ask: Checked, platform: Platform) -> None:
    """The URL for opening a launch is a page of the platform that sends the login request by itself."""
    begun = await ask("POST", "/tenants/main/launches", LAUNCH, status=201)
    transport = httpx2.ASGITransport(create_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as browser:
        page = await browser.get(begun["open"])
        unknown = await browser.get("/frame/login?launch=none")

    assert page.status_code == 200
    assert begun["url"] in page.text
    assert f'value="{begun["id"]}"' in page.text
    assert unknown.status_code == 404
    assert platform.journal == []


async def test_an_lti_11_launch_is_one_form(ask: Checked, platform: Platform) -> None:
    """A launch of LTI 1.1 is told as the signed form, and has no page."""
    platform.register(make_registration(**LTI11))
    begun = await ask("POST", "/tenants/main/launches", {**LAUNCH, "lti": "1.1"}, status=201)

    assert begun["open"] == ""
    assert dict(begun["params"])["oauth_signature"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("GET", "/nothing", None, 404, "there is nothing at /nothing; GET /openapi.json"),
        ("PATCH", "/tenants", None, 405, "PATCH is no act here"),
        ("GET", "/tenants/none/people", None, 404, "there is no tenant 'none'"),
        ("GET", "/tenants/main/people/none", None, 404, "there is no person 'none'"),
        ("GET", "/tenants/main/people?limit=x", None, 400, "query: limit: expected an integer"),
        ("GET", "/tenants/main/people?limit=0", None, 400, "query: limit is 0, expected a number from 1 to 1000"),
        ("GET", "/tenants/main/people?offset=-1", None, 400, "query: offset is -1"),
        ("GET", "/tenants/main/people?page=2", None, 400, "query: page: unknown key"),
        ("GET", "/mutations?limit=1", None, 400, "query: this request takes none"),
        ("POST", "/tenants", {"id": "a b"}, 400, "tenant 'a b' is no id"),
        ("POST", "/tenants", {"id": "main"}, 409, "tenant 'main' is there already"),
        ("POST", "/tenants", {"name": "x"}, 400, "body: name: unknown key"),
        ("POST", "/tenants", {"flavour": "moodel"}, 400, "unknown flavour 'moodel'"),
        ("POST", "/tenants", {"quirks": {"no.such": 1}}, 400, "no.such"),
        ("POST", "/tenants", {"services": ["mail"]}, 400, "body: services: unknown service 'mail'"),
        ("DELETE", "/tenants/main", None, 400, "cannot be removed; reset it"),
        ("GET", "/tenants/main/people?limit=" + "[" * 20_000, None, 400, "query: limit: expected an integer"),
        ("POST", "/tenants/main/people", {"name": "x"}, 400, "body: name: unknown key"),
        ("POST", "/tenants/main/people", {}, 400, "body: sub: missing"),
        ("POST", "/tenants/main/people", {"sub": ""}, 400, "body: sub is empty; give an id of its own"),
        ("POST", "/tenants/main/people", {"sub": "s" * 256}, 400, "body: sub has 256 characters, expected at most 255"),
        ("POST", "/tenants/main/people", {"sub": "a\nb"}, 400, "body: sub: 'a\\nb' has a character that cannot be"),
        ("POST", "/tenants/main/courses", {"id": "c" * 256, "label": "", "title": ""}, 400, "body: id has 256"),
        ("PATCH", "/tenants/main", {"offset_s": 1e308}, 400, "body: offset_s is 1e+308, expected seconds, at most ten"),
        ("POST", "/tenants", {"offset_s": -1e308}, 400, "body: offset_s is -1e+308, expected seconds, at most ten"),
        ("PUT", "/tenants/main/state", {"issuer": "x", "settings": {"offset_s": 1e300}}, 400, "body: offset_s is"),
        ("PUT", "/tenants/main/state", {"issuer": "x", "settings": {}, "people":
         [{"sub": "s" * 256, "given_name": "", "family_name": "", "email": ""}]}, 400, "body: sub has 256"),
        ("PUT", "/tenants/main/state", {"issuer": "x", "settings": {}, "courses":
         [{"id": "", "label": "", "title": ""}]}, 400, "body: id is empty"),
        ("POST", "/tenants/main/people", [], 400, "body: expected a JSON object"),
        ("PUT", "/tenants/main/people/person-7", {"sub": "x", "given_name": "", "family_name": "", "email": ""}, 400,
         "body: sub: expected 'person-7', as in the path"),
        ("POST", "/tenants/main/registrations", {"client_id": "x"}, 400, "body: deployment_ids: missing"),
        ("PUT", f"/tenants/main/registrations/{KEY}", {**_second_tool()}, 400, "must stay 'Client-A'"),
        ("POST", "/tenants/main/registrations", {**_second_tool(), "jwks_url": "file:///x"}, 400, "body: jwks_url: "),
        ("POST", "/tenants/main/registrations", {**_second_tool(), "launch_url": "http://a/\nb"}, 400,
         "body: launch_url: 'http://a/\\nb' is no http or https URL"),
        ("POST", "/tenants/main/registrations", {**_second_tool(), "login_url": "http://a/ b"}, 400, "login_url: "),
        ("POST", "/tenants/main/registrations", {**_second_tool(), "issuer": "a\nb"}, 400, "body: issuer: 'a\\nb'"),
        ("POST", "/tenants/main/registrations", {**_second_tool(), "client_id": "a\tb"}, 400, "body: client_id: "),
        ("POST", "/tenants/main/registrations", {**_second_tool(), "deployment_ids": ["1", "d" * 256]}, 400,
         "body: deployment_ids[1] has 256 characters"),
        ("POST", "/tenants/main/invitations", {"tool_url": "http://a/\nb"}, 400, "body: tool_url: "),
        ("POST", "/tenants/main/registrations", {**_second_tool(), "client_id": "Client-A"}, 409, "is registered"),
        ("POST", "/tenants/main/launches", {**LAUNCH, "registration": "x"}, 404, "no tool is registered as 'x'"),
        ("POST", "/tenants/main/launches", {**LAUNCH, "course": "x"}, 404, "there is no course 'x'"),
        ("POST", "/tenants/main/launches", {**LAUNCH, "deployment_id": "x"}, 400, "'x' is none of Dep-1, Dep-2"),
        ("POST", "/tenants/main/launches", {**LAUNCH, "lti": "1.1"}, 400, "'Client-A': not for LTI 1.1"),
        ("POST", "/tenants/main/launches", {**LAUNCH, "lti": "2"}, 400, "body: lti: expected '1.3' or '1.1', got '2'"),
        ("POST", "/tenants/main/launches", {**LAUNCH, "mutations": ["claims.expird"]}, 400,
         "body: mutations[0]: unknown mutation 'claims.expird'; did you mean"),
        ("POST", "/tenants/main/launches",
         {**LAUNCH, "mutations": ["login.without(name='iss')", "login.issuer_with_slash"]}, 400,
         "login.issuer_with_slash: the login has no iss; "),
        ("POST", "/tenants/main/launches", {**LAUNCH, "mutations": ["basic.without(name='oauth_nonce')"]}, 400,
         "these are no lies of a launch by LTI 1.3"),
        ("POST", "/tenants/main/launches", {**LAUNCH, "mutations": ["key_set.status(code=503)"]}, 400,
         "key_set.status(code=503) is no lie of a launch; arm a fault for the endpoint jwks, or use a key act"),
        ("GET", "/tenants/main/launches/none", None, 404, "there is no launch 'none'"),
        ("POST", "/tenants/main/faults", {"endpoint": "tokn", "verb": "status"}, 400, "unknown endpoint 'tokn'"),
        ("DELETE", "/tenants/main/faults/none", None, 404, "no fault 'none' is armed"),
        ("POST", "/tenants/main/keys", {"act": "melt"}, 400, "unknown act 'melt'"),
        ("PUT", "/tenants/main/state", {"version": 9, "issuer": "x", "settings": {}}, 400, "version is 9"),
        ("PUT", "/tenants/main/state", {"issuer": "x", "settings": {"flavour": "moodel"}}, 400, "unknown flavour"),
        ("PUT", "/tenants/main/state",
         {"issuer": "x", "settings": {}, "registrations": [{**_second_tool(), "login_url": ""}]}, 400,
         "body: login_url: '' is no http or https URL"),
        ("POST", "/tenants/main/courses/course-9/line-items", {"label": "x", "score_maximum": 0}, 400,
         "score_maximum is 0, expected more than 0"),
        ("POST", "/tenants/main/courses/course-9/line-items",
         {"label": " ", "score_maximum": 1, "client_id": "Client-A"}, 400, "label: it is blank"),
        ("GET", "/ca.pem", None, 404, "start the platform with --tls"),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_said(
    ask: Checked, method: str, path: str, body: Any, status: int, detail: str
) -> None:
    """A request that is wrong gets a problem whose sentence names the key or the id."""
    assert detail in await ask(method, path, body, status=status)


@pytest.mark.parametrize(
    ("content", "media_type", "status", "detail"),
    [
        (b"{}", "text/plain", 415, "Content-Type is 'text/plain', expected application/json"),
        (b"{}", "application/x-www-form-urlencoded", 415, "expected application/json"),
        (b"{", "application/json", 400, "body: not JSON"),
        (b'{"offset_s": NaN}', "application/json", 400, "NaN is no number of JSON"),
        (b"\xff", "application/json", 400, "body: not JSON"),
        (b'{"title": "a\\ud800b"}', "application/json", 400, "half a character (a lone surrogate)"),
        (b'{"quirks": {"\\udfff": [1]}}', "application/json", 400, "half a character (a lone surrogate)"),
        (b'{"services": ["a", "b\\u0000"]}', "application/json", 400, "the character U+0000"),
        (b'{"title": "a", "title": "b"}', "application/json", 400, "'title' stands in it twice"),
        (b'{"offset_s": 1e999}', "application/json", 400, "the number 1e999 is too large"),
        (b"[" * 100_000, "application/json", 400, "nested more than 100 deep"),
        (b'{"title":' * 100_000, "application/json", 400, "nested more than 100 deep"),
    ],
    ids=range(12),
)
async def test_a_body_that_is_no_json(ask: Checked, content: bytes, media_type: str, status: int, detail: str) -> None:
    """A body is JSON and says so: no form of another site's page can be sent here."""
    answer = await ask.http.post("/tenants", content=content, headers={"content-type": media_type})

    assert answer.status_code == status
    assert detail in answer.json()["detail"]


async def test_whole_characters_are_taken(ask: Checked) -> None:
    """A character beyond the first 65536 is two escapes in JSON and one text."""
    content = b'{"title": "\\ud83d\\ude00 \\\\u0000"}'
    answer = await ask.http.patch("/tenants/main", content=content, headers={"content-type": "application/json"})

    assert answer.json()["settings"]["title"] == "\U0001f600 \\u0000"


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({"jwks": {"kty": "RSA"}}, "jwks has no list of keys"),
        ({"jwks": {"keys": {"kty": "RSA"}}}, "jwks has no list of keys"),
        ({"attributes": {"mail": "m"}}, "attributes.mail: unknown key, expected email, course_id, person_id"),
        ({"consumer_key": "k"}, "lti11_launch_url is missing or empty; LTI 1.1 needs lti11_launch_url, consumer_key, "),
        ({"lti11_launch_url": "http://127.0.0.1:1/"}, "consumer_key is missing or empty; LTI 1.1 needs "),
        ({**LTI11, "consumer_secret": ""}, "consumer_secret is missing or empty; LTI 1.1 needs "),
        ({**LTI11, "lti11_launch_url": "tool"}, "lti11_launch_url: 'tool' is no http or https URL"),
        ({"deployment_ids": ["d", ""]}, "deployment_ids needs one id or more"),
        ({"redirect_uris": ["http://127.0.0.1:1/", "x"]}, "redirect_uris[1]: 'x' is no http or https URL"),
        ({"deep_linking_url": "x"}, "deep_linking_url: 'x' is no http or https URL"),
        ({"issuer": "https://lms.example/?a=1"}, "issuer: 'https://lms.example/?a=1' has a query or a fragment"),
        ({"client_id": ""}, "client_id is empty; give the one that the tool knows"),
    ],
)
async def test_a_tool_is_checked_as_in_a_file(
    ask: Checked, platform: Platform, given: dict[str, Any], detail: str
) -> None:
    """What no file may say of a tool can be neither added, nor put in the place of one, nor brought by a document."""
    before, state = platform.registrations, await ask("GET", "/tenants/main/state")
    tool = _second_tool() | given
    told = {
        await ask("POST", "/tenants/main/registrations", tool, status=400),
        await ask("PUT", f"/tenants/main/registrations/{KEY}", {"client_id": "Client-A"} | tool, status=400),
        await ask("PUT", "/tenants/main/state", state | {"registrations": [tool]}, status=400),
    }

    assert len(told) == 1
    assert told.pop().startswith(f"body: {detail}")
    assert platform.registrations == before


async def test_a_tool_for_lti11_comes_back_as_it_was_sent(ask: Checked) -> None:
    """A whole registration for both versions is taken, told, and taken again as it was told."""
    tool = _second_tool() | LTI11 | {"jwks": {"keys": []}, "attributes": {"email": "mail"}}
    made = await ask("POST", "/tenants/main/registrations", tool, status=201)

    assert made == made | tool
    assert await ask("PUT", "/tenants/main/registrations/C", made) == made


async def test_every_field_of_a_registration_can_be_written() -> None:
    """A file, a form and the control API have the fields of a registration, all of them and no others."""
    known = {one.name for one in fields(Registration)}

    assert {one.name for one in fields(ToolTable)} == known
    assert {one.name for one in fields(Tool)} == known | {"key"}


async def test_a_person_may_be_hardly_known(ask: Checked) -> None:
    """Somebody without names and address can be added and changed by the id alone."""
    made = await ask("POST", "/tenants/main/people", {"sub": "nobody"}, status=201)

    assert (made["given_name"], made["family_name"], made["email"], made["locale"]) == ("", "", "", "en-US")
    assert (await ask("PUT", "/tenants/main/people/nobody", {"sub": "nobody", "given_name": "N"}))["given_name"] == "N"


async def test_a_state_comes_back(ask: Checked, platform: Platform) -> None:
    """What is exported from one tenant makes another one the same, under its own issuer."""
    platform.change_settings(title="Carried", quirks={"token.format": "jwt"})
    platform.enrol(platform.people[0], platform.courses[0], ["r"])
    platform.faults.arm(endpoint="*", verb="status")
    told = await ask("GET", "/tenants/main/state")
    await ask("POST", "/tenants", {"id": "copy", "empty": True}, status=201)
    await ask("PUT", "/tenants/copy/state", told)
    copied = await ask("GET", "/tenants/copy/state")

    issuer = f"{PLATFORM}/t/copy"
    tools = [tool | {"issuer": issuer, "key": f"{issuer} Client-A"} for tool in told["registrations"]]
    assert copied == told | {"issuer": issuer, "registrations": tools}
    assert len(told["enrolments"]) == len(told["faults"]) == 1


async def test_no_table_is_forgotten() -> None:
    """Every table of a tenant is carried by a document, or left out on purpose."""
    tables = {name for name, value in vars(State(MemoryStore(), "")).items() if isinstance(value, MemoryTable)}

    assert tables == CARRIED.keys() | LEFT_OUT


def door(platform: Platform, **values: Any) -> httpx2.AsyncClient:
    app = create_control(Tenants(platform), Door(url=CONTROL, **values), certificate="-----BEGIN CERTIFICATE-----")
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=CONTROL)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": CONTROL}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": PLATFORM}, 403),
        ({"host": "evil.example:9401"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"host": "localhost:9401"}, 200),
        ({"host": "[::1]:9401"}, 200),
    ],
)
async def test_pages_of_other_sites_are_turned_away(platform: Platform, headers: dict[str, str], status: int) -> None:
    """A request with a foreign Origin, or to this machine under a foreign name, is refused before anything is done."""
    async with door(platform) as client:
        assert (await client.get("/tenants", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/tenants", None, 401),
        ("/tenants", "Bearer wrong", 401),
        ("/tenants", "Basic s3cret-ü", 401),
        ("/tenants", "Bearer s3cret", 200),
        ("/tenants", "bearer  s3cret", 200),
        ("/nothing", None, 401),
        ("/openapi.json", None, 200),
        ("/ca.pem", None, 200),
        ("/%6fpenapi.json", None, 401),
    ],
)
async def test_a_secret_is_asked_for(platform: Platform, path: str, authorization: str | None, status: int) -> None:
    """Where there is a secret, nothing but the document and the CA's certificate is to be had without it."""
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    async with door(platform, secret="s3cret", check_host=False) as client:
        answer = await client.get(path, headers=headers)

    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert "Authorization: Bearer" in answer.json()["detail"]


async def test_the_requests_of_the_readme_are_granted(ask: Checked) -> None:
    """What README sends to the control API by curl is carried out."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    calls = re.findall(r"^curl -X (\w+) localhost:9401(\S+) .*?-d '(.*?)'", readme, re.MULTILINE | re.DOTALL)
    assert len(calls) >= 2
    for method, path, body in calls:
        answer = await ask.http.request(method, path, json=json.loads(body))
        assert answer.status_code == 201, answer.text


async def test_a_launch_has_what_a_page_can_choose(ask: Checked, platform: Platform) -> None:
    """Storage, the method of the login and whom a mentor looks after are in a launch as they are in one of a page."""
    platform.state.people.put("person-7", replace(PERSON, mentor_of=("p1", "p2")))
    wanted = {**LAUNCH, "roles": ["Mentor"], "storage_target": "_parent", "login_method": "GET"}
    begun = await ask("POST", "/tenants/main/launches", wanted, status=201)
    platform.authorize(make_auth_request(dict(begun["params"])))
    token = (await ask("GET", f"/tenants/main/launches/{begun['id']}"))["token"]

    assert begun["method"] == "GET"
    assert dict(begun["params"])["lti_storage_target"] == "_parent"
    assert token["claims"]["https://purl.imsglobal.org/spec/lti/claim/role_scope_mentor"] == ["p1", "p2"]


@pytest.mark.parametrize("message", ["deep_linking", "submission_review", "data_privacy"])
async def test_lti_11_has_one_message(ask: Checked, platform: Platform, message: str) -> None:
    """What LTI 1.1 has no message for is refused in a sentence, and nothing is made for it."""
    platform.register(make_registration(**LTI11))
    wanted = {**LAUNCH, "lti": "1.1", "message": message}
    detail = await ask("POST", "/tenants/main/launches", wanted, status=400)

    assert detail == f"message '{message}': LTI 1.1 has none such here; launch a resource_link, or by LTI 1.3"
    assert platform.state.line_items.count() == 0


@pytest.mark.parametrize(
    "text", ["-" * 60_000, "a" + ".a" * 40_000, "claims.expired(by_s=0x" + "f" * 50_000 + ")", "x" * 100_001]
)
async def test_a_mutation_without_end_is_refused(ask: Checked, text: str) -> None:
    """A text that no parser gets to the end of is told to be no mutation."""
    detail = await ask("POST", "/tenants/main/launches", {**LAUNCH, "mutations": [text]}, status=400)

    assert detail.startswith("body: mutations[0]: ")
    assert len(detail) < 300


async def test_nobody_is_given_a_role_that_nobody_has_chosen(ask: Checked, platform: Platform) -> None:
    """Somebody without a role launches without one, and an empty list takes the roles of somebody who has some."""
    platform.state.people.put("person-0", replace(PERSON, sub="person-0", roles=()))
    platform.state.people.put("person-7", replace(PERSON, roles=(INSTRUCTOR,)))
    wanted = [LAUNCH | {"person": "person-0"}, LAUNCH | {"roles": []}, LAUNCH]
    begun = [await ask("POST", "/tenants/main/launches", each, status=201) for each in wanted]
    told = [await ask("GET", f"/tenants/main/launches/{each['id']}") for each in begun]

    assert [each["launch"]["roles"] for each in told] == [[], [], [INSTRUCTOR]]


async def test_somebody_new_is_a_learner_unless_said(ask: Checked, platform: Platform) -> None:
    """Roles are those of the context by short names, none if the list is empty, and a learner's without a list."""
    guest = ["institution/Guest"]
    for sub, roles in (("p1", {}), ("p2", {"roles": ["Instructor"]}), ("p3", {"roles": []}), ("p4", {"roles": guest})):
        await ask("POST", "/tenants/main/people", {"sub": sub, **roles}, status=201)
        begun = await ask("POST", "/tenants/main/launches", LAUNCH | {"person": sub}, status=201)
        platform.authorize(make_auth_request(dict(begun["params"])))
    told = (await ask("GET", "/tenants/main/launches"))["items"]

    claim = "https://purl.imsglobal.org/spec/lti/claim/roles"
    assert [each["token"]["claims"][claim] for each in told] == [
        [LEARNER],
        [INSTRUCTOR],
        [],
        [INSTITUTION_ROLE + "Guest"],
    ]


async def test_a_review_is_of_a_learner(ask: Checked, platform: Platform) -> None:
    """Whose submission is reviewed is a learner of the course, unless it is said."""
    platform.state.people.put("teacher", replace(PERSON, sub="teacher", roles=(INSTRUCTOR,)))
    platform.state.people.put("person-7", replace(PERSON, roles=(LEARNER,)))
    wanted = LAUNCH | {"person": "teacher", "message": "submission_review"}
    begun = [
        await ask("POST", "/tenants/main/launches", wanted | more, status=201) for more in ({}, {"for_user": "teacher"})
    ]
    told = [await ask("GET", f"/tenants/main/launches/{each['id']}") for each in begun]

    assert [each["launch"]["for_user"]["sub"] for each in told] == ["person-7", "teacher"]


@pytest.mark.parametrize(
    ("change", "status", "detail"),
    [
        ({"link": "link-2"}, 404, "there is no link 'link-2'"),
        ({"link": "link-1", "course": "course-8"}, 400, "body: link: 'link-1' is in the course 'course-9', not in"),
        ({"link": "link-1", "registration": "C"}, 400, "body: link: 'link-1' is one of 'Client-A', not of 'C'"),
        ({"line_item": "zz"}, 400, "line item 'zz': there is none"),
        ({"line_item": "theirs", "message": "submission_review"}, 400, "line item 'theirs': it is none of Quiz, which"),
        ({"message": "deep_linking", "deep_linking": {"accept_types": "x"}}, 400,
         "deep_linking.accept_types: expected a list of texts (DL 4.4.1)"),
        ({"message": "deep_linking", "deep_linking": {"accept_multiple": "yes"}}, 400,
         "deep_linking.accept_multiple: expected true or false (DL 4.4.1)"),
        ({"message": "deep_linking", "deep_linking": {"title": 7}}, 400,
         "deep_linking.title: expected a text (DL 4.4.1)"),
    ],
)  # fmt: skip
async def test_a_launch_that_no_platform_would_begin(
    ask: Checked, platform: Platform, change: dict[str, Any], status: int, detail: str
) -> None:
    """A link launches its own tool from its own course, and what an honest launch cannot have is refused."""
    platform.state.courses.put("course-8", replace(COURSE, id="course-8"))
    await ask("POST", "/tenants/main/registrations", _second_tool(), status=201)
    link = PlacedLink(
        id="link-1",
        course_id="course-9",
        client_id="Client-A",
        issuer=PLATFORM,
        deployment_id="Dep-1",
        type="ltiResourceLink",
        title="A link",
    )
    platform.state.links.put("link-1", link, group="course-9")
    item = LineItem(id="theirs", course_id="course-9", client_id="C", issuer=PLATFORM, label="Quiz", score_maximum=1)
    platform.state.line_items.put("theirs", item, group="course-9")

    assert detail in await ask("POST", "/tenants/main/launches", LAUNCH | change, status=status)


async def test_every_lie_that_is_listed_is_one_of_a_launch(ask: Checked) -> None:
    """What no launch can tell, which are the lies about the key set, is not offered for one."""
    listed = {one["name"] for one in (await ask("GET", "/mutations"))["items"]}

    assert {"claims.expired", "login.without", "basic.without"} < listed
    assert {name for name in listed if name.startswith("key_set.")} == set()


async def test_a_launch_is_found_by_its_id_in_any_dialect(ask: Checked, platform: Platform) -> None:
    """A flavour whose hint is no id keeps the launch under the hint, and what names the id still leads to it."""
    platform.change_settings(flavour="canvas")
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=platform.courses[0])
    pending = platform.begin(launch)
    assert pending.key != launch.id
    transport = httpx2.ASGITransport(create_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as browser:
        page = await browser.get("/launches/one", params={"launch": launch.id})
        await browser.get(launch.return_url)
        await browser.get("/return?launch=nobody")

    assert page.status_code == 200
    assert (await ask("GET", f"/tenants/main/launches/{launch.id}"))["id"] == pending.key
    assert [one.about.get("launch") for one in platform.journal] == [pending.key, None]
