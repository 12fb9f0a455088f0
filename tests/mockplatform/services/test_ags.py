from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from mockplatform.control.app import Door, create_control
from mockplatform.gradebook.line_items import tools_line_items
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Course, Launch
from mockplatform.records import LineItem, PlacedLink
from mockplatform.services.ags import CLAIM
from mockplatform.tenants import Tenants
from tests.mockplatform.makers import COURSE, INSTRUCTOR, PERSON, PLATFORM, make_platform, make_registration
from tests.mockplatform.services.asking import bearer, links_of, talking_to

pytestmark = pytest.mark.asyncio

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
CONTAINER = f"{PLATFORM}/lti/courses/course-9/line-items"
QUIZ = {"label": "Quiz", "scoreMaximum": 60}
TAG_URL = "https://tool.example/lti/kind"


class Tool:
    """A tool that has access tokens for everything."""

    def __init__(self, platform: Platform, http: httpx2.AsyncClient, client_id: str = "Client-A") -> None:
        self.platform, self.http, self.client_id = platform, http, client_id

    async def ask(self, method: str, url: str, scope: str, *, body: Any = None, **headers: str) -> httpx2.Response:
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = bearer(self.platform, SCOPE + scope, client_id=self.client_id) | headers
        return await self.http.request(method, url, content=content, headers=sent)

    async def create(self, **values: Any) -> httpx2.Response:
        return await self.ask("POST", CONTAINER, "lineitem", body=QUIZ | values, **{"content-type": ITEM})

    async def made(self, **values: Any) -> dict[str, Any]:
        answer = await self.create(**values)
        assert answer.status_code == 201
        told: dict[str, Any] = answer.json()
        return told

    async def listed(self, query: str = "") -> list[dict[str, Any]]:
        answer = await self.ask("GET", CONTAINER + query, "lineitem.readonly", accept=ITEMS)
        assert (answer.status_code, answer.headers["content-type"]) == (200, ITEMS)
        told: list[dict[str, Any]] = answer.json()
        return told

    async def put(self, url: str, **values: Any) -> httpx2.Response:
        return await self.ask("PUT", url, "lineitem", body=QUIZ | values, **{"content-type": ITEM})

    async def score(self, item: str, **values: Any) -> httpx2.Response:
        given = {
            "userId": "person-7",
            "timestamp": "2026-11-22T08:00:00.000Z",
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "scoreGiven": 3,
            "scoreMaximum": 4,
        } | values
        body = {name: value for name, value in given.items() if value != "left out"}
        return await self.ask("POST", below(item, "/scores"), "score", body=body, **{"content-type": SCORE})

    async def results(self, item: str, query: str = "") -> list[dict[str, Any]]:
        url = below(item, "/results")
        url += query.replace("?", "&") if "?" in url else query
        answer = await self.ask("GET", url, "result.readonly", accept=RESULTS)
        assert (answer.status_code, answer.headers["content-type"]) == (200, RESULTS)
        told: list[dict[str, Any]] = answer.json()
        return told


def below(url: str, path: str) -> str:
    """What stands below a line item: at the end of the path, before the query (AGS 3.3.1, 3.4.1)."""
    place, mark, query = url.partition("?")
    return place + path + mark + query


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, services=("ags",))


@pytest_asyncio.fixture
async def tool(platform: Platform) -> AsyncIterator[Tool]:
    async with talking_to(platform) as http:
        yield Tool(platform, http)


def launch(platform: Platform, **values: Any) -> Launch:
    given: dict[str, Any] = {"person": PERSON, "roles": [INSTRUCTOR], "course": COURSE}
    return platform.intend(platform.registrations[0], **given | values)


def place(platform: Platform, link_id: str, *, client_id: str = "Client-A", course_id: str = "course-9") -> PlacedLink:
    link = PlacedLink(
        id=link_id,
        course_id=course_id,
        client_id=client_id,
        issuer=PLATFORM,
        deployment_id="Dep-1",
        type="ltiResourceLink",
        title=link_id,
    )
    platform.state.links.put(link.id, link, group=course_id)
    return link


async def test_a_launch_says_where_grades_are(platform: Platform) -> None:
    """The claim names the scopes and the line items of the course, and no line item where there is none (AGS 3.1)."""
    assert launch(platform).extra[CLAIM] == {
        "scope": [SCOPE + name for name in ("lineitem", "lineitem.readonly", "result.readonly", "score")],
        "lineitems": CONTAINER,
    }


async def test_a_launch_names_the_only_line_item_of_its_link(platform: Platform, tool: Tool) -> None:
    """One line item bound to the launched link is named; with a second one, or in deep linking, none is (AGS 3.1)."""
    await tool.made()
    bound = await tool.made(resourceLinkId="link-course-9")
    assert launch(platform).extra[CLAIM]["lineitem"] == bound["id"]
    assert "lineitem" not in launch(platform, message="deep_linking").extra[CLAIM]
    assert "lineitem" not in launch(platform, link=place(platform, "other")).extra[CLAIM]
    await tool.made(resourceLinkId="link-course-9")

    assert "lineitem" not in launch(platform).extra[CLAIM]


async def test_a_review_names_its_line_item(platform: Platform, tool: Tool) -> None:
    """A submission review is about one line item, even where its link has several (Submission Review 1.0)."""
    first, _second = [await tool.made(resourceLinkId="link-course-9") for _ in range(2)]
    reviewed = launch(platform, message="submission_review", line_item=first["id"].rpartition("/")[2])

    assert reviewed.extra[CLAIM]["lineitem"] == first["id"]


