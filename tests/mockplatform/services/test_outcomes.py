from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any
from xml.etree import ElementTree

import httpx2
import oauthlib.oauth1
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis.strategies import binary, sampled_from, text

from mockplatform.gradebook.line_items import tools_line_items
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Course, Launch
from mockplatform.pox import NAMESPACE as POX
from mockplatform.pox import PoxError, pox_answer, pox_request
from mockplatform.records import LineItem, PlacedLink
from mockplatform.services.nrps import SCOPE as ROSTER_SCOPE
from mockplatform.services.outcomes import CLAIM
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LAW,
    LTI11,
    NOW_S,
    PERSON,
    PLATFORM,
    make_platform,
    make_registration,
)
from tests.mockplatform.services.asking import bearer, talking_to

pytestmark = pytest.mark.asyncio

OUTCOMES = f"{PLATFORM}/lti/outcomes"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
NAMESPACE = "http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, registrations=(make_registration(**LTI11),), services=("outcomes",))


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    async with talking_to(platform) as client:
        yield client


def launched(platform: Platform, roles: list[str], **values: Any) -> dict[str, str]:
    """The parameters of an LTI 1.1 launch."""
    given: dict[str, Any] = {"person": PERSON, "course": COURSE}
    launch = platform.intend(platform.registrations[0], roles=roles, **given | values)
    return dict(platform.begin_basic(launch).response.fields)


def sourced_id(platform: Platform, **values: Any) -> str:
    return launched(platform, [LEARNER], **values)["lis_result_sourcedid"]


def envelope(operation: str, sourced: str, score: str | None = None, language: str = "en") -> bytes:
    """A request as LTI 1.1, section 6.1, shows it."""
    told = f"<language>{language}</language><textString>{score}</textString>"
    result = "" if score is None else f"<result><resultScore>{told}</resultScore></result>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<imsx_POXEnvelopeRequest xmlns="{NAMESPACE}">
  <imsx_POXHeader><imsx_POXRequestHeaderInfo>
    <imsx_version>V1.0</imsx_version><imsx_messageIdentifier>m-1</imsx_messageIdentifier>
  </imsx_POXRequestHeaderInfo></imsx_POXHeader>
  <imsx_POXBody><{operation}Request><resultRecord>
    <sourcedGUID><sourcedId>{escape(sourced)}</sourcedId></sourcedGUID>{result}
  </resultRecord></{operation}Request></imsx_POXBody>
