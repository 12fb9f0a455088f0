from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis.strategies import integers, lists, sampled_from, sets

from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Course, Person, Registration
from mockplatform.records import Enrolment, Group, GroupSet, PlacedLink
from mockplatform.roster import member, roster, set_status
from mockplatform.services.nrps import CLAIM, MEDIA_TYPE, SCOPE
from mockplatform.store import MemoryTable
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LAW,
    NOW_S,
    PERSON,
    PLATFORM,
    make_platform,
    make_registration,
)
from tests.mockplatform.services.asking import bearer, links_of, talking_to

pytestmark = pytest.mark.asyncio

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
MEMBERSHIPS = f"{PLATFORM}/lti/courses/course-9/memberships"

MONONYM = Person(sub="person-1", given_name="", family_name="Sukarno", email="")
TEACHER = Person(sub="person-2", given_name="Ada", family_name="L", email="ada@example.org", roles=(INSTRUCTOR,))
GUEST = Person(sub="guest-5", given_name="Gu", family_name="Est", email="guest@example.org")
CLAIM_PREFIX = "https://purl.imsglobal.org/spec/lti/claim/"


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, people=(PERSON, MONONYM, TEACHER), services=("nrps",))


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    async with talking_to(platform) as client:
        client.headers.update(bearer(platform, SCOPE))
        client.headers["accept"] = MEDIA_TYPE
        yield client


def subs(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [member["user_id"] for member in answer.json()["members"]]


async def all_pages(http: httpx2.AsyncClient, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: str | None = url
    while following is not None:
        answer = await http.get(following)
        assert answer.status_code == 200, answer.text
        found += answer.json()["members"]
        following = links_of(answer).get("next")
    return found


async def test_the_launch_says_where_the_roster_is(platform: Platform) -> None:
    """A launch's claim names the course's memberships and version 2.0 (NRPS 3.6.1.1)."""
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)

    assert launch.extra[CLAIM] == {"context_memberships_url": MEMBERSHIPS, "service_versions": ["2.0"]}


async def test_a_course_whose_id_needs_escapes(keys: KeyRing) -> None:
    """The URL in the claim leads to the course, whatever its id consists of."""
    course = Course(id="c 1?&#ü%2F", label="", title="Odd")
    platform = make_platform(keys, courses=(course,), services=("nrps",))
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=course)
    async with talking_to(platform) as http:
        url = launch.extra[CLAIM]["context_memberships_url"]
        answer = await http.get(url, headers=bearer(platform, SCOPE))

    assert answer.json()["context"] == {"id": "c 1?&#ü%2F", "title": "Odd"}


async def test_the_roster(http: httpx2.AsyncClient) -> None:
    """The container names the course, and of each member the id, the status, the roles and what is known (NRPS 2.2)."""
    answer = await http.get(MEMBERSHIPS)

    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json() == {
        "id": MEMBERSHIPS,
        "context": {"id": "course-9", "label": "BIO 7", "title": "Zellen & Gewebe"},
        "members": [
            {
                "user_id": "person-7",
                "status": "Active",
                "roles": [LEARNER],
                "given_name": "Zoë",
                "family_name": "Nguyễn",
                "name": "Zoë Nguyễn",
                "email": "zoe@example.org",
            },
            {
                "user_id": "person-1",
                "status": "Active",
                "roles": [LEARNER],
                "family_name": "Sukarno",
                "name": "Sukarno",
            },
            {
                "user_id": "person-2",
                "status": "Active",
                "roles": [INSTRUCTOR],
                "given_name": "Ada",
                "family_name": "L",
                "name": "Ada L",
                "email": "ada@example.org",
            },
        ],
    }


@pytest.mark.parametrize(
    ("privacy", "fields"),
    [
        ("public", {"given_name", "family_name", "name", "email"}),
        ("name", {"given_name", "family_name", "name"}),
        ("email", {"email"}),
        ("anonymous", set()),
    ],
)
async def test_privacy(http: httpx2.AsyncClient, platform: Platform, privacy: Any, fields: set[str]) -> None:
    """A tool gets no more of a member than its registration allows."""
    platform.register(make_registration(privacy=privacy))
    first = (await http.get(MEMBERSHIPS)).json()["members"][0]

    assert first.keys() == {"user_id", "status", "roles"} | fields