async def test_a_review_without_a_grade_service(keys: KeyRing) -> None:
    """Where the platform offers no grade service, a review names its line item, and no scope for it."""
    platform = make_platform(keys)
    item = LineItem(id="i", course_id="course-9", client_id="Client-A", label="L", score_maximum=1)
    platform.state.line_items.put("i", item, group="course-9")
    reviewed = launch(platform, message="submission_review", line_item="i")

    assert reviewed.extra[CLAIM] == {"scope": [], "lineitem": f"{CONTAINER}/i"}


async def test_a_message_without_a_course(platform: Platform) -> None:
    """A data privacy launch belongs to no course, and so has no gradebook (LTI Data Privacy Launch 1.0)."""
    launch = platform.intend(
        platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE, message="data_privacy"
    )

    assert CLAIM not in launch.extra


async def test_a_launch_names_what_the_registration_allows(keys: KeyRing) -> None:
    """A tool that may only send scores gets no list of line items; one that may do nothing gets no claim (AGS 3.1)."""
    score, none = (make_registration(scopes=scopes) for scopes in ((f"{SCOPE}score",), ("openid",)))

    assert launch(make_platform(keys, services=("ags",), registrations=(score,))).extra[CLAIM] == {
        "scope": [f"{SCOPE}score"]
    }
    assert CLAIM not in launch(make_platform(keys, services=("ags",), registrations=(none,))).extra


async def test_a_line_item_comes_back_as_it_was_made(tool: Tool) -> None:
    """A new line item is told with its URL, read again by it, and keeps all that was sent (AGS 3.2.5, 3.1.2)."""
    sent = {
        "resourceId": "quiz-231",
        "tag": "grade",
        "resourceLinkId": "link-course-9",
        "startDateTime": "2026-03-06T20:05:02Z",
        "endDateTime": "2026-04-06T22:05:03+02:00",
        "gradesReleased": False,
        "submissionReview": {"reviewableStatus": ["Submitted"], "url": "https://tool.example/review"},
        TAG_URL: {"a": [1, None, "ß"]},
    }
    answer = await tool.create(**sent)
    told = answer.json()

    assert (answer.status_code, answer.headers["content-type"]) == (201, ITEM)
    assert told == QUIZ | sent | {"id": told["id"]}
    assert answer.headers["location"] == told["id"]
    assert told["id"].startswith(f"{CONTAINER}/")
    read = await tool.ask("GET", told["id"], "lineitem.readonly", accept=ITEM)
    assert (read.status_code, read.headers["content-type"], read.json()) == (200, ITEM, told)


async def test_what_is_empty_is_left_out(tool: Tool) -> None:
    """Members that are null or blank count as left out, and the id that a tool gives is not taken."""
    told = await tool.made(resourceId="", tag=None, startDateTime=None, endDateTime="", gradesReleased=None, id="x")

    assert told == QUIZ | {"id": told["id"]}
    assert told["id"] != "x"


BROKEN_ITEMS: list[tuple[dict[str, Any], str]] = [
    ({"label": None}, "label is null, expected a text that is not blank (AGS 3.2.7)"),
    ({"label": " "}, "label is"),
    ({"label": 7}, "label is 7"),
    ({"scoreMaximum": None}, "scoreMaximum is null"),
    ({"scoreMaximum": 0}, "scoreMaximum is 0, expected a number above 0"),
    ({"scoreMaximum": -1}, "scoreMaximum is -1"),
    ({"scoreMaximum": "60"}, 'scoreMaximum is "60"'),
    ({"scoreMaximum": True}, "scoreMaximum is true"),
    ({"scoreMaximum": 10**400}, "scoreMaximum is 1000"),
    ({"scoreMaximum": [60]}, "scoreMaximum is [60]"),
    ({"resourceId": 231}, "resourceId is 231, expected a text (AGS 3.2.10)"),
    ({"tag": ["a"]}, "tag is"),
    ({"resourceLinkId": 3}, "resourceLinkId is 3"),
    ({"startDateTime": "2026-03-06T20:05:02"}, "it has no time zone"),
    ({"startDateTime": "2026-02-30T20:05:02Z"}, "there is no such time"),
    ({"startDateTime": "2026-03-06T20:05:02+99:00"}, "there is no such time"),
    ({"endDateTime": "tomorrow"}, "expected a date and time of ISO 8601"),
    ({"endDateTime": 1800000000}, "endDateTime is 1800000000"),
    ({"endDateTime": {}}, "endDateTime is {}"),
    ({"gradesReleased": "yes"}, 'gradesReleased is "yes", expected true or false'),
    ({"submissionReview": []}, "submissionReview is []"),
]


@pytest.mark.parametrize(("values", "mended"), BROKEN_ITEMS)
async def test_a_line_item_that_is_wrong(tool: Tool, values: dict[str, Any], mended: str) -> None:
    """A mistake in a line item is refused, when it is made and when it is changed, and nothing is kept."""
    made = await tool.made()
    for answer in (await tool.create(**values), await tool.put(made["id"], **values)):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert mended in answer.json()["error_description"]
        assert "AGS" in answer.json()["error_description"] or "Submission Review" in str(answer.json())
    assert await tool.listed() == [made]


