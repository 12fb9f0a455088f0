from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import jwt
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from mockplatform.app import create_app
from mockplatform.deep_links.items import problems_of
from mockplatform.deep_links.returning import Received, receive
from mockplatform.flow import id_token
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Launch
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    NOW_S,
    PERSON,
    PLATFORM,
    make_auth_request,
    make_platform,
    make_registration,
)

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
TOOL_KEY = "foreign"
LINK = {"type": "link", "url": "https://tool.example/page"}
QUIZ = {
    "type": "ltiResourceLink",
    "url": "https://tool.example/quiz?id=7",
    "title": "Quiz 7",
    "text": "About cells",
    "custom": {"level": "2", "who": "$Person.name.full", "until": "$ResourceLink.submission.endDateTime"},
    "lineItem": {"label": "Quiz marks", "scoreMaximum": 12.5, "resourceId": "quiz-7", "tag": "grade"},
    "submission": {"endDateTime": "2027-03-01T12:00:00Z"},
}


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, registrations=(tool(keys),))


def tool(keys: KeyRing, **values: Any) -> Any:
    return make_registration(jwks={"keys": [dict(keys.jwk(TOOL_KEY))]}, **values)


def ask(platform: Platform, **deep_linking: Any) -> Launch:
    """A deep linking request under way."""
    launch = platform.intend(
        platform.registrations[0],
        person=PERSON,
        roles=[INSTRUCTOR],
        course=COURSE,
        message="deep_linking",
        deep_linking=deep_linking,
    )
    return platform.begin(launch).launch


def right_claims(launch: Launch, *items: Any, **changed: Any) -> dict[str, Any]:
    """A right response to a request; a claim that is None is left out."""
    claims = {
        "iss": "Client-A",
        "aud": PLATFORM,
        "iat": NOW_S - 2,
        "exp": NOW_S + 300,
        "nonce": "tool-nonce-1",
        CLAIM + "deployment_id": "Dep-1",
        CLAIM + "message_type": "LtiDeepLinkingResponse",
        CLAIM + "version": "1.3.0",
        DL + "data": f"{launch.id}.{launch.course.id}",
        DL + "content_items": list(items),
    }
    return {name: value for name, value in (claims | changed).items() if value is not None}


def signed(keys: KeyRing, claims: dict[str, Any]) -> str:
    private: Any = keys.private(TOOL_KEY)
    return jwt.encode(claims, private, algorithm="RS256", headers={"kid": keys.kid(TOOL_KEY)})


async def returned(platform: Platform, keys: KeyRing, claims: dict[str, Any]) -> Received:
    return await receive(platform, (("JWT", signed(keys, claims)),))


@pytest.mark.asyncio
@pytest.mark.parametrize(("limit", "told"), [("MAX_LINKS", "links"), ("MAX_LINE_ITEMS", "line items")])
async def test_a_response_that_is_too_many(
    platform: Platform, keys: KeyRing, monkeypatch: pytest.MonkeyPatch, limit: str, told: str
) -> None:
    """Where the platform keeps no more links or line items, a response is refused, and what is there stays."""
    monkeypatch.setattr(f"mockplatform.deep_links.returning.{limit}", 2)
    await returned(platform, keys, right_claims(ask(platform), QUIZ))
    two = right_claims(ask(platform), QUIZ, QUIZ, nonce="tool-nonce-2")
    received = await returned(platform, keys, two)

    problem = f"2 more {told} are too many, this platform keeps 2; remove some, or reset it"
    assert received.returned.problems == (problem,)
    assert (platform.state.links.count(), platform.state.line_items.count()) == (1, 1)
    platform.state.links.clear()
    platform.state.line_items.clear()
    assert (await returned(platform, keys, two)).returned.problems == ()


