"""The published checks of the platform side (CERT 5; requirements 19.6), made by a tool that shares no code with it."""

from __future__ import annotations

import datetime
import itertools
import re
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import rsa

from mockplatform import Course, KeyRing, Person, Platform, Registration, create_app
from tests.mockplatform.independent_tool import DL, LTI, IndependentTool, with_path

pytestmark = pytest.mark.asyncio

URL = "http://127.0.0.1:9400"
TOOL = "http://127.0.0.1:8000"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
ROLES = {"instructor": INSTRUCTOR, "student": LEARNER}
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
AGS_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
PERSONAL = {"given_name", "family_name", "name", "email"}
GRACE = Person(sub="person-1", given_name="Grace", family_name="Hopper", email="grace@example.org")
ALAN = Person(sub="person-2", given_name="Alan", family_name="Turing", email="alan@example.org")
COURSES = (Course(id="course-1", label="A", title="Algorithms"), Course(id="course-2", label="B", title="Biology"))


@pytest.fixture(scope="module")
def tool_key() -> rsa.RSAPrivateKey:
    """The tool's key."""
    return rsa.generate_private_key(65537, 2048)


@pytest_asyncio.fixture
async def tool(keys: KeyRing, tool_key: rsa.RSAPrivateKey) -> AsyncIterator[tuple[IndependentTool, Platform]]:
    """The independent tool and the platform with which it is registered."""
    made = IndependentTool(
        http=httpx2.AsyncClient(),
        url=URL,
        client_id="client-1",
        deployment_id="deployment-1",
        redirect_uri=f"{TOOL}/launch",
        key=tool_key,
    )
    registration = Registration(
        issuer=URL,
        client_id=made.client_id,
        deployment_ids=(made.deployment_id,),
        login_url=f"{TOOL}/login",
        launch_url=made.redirect_uri,
        redirect_uris=(made.redirect_uri,),
        jwks=made.jwks(),
    )
    platform = Platform(
        url=URL,
        clock=time.time,
        new_id=lambda: secrets.token_urlsafe(12),
        keys=keys,
        registrations=(registration,),
        people=(GRACE, ALAN),
        courses=COURSES,
        services=("ags", "nrps"),
    )
    transport = httpx2.ASGITransport(create_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=URL) as http:
        yield IndependentTool(**(vars(made) | {"http": http})), platform


def login(platform: Platform, role: str = "instructor", course: Course = COURSES[0], **values: Any) -> dict[str, str]:
    """The login request of a launch."""
    privacy = values.pop("privacy", "public")
    registration = platform.registrations[0]
    private = Registration(
        **{name: getattr(registration, name) for name in registration.__slots__} | {"privacy": privacy}
    )
    launch = platform.intend(private, person=GRACE, roles=[ROLES[role]], course=course, **values)
    return dict(platform.begin(launch).login.params)


@pytest.mark.parametrize(("role", "privacy"), list(itertools.product(ROLES, ("public", "anonymous"))))
async def test_a_payload_of_the_certification(tool: tuple[IndependentTool, Platform], role: str, privacy: str) -> None:
    """Student and instructor, with all personal data and with none: signed by RS256, with the claims that LTI wants."""
    own, platform = tool
    header, claims = await own.launched(login(platform, role, privacy=privacy))
    assert header["alg"] == "RS256"
    assert claims[f"{LTI}message_type"] == "LtiResourceLinkRequest"
    assert claims[f"{LTI}version"] == "1.3.0"
    assert claims[f"{LTI}deployment_id"] == own.deployment_id
    assert claims[f"{LTI}target_link_uri"] == f"{TOOL}/launch"
    assert claims[f"{LTI}resource_link"]["id"]
    assert claims[f"{LTI}roles"] == [ROLES[role]]
    assert claims[f"{LTI}context"]["id"] == "course-1"
    assert claims["sub"] == GRACE.sub
    assert set(claims) & PERSONAL == (PERSONAL if privacy == "public" else set())
    assert claims["iat"] <= time.time() < claims["exp"]


async def test_no_white_space_around_values(tool: tuple[IndependentTool, Platform]) -> None:
    """No text of a payload begins or ends with white space."""
    own, platform = tool
    _, claims = await own.launched(login(platform))

    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for key, inner in value.items() for text in (key, *texts(inner))]
        if isinstance(value, list):
            return [text for inner in value for text in texts(inner)]
        return [value] if isinstance(value, str) else []

    assert len(texts(claims)) > 30
    assert [text for text in texts(claims) if text != text.strip()] == []


async def test_the_key_set_is_where_the_configuration_says(tool: tuple[IndependentTool, Platform]) -> None:
    """Its keys are public RSA keys for signatures, each with a kid."""
    own, _ = tool
    configuration = await own.configuration()
    published = (await own.http.get(configuration["jwks_uri"])).json()["keys"]
    assert published
    for key in published:
        assert {"kty", "kid", "n", "e"} <= set(key)
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)