@pytest.mark.parametrize("name", ["score_maximum", "http:kind", "x" * 5000])
async def test_a_member_that_nobody_knows(platform: Platform, tool: Tool, name: str) -> None:
    """A plain member that the standard has not is ignored, in a line item and in a score, and noted (AGS 3.1.2)."""
    made = await tool.made(**{name: 60, TAG_URL: "kept"})
    changed = await tool.put(made["id"], **{name: 60, TAG_URL: "kept"})
    scored = await tool.score(made["id"], **{name: 60}, submission={name: 1, "startedAt": "2026-11-22T07:00:00.0Z"})

    assert made == changed.json() == QUIZ | {"id": made["id"], TAG_URL: "kept"}
    assert scored.status_code == 204
    assert [name[:60] in entry.about["advice"] for entry in platform.journal] == [True] * 3
    assert "submission: " in platform.journal[2].about["advice"]
    assert all(len(entry.about["advice"]) < 500 for entry in platform.journal)


@pytest.mark.parametrize("moment", ["2026-03-06T20:05Z", "2026-03-06T20:05+01", "2026-03-06T20:05:02,5+0100"])
async def test_dates_of_a_line_item(tool: Tool, moment: str) -> None:
    """A date of a line item is any date and time of ISO 8601 with a zone, seconds or not (AGS 3.2.12, 3.2.13)."""
    assert (await tool.made(startDateTime=moment, endDateTime=moment))["endDateTime"] == moment


async def test_many_members_that_nobody_knows(platform: Platform, tool: Tool) -> None:
    """The note on members that were ignored names some of them and counts the others."""
    await tool.made(**{f"member{number}": 1 for number in range(1000)})

    assert "'member4' and 995 more: ignored" in platform.journal[0].about["advice"]


async def test_a_backslash_is_no_escape_of_an_escape(tool: Tool) -> None:
    """A text that only spells an escape of U+0000 is a text as any other."""
    for label in ("\\u0000", "a\\\\u0000"):
        assert (await tool.made(label=label))["label"] == label


HOSTILE = [
    (b"", "is no JSON"),
    (b"label=Quiz", "is no JSON"),
    (b"[]", "no object"),
    (b"null", "no object"),
    (b'{"label":"Quiz","scoreMaximum":NaN}', "NaN is no number"),
    (b'{"label":"Quiz","scoreMaximum":Infinity}', "Infinity is no number"),
    (b'{"label":"Quiz","scoreMaximum":1e999}', "1e999 is too large"),
    (b'{"label":"Quiz","scoreMaximum":' + b"9" * 5000 + b"}", "is no JSON"),
    (b'{"label":"A","label":"B","scoreMaximum":1}', "'label' stands in it twice"),
    (b'{"label":"\\ud800","scoreMaximum":1}', "is no JSON in UTF-8"),
    (b'{"label":"a\\u0000","scoreMaximum":1}', "U+0000"),
    (b'{"label":"\xff","scoreMaximum":1}', "is no JSON in UTF-8"),
    (b'{"label":"a\\\\\\u0000","scoreMaximum":1}', "U+0000"),
    (b"[" * 200_000, "is no JSON"),
    (b'{"https://tool.example/x":' + b"[" * 200 + b"1" + b"]" * 200 + b"}", "nested more than 100 deep"),
    # To count each name among all the others would take an hour.
    (b"{" + b"".join(b'"%d":0,' % number for number in range(300_000)) + b'"299999":0}', "'299999' stands in it twice"),
]


@pytest.mark.parametrize(("body", "mended"), HOSTILE, ids=range(len(HOSTILE)))
async def test_a_body_that_is_no_json(tool: Tool, body: bytes, mended: str) -> None:
    """Whatever no strict reader takes is refused with a sentence: no number that is none, no member twice."""
    made = await tool.made()
    for method, url, scope, kind in (
        ("POST", CONTAINER, "lineitem", ITEM),
        ("PUT", made["id"], "lineitem", ITEM),
        ("POST", f"{made['id']}/scores", "score", SCORE),
    ):
        answer = await tool.ask(method, url, scope, body=body, **{"content-type": kind})
        assert answer.status_code == 400
        assert mended in answer.json()["error_description"]


async def test_a_link_that_is_not_the_tools(platform: Platform, tool: Tool) -> None:
    """A line item is bound to a link of this tool in this course, or refused with 404 (AGS 3.2.9)."""
    place(platform, "mine")
    place(platform, "theirs", client_id="Client-B")
    place(platform, "elsewhere", course_id="course-1")
    assert (await tool.made(resourceLinkId="mine"))["resourceLinkId"] == "mine"
    for link_id in ("theirs", "elsewhere", "made-up", "link-course-1"):
        answer = await tool.create(resourceLinkId=link_id)
        assert answer.status_code == 404
        assert "AGS 3.2.9" in answer.json()["error_description"]


async def test_filters(tool: Tool) -> None:
    """Each filter narrows the list, together they narrow it further, and nothing found is an empty list (AGS 3.2.4)."""
    await tool.made(label="1", tag="a", resourceId="r&1")
    await tool.made(label="2", tag="b", resourceId="r&1", resourceLinkId="link-course-9")
    await tool.made(label="3", tag="b")
    found = {
        query: [item["label"] for item in await tool.listed(query)]
        for query in ("", "?tag=b", "?resource_id=r%261", "?resource_link_id=link-course-9", "?tag=b&resource_id=r%261")
    }

    assert list(found.values()) == [["1", "2", "3"], ["2", "3"], ["1", "2"], ["2"], ["2"]]
    assert await tool.listed("?tag=c") == []


