from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio

from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.records import Group, GroupSet
from mockplatform.services.groups import CLAIM, GROUPS_TYPE, SCOPE, SETS_TYPE
from mockplatform.services.nrps import SCOPE as ROSTER_SCOPE
from tests.mockplatform.makers import COURSE, INSTRUCTOR, PERSON, PLATFORM, make_platform
from tests.mockplatform.services.asking import bearer, links_of, talking_to

pytestmark = pytest.mark.asyncio

GROUPS = f"{PLATFORM}/lti/courses/course-9/groups"
SETS = f"{PLATFORM}/lti/courses/course-9/group-sets"
TEACHER = replace(PERSON, sub="teacher", roles=(INSTRUCTOR,))


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    crowd = replace(COURSE, crowd=40)
    return make_platform(keys, people=(PERSON, TEACHER), courses=(crowd,), services=("groups",))


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    async with talking_to(platform) as client:
        client.headers.update(bearer(platform, SCOPE))
        yield client


def make_groups(platform: Platform, count: int) -> None:
    """Groups in one set, the last of them in none; person-7 is in the first two."""
    platform.state.group_sets.put("set-1", GroupSet(id="set-1", course_id="course-9", name="Labs"), group="course-9")
    for number in range(count):
        group = Group(
            id=f"g{number}",
            course_id="course-9",
            name=f"Lab {number}",
            set_id="" if number == count - 1 else "set-1",
            members=("person-7",) if number < 2 else (),
        )
        platform.state.groups.put(group.id, group, group="course-9")


async def test_the_launch_says_where_the_groups_are(platform: Platform) -> None:
    """A launch's claim names groups, sets, scope and version 1.0 (Course Groups 1.0)."""
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)

    assert launch.extra[CLAIM] == {
        "scope": ["https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"],
        "context_groups_url": GROUPS,
        "context_group_sets_url": SETS,
        "service_versions": ["1.0"],
    }


async def test_groups_and_sets(http: httpx2.AsyncClient, platform: Platform) -> None:
    """What was made for a course is listed; a group without a set, or without a tag, does not name one."""
    make_groups(platform, 2)
    groups, sets = await http.get(GROUPS), await http.get(SETS)

    assert groups.headers["content-type"] == GROUPS_TYPE
    assert groups.json() == {
        "id": GROUPS,
        "groups": [{"id": "g0", "name": "Lab 0", "set_id": "set-1"}, {"id": "g1", "name": "Lab 1"}],
    }
    assert sets.headers["content-type"] == SETS_TYPE
    assert sets.json() == {"id": SETS, "sets": [{"id": "set-1", "name": "Labs"}]}


async def test_groups_of_one_user(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Filtered by user_id, only the groups of that member are listed; nobody's are none."""
    make_groups(platform, 4)
    listed = {
        user: [group["id"] for group in (await http.get(GROUPS, params={"user_id": user})).json()["groups"]]
        for user in ("person-7", "teacher", "nobody")
    }

    assert listed == {"person-7": ["g0", "g1"], "teacher": [], "nobody": []}


async def test_pages_of_groups(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Groups come in pages that rel=next leads through."""
    make_groups(platform, 5)
    found = []
    url: str | None = f"{GROUPS}?limit=2"
    while url is not None:
        answer = await http.get(url)
        found.append([group["id"] for group in answer.json()["groups"]])
        url = links_of(answer).get("next")

    assert found == [["g0", "g1"], ["g2", "g3"], ["g4"]]


async def test_a_course_for_which_no_group_was_made(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Two teams in one set divide the learners of such a course: each is in one of them, and both have members."""
    groups = (await http.get(GROUPS)).json()["groups"]
    (made_set,) = (await http.get(SETS)).json()["sets"]
    roster = await http.get(
        f"{PLATFORM}/lti/courses/course-9/memberships?groups=true", headers=bearer(platform, ROSTER_SCOPE)
    )
    members = roster.json()["members"]
    teams = {one["user_id"]: [group["group_id"] for group in one["group_enrollments"]] for one in members}

    assert [group["set_id"] for group in groups] == [made_set["id"]] * 2
    assert teams.pop("teacher") == []
    assert {len(found) for found in teams.values()} == {1}
    assert {group for found in teams.values() for group in found} == {group["id"] for group in groups}
    mine = (await http.get(GROUPS, params={"user_id": "person-7"})).json()["groups"]
    assert [group["id"] for group in mine] == teams["person-7"]
    assert platform.state.groups.count() == 0


@pytest.mark.parametrize("path", ["groups", "group-sets"])
async def test_an_unknown_course_has_no_groups(http: httpx2.AsyncClient, path: str) -> None:
    """A course that the platform does not have is not found."""
    assert (await http.get(f"{PLATFORM}/lti/courses/course-8/{path}")).status_code == 404


@pytest.mark.parametrize("url", [GROUPS, SETS])
async def test_the_door_of_the_groups(platform: Platform, url: str) -> None:
    """Groups are read with their own scope, not with that of the roster."""
    async with talking_to(platform) as http:
        assert (await http.get(url)).status_code == 401
        assert (await http.get(url, headers=bearer(platform, ROSTER_SCOPE))).status_code == 403