@pytest.mark.asyncio
async def test_a_right_response_is_placed(platform: Platform, keys: KeyRing) -> None:
    """Every item becomes a link of the course, a line item a column bound to its link, and the response is kept."""
    launch = ask(platform)

    received = await returned(platform, keys, right_claims(launch, LINK, QUIZ))

    assert (received.returned.problems, received.returned.notes) == ((), ())
    page, quiz = platform.state.links.page(group="course-9")
    assert (page.type, page.title, page.url) == ("link", "https://tool.example/page", "https://tool.example/page")
    assert (quiz.title, quiz.text, quiz.deployment_id, quiz.client_id) == ("Quiz 7", "About cells", "Dep-1", "Client-A")
    (column,) = platform.state.line_items.page(group="course-9")
    assert (column.id, column.resource_link_id) == (quiz.line_item_id, quiz.id)
    assert (column.label, column.score_maximum, column.resource_id, column.tag) == (
        "Quiz marks",
        12.5,
        "quiz-7",
        "grade",
    )
    assert column.extra == {"endDateTime": "2027-03-01T12:00:00Z"}
    (kept,) = platform.state.returned.page(group=launch.id)
    assert kept == received.returned
    assert (kept.placed, kept.course_id, kept.client_id) == ((page.id, quiz.id), "course-9", "Client-A")
    assert kept.claims[DL + "content_items"] == [LINK, QUIZ]


@pytest.mark.asyncio
async def test_a_placed_link_is_launched(platform: Platform, keys: KeyRing) -> None:
    """The URL, the custom fields and the dates of a returned link are those of its launches (DL 3.2)."""
    received = await returned(platform, keys, right_claims(ask(platform), QUIZ))
    (link,) = received.links
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE, link=link)

    claims = id_token(launch, make_auth_request(), kid="k", now_s=NOW_S).claims

    assert isinstance(claims, dict)
    assert claims[CLAIM + "target_link_uri"] == "https://tool.example/quiz?id=7"
    assert claims[CLAIM + "resource_link"] == {"id": link.id, "title": "Quiz 7", "description": "About cells"}
    assert claims[CLAIM + "custom"] == {
        "resource": link.id,
        "level": "2",
        "who": "Zoë Nguyễn",
        "until": "2027-03-01T12:00:00Z",
    }


@pytest.mark.asyncio
async def test_a_link_stays_with_its_deployment(platform: Platform, keys: KeyRing) -> None:
    """A link that was picked in a deployment is launched from that one (CORE 3.1.4)."""
    asked = platform.intend(
        platform.registrations[0],
        person=PERSON,
        roles=[],
        course=COURSE,
        deployment_id="Dep-2",
        message="deep_linking",
    )
    claims = right_claims(platform.begin(asked).launch, QUIZ, **{CLAIM + "deployment_id": "Dep-2"})
    (link,) = (await returned(platform, keys, claims)).links

    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[], course=COURSE, link=link)

    assert launch.deployment_id == "Dep-2"