async def test_pages_of_line_items(keys: KeyRing) -> None:
    """The tool follows rel=next from page to page, its filters kept, until there is none (AGS 3.2.4; RFC 8288)."""
    platform = make_platform(keys, quirks={"ags.page_size": 2})
    async with talking_to(platform) as http:
        tool = Tool(platform, http)
        for number in range(5):
            await tool.made(label=str(number), tag="a b")
            await tool.made(label="other")
        url: str | None = f"{CONTAINER}?tag=a+b&limit=3"
        pages = []
        while url is not None:
            answer = await tool.ask("GET", url, "lineitem.readonly", accept=ITEMS)
            pages.append([item["label"] for item in answer.json()])
            url = links_of(answer).get("next")

    assert pages == [["0", "1"], ["2", "3"], ["4"]]


async def test_a_course_whose_id_needs_escapes(keys: KeyRing) -> None:
    """URLs of line items and pages are URLs, whatever the id of the course is."""
    platform = make_platform(keys, courses=(Course(id="Grün & 7?", label="G", title="G"),))
    platform.state.line_items.put(
        "i",
        LineItem(id="i", course_id="Grün & 7?", client_id="Client-A", label="L", score_maximum=1),
        group="Grün & 7?",
    )
    container = f"{PLATFORM}/lti/courses/Gr%C3%BCn%20%26%207%3F/line-items"
    async with talking_to(platform) as http:
        tool = Tool(platform, http)
        listed = await tool.ask("GET", f"{container}?limit=1", "lineitem.readonly", accept=ITEMS)
        platform.state.line_items.put(
            "j",
            LineItem(id="j", course_id="Grün & 7?", client_id="Client-A", label="M", score_maximum=1),
            group="Grün & 7?",
        )
        paged = await tool.ask("GET", f"{container}?limit=1", "lineitem.readonly", accept=ITEMS)
        second = await tool.ask("GET", links_of(paged)["next"], "lineitem.readonly", accept=ITEMS)

    assert [item["id"] for item in listed.json()] == [f"{container}/i"]
    assert [item["id"] for item in second.json()] == [f"{container}/j"]


async def test_a_course_whose_id_has_a_slash(keys: KeyRing) -> None:
    """The URLs of a launch lead back to the course, also where its id has slashes."""
    platform = make_platform(keys, courses=(Course(id="BIO/7/", label="B", title="B"),), services=("ags",))
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=platform.courses[0])
    container = launch.extra[CLAIM]["lineitems"]
    async with talking_to(platform) as http:
        tool = Tool(platform, http)
        made = await tool.ask("POST", container, "lineitem", body=QUIZ, **{"content-type": ITEM})
        scored = await tool.score(made.json()["id"])
        told = await tool.results(made.json()["id"])

    assert (made.status_code, scored.status_code) == (201, 204)
    assert made.json()["id"].startswith(f"{container}/")
    assert [result["resultScore"] for result in told] == [45]


async def test_a_line_item_is_changed_as_a_whole(tool: Tool) -> None:
    """What a new definition leaves out is gone, but for the id and the link (AGS 3.2.6)."""
    made = await tool.made(tag="grade", resourceLinkId="link-course-9", startDateTime="2026-03-06T20:05:02Z")
    answer = await tool.put(made["id"], label="Quiz 2", scoreMaximum=80.5, id=made["id"])
    changed = {"id": made["id"], "label": "Quiz 2", "scoreMaximum": 80.5, "resourceLinkId": "link-course-9"}

    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, ITEM, changed)
    assert await tool.listed() == [changed]


@pytest.mark.parametrize("values", [{"id": "https://lms.example/other"}, {"id": 7}, {"resourceLinkId": "mine"}])
async def test_what_never_changes(platform: Platform, tool: Tool, values: dict[str, Any]) -> None:
    """Another id or link is refused (AGS 3.2.6)."""
    place(platform, "mine")
    made = await tool.made(resourceLinkId="link-course-9")
    answer = await tool.put(made["id"], **values)

    assert answer.status_code == 400
    assert "never changes" in answer.json()["error_description"]


async def test_a_line_item_is_removed_with_its_scores(platform: Platform, tool: Tool) -> None:
    """After DELETE there is neither the line item nor a score of it, nor a link that names it (AGS 3.2.3)."""
    made = await tool.made()
    item_id = made["id"].rpartition("/")[2]
    link = place(platform, "mine")
    platform.state.line_items.change(item_id, lambda item: LineItem(**_fields(item) | {"resource_link_id": "mine"}))
    platform.state.links.put("mine", PlacedLink(**_fields(link) | {"line_item_id": item_id}), group="course-9")
    await tool.score(made["id"])
    answer = await tool.ask("DELETE", made["id"], "lineitem")
    again = await tool.ask("DELETE", made["id"], "lineitem")
    kept = platform.state.links.get("mine")

    assert (answer.status_code, answer.content, again.status_code) == (204, b"", 404)
    assert (await tool.listed(), platform.state.scores.count()) == ([], 0)
    assert kept is not None
    assert kept.line_item_id == ""


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