</imsx_POXEnvelopeRequest>""".encode()


def signed(body: bytes, **values: Any) -> Mapping[str, str]:
    """The headers of a request that another library has signed."""
    given: dict[str, Any] = {
        "client_secret": LTI11["consumer_secret"],
        "timestamp": str(int(NOW_S)),
        "nonce": hashlib.sha256(body).hexdigest()[:24],
        "url": OUTCOMES,
        "body_hash": base64.b64encode(hashlib.sha1(body).digest()).decode(),
        "client_key": LTI11["consumer_key"],
        "method": "HMAC-SHA1",
    } | values

    class Client(oauthlib.oauth1.Client):
        def get_oauth_params(self, request: Any) -> Any:
            params = super().get_oauth_params(request)  # type: ignore[no-untyped-call]
            return [*params, ("oauth_body_hash", given["body_hash"])]

    client = Client(
        given["client_key"],
        client_secret=given["client_secret"],
        signature_method=given["method"],
        timestamp=given["timestamp"],
        nonce=given["nonce"],
        realm="grades",
    )
    _, headers, _ = client.sign(given["url"], "POST", headers={"Content-Type": "application/xml"})
    return dict(headers)


async def send(http: httpx2.AsyncClient, body: bytes, **values: Any) -> httpx2.Response:
    return await http.post(OUTCOMES, content=body, headers=signed(body, **values))


def status_of(answer: httpx2.Response) -> dict[str, str]:
    """The status block of an answer, and the score in it, if any."""
    assert answer.headers["content-type"].partition(";")[0] == "application/xml"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{{{NAMESPACE}}}imsx_POXEnvelopeResponse"
    return {element.tag.partition("}")[2].removeprefix("imsx_"): element.text or "" for element in root.iter()}


def failed(answer: httpx2.Response, status: int = 200) -> str:
    """What a refusal says."""
    told = status_of(answer)
    assert (answer.status_code, told["codeMajor"], told["severity"]) == (status, "failure", "error")
    return told["description"]


async def test_a_launch_says_where_the_grade_goes(platform: Platform) -> None:
    """A learner's LTI 1.1 launch names the service and the result; a teacher's the service alone (LTI 1.1 6)."""
    learner, teacher = launched(platform, [LEARNER]), launched(platform, [INSTRUCTOR])

    assert learner["lis_outcome_service_url"] == teacher["lis_outcome_service_url"] == OUTCOMES
    assert json.loads(learner["lis_result_sourcedid"])["data"]["course"] == "course-9"
    assert "lis_result_sourcedid" not in teacher
    assert "lis_result_sourcedid" not in launched(platform, [])


async def test_a_platform_without_outcomes(keys: KeyRing) -> None:
    """Where the service is not offered, launches do not name it."""
    platform = make_platform(keys, registrations=(make_registration(**LTI11),))

    assert not [name for name in launched(platform, [LEARNER]) if name.startswith("lis_outcome")]


async def test_the_claim_of_lti13(keys: KeyRing) -> None:
    """A tool that has a secret to sign with gets the same result in its LTI 1.3 launches; another tool does not."""
    platform = make_platform(
        keys,
        registrations=(make_registration(**LTI11), make_registration(client_id="Client-B")),
        services=("outcomes",),
    )
    launches = [
        platform.intend(tool, person=PERSON, roles=[role], course=COURSE)
        for tool in platform.registrations
        for role in (LEARNER, INSTRUCTOR)
    ]
    told: list[Any] = [launch.extra.get(CLAIM) for launch in launches]

    assert told == [
        {"lis_outcome_service_url": OUTCOMES, "lis_result_sourcedid": sourced_id(platform)},
        None,
        None,
        None,
    ]


async def test_a_grade_is_replaced_read_and_deleted(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A grade that was sent can be read, and no longer when it was deleted (LTI 1.1 6.1)."""
    sourced = sourced_id(platform)
    replaced = await send(http, envelope("replaceResult", sourced, "0.83"))
    read = await send(http, envelope("readResult", sourced))
    deleted = await send(http, envelope("deleteResult", sourced))
    empty = await send(http, envelope("readResult", sourced), nonce="another")

    for answer, operation in ((replaced, "replaceResult"), (read, "readResult"), (deleted, "deleteResult")):
        told = status_of(answer)
        assert answer.status_code == 200
        assert (told["version"], told["codeMajor"], told["severity"]) == ("V1.0", "success", "status")
        assert (told["messageRefIdentifier"], told["operationRefIdentifier"]) == ("m-1", operation)
        assert f"{operation}Response" in told
    assert (status_of(read)["language"], status_of(read)["textString"]) == ("en", "0.83")
    assert status_of(empty)["textString"] == ""