@pytest.mark.asyncio
@pytest.mark.parametrize("items", [{}, {DL + "content_items": None}], ids=["empty", "absent"])
async def test_nothing_may_be_picked(platform: Platform, keys: KeyRing, items: dict[str, Any]) -> None:
    """A response without content items is right, and says what it says (DL 4.5.6, 4.5.7)."""
    received = await returned(platform, keys, right_claims(ask(platform), **items, **{DL + "msg": "Maybe later"}))

    assert (received.returned.problems, received.links) == ((), ())


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"iss": "Client-Z"}, "iss is 'Client-Z', which is the client_id of no tool here (SEC 5.2.2)"),
        (
            {"aud": PLATFORM + "/token"},
            f"aud is '{PLATFORM}/token', expected the platform's issuer '{PLATFORM}' (SEC 5.2.2; DL 4.5.1)",
        ),
        ({"exp": NOW_S - 100}, "exp was 100 s ago (SEC 5.2.3)"),
        ({"exp": None}, "exp is missing (SEC 5.2.2)"),
        ({"exp": str(NOW_S)}, "exp is a text, expected a number of seconds since 1970 (SEC 5.2.2)"),
        ({"iat": None}, "iat is missing (SEC 5.2.2)"),
        ({"iat": True}, "iat is a truth value, expected a number of seconds since 1970 (SEC 5.2.2)"),
        ({"iat": NOW_S + 100}, "iat is 100 s ahead of the platform's clock (SEC 5.2.3)"),
        ({"iat": NOW_S - 4000}, "iat was 4000 s ago, 3600 s are allowed (SEC 5.2.3)"),
        ({"nonce": None}, "nonce is missing or no text (SEC 5.2.2)"),
        ({"nonce": 7}, "nonce is missing or no text (SEC 5.2.2)"),
        (
            {CLAIM + "message_type": "LtiDeepLinkingRequest"},
            f"{CLAIM}message_type is 'LtiDeepLinkingRequest', expected 'LtiDeepLinkingResponse' (DL 4.5.2)",
        ),
        ({CLAIM + "version": "1.3"}, f"{CLAIM}version is '1.3', expected '1.3.0' (DL 4.5.3)"),
        ({CLAIM + "deployment_id": None}, f"{CLAIM}deployment_id is missing, expected 'Dep-1' (DL 4.5.4)"),
        ({CLAIM + "deployment_id": "Dep-2"}, f"{CLAIM}deployment_id is 'Dep-2', expected 'Dep-1' (DL 4.5.4)"),
        ({DL + "data": None}, f"{DL}data is missing; return the value of the request unchanged (DL 4.5.5)"),
        (
            {DL + "data": "launch-1.course-8"},
            (
                f"{DL}data is 'launch-1.course-8', which no deep linking request of this platform has sent;"
                " return the value of the request unchanged (DL 4.5.5)"
            ),
        ),
        ({DL + "errormsg": {"text": "x"}}, "errormsg is an object, expected a plain text (DL 4.5.9)"),
        ({DL + "content_items": {"a": 1}}, "content_items is an object, expected an array (DL 4.5.6)"),
        (
            {CLAIM + "content_items": [LINK]},
            f"{CLAIM}content_items is no claim of LTI; content items stand in {DL}content_items (DL 4.5.6)",
        ),
    ],
)
async def test_a_wrong_claim_is_refused(
    platform: Platform, keys: KeyRing, changed: dict[str, Any], problem: str
) -> None:
    """Each mistake in the claims is one sentence, nothing is placed, and the response is kept all the same."""
    received = await returned(platform, keys, right_claims(ask(platform), LINK, **changed))

    assert problem in received.returned.problems
    assert len(received.returned.problems) == 1
    assert platform.state.links.count() == 0
    assert platform.state.returned.page() == [received.returned]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"azp": "Client-A"}, "azp is 'Client-A', expected the same as aud (SEC 5.2.2)"),
        ({"aud": [PLATFORM, "x"]}, "aud names more than one and azp is missing (SEC 5.2.3)"),
        ({"exp": NOW_S + 7200}, "between iat and exp lie 7202 s; a message is for some minutes (SEC 5.2.2)"),
        ({DL + "msg": "<b>Done</b>"}, "msg has markup, and is shown as plain text (DL 4.5.7)"),
    ],
)
async def test_a_small_mistake_is_noted(platform: Platform, keys: KeyRing, changed: dict[str, Any], note: str) -> None:
    """What no platform has to refuse is told and placed."""
    received = await returned(platform, keys, right_claims(ask(platform), LINK, **changed))

    assert (received.returned.problems, received.returned.notes) == ((), (note,))
    assert len(received.links) == 1


@pytest.mark.asyncio
async def test_a_response_is_taken_once(platform: Platform, keys: KeyRing) -> None:
    """The nonce of a response that was placed is used up; that of one with mistakes is not (SEC 5.2.3)."""
    launch = ask(platform)
    await returned(platform, keys, right_claims(launch, LINK, aud="https://other.example"))
    first = await returned(platform, keys, right_claims(launch, LINK))

    again = await returned(platform, keys, right_claims(launch, LINK))

    assert first.returned.problems == ()
    assert again.returned.problems == (
        "nonce has been used before: send each response once, with a nonce of its own (SEC 5.2.3)",
    )
    assert platform.state.links.count() == 1