async def test_a_tool_sees_nothing_of_another(platform: Platform, tool: Tool) -> None:
    """Line items of another tool are neither listed nor found by their URL (AGS 1)."""
    made = await tool.made()
    platform.register(make_registration(client_id="Client-B"))
    other = Tool(platform, tool.http, "Client-B")
    answers = [
        await other.ask("GET", made["id"], "lineitem"),
        await other.put(made["id"]),
        await other.ask("DELETE", made["id"], "lineitem"),
        await other.score(made["id"]),
        await other.ask("GET", f"{made['id']}/results", "result.readonly"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert "belong to another tool" in answers[0].json()["error_description"]
    assert (await other.listed(), await tool.listed()) == ([], [made])


async def test_two_tools_of_one_client_id(platform: Platform) -> None:
    """A line item whose owner's issuer is known is not that of a namesake under another issuer (AGS 1; CORE 3.1.3)."""
    known = LineItem(id="i", course_id="course-9", client_id="Client-A", label="L", score_maximum=1, issuer=PLATFORM)
    older = replace(known, id="j", issuer="")
    for item in (known, older):
        platform.state.line_items.put(item.id, item, group="course-9")

    def seen(issuer: str) -> list[str]:
        items = tools_line_items(platform, COURSE, issuer=issuer, client_id="Client-A")
        return [item.id for item in items]

    assert seen(PLATFORM) == ["i", "j"]
    assert seen("https://other.example") == ["j"]


async def test_a_line_item_knows_whose_it_is(platform: Platform, tool: Tool) -> None:
    """A line item that a tool makes names the registration that it is of."""
    await tool.made()
    (item,) = platform.state.line_items.page()

    assert (item.issuer, item.client_id) == (PLATFORM, "Client-A")


async def test_line_items_of_the_platform(platform: Platform, tool: Tool) -> None:
    """A line item that the platform has made belongs to the tool of its link, and to nobody without a link."""
    place(platform, "mine")
    place(platform, "theirs", client_id="Client-B")
    for link_id in ("mine", "theirs", "link-course-9", "gone", ""):
        item = LineItem(
            id=f"for-{link_id}",
            course_id="course-9",
            client_id="",
            label=link_id or "-",
            score_maximum=1,
            resource_link_id=link_id,
        )
        platform.state.line_items.put(item.id, item, group="course-9")

    assert [item["label"] for item in await tool.listed()] == ["mine", "link-course-9"]
    assert (await tool.put(f"{CONTAINER}/for-mine", label="Mine")).json()["label"] == "Mine"


async def test_another_course(tool: Tool) -> None:
    """A course that is unknown, and a line item under a course that is not its own, are not found."""
    made = await tool.made()
    unknown = await tool.ask("GET", CONTAINER.replace("course-9", "course-1"), "lineitem")
    tool.platform.state.courses.put("course-1", Course(id="course-1", label="1", title="1"))
    foreign = await tool.ask("GET", made["id"].replace("course-9", "course-1"), "lineitem")

    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert "there is no course 'course-1'" in unknown.json()["error_description"]


async def test_scopes_and_media_types(platform: Platform, tool: Tool) -> None:
    """Each operation wants its scope and its media type; a lenient platform overlooks the types (AGS 3.2, 3.4)."""
    made = await tool.made()
    right = {"userId": "p", "timestamp": "2026-11-22T08:00:00.0Z", "activityProgress": "Started"}
    body = right | {"gradingProgress": "NotReady"}
    json_type = {"content-type": "application/json"}
    refused = [
        await tool.ask("POST", CONTAINER, "lineitem.readonly", body=QUIZ, **{"content-type": ITEM}),
        await tool.ask("POST", f"{made['id']}/scores", "lineitem", body=body, **{"content-type": SCORE}),
        await tool.ask("GET", f"{made['id']}/results", "score"),
        await tool.ask("POST", CONTAINER, "lineitem", body=QUIZ, **json_type),
        await tool.ask("POST", f"{made['id']}/scores", "score", body=body, **json_type),
        await tool.ask("GET", CONTAINER, "lineitem", accept=ITEM),
        await tool.ask("GET", f"{made['id']}/results", "result.readonly", accept="text/html"),
        await tool.ask("GET", f"{made['id']}/scores", "score"),
    ]
    platform.change_settings(quirks={"services.media_types": "lenient"})
    lenient = await tool.ask("POST", f"{made['id']}/scores", "score", body=body, **json_type)

    assert [answer.status_code for answer in refused] == [403, 403, 403, 415, 415, 406, 406, 405]
    assert lenient.status_code == 204


async def test_how_a_client_says_what_it_takes(platform: Platform, tool: Tool) -> None:
    """A list of media types may come in several headers, and an empty one wants nothing (RFC 9110, 5.3, 12.5.1)."""
    several = [("accept", "application/json"), ("accept", ITEMS)]
    authorised = list(bearer(platform, SCOPE + "lineitem").items())
    for accept, status in ((several, 200), ([("accept", "")], 200), ([("accept", "application/json")], 406)):
        answer = await tool.http.get(CONTAINER, headers=[*authorised, *accept])
        assert answer.status_code == status


async def test_a_slash_too_many(tool: Tool) -> None:
    """A URL that the platform has not given leads nowhere, not even by a redirect, whatever its query."""
    answer = await tool.ask("GET", f"{CONTAINER}/?x=%ff", "lineitem")

    assert answer.status_code == 404


async def test_without_an_access_token(tool: Tool) -> None:
    """The challenge names an error only to whoever has tried to authenticate (RFC 6750, section 3.1)."""
    without = await tool.http.get(CONTAINER)
    wrong = await tool.http.get(CONTAINER, headers={"authorization": "Bearer made-up"})

    assert (without.status_code, without.headers["www-authenticate"]) == (401, 'Bearer realm="services"')
    assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


async def test_a_score_becomes_a_result(tool: Tool) -> None:
    """The result of a score is on the scale of the line item, with comment and grader (AGS 3.3.4, 3.4.4)."""
    made = await tool.made()
    answer = await tool.score(made["id"], comment="Well done", scoringUserId="teacher-1")

    assert (answer.status_code, answer.content) == (204, b"")
    assert await tool.results(made["id"]) == [
        {
            "id": f"{made['id']}/results/person-7",
            "scoreOf": made["id"],
            "userId": "person-7",
            "resultScore": 45,
            "resultMaximum": 60,
            "comment": "Well done",
            "scoringUserId": "teacher-1",
        }
    ]


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ({"scoreGiven": 0, "scoreMaximum": 1}, 0),
        ({"scoreGiven": 1.1, "scoreMaximum": 1}, 66),
        ({"scoreGiven": 1, "scoreMaximum": 3}, 20),
        ({"scoreGiven": 0.5, "scoreMaximum": 40}, 0.75),
        ({"scoreGiven": None, "scoreMaximum": 40}, None),
        ({"scoreGiven": None, "scoreMaximum": None}, None),
        ({"scoreGiven": "left out", "scoreMaximum": "left out"}, None),
        ({"scoreGiven": "left out"}, None),
    ],
)
async def test_the_scale_of_a_result(tool: Tool, values: dict[str, Any], result: float | None) -> None:
    """A score may exceed its maximum, and one that is not given leaves a result without a score (AGS 3.4.4)."""
    made = await tool.made()
    assert (await tool.score(made["id"], **values)).status_code == 204
    (told,) = await tool.results(made["id"])

    assert told.get("resultScore") == result


