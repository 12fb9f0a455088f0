from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from mockplatform.app import create_app
from mockplatform.control.app import Door, create_control
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Exchange
from mockplatform.records import Grant, Group, GroupSet, LineItem, PlacedLink, Returned, Score
from mockplatform.roster import changes
from mockplatform.tenants import Tenants
from tests.mockplatform.makers import COURSE, PERSON, PLATFORM, make_platform

pytestmark = pytest.mark.asyncio

CONTROL = "http://127.0.0.1:9401"
STATE = "/tenants/main/state"
FAULT = {"id": "f", "endpoint": "jwks", "verb": "status"}
ITEM = {"id": "i", "course_id": COURSE.id, "client_id": "Client-A", "label": "L", "score_maximum": 10}
SCORE: dict[str, Any] = {
    "line_item_id": "i",
    "user_id": PERSON.sub,
    "timestamp": "2026-01-01T00:00:00.5Z",
    "activity_progress": "Completed",
    "grading_progress": "FullyGraded",
}
JANE = {"sub": "jane", "given_name": "", "family_name": "", "email": ""}


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, services=("token", "ags"))


@pytest_asyncio.fixture
async def control(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_control(Tenants(platform), Door(url=CONTROL))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=CONTROL) as client:
        yield client


def known(platform: Platform) -> dict[str, Any]:
    """Every record of every table."""
    return {name: table.page() for name, table in vars(platform.state).items() if hasattr(table, "page")}


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({"faults": [FAULT, FAULT | {"id": "g", "verb": "nope"}]}, "faults[1]: unknown verb 'nope'; the verbs are: "),
        ({"faults": [FAULT | {"endpoint": "jwsk"}]}, "faults[0]: unknown endpoint 'jwsk'; did you mean 'jwks'?"),
        ({"faults": [FAULT | {"settings": {"kode": 1}}]}, "faults[0]: 'status' has no setting 'kode'; did you mean"),
        ({"faults": [FAULT | {"nth": 0}]}, "faults[0]: nth is 0, expected an integer from 1"),
        ({"faults": [FAULT | {"method": "BREW"}]}, "faults[0]: method is 'BREW', expected one of "),
        ({"faults": [FAULT, FAULT]}, "faults[1]: it has the ids of faults[0], expected once each"),
        ({"faults": [FAULT | {"id": str(index)} for index in range(201)]}, "faults[200]: it is one too many, expected"),
        ({"people": [JANE, JANE]}, "people[1]: it has the ids of people[0], expected once each"),
        ({"key_life": [{}, {}]}, "key_life[1]: it is one too many, expected at most 1"),
        ({"key_life": [{"signing": "nope"}]}, "key_life[0]: signing is 'nope', expected platform, or rotated if turns"),
        ({"key_life": [{"signing": "rotated"}]}, "key_life[0]: signing is 'rotated', expected platform, or rotated if"),
        ({"key_life": [{"signing": "rotated-3", "turns": 2}]},
         "key_life[0]: signing is 'rotated-3', expected platform, or rotated, rotated-2 … as 2 turns have made"),
        ({"key_life": [{"kid_of": "ec"}]}, "key_life[0]: kid_of is 'ec', expected platform, or rotated"),
        ({"key_life": [{"listed": [{}, {"key": "foreign"}]}]},
         "key_life[0]: listed[1].key is 'foreign', expected platform, ec, rotated-double, rotated-leaked, or rotated"),
        ({"key_life": [{"listed": [{"kid_of": "x"}]}]}, "key_life[0]: listed[0].kid_of is 'x', expected platform"),
        ({"key_life": [{"listed": [{"key": "ec", "has_private_half": True}]}]},
         "key_life[0]: listed[0].key is 'ec', expected an RSA key if it has_private_half"),
        ({"key_life": [{"listed": [{"key": "", "members": {"kid": 5}}]}]}, "key_life[0]: listed[0].members.kid is no "),
        ({"key_life": [{"turns": -1}]}, "key_life[0]: turns is -1, expected 0 or more"),
        ({"key_life": [{"decoys": 10**9}]}, "key_life[0]: many.count is 1000000000, expected an integer from 1"),
        ({"key_life": [{"max_age_s": -1}]}, "key_life[0]: cache_control.max_age_s is -1, expected an integer from 0"),
        ({"line_items": [ITEM | {"score_maximum": 0}]}, "line_items[0]: score_maximum is 0, expected more than 0"),
        ({"line_items": [ITEM | {"score_maximum": 10**400}]}, "line_items[0].score_maximum: the number is too large"),
        ({"scores": [SCORE | {"score_maximum": -1}]}, "scores[0]: score_maximum is -1, expected more than 0"),
        ({"scores": [SCORE | {"timestamp": "today"}]}, "scores[0]: timestamp is 'today': expected a date and time of"),
        ({"scores": [SCORE | {"extra": {"submission": 1}}]}, "scores[0]: extra.submission is no object; give "),
        ({"settings": {"quirks": {"token.formt": "jwt"}}}, "quirks: unknown quirk 'token.formt'"),
        ({"settings": {"services": ["agz"]}}, "services: unknown service 'agz', expected "),
    ],
)  # fmt: skip
async def test_what_no_endpoint_can_work_with_is_found_before_anything_is_dropped(
    control: httpx2.AsyncClient, platform: Platform, given: dict[str, Any], detail: str
) -> None:
    """A document with a mistake is refused in one line that names the place, and every record stays as it was."""
    before, state = known(platform), (await control.get(STATE)).json()
    answer = await control.put(STATE, json=state | {"people": []} | given)

    assert answer.status_code == 400
    assert detail in answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]
    assert known(platform) == before