async def test_a_launch_counts_more_than_the_own_roles(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Whoever has launched has the roles of the launch; somebody from elsewhere joins the roster, once."""
    for person, roles in ((PERSON, [ASSISTANT, INSTRUCTOR]), (GUEST, []), (GUEST, ["Learner"])):
        platform.begin(platform.intend(platform.registrations[0], person=person, roles=roles, course=COURSE))
    answer = await http.get(MEMBERSHIPS)

    assert subs(answer) == ["person-7", "person-1", "person-2", "guest-5"]
    roles_of = {member["user_id"]: member["roles"] for member in answer.json()["members"]}
    assert roles_of["person-7"] == [ASSISTANT, INSTRUCTOR]
    assert roles_of["guest-5"] == [LEARNER]


async def test_an_administrator_is_no_member(keys: KeyRing) -> None:
    """Somebody without a role in the context is on the roster only after a launch; a sub-role is a role in it."""
    people = (
        replace(PERSON, sub="admin", roles=(ADMINISTRATOR,)),
        replace(PERSON, sub="assistant", roles=(ASSISTANT,)),
    )
    platform = make_platform(keys, people=people)
    before = [entry.person.sub for entry in roster(platform, COURSE).members]
    platform.enrol(people[0], COURSE, [ADMINISTRATOR])

    assert before == ["assistant"]
    assert [entry.person.sub for entry in roster(platform, COURSE).members] == ["admin", "assistant"]


async def test_a_course_known_from_a_launch_alone(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A course from which somebody has launched has a roster, too."""
    course = Course(id="c-77", label="NEW", title="New")
    platform.begin(platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=course))

    assert "person-7" in subs(await http.get(f"{PLATFORM}/lti/courses/c-77/memberships"))


async def test_an_unknown_course(http: httpx2.AsyncClient) -> None:
    """A course that the platform does not have is not found, in a sentence."""
    answer = await http.get(f"{PLATFORM}/lti/courses/course-8/memberships")

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert "'course-8'" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("role", "found"),
    [
        ("Instructor", ["person-2"]),
        (INSTRUCTOR, ["person-2"]),
        ("Learner", ["person-7", "person-1"]),
        ("Mentor", []),
        (ADMINISTRATOR, []),
    ],
)
async def test_the_role_filter(http: httpx2.AsyncClient, role: str, found: list[str]) -> None:
    """A role filters by its full URI, or by the short name of a context role (NRPS 2.4.1)."""
    assert subs(await http.get(MEMBERSHIPS, params={"role": role})) == found


async def test_a_role_cut_off_at_its_number_sign(http: httpx2.AsyncClient) -> None:
    """A tool that forgets to escape the # of a role is told so."""
    answer = await http.get(f"{MEMBERSHIPS}?role={INSTRUCTOR}")

    assert answer.status_code == 400
    assert "%23" in answer.json()["error_description"]