async def test_a_deep_link_there_and_back(tool: tuple[IndependentTool, Platform]) -> None:
    """A request brings its settings; a right response is taken, and what it brought can be launched."""
    own, platform = tool
    _, claims = await own.launched(login(platform, message="deep_linking"))
    assert claims[f"{LTI}message_type"] == "LtiDeepLinkingRequest"
    assert f"{LTI}resource_link" not in claims
    settings = claims[f"{DL}deep_linking_settings"]
    assert {"deep_link_return_url", "accept_types", "accept_presentation_document_targets"} <= set(settings)
    now = int(time.time())
    item = {
        "type": "ltiResourceLink",
        "title": "Quiz 7",
        "url": f"{TOOL}/quiz/7",
        "custom": {"quiz": "7"},
        "lineItem": {"label": "Quiz 7", "scoreMaximum": 12},
    }
    response = own.signed(
        {
            "iss": own.client_id,
            "aud": claims["iss"],
            "iat": now,
            "exp": now + 300,
            "nonce": secrets.token_urlsafe(16),
            f"{LTI}deployment_id": own.deployment_id,
            f"{LTI}message_type": "LtiDeepLinkingResponse",
            f"{LTI}version": "1.3.0",
            f"{DL}data": settings["data"],
            f"{DL}content_items": [item],
        }
    )
    answer = await own.http.post(settings["deep_link_return_url"], data={"JWT": response})
    assert answer.status_code == 200, answer.text
    (link,) = platform.state.links.page(group="course-1")
    _, launched = await own.launched(login(platform, link=link))
    assert launched[f"{LTI}resource_link"]["title"] == "Quiz 7"
    assert launched[f"{LTI}target_link_uri"] == item["url"]
    assert launched[f"{LTI}custom"]["quiz"] == "7"
    assert launched[AGS]["lineitem"]


async def test_names_and_roles(tool: tuple[IndependentTool, Platform]) -> None:
    """The claim says where; a token for the scope opens the roster, whose type and members are those of the service."""
    own, platform = tool
    _, claims = await own.launched(login(platform))
    assert "2.0" in claims[NRPS]["service_versions"]
    token = await own.token(ROSTER)
    answer = await own.call("GET", claims[NRPS]["context_memberships_url"], token, MEMBERS)
    assert answer.headers["content-type"].partition(";")[0] == MEMBERS
    told = answer.json()
    assert told["context"]["id"] == "course-1"
    by_id = {member["user_id"]: member for member in told["members"]}
    assert by_id[GRACE.sub]["roles"] == [INSTRUCTOR]
    assert by_id[GRACE.sub]["email"] == GRACE.email
    assert all(member["user_id"] and isinstance(member["roles"], list) for member in told["members"])


async def test_grades_of_two_courses(tool: tuple[IndependentTool, Platform]) -> None:
    """Three line items in two courses, a score in each, and its result: none is seen from the other course."""
    own, platform = tool
    token = await own.token(*(AGS_SCOPE + name for name in ("lineitem", "score", "result.readonly")))
    made: dict[str, list[str]] = {}
    for course, labels in zip(COURSES, (("Essay", "Quiz"), ("Dissection",)), strict=True):
        _, claims = await own.launched(login(platform, course=course))
        items = claims[AGS]["lineitems"]
        assert AGS_SCOPE + "score" in claims[AGS]["scope"]
        for label in labels:
            wanted = {"label": label, "scoreMaximum": 20, "resourceId": f"r-{label}", "tag": "grade"}
            answer = await own.call("POST", items, token, LINE_ITEM, wanted, status=201)
            item = answer.json()
            assert {**item, **wanted} == item
            made.setdefault(items, []).append(item["id"])
            stamp = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
            score = {
                "userId": GRACE.sub,
                "scoreGiven": 5,
                "scoreMaximum": 10,
                "activityProgress": "Completed",
                "gradingProgress": "FullyGraded",
                "timestamp": stamp,
                "comment": "Well done",
            }
            await own.call("POST", with_path(item["id"], "/scores"), token, SCORE, score, status=204)
            (result,) = (await own.call("GET", with_path(item["id"], "/results"), token, RESULTS)).json()
            assert (result["userId"], result["resultScore"], result["resultMaximum"]) == (GRACE.sub, 10, 20)
            assert result["comment"] == "Well done"
    for items, ids in made.items():
        listed = (await own.call("GET", items, token, LINE_ITEMS)).json()
        assert {item["id"] for item in listed} >= set(ids)
        others = {one for url, those in made.items() if url != items for one in those}
        assert not {item["id"] for item in listed} & others
    assert len({one for ids in made.values() for one in ids}) == 3
    assert all(re.match(re.escape(URL), one) for ids in made.values() for one in ids)