@pytest.mark.asyncio
async def test_a_foreign_signature_is_refused(platform: Platform, keys: KeyRing) -> None:
    """A response that was signed with another key than the tool's own is refused (SEC 5.2.3)."""
    private: Any = keys.private("platform")
    claims = right_claims(ask(platform), LINK)
    text = jwt.encode(claims, private, algorithm="RS256", headers={"kid": keys.kid(TOOL_KEY)})

    received = await receive(platform, (("JWT", text),))

    (problem,) = received.returned.problems
    assert problem.startswith("JWT: its signature does not fit")
    assert platform.state.links.count() == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ((), "the form has no field JWT; it has none. Post the response as JWT, URL-encoded (SEC 5.2.1)"),
        (
            (("id_token", "x"), ("state", "y")),
            "the form has no field JWT; it has id_token, state. Post the response as JWT, URL-encoded (SEC 5.2.1)",
        ),
        ((("JWT", "x"), ("JWT", "y")), "the form has 2 fields JWT, expected one (SEC 5.2.1)"),
    ],
)
async def test_the_response_stands_in_one_field(
    platform: Platform, fields: tuple[tuple[str, str], ...], problem: str
) -> None:
    """Without exactly one field JWT there is nothing to read, and what came is told."""
    received = await receive(platform, fields)

    assert received.returned.problems == (problem,)
    assert (received.launch, received.returned.claims) == (None, {})


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "e30.e30.", "ä.ö.ü"])
async def test_rubbish_is_refused(platform: Platform, text: str) -> None:
    """What is no signed JWT is one problem and no crash."""
    received = await receive(platform, (("JWT", text),))

    assert len(received.returned.problems) == 1


@pytest.mark.asyncio
async def test_data_of_another_tool_is_refused(keys: KeyRing) -> None:
    """A tool cannot answer the request that another one was sent (SEC 7.3.1)."""
    platform = make_platform(keys, registrations=(make_registration(client_id="Client-B"), tool(keys)))
    launch = ask(platform)

    received = await returned(platform, keys, right_claims(launch, LINK))

    assert received.returned.problems == ("data belongs to a deep linking request to another tool (SEC 7.3.1)",)


@pytest.mark.asyncio
async def test_two_tools_are_sent_the_same_data(keys: KeyRing) -> None:
    """Data that somebody chose for requests to two tools belongs to both."""
    platform = make_platform(keys, registrations=(tool(keys), make_registration(client_id="Client-B")))
    mine = ask(platform, data="chosen")
    theirs = platform.intend(
        platform.registrations[1],
        person=PERSON,
        roles=[INSTRUCTOR],
        course=COURSE,
        message="deep_linking",
        deep_linking={"data": "chosen"},
    )
    platform.begin(theirs)

    received = await returned(platform, keys, right_claims(mine, LINK, **{DL + "data": "chosen"}))

    assert (received.returned.problems, received.launch) == ((), mine)


@pytest.mark.asyncio
async def test_a_request_may_have_its_own_data_or_none(platform: Platform, keys: KeyRing) -> None:
    """Any text comes back to its request; a request that sent none is found without, and data made up is noted."""
    own = ask(platform, data='{"a": "ß/+ =&"}')
    without = ask(platform, data=None)

    first = await returned(platform, keys, right_claims(own, LINK, **{DL + "data": '{"a": "ß/+ =&"}'}))
    second = await returned(platform, keys, right_claims(without, LINK, nonce="n2", **{DL + "data": None}))
    third = await returned(platform, keys, right_claims(without, LINK, nonce="n3", **{DL + "data": "made up"}))

    assert (first.launch, second.launch, third.launch) == (own, without, without)
    assert first.returned.problems == second.returned.problems == third.returned.problems == ()
    assert third.returned.notes == ("data is there, and the request had none (DL 4.5.5)",)


@pytest.mark.asyncio
async def test_the_audience_may_be_another(keys: KeyRing) -> None:
    """A platform that wants a fixed audience refuses its own issuer."""
    fixed = {"deep_linking.audience": "https://blackboard.com"}
    platform = make_platform(keys, registrations=(tool(keys),), quirks=fixed)
    launch = ask(platform)

    wrong = await returned(platform, keys, right_claims(launch, LINK))
    right = await returned(platform, keys, right_claims(launch, LINK, aud=["https://blackboard.com"]))

    assert len(wrong.returned.problems) == 1
    assert right.returned.problems == ()