async def test_a_number_that_no_text_can_hold_is_a_mistake_everywhere(control: httpx2.AsyncClient) -> None:
    """A whole number that is too large for a fraction is refused wherever a number is asked for."""
    answer = await control.patch("/tenants/main", json={"offset_s": 10**400})

    assert (answer.status_code, answer.json()["detail"]) == (400, "body: offset_s: the number is too large")


async def test_what_a_platform_can_come_to_can_be_brought_back(control: httpx2.AsyncClient, platform: Platform) -> None:
    """Whatever acts and removals leave behind is exported as a document that is taken, and comes back the same."""
    for name in (
        *("rotate", "publish_late", "duplicate_kid", "private_members", "extra_keys", "no_alg", "many", "rotate"),
        *("cache_control", "same_kid_new_key"),
    ):
        platform.key_set.act(name)
        taken = await control.put(STATE, json=(await control.get(STATE)).json())
        assert taken.status_code == 200, name
    state = platform.state
    platform.enrol(PERSON, COURSE, ["r"])
    item = LineItem(id="i", course_id=COURSE.id, client_id="Gone", label=" ", score_maximum=0.5, resource_link_id="x")
    state.line_items.put("i", item, group=COURSE.id)
    score = Score(**SCORE)
    state.scores.put(score.key, score, group="i")
    link = PlacedLink(
        id="l", course_id="c", client_id="Gone", issuer=PLATFORM, deployment_id="d", type="own", title="", url="x:y"
    )
    state.links.put("l", link, group="c")
    back = Returned(id="r", launch_id="", course_id="", client_id="", at_s=0, problems=("p",), claims={"a": [None]})
    state.returned.put("r", back)
    state.groups.put("g", Group(id="g", course_id=COURSE.id, name="", members=("gone",)), group=COURSE.id)
    state.group_sets.put("s", GroupSet(id="s", course_id=COURSE.id, name=""), group=COURSE.id)
    platform.faults.arm(endpoint="*", verb="status", times=1)
    platform.faults.due("jwks", "GET")
    state.courses.clear()
    state.registrations.clear()
    before, told = known(platform), (await control.get(STATE)).json()

    taken = await control.put(STATE, json=told)

    assert taken.status_code == 200, taken.text
    assert (await control.get(STATE)).json() == told
    assert known(platform) == before


async def test_what_no_document_holds_stays(control: httpx2.AsyncClient, platform: Platform) -> None:
    """A document changes neither access tokens nor the journal."""
    platform.state.grants.put("t", Grant(token="t", client_id="c", issuer="i", scopes=(), expires_s=1))
    platform.state.note(Exchange(asker="tool", method="GET", url="/", status=200), "x")
    told = (await control.get(STATE)).json()

    assert (await control.put(STATE, json=told | {"people": [JANE]})).status_code == 200
    assert [person.sub for person in platform.people] == ["jane"]
    assert (platform.state.grants.count(), len(platform.journal)) == (1, 1)


async def test_nobody_has_left_whom_a_document_does_not_know(control: httpx2.AsyncClient, platform: Platform) -> None:
    """Differences after a document tell of nobody who came and was changed before it (NRPS 2.4.3)."""
    told = (await control.get(STATE)).json()
    person = JANE | {"roles": ["Instructor"]}
    assert (await control.post("/tenants/main/people", json=person)).status_code == 201
    assert (await control.put("/tenants/main/people/jane", json=person | {"email": "j@example.org"})).status_code == 200
    assert (await control.put(STATE, json=told)).status_code == 200

    assert changes(platform, COURSE, 0.0) == ()


async def test_a_document_with_faults_and_keys_is_served(control: httpx2.AsyncClient, platform: Platform) -> None:
    """After a document with a fault and rotated keys the key set endpoint answers by them."""
    told = (await control.get(STATE)).json()
    life = {"signing": "rotated", "turns": 1, "listed": [{}, {"key": "rotated"}]}
    fault = FAULT | {"settings": {"code": 503}, "times": 1}
    assert (await control.put(STATE, json=told | {"faults": [fault], "key_life": [life]})).status_code == 200
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as http:
        answers = [await http.get("/jwks") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 200]
    assert [key["kid"] for key in answers[1].json()["keys"]] == [platform.keys.kid(n) for n in ("platform", "rotated")]