async def test_grades_stand_in_the_gradebook(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A grade lands in one line item of the tool's link, under the person's id of LTI 1.3."""
    await send(http, envelope("replaceResult", sourced_id(platform), "0.5"))
    other = replace(PERSON, sub="person-8")
    await send(http, envelope("replaceResult", sourced_id(platform, person=other), "1.0"))

    (item,) = platform.state.line_items.page(group="course-9")
    assert (item.client_id, item.issuer) == ("Client-A", PLATFORM)
    assert (item.resource_link_id, item.score_maximum) == ("link-course-9", 1.0)
    scores = platform.state.scores.page(group=item.id)
    assert [(score.user_id, score.score_given) for score in scores] == [("person-7", 0.5), ("person-8", 1.0)]
    assert {(score.activity_progress, score.grading_progress) for score in scores} == {("Completed", "FullyGraded")}
    assert {score.timestamp for score in scores} == {"2027-01-15T08:00:00.750Z"}


async def test_two_tools_of_the_courses_own_link(http: httpx2.AsyncClient, platform: Platform) -> None:
    """What one tool sends for the course's own link is nothing that another reads, lists, replaces or deletes."""
    second = {**LTI11, "consumer_key": "Another4consumer0of0LTI11", "consumer_secret": "another s&cret"}
    platform.register(make_registration(client_id="Client-B", **second))
    theirs = {"client_key": second["consumer_key"], "client_secret": second["consumer_secret"]}
    launch = platform.intend(platform.registrations[1], person=PERSON, roles=[LEARNER], course=COURSE)
    sourced = dict(platform.begin_basic(launch).response.fields)["lis_result_sourcedid"]
    await send(http, envelope("replaceResult", sourced_id(platform), "0.5"))

    read = status_of(await send(http, envelope("readResult", sourced), **theirs))
    assert (read["codeMajor"], read["textString"]) == ("success", "")
    listed = [
        tools_line_items(platform, COURSE, issuer=PLATFORM, client_id=client_id)
        for client_id in ("Client-A", "Client-B")
    ]
    assert [len(items) for items in listed] == [1, 0]
    await send(http, envelope("deleteResult", sourced), **theirs)
    await send(http, envelope("replaceResult", sourced, "0.9"), **theirs)
    own = status_of(await send(http, envelope("readResult", sourced_id(platform))))
    assert own["textString"] == "0.5"


async def test_the_line_item_that_a_link_has(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Where AGS has made a line item for the link, the grade lands there, in its measure; nobody else's is touched."""
    mine = LineItem(
        id="li-1",
        course_id="course-9",
        client_id="Client-A",
        label="Quiz",
        score_maximum=60,
        resource_link_id="link-course-9",
    )
    for item in (replace(mine, id="li-0", client_id="Client-B"), mine):
        platform.state.line_items.put(item.id, item, group="course-9")
    await send(http, envelope("replaceResult", sourced_id(platform), "0.25"))

    (score,) = platform.state.scores.page()
    assert (score.line_item_id, score.score_given, score.score_maximum) == ("li-1", 15.0, 60)
    assert status_of(await send(http, envelope("readResult", sourced_id(platform))))["textString"] == "0.25"


async def test_odd_ids_survive(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Ids with quotes, ampersands and markup make a result id that XML and form carry unchanged."""
    course = Course(id='c"9&<ü>\\', label="", title="")
    link = PlacedLink(
        id="l'\u2028#1",
        course_id=course.id,
        client_id="Client-A",
        issuer=PLATFORM,
        deployment_id="Dep-1",
        type="ltiResourceLink",
        title="Odd",
    )
    platform.state.links.put(link.id, link, group=course.id)
    answer = await send(http, envelope("replaceResult", sourced_id(platform, course=course, link=link), "1"))

    assert status_of(answer)["codeMajor"] == "success"
    (item,) = platform.state.line_items.page(group=course.id)
    assert (item.resource_link_id, item.label) == (link.id, "Odd")


@pytest.mark.parametrize("score", ["0", "1", "0.0", "1.0", "1.000", ".5", "0.123456789"])
async def test_scores(http: httpx2.AsyncClient, platform: Platform, score: str) -> None:
    """Decimal numbers from 0.0 to 1.0 are scores."""
    assert status_of(await send(http, envelope("replaceResult", sourced_id(platform), score)))["codeMajor"] == "success"


@pytest.mark.parametrize("score", ["", "1.01", "83", "-0.1", "0,5", "5e-1", "nan", "half", "٠", "0x1", "+1", "1."])
async def test_scores_that_are_none(http: httpx2.AsyncClient, platform: Platform, score: str) -> None:
    """Percentages, words and other number formats are refused, with the range; nothing is kept."""
    told = failed(await send(http, envelope("replaceResult", sourced_id(platform), score)))

    assert f"{score!r}" in told
    assert "0.0 to 1.0" in told
    assert platform.state.scores.count() == 0


async def test_a_language_with_other_numbers(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A number that another language writes is refused."""
    assert "'de'" in failed(await send(http, envelope("replaceResult", sourced_id(platform), "0.5", language="de")))


def changed_ids(sourced: str) -> list[str]:
    data = json.loads(sourced)
    data["data"]["user"] = "person-8"
    surrogate = '{"data":{"course":"\\ud800","link":"","user":""}}'
    return [
        "",
        "x",
        surrogate,
        "[" * 10_000,
        "[]",
        "null",
        '{"data":1}',
        json.dumps(data),
        f" {sourced}",
        json.dumps(json.loads(sourced)),
    ]


@pytest.mark.parametrize("index", range(10))
@pytest.mark.parametrize("operation", ["replaceResult", "readResult", "deleteResult"])
async def test_a_result_that_no_launch_brought(
    http: httpx2.AsyncClient, platform: Platform, operation: str, index: int
) -> None:
    """A result id that was changed, if only by a space or another person's id, is refused."""
    sourced = changed_ids(sourced_id(platform))[index]

    assert "sourcedId" in failed(await send(http, envelope(operation, sourced, "0.5")))
    assert platform.state.scores.count() == 0


async def test_the_result_of_another_tool(keys: KeyRing) -> None:
    """A tool cannot grade the launch of another one."""
    other = make_registration(client_id="Client-B", **LTI11 | {"consumer_key": "other", "consumer_secret": "other"})
    platform = make_platform(keys, registrations=(make_registration(**LTI11), other), services=("outcomes",))
    body = envelope("replaceResult", sourced_id(platform), "1.0")
    async with talking_to(platform) as http:
        told = failed(await send(http, body, client_key="other", client_secret="other"))

    assert "no lis_result_sourcedid of a launch of this tool" in told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"client_secret": "wrong"}, "oauth_signature does not fit; the base string of this request is 'POST&"),
        ({"client_key": "nobody"}, "'nobody'"),
        ({"body_hash": "AAAA"}, "oauth_body_hash is 'AAAA'"),
        ({"body_hash": ""}, "lacks oauth_body_hash"),
        ({"timestamp": str(int(NOW_S) - 302)}, "seconds old"),
        ({"timestamp": str(int(NOW_S) + 302)}, "seconds ahead"),
        ({"timestamp": "soon"}, "oauth_timestamp is 'soon'"),
        ({"url": f"{PLATFORM}/lti/other"}, "oauth_signature"),
        ({"method": "PLAINTEXT"}, "oauth_signature_method is 'PLAINTEXT'"),
    ],
)
async def test_what_is_not_signed(
    http: httpx2.AsyncClient, platform: Platform, values: dict[str, str], told: str
) -> None:
    """A signature that does not fit is refused as unauthorised, in a sentence (RFC 5849 3.2)."""
    answer = await send(http, envelope("replaceResult", sourced_id(platform), "0.5"), **values)

    assert told in failed(answer, 401)
    assert answer.headers["www-authenticate"] == f'OAuth realm="{PLATFORM}"'
    assert platform.state.scores.count() == 0


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("", "send the OAuth 1 parameters"),
        ("Bearer abc", "send the OAuth 1 parameters"),
        ("OAuth ", "name="),
        ("OAuth a=b", "'a=b'"),
        ('OAuth oauth_nonce="1", oauth_nonce="2"', "oauth_nonce twice"),
        ('OAuth oauth_nonce="1"', "lacks oauth_consumer_key"),
    ],
)
async def test_headers_that_sign_nothing(http: httpx2.AsyncClient, header: str, told: str) -> None:
    """What stands in the Authorization header, or does not, is named."""
    headers = {"content-type": "application/xml", "authorization": header}
    answer = await http.post(OUTCOMES, content=b"<x/>", headers=headers)

    assert told in failed(answer, 401)