@pytest.mark.asyncio
async def test_line_items_are_ignored_where_they_are_not_wanted(platform: Platform, keys: KeyRing) -> None:
    """With accept_lineitem false the link is placed without a column, and the tool is told (DL 4.4.1)."""
    received = await returned(platform, keys, right_claims(ask(platform, accept_lineitem=False), QUIZ))

    assert received.returned.problems == ()
    assert len(received.returned.notes) == 1
    assert received.links[0].line_item_id == ""
    assert platform.state.line_items.count() == 0


WANTED = {"accept_types": ["link", "ltiResourceLink", "file", "html", "image", "https://tool.example/own"]}
WANTED_MANY = {**WANTED, "accept_multiple": True}


@pytest.mark.parametrize(
    "item",
    [
        LINK,
        LINK | {"icon": {"url": "https://tool.example/i.png", "width": 1, "height": 2}, "title": "", "text": "x"},
        LINK | {"window": {"targetName": "w", "width": 3, "windowFeatures": "popup"}, "embed": {"html": "<p>"}},
        LINK | {"iframe": {"src": "https://tool.example/f", "width": 3, "height": 4}},
        QUIZ,
        {"type": "ltiResourceLink"},
        {"type": "ltiResourceLink", "lineItem": {"scoreMaximum": 1, "gradesReleased": True}},
        {"type": "ltiResourceLink", "available": {"startDateTime": "2027-02-01T08:00:00.500+01:00"}},
        {"type": "file", "url": "https://tool.example/a.pdf", "expiresAt": "2027-02-01T08:00:00Z"},
        {"type": "html", "html": "<h1>Hi</h1>"},
        {"type": "image", "url": "https://tool.example/a.png", "width": 30, "height": 40},
        {"type": "https://tool.example/own", "anything": {"x": [None]}},
        LINK | {"https://tool.example/extra": {"x": 1}},
    ],
)
def test_right_items(item: dict[str, Any]) -> None:
    """Each type of DL 3 with what it may have has no mistake, nor has a type of one's own (DL 3.6, 3.7)."""
    assert problems_of([item], WANTED) == ()


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("x", "content item 1 is a text, expected an object (DL 4.5.6)"),
        ({}, "content item 1 has no type, expected a text such as ltiResourceLink (DL 3)"),
        ({"type": "link"}, "content item 1 (link): url is missing (DL 3.1)"),
        (
            {"type": "link", "url": "javascript:alert(1)"},
            "content item 1 (link): url is 'javascript:alert(1)', expected a whole http or https URL (DL 3.1)",
        ),
        (
            LINK | {"thumbnail": {"width": "3"}},
            "content item 1 (link): thumbnail.url is missing (DL 3.1)",
        ),
        (
            LINK | {"icon": {"url": "https://a.example/", "width": 1.5}},
            "content item 1 (link): icon.width is 1.5, expected a whole number (DL 3.1)",
        ),
        (LINK | {"embed": {}}, "content item 1 (link): embed.html is missing (DL 3.1)"),
        (LINK | {"iframe": {"width": 1}}, "content item 1 (link): iframe.src is missing (DL 3.1)"),
        (LINK | {"window": []}, "content item 1 (link): window is an array, expected an object (DL 3.1)"),
        (LINK | {"title": None}, "content item 1 (link): title is null, expected a text (DL 3.1)"),
        (
            {"type": "ltiResourceLink", "custom": {"a": None}},
            "content item 1 (ltiResourceLink): custom.a is null, expected a text (DL 3.2)",
        ),
        (
            {"type": "ltiResourceLink", "lineItem": {"label": "x"}},
            "content item 1 (ltiResourceLink): lineItem.scoreMaximum is missing (DL 3.2)",
        ),
        (
            {"type": "ltiResourceLink", "lineItem": {"scoreMaximum": 0}},
            "content item 1 (ltiResourceLink): lineItem.scoreMaximum is 0, expected a number above 0 (DL 3.2)",
        ),
        (
            {"type": "ltiResourceLink", "lineItem": {"scoreMaximum": "10"}},
            "content item 1 (ltiResourceLink): lineItem.scoreMaximum is '10', expected a number above 0 (DL 3.2)",
        ),
        (
            {"type": "ltiResourceLink", "available": {"endDateTime": "2027-02-30T08:00:00Z"}},
            (
                "content item 1 (ltiResourceLink): available.endDateTime is '2027-02-30T08:00:00Z',"
                " expected a date and time of ISO 8601 such as 2027-01-31T12:00:00Z (DL 3.2)"
            ),
        ),
        ({"type": "html"}, "content item 1 (html): html is missing (DL 3.4)"),
        (
            {"type": "image", "url": "/a.png"},
            "content item 1 (image): url is '/a.png', expected a whole http or https URL (DL 3.5)",
        ),
        (
            {"type": "file", "url": "https://tool.example/a", "expiresAt": 5},
            (
                "content item 1 (file): expiresAt is 5,"
                " expected a date and time of ISO 8601 such as 2027-01-31T12:00:00Z (DL 3.3)"
            ),
        ),
    ],
)
def test_wrong_items(item: Any, problem: str) -> None:
    """Each mistake of an item is one sentence with the member and the section, and is refused."""
    found = problems_of([item], WANTED)

    assert problem in [one.text for one in found if one.severity == "refuse"]