async def test_pages(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Followed by rel=next, pages hold everybody once, with filters and limit kept (NRPS 2.4.2)."""
    platform.state.courses.put(COURSE.id, replace(COURSE, crowd=7))
    url: str | None = f"{MEMBERSHIPS}?limit=4&role=Learner"
    pages = []
    while url is not None:
        answer = await http.get(url)
        pages.append(subs(answer))
        url = links_of(answer).get("next")

    assert [len(page) for page in pages] == [4, 4, 1]
    assert [sub for page in pages for sub in page] == [
        "person-7",
        "person-1",
        *(f"course-9-member-{index}" for index in range(7)),
    ]


async def test_no_page_is_empty(http: httpx2.AsyncClient) -> None:
    """A page that nobody would stand on is not announced."""
    assert "next" not in links_of(await http.get(f"{MEMBERSHIPS}?limit=3"))
    answer = await http.get(f"{MEMBERSHIPS}?limit=1&role=Learner")
    assert "next" in links_of(answer)
    assert "next" not in links_of(await http.get(links_of(answer)["next"]))


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "٣"])
async def test_a_limit_that_is_none(http: httpx2.AsyncClient, limit: str) -> None:
    """A limit that is no whole number above 0 is refused by name."""
    answer = await http.get(MEMBERSHIPS, params={"limit": limit})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "limit" in answer.json()["error_description"]


@pytest.mark.parametrize("query", ["since=x", "since=nan", "as_of=inf&limit=1", "since=1&since=2"])
async def test_a_moment_that_is_none(http: httpx2.AsyncClient, query: str) -> None:
    """A moment that no Link header has named is refused."""
    assert (await http.get(f"{MEMBERSHIPS}?{query}")).status_code == 400


@pytest.mark.parametrize("page_size", [0, 2, 100])
async def test_the_page_size_of_the_platform(keys: KeyRing, page_size: int) -> None:
    """A platform's own page size holds without a limit and against a larger one; 0 is one page for all."""
    crowd = replace(COURSE, crowd=203)
    platform = make_platform(keys, courses=(crowd,), quirks={"nrps.page_size": page_size})
    async with talking_to(platform) as http:
        http.headers.update(bearer(platform, SCOPE))
        first = await http.get(MEMBERSHIPS)
        larger = await http.get(f"{MEMBERSHIPS}?limit=150")
        everybody = await all_pages(http, MEMBERSHIPS)

    assert len(subs(first)) == (page_size or 204)
    assert len(subs(larger)) == (page_size or 150)
    assert len(everybody) == len({member["user_id"] for member in everybody}) == 204


class CountingTable(MemoryTable[Enrolment]):
    """Counts what is looked at."""

    looked_at = 0

    def get(self, key: str) -> Enrolment | None:
        self.looked_at += 1
        return super().get(key)

    def page(self, **wanted: Any) -> list[Enrolment]:
        found = super().page(**wanted)
        self.looked_at += len(found)
        return found


@pytest.mark.parametrize("offset", [0, 50, 99_900])
async def test_a_page_of_a_crowd_costs_the_same_at_any_size(keys: KeyRing, offset: int) -> None:
    """Of a hundred thousand members, no more is looked at for a page than stands on two; nothing is kept."""
    crowd = replace(COURSE, crowd=100_000)
    platform = make_platform(keys, courses=(crowd,))
    table = CountingTable()
    platform.state.enrolments = table
    platform.enrol(GUEST, crowd, [LEARNER])
    page = roster(platform, crowd, offset=offset, limit=100)

    assert len(page.members) == 100
    assert table.looked_at <= 400
    assert table.count() == 1


async def test_the_last_of_a_crowd(keys: KeyRing) -> None:
    """The last page of a crowd is short and the end."""
    crowd = replace(COURSE, crowd=100_000)
    platform = make_platform(keys, courses=(crowd,))
    page = roster(platform, crowd, offset=99_950, limit=100)

    assert (len(page.members), page.next_offset) == (51, None)
    assert page.members[-1].person.sub == "course-9-member-99999"


async def test_people_of_a_crowd_differ(keys: KeyRing) -> None:
    """Members of a crowd have names and addresses of their own, the same each time, and can be asked for."""
    crowd = replace(COURSE, crowd=400)
    platform = make_platform(keys, people=(), courses=(crowd,))
    found = roster(platform, crowd, limit=400).members

    assert len({entry.person.name for entry in found}) == len({entry.person.email for entry in found}) == 400
    assert roster(platform, crowd, limit=400).members == found
    assert member(platform, crowd, "course-9-member-399") == found[399]
    assert member(platform, crowd, "course-9-member-400") is None
    assert member(platform, crowd, "course-9-member-0399") is None


async def test_one_of_a_crowd_who_launches(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A member of a crowd who launches in another role is listed once, in that role."""
    crowd = replace(COURSE, crowd=3)
    platform.state.courses.put(COURSE.id, crowd)
    found = member(platform, crowd, "course-9-member-1")
    assert found is not None
    platform.enrol(found.person, crowd, [INSTRUCTOR])

    everybody = {one["user_id"]: one["roles"] for one in await all_pages(http, f"{MEMBERSHIPS}?limit=2")}
    assert len(everybody) == 6
    assert everybody["course-9-member-1"] == [INSTRUCTOR]
    assert subs(await http.get(f"{MEMBERSHIPS}?role=Instructor")) == ["person-2", "course-9-member-1"]


async def test_statuses(http: httpx2.AsyncClient, platform: Platform) -> None:
    """An inactive member stays on the roster, a deleted one does not (NRPS 2.3)."""
    platform.state.courses.put(COURSE.id, replace(COURSE, crowd=2))
    set_status(platform, "course-9", "person-1", "Inactive")
    set_status(platform, "course-9", "person-2", "Deleted")
    set_status(platform, "course-9", "course-9-member-0", "Deleted")
    answer = await http.get(MEMBERSHIPS)

    assert subs(answer) == ["person-7", "person-1", "course-9-member-1"]
    assert [one["status"] for one in answer.json()["members"]] == ["Active", "Inactive", "Active"]
    gone = {entry.person.sub: entry.status for entry in roster(platform, COURSE, gone=True).members}
    assert gone["person-2"] == "Deleted"


@pytest.mark.parametrize(("course", "sub"), [("course-8", "person-7"), ("course-9", "person-8")])
async def test_a_status_of_nobody(platform: Platform, course: str, sub: str) -> None:
    """A status for somebody who is not there is the caller's mistake, and says which."""
    with pytest.raises(UsageError, match="course-8|person-8"):
        set_status(platform, course, sub, "Inactive")


async def test_differences(keys: KeyRing) -> None:
    """The URL of rel=differences brings whoever has changed or left since the first page, and one for next time."""
    now = [NOW_S]
    platform = make_platform(keys, people=(PERSON, MONONYM, TEACHER), clock=lambda: now[0])
    async with talking_to(platform) as http:
        http.headers.update(bearer(platform, SCOPE))
        platform.enrol(GUEST, COURSE, [LEARNER])
        now[0] += 10
        first = await http.get(f"{MEMBERSHIPS}?limit=2")
        now[0] += 10
        set_status(platform, "course-9", "person-2", "Deleted")
        now[0] += 10
        last = await http.get(links_of(first)["next"])
        changed = await http.get(links_of(last)["differences"])
        now[0] += 10
        set_status(platform, "course-9", "person-7", "Inactive")
        later = await http.get(links_of(changed)["differences"])

    assert "limit" not in links_of(first)["differences"]
    assert [(one["user_id"], one["status"]) for one in changed.json()["members"]] == [("person-2", "Deleted")]
    assert subs(later) == ["person-7"]


async def test_differences_have_pages_and_filters(http: httpx2.AsyncClient, platform: Platform) -> None:
    """What has changed comes in pages, too, and only in the role that the roster was asked for."""
    url = links_of(await http.get(f"{MEMBERSHIPS}?role=Learner"))["differences"]
    for number in range(5):
        platform.enrol(replace(GUEST, sub=f"guest-{number}"), COURSE, [LEARNER])
    platform.enrol(TEACHER, COURSE, [INSTRUCTOR])
    first = await http.get(f"{url}&limit=3")

    assert len(subs(first)) == 3
    assert len(await all_pages(http, f"{url}&limit=3")) == 5


async def test_a_link_brings_messages(http: httpx2.AsyncClient, platform: Platform) -> None:
    """With rlid each member has the message of a launch, by LTI 1.3 claim names, its variables filled in (NRPS 3.2)."""
    platform.register(make_registration(custom={"who": "$User.id", "mail": "$Person.email.primary", "fix": "1"}))
    told = (await http.get(MEMBERSHIPS, params={"rlid": "link-course-9"})).json()["members"]

    assert [len(one["message"]) for one in told] == [1, 1, 1]
    message = told[0]["message"][0]
    assert message[f"{CLAIM_PREFIX}message_type"] == "LtiResourceLinkRequest"
    assert message["locale"] == "de-DE"
    assert message[f"{CLAIM_PREFIX}custom"] | {"who": "person-7"} == message[f"{CLAIM_PREFIX}custom"]
    assert told[2]["message"][0][f"{CLAIM_PREFIX}custom"]["mail"] == "ada@example.org"


async def test_messages_keep_privacy(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A variable tells an anonymous tool nothing that the member's own fields hide."""
    platform.register(make_registration(custom={"mail": "$Person.email.primary"}, privacy="anonymous"))
    answer = await http.get(MEMBERSHIPS, params={"rlid": "link-course-9"})

    assert "zoe@example.org" not in answer.text


async def test_messages_as_objects(keys: KeyRing) -> None:
    """A platform may have the habit of sending one message where a list of them is due."""
    platform = make_platform(keys, quirks={"nrps.message_as_object": True})
    async with talking_to(platform) as http:
        answer = await http.get(MEMBERSHIPS, params={"rlid": "link-course-9"}, headers=bearer(platform, SCOPE))

    assert answer.json()["members"][0]["message"][f"{CLAIM_PREFIX}message_type"] == "LtiResourceLinkRequest"


def placed(**values: Any) -> PlacedLink:
    given: dict[str, Any] = {
        "id": "placed-1",
        "course_id": "course-9",
        "client_id": "Client-A",
        "issuer": PLATFORM,
        "deployment_id": "Dep-1",
        "type": "ltiResourceLink",
        "title": "Placed",
    }
    return PlacedLink(**given | values)


@pytest.mark.parametrize(
    ("link", "status"),
    [
        (placed(), 200),
        (placed(course_id="course-8"), 403),
        (placed(client_id="Client-B"), 403),
        (placed(issuer="https://other.example"), 403),
        (placed(id="placed-2"), 404),
    ],
)
async def test_foreign_links(http: httpx2.AsyncClient, platform: Platform, link: PlacedLink, status: int) -> None:
    """A link of another tool or course is refused, one that is not there is not found (NRPS 3.1)."""
    platform.state.links.put(link.id, link, group=link.course_id)
    answer = await http.get(MEMBERSHIPS, params={"rlid": "placed-1"})

    assert answer.status_code == status
    if status != 200:
        assert "rlid is 'placed-1'" in answer.json()["error_description"]


async def test_groups_of_members(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Asked for, the groups of a member stand beside it; otherwise they do not (Course Groups 1.0)."""
    platform.state.group_sets.put("s", GroupSet(id="s", course_id="course-9", name="Labs"), group="course-9")
    group = Group(id="g", course_id="course-9", name="Lab 1", set_id="s", members=("person-7",))
    platform.state.groups.put("g", group, group="course-9")
    told = (await http.get(f"{MEMBERSHIPS}?groups=true")).json()["members"]

    assert [one["group_enrollments"] for one in told] == [[{"group_id": "g"}], [], []]
    assert "group_enrollments" not in (await http.get(MEMBERSHIPS)).text


async def test_a_tool_that_is_no_longer_registered(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A token outlives its registration, but opens nothing then."""
    platform.registrations = ()

    assert (await http.get(MEMBERSHIPS)).status_code == 401


async def test_the_tool_is_looked_up_once(
    http: httpx2.AsyncClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom a token was granted to is asked of the store once in a call, whatever the call needs of the tool."""
    table, asked = platform.state.registrations, []
    get = table.get

    def counted(key: str) -> Registration | None:
        asked.append(key)
        return get(key)

    monkeypatch.setattr(table, "get", counted)
    answer = await http.get(MEMBERSHIPS)

    assert (answer.status_code, asked) == (200, [platform.registrations[0].key])


async def test_the_door(platform: Platform) -> None:
    """Without a token, with another scope, or wanting another type, nobody reads the roster (NRPS 2.4, 3.6.1)."""
    async with talking_to(platform) as http:
        other = bearer(platform, "https://purl.imsglobal.org/spec/lti-ags/scope/score")
        assert (await http.get(MEMBERSHIPS)).status_code == 401
        assert (await http.get(MEMBERSHIPS, headers=other)).status_code == 403
        wrong = bearer(platform, SCOPE) | {"accept": "application/json"}
        assert (await http.get(MEMBERSHIPS, headers=wrong)).status_code == 406


async def test_a_tool_that_may_not_ask(keys: KeyRing) -> None:
    """A launch of a tool whose registration lacks the scope does not say where the roster is."""
    others = ("https://purl.imsglobal.org/spec/lti-ags/scope/score",)
    platform = make_platform(keys, registrations=(make_registration(scopes=others),), services=("nrps", "groups"))
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)

    assert launch.extra == {}


async def test_a_message_without_a_course(platform: Platform) -> None:
    """A message that belongs to no course names no roster."""
    launch = platform.intend(
        platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE, message="data_privacy"
    )

    assert CLAIM not in launch.extra


@LAW
@given(
    crowd=integers(0, 130),
    limit=integers(1, 120),
    enrolled=lists(sampled_from(["person-7", "person-2", "guest-5", "course-9-member-3", "course-9-member-101"])),
    gone=sets(sampled_from(["person-7", "person-1", "course-9-member-0", "course-9-member-99"])),
)
async def test_pages_are_the_roster(crowd: int, limit: int, enrolled: list[str], gone: set[str]) -> None:
    """However large the pages are, together they are the roster: everybody once, nobody who has left."""
    course = replace(COURSE, crowd=crowd)
    platform = make_platform(KeyRing(), people=(PERSON, MONONYM, TEACHER), courses=(course,))
    for sub in enrolled:
        found = member(platform, course, sub)
        platform.enrol(found.person if found else replace(GUEST, sub=sub), course, [INSTRUCTOR])
    left = {sub for sub in gone if member(platform, course, sub)}
    for sub in left:
        set_status(platform, course.id, sub, "Deleted")
    pages = []
    offset: int | None = 0
    while offset is not None:
        page = roster(platform, course, offset=offset, limit=limit)
        pages.append([entry.person.sub for entry in page.members])
        offset = page.next_offset
    listed = [sub for page in pages for sub in page]

    crowded = {f"course-9-member-{index}" for index in range(crowd)}
    assert all(len(page) == limit for page in pages[:-1])
    assert len(listed) == len(set(listed))
    assert set(listed) == ({"person-7", "person-1", "person-2"} | crowded | set(enrolled)) - left
    assert all(member(platform, course, sub) is not None for sub in listed)