async def test_a_comma_in_the_realm(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A quoted value may have a comma (RFC 5849, section 3.5.1)."""
    body = envelope("replaceResult", sourced_id(platform), "0.5")
    headers = {name.lower(): value for name, value in signed(body).items()}
    headers["authorization"] = headers["authorization"].replace('"grades"', '"a, b=c"')
    answer = await http.post(OUTCOMES, content=body, headers=headers)

    assert status_of(answer)["codeMajor"] == "success"


async def test_a_nonce_belongs_to_its_timestamp(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A nonce has to be new for its timestamp only (RFC 5849, section 3.3)."""
    body = envelope("replaceResult", sourced_id(platform), "0.5")
    for timestamp in (int(NOW_S), int(NOW_S) + 1):
        answer = await send(http, body, nonce="always the same", timestamp=str(timestamp))
        assert status_of(answer)["codeMajor"] == "success"


async def test_an_envelope_that_was_exchanged(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A body that is not the one that was signed is refused."""
    sourced = sourced_id(platform)
    headers = signed(envelope("replaceResult", sourced, "0.1"))
    answer = await http.post(OUTCOMES, content=envelope("replaceResult", sourced, "1.0"), headers=headers)

    assert "hash the very bytes that are sent" in failed(answer, 401)


async def test_a_request_is_good_once(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The same signed request is refused the second time."""
    body = envelope("replaceResult", sourced_id(platform), "0.5")
    assert status_of(await send(http, body))["codeMajor"] == "success"

    assert "was used before" in failed(await send(http, body), 401)


@pytest.mark.parametrize("digest", [hashlib.sha1, hashlib.sha256])
async def test_a_signature_by_sha256(http: httpx2.AsyncClient, platform: Platform, digest: Any) -> None:
    """HMAC-SHA256 is a signature, too, with either hash of the body."""
    body = envelope("replaceResult", sourced_id(platform), "0.5")
    body_hash = base64.b64encode(digest(body).digest()).decode()

    assert status_of(await send(http, body, method="HMAC-SHA256", body_hash=body_hash))["codeMajor"] == "success"


async def test_a_query_is_signed_too(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Parameters in the address belong to what is signed (RFC 5849 3.4.1.3.1)."""
    body = envelope("readResult", sourced_id(platform))
    url = f"{OUTCOMES}?b=2&a=%C3%A4"
    answer = await http.post(url, content=body, headers=signed(body, url=url))

    assert status_of(answer)["codeMajor"] == "success"


async def test_another_media_type(http: httpx2.AsyncClient) -> None:
    """What calls itself a form is not read."""
    answer = await http.post(OUTCOMES, content=b"a=b", headers={"content-type": "application/x-www-form-urlencoded"})

    assert "application/xml" in failed(answer, 415)


async def test_an_operation_that_is_none(http: httpx2.AsyncClient) -> None:
    """An operation that the service does not have is unsupported, and named."""
    answer = await send(http, envelope("eraseResult", "x"))
    told = status_of(answer)

    assert (answer.status_code, told["codeMajor"], told["operationRefIdentifier"]) == (
        200,
        "unsupported",
        "eraseResult",
    )
    assert "eraseResultRequest" in told["description"]


GOOD = envelope("readResult", "x").decode()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "no well-formed XML"),
        ("{}", "no well-formed XML"),
        (GOOD[:-5], "no well-formed XML"),
        (GOOD.replace("UTF-8", "EBCDIC-42"), "no well-formed XML"),
        (GOOD.replace(f' xmlns="{NAMESPACE}"', ""), "namespace ''"),
        (GOOD.replace("POXEnvelopeRequest", "Envelope"), "the root element is imsx_Envelope"),
        (GOOD.replace("V1.0", "V2.0"), "imsx_version is 'V2.0'"),
        (GOOD.replace("<imsx_version>V1.0</imsx_version>", ""), "imsx_version is None"),
        (GOOD.replace("m-1", " "), "imsx_messageIdentifier"),
        (GOOD.replace("readResultRequest", "readResult"), "expected one …Request element"),
        (GOOD.replace("<sourcedGUID>", "<sourcedGUID/><sourcedGUID>"), "twice"),
        (GOOD.replace("<sourcedId>", "<a>" * 20 + "</a>" * 20 + "<sourcedId>"), "20 deep"),
        (GOOD + " " * 70_000, "more than 65536"),
        (GOOD.replace("?>", '?><!DOCTYPE x [<!ENTITY e "e">]>').replace(">x<", ">&e;<"), "DOCTYPE"),
        (GOOD.replace("?>", '?><!DOCTYPE x SYSTEM "file:///etc/passwd">'), "DOCTYPE"),
        (GOOD.replace(">x<", ">&undefined;<"), "no well-formed XML"),
    ],
)
async def test_envelopes_that_are_none(http: httpx2.AsyncClient, body: str, told: str) -> None:
    """What is no envelope is refused as a bad request, and no entity is ever resolved."""
    assert told in failed(await send(http, body.encode()), 400)


async def test_an_answer_is_xml_whatever_was_said(http: httpx2.AsyncClient) -> None:
    """Markup and what XML cannot hold come back as text."""
    told = failed(await send(http, envelope("readResult", "]]><b>&")))
    assert "<b>" in told
    answer = await http.post(OUTCOMES, content=b"", headers={"content-type": "a\x0cb"})

    assert answer.status_code == 415
    assert "'a" in failed(answer, 415)


async def test_the_journal_knows_who_graded(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The journal has the tool and the course of a request that was signed."""
    await send(http, envelope("readResult", sourced_id(platform)))

    assert dict(platform.journal[-1].about) == {"endpoint": "outcomes", "client_id": "Client-A", "course": "course-9"}


async def test_the_roster_of_a_link_has_the_results(keys: KeyRing) -> None:
    """Asked for a link, the roster brings each learner's result id, as a launch would (NRPS 3.2)."""
    platform = make_platform(
        keys, registrations=(make_registration(**LTI11),), services=("nrps", "outcomes"), courses=(COURSE,)
    )
    async with talking_to(platform) as http:
        url = f"{PLATFORM}/lti/courses/course-9/memberships?rlid=link-course-9"
        told = (await http.get(url, headers=bearer(platform, ROSTER_SCOPE))).json()["members"][0]["message"][0]

    assert told[CLAIM]["lis_result_sourcedid"] == sourced_id(platform)


async def test_only_links_are_graded(platform: Platform) -> None:
    """A deep linking request has no result."""
    launch: Launch = platform.intend(
        platform.registrations[0], person=PERSON, roles=[LEARNER], course=COURSE, message="deep_linking"
    )

    assert CLAIM not in launch.extra


@LAW
@given(cut=binary(max_size=40), where=sampled_from(range(0, len(GOOD), 40)))
async def test_any_body_is_read_or_refused(cut: bytes, where: int) -> None:
    """Whatever is put into an envelope, it is read or refused, and nothing else happens."""
    body = GOOD.encode()[:where] + cut + GOOD.encode()[where:]
    with contextlib.suppress(PoxError):
        assert pox_request(body).operation


@LAW
@given(said=text())
async def test_any_text_fits_into_an_answer(said: str) -> None:
    """An answer is XML whatever it says, and what XML can hold comes back as it was."""
    answer = pox_answer(answer_id="a", code="failure", description=said, message_id=said)
    root = ElementTree.fromstring(answer)
    (told,) = root.iter(f"{{{POX}}}imsx_description")

    if all(" " <= letter <= "\ud7ff" for letter in said):
        assert (told.text or "") == said


@pytest.mark.parametrize("header", ['OAuth a="\xff"', 'OAuth oauth_nonce="%ff%00"', "OAuth ,,,", 'OAuth ="x"', "OAuth"])
async def test_headers_of_any_kind(http: httpx2.AsyncClient, header: str) -> None:
    """No Authorization header, however odd, is more than a refusal."""
    headers = [(b"content-type", b"text/xml"), (b"authorization", header.encode("latin-1"))]
    answer = await http.post(OUTCOMES, content=b"<x/>", headers=headers)

    assert failed(answer, 401)


async def test_who_launches_by_lti11_takes_part(platform: Platform) -> None:
    """Somebody who has launched by LTI 1.1 is in the course."""
    course = Course(id="c-11", label="", title="Old")
    launched(platform, [LEARNER], course=course)

    assert [entry.person.sub for entry in platform.state.enrolments.page(group="c-11")] == ["person-7"]
