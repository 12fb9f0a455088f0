from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from mockplatform.config import load_school
from mockplatform.control.app import Door, create_control
from mockplatform.control.contract import FURTHEST, MOST
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Person
from mockplatform.store import Kind
from mockplatform.stores.sql import SqlStore
from mockplatform.tenants import Tenants
from tests.mockplatform.makers import PERSON, make_platform
from tests.mockplatform.services.asking import talking_to

pytestmark = pytest.mark.asyncio

CONTROL = "http://127.0.0.1:9401"
COURSE = {"id": "new", "label": "N", "title": "New"}
LISTS = ("people", "journal", "courses", "registrations", "launches", "courses/course-9/roster")
TOOL = """
[[registration]]
client_id = "a"
deployment_ids = ["1"]
login_url = "http://127.0.0.1:8000/login"
launch_url = "http://127.0.0.1:8000/launch"
"""


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys)


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_control(Tenants(platform), Door(url=CONTROL))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=CONTROL) as client:
        yield client


@pytest.mark.parametrize("offset", ["99999999999999999999999", str(2**63), str(FURTHEST + 1), "-1"])
@pytest.mark.parametrize("name", LISTS)
async def test_an_offset_has_a_range(http: httpx2.AsyncClient, name: str, offset: str) -> None:
    """A page that no list has is refused in one line that says where one may begin."""
    answer = await http.get(f"/tenants/main/{name}?offset={offset}")

    assert answer.status_code == 400
    assert answer.json()["detail"] == f"query: offset is {offset}, expected a number from 0 to {FURTHEST}"


@pytest.mark.parametrize("name", LISTS)
async def test_the_furthest_page_is_empty(http: httpx2.AsyncClient, name: str) -> None:
    """The largest offset that may be asked for is answered."""
    assert (await http.get(f"/tenants/main/{name}?offset={FURTHEST}&limit={MOST}")).status_code == 200


async def test_a_database_has_the_furthest_page(tmp_path: Path) -> None:
    """What may be asked for is no more than a database can count."""
    store = SqlStore(f"sqlite:///{tmp_path / 'store.db'}")
    table = store.table(Kind("people", Person), "main")
    table.put("a", PERSON)

    assert table.page(offset=FURTHEST, limit=MOST) == []
    store.close()


@pytest.mark.parametrize("crowd", [-1, 10**30, 1_000_001])
async def test_a_crowd_has_a_range(http: httpx2.AsyncClient, platform: Platform, crowd: int) -> None:
    """No course gets a crowd that nobody can list, however it is added or changed."""
    told = f"body: crowd is {crowd}, expected a number from 0 to 1000000"
    state = (await http.get("/tenants/main/state")).json()
    asked: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("POST", "courses", COURSE | {"crowd": crowd}),
        ("PUT", "courses/course-9", COURSE | {"id": "course-9", "crowd": crowd}),
        ("PUT", "state", state | {"courses": [COURSE | {"crowd": crowd}]}),
    )
    for method, name, body in asked:
        answer = await http.request(method, f"/tenants/main/{name}", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (400, told)

    assert [course.crowd for course in platform.courses] == [0]


async def test_a_form_adds_no_course_without_bounds(platform: Platform) -> None:
    """The page of the courses refuses a crowd, or an id, that the control API would refuse."""
    async with talking_to(platform) as http:
        crowded = await http.post("/courses", data={"id": "new", "crowd": "999999999"})
        lost = await http.post("/courses", data={"id": ".."})

    assert (crowded.status_code, lost.status_code) == (400, 400)
    assert "expected a number from 0 to 1000000" in crowded.text
    assert len(platform.courses) == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("id = 'c'\ncrowd = -1", "course[0].crowd is -1, expected a number from 0 to 1000000"),
        ("id = '..'", "course[0].id is '..', which is lost in the path of a URL; give another one"),
    ],
)
async def test_a_file_has_the_same_bounds(tmp_path: Path, line: str, told: str) -> None:
    """A course of a file is held to what a course of the control API is."""
    file = tmp_path / "school.toml"
    file.write_text(f"{TOOL}[[course]]\n{line}\nlabel = 'C'\ntitle = 'C'\n", encoding="utf-8")

    with pytest.raises(UsageError) as raised:
        load_school(file)

    assert str(raised.value) == f"{file}: {told}"


@pytest.mark.parametrize("course_id", [".", ".."])
async def test_a_course_is_not_lost_in_a_path(http: httpx2.AsyncClient, platform: Platform, course_id: str) -> None:
    """No course has an id that clients leave out of a URL (RFC 3986, section 5.2.4)."""
    answer = await http.post("/tenants/main/courses", json=COURSE | {"id": course_id})

    assert answer.status_code == 400
    assert "which is lost in the path of a URL" in answer.json()["detail"]
    assert platform.course(course_id) is None


@pytest.mark.parametrize("lifetime_s", [-1, 1e300, 31_536_001])
async def test_an_invitation_lives_for_a_while(http: httpx2.AsyncClient, lifetime_s: float) -> None:
    """An invitation that has expired before it is made, or never does, is refused with the range."""
    body = {"tool_url": "http://127.0.0.1:8000/register", "lifetime_s": lifetime_s}

    answer = await http.post("/tenants/main/invitations", json=body)

    assert answer.status_code == 400
    assert "expected seconds from 0 to 31536000" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["nth", "times"])
async def test_a_fault_counts_so_far(http: httpx2.AsyncClient, platform: Platform, name: str) -> None:
    """A fault that no request will ever meet is refused with the range."""
    body = {"endpoint": "jwks", "verb": "status", name: 10**30}

    answer = await http.post("/tenants/main/faults", json=body)

    assert answer.status_code == 400
    assert answer.json()["detail"] == f"fault: {name} is {10**30}, expected an integer from 1 to 1000000000"
    assert platform.faults.all() == []


@pytest.mark.parametrize("endpoint", ["any", "tokn", "everywhere"])
async def test_the_name_of_every_endpoint_is_told(http: httpx2.AsyncClient, endpoint: str) -> None:
    """Whoever names an endpoint that is not there is told of the one name that stands for all."""
    answer = await http.post("/tenants/main/faults", json={"endpoint": endpoint, "verb": "status"})

    assert (answer.status_code, "*" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(("name", "most"), [("keys.further", 10_000), ("token.expires_in", 31_536_000)])
async def test_a_number_of_a_quirk_has_a_range(http: httpx2.AsyncClient, name: str, most: int) -> None:
    """A platform is asked for no more keys, and for no longer lives, than it can give."""
    kept = await http.patch("/tenants/main", json={"quirks": {name: most}})
    refused = await http.patch("/tenants/main", json={"quirks": {name: most + 1}})

    assert (kept.status_code, refused.status_code) == (200, 400)
    assert refused.json()["detail"] == f"quirks: quirk '{name}' is {most + 1}, expected a whole number up to {most}"


@pytest.mark.parametrize("issuer", ["", "x", "javascript:x", "https://lms.example/?a=1"])
async def test_a_state_has_an_issuer(http: httpx2.AsyncClient, platform: Platform, issuer: str) -> None:
    """A state document of a platform that cannot be is refused before anything is dropped (SEC 5.1.2)."""
    state = (await http.get("/tenants/main/state")).json()

    answer = await http.put("/tenants/main/state", json=state | {"issuer": issuer, "people": []})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"body: issuer: {issuer!r} ")
    assert platform.people == (PERSON,)