async def test_a_result_follows_the_maximum_of_its_line_item(tool: Tool) -> None:
    """When the maximum of a line item changes, its results are on the new scale (AGS 3.2.6)."""
    made = await tool.made()
    await tool.score(made["id"])
    await tool.put(made["id"], scoreMaximum=8)
    (told,) = await tool.results(made["id"])

    assert (told["resultScore"], told["resultMaximum"]) == (6, 8)


BROKEN_SCORES: list[tuple[dict[str, Any], str]] = [
    ({"userId": "left out"}, "userId is missing, expected a text that is not blank (AGS 3.4.5)"),
    ({"userId": ""}, "userId is"),
    ({"userId": 7}, "userId is 7"),
    ({"scoringUserId": None}, "scoringUserId is null"),
    ({"scoringUserId": ""}, "(AGS 3.4.6"),
    ({"activityProgress": "left out"}, "activityProgress is missing, expected one of Initialized, Started"),
    ({"activityProgress": "completed"}, 'activityProgress is "completed"'),
    ({"activityProgress": ["Completed"]}, "activityProgress is ["),
    ({"gradingProgress": "Graded"}, "(AGS 3.4.8)"),
    ({"gradingProgress": None}, "gradingProgress is null"),
    ({"scoreGiven": -0.5}, "scoreGiven is -0.5, expected a number from 0"),
    ({"scoreGiven": "3"}, 'scoreGiven is "3"'),
    ({"scoreGiven": False}, "scoreGiven is false"),
    ({"scoreGiven": 1e300}, "scoreGiven is 1e+300"),
    ({"scoreMaximum": "left out"}, "scoreMaximum is missing, expected a number above 0"),
    ({"scoreMaximum": None}, "scoreMaximum is null"),
    ({"scoreMaximum": 0}, "scoreMaximum is 0"),
    ({"scoreMaximum": 5e-324}, "scoreMaximum is 5e-324"),
    ({"scoreMaximum": "4"}, 'scoreMaximum is "4"'),
    ({"scoreGiven": "left out", "scoreMaximum": -4}, "scoreMaximum is -4"),
    ({"timestamp": "left out"}, "timestamp is missing"),
    ({"timestamp": ""}, "(AGS 3.4.9)"),
    ({"timestamp": 1800000000}, "timestamp is 1800000000"),
    ({"timestamp": "2026-11-22T08:00:00Z"}, "it has no fractions of a second"),
    ({"timestamp": "2026-11-22T08:00Z"}, "it has no fractions of a second"),
    ({"timestamp": "2026-11-22T08:00:00.000"}, "it has no time zone"),
    ({"timestamp": "2026-11-22 08:00:00.000Z"}, "expected a date and time of ISO 8601"),
    ({"timestamp": "2026-11-22T25:00:00.000Z"}, "there is no such time"),
    ({"comment": 7}, "comment is 7, expected a text (AGS 3.4.11)"),
    ({"comment": {"text": "a"}}, "comment is {"),
    ({"submission": "done"}, 'submission is "done", expected an object'),
    ({"submission": {"startedAt": "2026-11-22T08:00:00Z"}}, "submission: startedAt is"),
    ({"submission": {"submittedAt": 7}}, "submission: submittedAt is 7"),
    (
        {"submission": {"startedAt": "2026-11-22T08:00:00.2Z", "submittedAt": "2026-11-22T08:00:00.1Z"}},
        "the same time as startedAt or a later one",
    ),
]


@pytest.mark.parametrize(("values", "mended"), BROKEN_SCORES)
async def test_a_score_that_is_wrong(tool: Tool, values: dict[str, Any], mended: str) -> None:
    """A mistake in a score is refused with what to mend and the section that says so, and nothing is kept (AGS 3.4)."""
    made = await tool.made()
    answer = await tool.score(made["id"], **values)
    told = answer.json()

    assert (answer.status_code, told["error"]) == (400, "invalid_request")
    assert mended in told["error_description"]
    assert "AGS 3." in told["error_description"]
    assert await tool.results(made["id"]) == []


async def test_every_mistake_of_a_score_is_named(tool: Tool) -> None:
    """A developer learns of all mistakes at once."""
    made = await tool.made()
    answer = await tool.score(made["id"], userId=7, timestamp="now", scoreGiven="3")

    assert all(f"{name} is" in answer.json()["error_description"] for name in ("userId", "timestamp", "scoreGiven"))