@pytest.mark.parametrize(
    ("items", "settings", "severity", "problem"),
    [
        (
            [LINK],
            {"accept_types": ["html"]},
            "refuse",
            "content item 1 is of the type 'link', accept_types are html (DL 4.4.1)",
        ),
        (
            [LINK, LINK],
            WANTED | {"accept_multiple": False},
            "refuse",
            "there are 2 content items, accept_multiple is false (DL 4.4.1)",
        ),
        (
            [LINK, LINK],
            WANTED,
            "note",
            "there are 2 content items, accept_multiple was not sent, so one is safe (DL 4.4.1)",
        ),
        (
            [LINK | {"window": {}}],
            WANTED | {"accept_presentation_document_targets": ["iframe", "embed"]},
            "note",
            "content item 1 is for window, accept_presentation_document_targets are iframe, embed (DL 4.4.1)",
        ),
        (
            [QUIZ],
            WANTED | {"accept_lineitem": False, "accept_presentation_document_targets": ["iframe"]},
            "note",
            "content item 1 has a lineItem, accept_lineitem is false: it is ignored (DL 4.4.1)",
        ),
        (
            [{"type": "file", "url": "https://tool.example/a.PDF?x=.png"}],
            WANTED | {"accept_media_types": "image/*, text/plain"},
            "note",
            "content item 1 is application/pdf by its name, accept_media_types are image/*, text/plain (DL 4.4.1)",
        ),
        (
            [LINK | {"colour": "red"}],
            WANTED,
            "note",
            "content item 1 (link): colour is no member of this type; name your own by a URL (DL 3.6)",
        ),
        (
            [{"type": "file", "url": "https://tool.example/a", "expiresAt": "2027-01-31T12:00"}],
            {},
            "note",
            "content item 1 (file): expiresAt has no time zone, so that nobody knows when it is (DL 3.3)",
        ),
        (
            [QUIZ | {"submission": {"endDateTime": "2027-01-31T12:00:00"}}],
            {},
            "note",
            (
                "content item 1 (ltiResourceLink): submission.endDateTime has no time zone,"
                " so that nobody knows when it is (DL 3.2)"
            ),
        ),
        (
            [{"type": "quiz"}],
            {"accept_types": ["quiz"]},
            "note",
            "content item 1 is of the type 'quiz'; there is none such, and types of your own have a URL (DL 3.7)",
        ),
    ],
)
def test_the_settings_are_to_be_obeyed(items: list[Any], settings: dict[str, Any], severity: str, problem: str) -> None:
    """What the request did not want is a problem where DL demands it, and a note where DL only wishes it."""
    assert [(one.severity, one.text) for one in problems_of(items, settings)] == [(severity, problem)]


@pytest.mark.parametrize("url", ["https://tool.example/a.png", "https://tool.example/a", "https://tool.example/a.xyz"])
def test_a_media_type_that_is_not_known_is_not_judged(url: str) -> None:
    """Files of an accepted type, and those whose name tells nothing, are right."""
    assert problems_of([{"type": "file", "url": url}], WANTED | {"accept_media_types": "image/*"}) == ()


HOSTILE = {
    "type": "ltiResourceLink",
    "url": "https://tool.example/\"><script>alert('u')</script>",
    "title": "<img src=x onerror=alert('t')>",
    "text": "</p><script>alert('x')</script>",
}


@pytest.mark.asyncio
async def test_the_page_escapes_what_the_tool_sends(platform: Platform, keys: KeyRing) -> None:
    """Markup in titles, addresses and messages is text of the page, and nothing of it is run."""
    claims = right_claims(
        ask(platform, accept_types=["ltiResourceLink", "html"]),
        HOSTILE | {"url": "https://tool.example/'onclick='x"},
        {"type": "html", "html": "<script>alert('h')</script>", "title": "<b>Bold</b>"},
        **{DL + "msg": "<i>Done</i>", DL + "log": "<script>alert('l')</script>"},
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as client:
        answer = await client.post("/deep-links?launch=1", data={"JWT": signed(keys, claims)})
    page = HTMLParser(answer.text)

    assert answer.status_code == 200
    assert page.css("main script, main img, main b, main i, main [onclick]") == []
    assert [strong.text() for strong in page.css("main strong")] == ["<img src=x onerror=alert('t')>", "<b>Bold</b>"]
    assert "<i>Done</i>" in [value.text() for value in page.css("main dd")]
    assert "2 items placed" in page.css("h1")[0].text()


@pytest.mark.asyncio
async def test_a_form_without_an_announced_length_is_bounded(platform: Platform) -> None:
    """Nobody fills the platform's memory with a form that does not say how long it is."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as client:
        answers = [await client.post(path, content=parts(), headers=headers) for path in ("/deep-links", "/auth")]

    assert [answer.status_code for answer in answers] == [413, 413]


@pytest.mark.asyncio
async def test_claims_nested_without_end(platform: Platform, keys: KeyRing) -> None:
    """Claims that no store could keep and no page show are not taken apart."""
    private: Any = keys.private(TOOL_KEY)
    body = b'{"iss":"Client-A","x":' + b"[" * 900 + b"]" * 900 + b"}"
    text = jwt.api_jws.encode(body, private, algorithm="RS256", headers={"kid": keys.kid(TOOL_KEY)})
    received = await receive(platform, (("JWT", text),))

    assert "nested more than 100 deep" in received.returned.problems[0]
    assert received.returned.claims == {}


@pytest.mark.asyncio
async def test_the_page_of_a_refused_response(platform: Platform, keys: KeyRing) -> None:
    """It has every problem, links no address of the tool, and the journal knows whose it was."""
    bad = HOSTILE | {"url": "javascript:alert(1)"}
    claims = right_claims(ask(platform), bad, aud="<script>")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as client:
        answer = await client.post("/deep-links", data={"JWT": signed(keys, claims)})
    page = HTMLParser(answer.text)

    assert answer.status_code == 400
    assert len(page.css("main li.bad")) == 2
    assert page.css("main script") == []
    assert not [link for link in page.css("a") if "javascript" in str(link.attributes["href"])]
    (exchange,) = platform.journal
    assert (exchange.about["endpoint"], exchange.about["client_id"], exchange.about["course"]) == (
        "deep_links",
        "Client-A",
        "course-9",
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("POST", 400)])
async def test_an_empty_return_says_what_to_do(platform: Platform, method: str, status: int) -> None:
    """A response by GET, or without a form, ends on a page that names what was expected."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as client:
        answer = await client.request(method, "/deep-links")

    assert answer.status_code == status
    assert "JWT" in answer.text
    assert "SEC 5.2.1" in answer.text


@pytest.mark.asyncio
@pytest.mark.parametrize("odd", ["\ud800", float("nan"), 10**400, {"\udfff": "x"}], ids=["half", "nan", "huge", "name"])
async def test_what_cannot_be_shown_does_no_harm(platform: Platform, keys: KeyRing, odd: Any) -> None:
    """A response with half characters, or numbers beyond all measure, gets its page of problems."""
    item = QUIZ | {"title": odd, "lineItem": {"scoreMaximum": odd}}
    claims = right_claims(ask(platform), item, iat=odd, **{DL + "msg": odd})
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as client:
        answer = await client.post("/deep-links?launch=1", data={"JWT": signed(keys, claims)})

    assert answer.status_code == 400
    assert HTMLParser(answer.text).css("main li.bad")


@pytest.mark.asyncio
async def test_the_whole_address_is_posted_to(platform: Platform, keys: KeyRing) -> None:
    """A tool that loses the query of the return address is told so (DL 2.3)."""
    form = (("JWT", signed(keys, right_claims(ask(platform), LINK))),)

    received = await receive(platform, form, query=(("other", "1"),))

    assert received.returned.problems == ()
    assert received.returned.notes == (
        "deep_link_return_url has lost launch of its query; post to the whole address (DL 2.3)",
    )


@pytest.mark.asyncio
async def test_a_response_in_the_address_is_none(platform: Platform, keys: KeyRing) -> None:
    """The field JWT stands in the form, not in the query (SEC 5.2.1)."""
    text = signed(keys, right_claims(ask(platform), LINK))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as client:
        answer = await client.post("/deep-links", params={"launch": "1", "JWT": text})

    assert answer.status_code == 400
    assert platform.state.links.count() == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("settings", [{"accept_types": "link"}, {"accept_media_types": 5}, {"data": 7}])
async def test_odd_settings_do_no_harm(platform: Platform, keys: KeyRing, settings: dict[str, Any]) -> None:
    """A request may have been sent with settings of the wrong type; its response is read all the same."""
    launch = ask(platform, **settings)
    data = {DL + "data": settings["data"]} if "data" in settings else {}

    received = await returned(platform, keys, right_claims(launch, LINK, **data))

    assert received.returned.problems == ()


@pytest.mark.asyncio
async def test_a_placed_link_has_an_id_of_the_platform_s_form(keys: KeyRing) -> None:
    """Where a platform's links have numbers, so have those that a tool has returned, and their columns say the same."""
    numbered = {"ids.resource_link": "int"}
    platform = make_platform(keys, registrations=(tool(keys),), quirks=numbered)

    received = await returned(platform, keys, right_claims(ask(platform), QUIZ))

    (link,) = received.links
    (column,) = platform.state.line_items.page()
    assert link.id.isdecimal()
    assert column.resource_link_id == link.id


@pytest.mark.asyncio
async def test_the_keys_of_the_tool_are_fetched(keys: KeyRing) -> None:
    """A tool that publishes its keys is asked for them."""
    asked: list[str] = []

    async def fetch(url: str) -> tuple[int, bytes]:
        asked.append(url)
        return 404, b""

    registration = dataclasses.replace(tool(keys), jwks={}, jwks_url="http://127.0.0.1:8000/jwks")
    platform = make_platform(keys, registrations=(registration,), fetch=fetch)

    received = await returned(platform, keys, right_claims(ask(platform), LINK))

    assert asked == ["http://127.0.0.1:8000/jwks"]
    assert len(received.returned.problems) == 1


@pytest.mark.parametrize(
    "url", ["http://h:0/", "http://h:99999/", "http://h:x/", "http://a/ b", "http://a/\u2028", "//h/"]
)
def test_an_address_is_a_url_everywhere(url: str) -> None:
    """What is no URL in a registration is none in a content item."""
    (problem,) = problems_of([LINK | {"url": url}], None)

    assert problem.text.endswith("expected a whole http or https URL (DL 3.1)")
    assert problem.severity == "refuse"