@pytest.mark.parametrize(
    "values",
    [
        {"comment": None},
        {"comment": ""},
        {"timestamp": "2026-11-22T08:00:00.000+00"},
        {"timestamp": "2026-11-22T08:00:00,123456789+05:30"},
        {"timestamp": "2026-11-22T08:00:00.1-0800"},
        {"submission": {"startedAt": "2026-11-22T08:00:00.1Z", "submittedAt": "2026-11-22T08:00:00.100+00:00"}},
        {"submission": None},
        {TAG_URL: {"originality": 94}},
        {"activityProgress": "InProgress", "gradingProgress": "Pending"},
    ],
)
async def test_what_a_score_may_be(tool: Tool, values: dict[str, Any]) -> None:
    """Every form that the standard allows is taken (AGS 3.4.9 to 3.4.11, 3.1.2)."""
    made = await tool.made()

    assert (await tool.score(made["id"], **values)).status_code == 204


NEWER = [
    ("2026-11-22T08:00:00.000Z", "2026-11-22T08:00:00.001Z", True),
    ("2026-11-22T08:00:00.000Z", "2026-11-22T08:00:00.000000001Z", True),
    ("2026-11-22T08:00:00.000Z", "2026-11-22T07:30:00.000-01:00", True),
    ("2026-11-22T08:00:00.9Z", "2026-11-22T08:00:00.10Z", False),
    ("2026-11-22T08:00:00.000Z", "2026-11-22T08:00:00.000Z", False),
    ("2026-11-22T08:00:00.5Z", "2026-11-22T08:00:00.500+00:00", False),
    ("2026-11-22T08:00:00.000Z", "2026-11-22T08:30:00.000+01:00", False),
]


@pytest.mark.parametrize(("first", "second", "newer"), NEWER)
async def test_only_a_newer_score_counts(tool: Tool, first: str, second: str, newer: bool) -> None:
    """A score that is not after the last one is a conflict, whatever zone it was written in (AGS 3.4.9)."""
    made = await tool.made()
    await tool.score(made["id"], timestamp=first, scoreGiven=1)
    answer = await tool.score(made["id"], timestamp=second, scoreGiven=2)
    (told,) = await tool.results(made["id"])

    assert (answer.status_code, told["resultScore"]) == ((204, 30) if newer else (409, 15))
    if not newer:
        assert "AGS 3.4.9" in answer.json()["error_description"]


async def test_a_platform_that_drops_old_scores(keys: KeyRing) -> None:
    """With the quirk, an old score is taken without a word and changes nothing; the journal knows (AGS 3.4.9)."""
    platform = make_platform(keys, quirks={"ags.old_score": "ignore"})
    async with talking_to(platform) as http:
        tool = Tool(platform, http)
        made = await tool.made()
        await tool.score(made["id"], scoreGiven=1)
        answer = await tool.score(made["id"], scoreGiven=2)
        (told,) = await tool.results(made["id"])

    assert (answer.status_code, told["resultScore"]) == (204, 15)
    assert "the score was dropped" in platform.journal[2].about["advice"]


async def test_a_later_score_clears_what_it_does_not_say(tool: Tool) -> None:
    """Score and comment of an earlier score are gone when the next one has none (AGS 3.4.4, 3.4.11)."""
    made = await tool.made()
    await tool.score(made["id"], comment="Well done")
    await tool.score(made["id"], timestamp="2026-11-22T09:00:00.0Z", scoreGiven=None, gradingProgress="NotReady")
    (told,) = await tool.results(made["id"])

    assert told.keys() == {"id", "scoreOf", "userId", "resultMaximum"}


async def test_the_times_of_a_submission_stay(platform: Platform, tool: Tool) -> None:
    """When work began and was handed in is kept until a score takes it back (AGS 3.4.10.1, 3.4.10.2)."""
    made = await tool.made()
    key = f"{made['id'].rpartition('/')[2]} person-7"
    seen = []
    for minute, activity in enumerate(("Initialized", "Started", "InProgress", "Submitted", "Completed", "InProgress")):
        await tool.score(made["id"], timestamp=f"2026-11-22T08:0{minute}:00.0Z", activityProgress=activity)
        score = platform.state.scores.get(key)
        assert score is not None
        seen.append({name: time[14:16] for name, time in score.extra.get("submission", {}).items()})

    assert seen == [
        {},
        {"startedAt": "01"},
        {"startedAt": "01"},
        {"startedAt": "01", "submittedAt": "03"},
        {"startedAt": "01", "submittedAt": "03"},
        {"startedAt": "01"},
    ]


async def test_scores_of_strangers(keys: KeyRing) -> None:
    """A platform that takes scores of members only refuses others; any other notes it in the journal (AGS 3.4.5)."""
    platform = make_platform(keys)
    async with talking_to(platform) as http:
        tool = Tool(platform, http)
        made = await tool.made()
        open_to_all = [(await tool.score(made["id"], userId=user)).status_code for user in ("person-7", "stranger")]
        platform.change_settings(quirks={"ags.members_only": True})
        later = "2026-11-22T09:00:00.0Z"
        member = await tool.score(made["id"], timestamp=later)
        stranger = await tool.score(made["id"], timestamp=later, userId="stranger")

    assert open_to_all == [204, 204]
    assert "advice" not in platform.journal[1].about
    assert "is nobody in this course" in platform.journal[2].about["advice"]
    assert (member.status_code, stranger.status_code) == (204, 404)
    assert "send the sub of a launch" in stranger.json()["error_description"]


async def test_markup_in_a_comment_is_noted(platform: Platform, tool: Tool) -> None:
    """A comment with markup is taken as the text that it is, and the journal says so (AGS 3.4.11)."""
    made = await tool.made()
    await tool.score(made["id"], comment="<b>Good</b>")
    await tool.score(made["id"], comment="1 < 2", timestamp="2026-11-22T09:00:00.0Z")

    assert "markup" in platform.journal[1].about["advice"]
    assert "advice" not in platform.journal[2].about


async def test_a_long_comment_is_read_once(platform: Platform, tool: Tool) -> None:
    """To look for markup takes no longer than the comment is long; another way takes hours."""
    made = await tool.made()
    answer = await tool.score(made["id"], comment="<a" * 1_000_000)

    assert answer.status_code == 204
    assert "advice" not in platform.journal[1].about


async def test_results_of_one_person_and_in_pages(tool: Tool) -> None:
    """Results are narrowed by user_id, to none if there is no score, and come in pages by limit (AGS 3.3.6)."""
    made = await tool.made()
    for number in range(5):
        await tool.score(made["id"], userId=f"user/{number}", scoreGiven=number)
    one = await tool.results(made["id"], "?user_id=user%2F3")
    none = await tool.results(made["id"], "?user_id=user%2F9")
    url: str | None = f"{made['id']}/results?limit=2"
    pages = []
    while url is not None:
        answer = await tool.ask("GET", url, "result.readonly", accept=RESULTS)
        pages.append([result["userId"] for result in answer.json()])
        url = links_of(answer).get("next")

    assert [result["id"] for result in one] == [f"{made['id']}/results/user%2F3"]
    assert none == []
    assert pages == [["user/0", "user/1"], ["user/2", "user/3"], ["user/4"]]


async def test_line_items_whose_urls_have_a_query(keys: KeyRing) -> None:
    """The query of a line item's URL stays where it is under /scores and /results, and is missed (AGS 3.3.1, 3.4.1)."""
    platform = make_platform(keys, services=("ags",), quirks={"ags.line_item_query": "type_id=1&x=%2F"})
    async with talking_to(platform) as http:
        tool = Tool(platform, http)
        made = await tool.made(resourceLinkId="link-course-9")
        lost = made["id"].partition("?")[0]
        assert made["id"] == f"{lost}?type_id=1&x=%2F"
        assert (await tool.score(made["id"])).status_code == 204
        (told,) = await tool.results(made["id"], "?user_id=person-7")
        assert (told["scoreOf"], told["id"]) == (made["id"], f"{lost}/results/person-7?type_id=1&x=%2F")
        assert (await tool.put(made["id"], id=made["id"])).json() == made
        refused = [await tool.score(lost), await tool.ask("GET", lost, "lineitem")]

    assert launch(platform).extra[CLAIM]["lineitem"] == made["id"]
    assert [answer.status_code for answer in refused] == [404, 404]
    assert "has lost type_id, x" in refused[0].json()["error_description"]


@pytest.mark.parametrize(
    ("style", "kind", "told"),
    [("json", "application/json", "not_found"), ("html", "text/html; charset=utf-8", "<p>"), ("empty", None, "")],
)
async def test_how_a_refusal_looks(keys: KeyRing, style: str, kind: str | None, told: str) -> None:
    """A platform may refuse with JSON, with a page or without a word."""
    platform = make_platform(keys, quirks={"services.error_body": style})
    async with talking_to(platform) as http:
        url = CONTAINER.replace("course-9", "%3Cb%3E")
        answer = await Tool(platform, http).ask("GET", url, "lineitem")

    assert (answer.status_code, answer.headers.get("content-type")) == (404, kind)
    assert told in answer.text
    assert style != "html" or "<b>" not in answer.text
    assert style != "empty" or not answer.content


async def test_a_column_of_the_teachers_own_is_no_tools(keys: KeyRing) -> None:
    """A column without a tool and a link is made and changed by the control API; no tool lists, reads or scores it."""
    platform = make_platform(keys, services=("ags",))
    control = httpx2.ASGITransport(create_control(Tenants(platform), Door(url="http://127.0.0.1:9401")))
    async with httpx2.AsyncClient(transport=control, base_url="http://127.0.0.1:9401") as http:
        answer = await http.post("/tenants/main/courses/course-9/line-items", json={"label": "Old", "score_maximum": 5})
        item = answer.json()["line_item"]
        again = await http.put(f"/tenants/main/line-items/{item['id']}", json={"label": "Talk", "score_maximum": 5})
    async with talking_to(platform) as wire:
        tool, url = Tool(platform, wire), answer.json()["url"]
        refused = [
            await tool.ask("GET", url, "lineitem.readonly", accept=ITEM),
            await tool.put(url),
            await tool.score(url),
            await tool.ask("GET", below(url, "/results"), "result.readonly", accept=RESULTS),
            await tool.ask("DELETE", url, "lineitem"),
        ]
        listed = [*await tool.listed(), *await tool.listed("?resource_link_id=")]

    assert (answer.status_code, again.status_code, again.json()["line_item"]["label"]) == (201, 200, "Talk")
    assert (item["client_id"], item["resource_link_id"], listed) == ("", "", [])
    assert [answer.status_code for answer in refused] == [404] * 5
    assert launch(platform).line_item == ""
    assert "lineitem" not in launch(platform).extra[CLAIM]
    assert [one.label for one in platform.state.line_items.page()] == ["Talk"]
    assert platform.state.scores.count() == 0
