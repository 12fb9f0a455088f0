from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from mockplatform.app import create_app
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.mutation import bind
from mockplatform.store import MemoryStore
from mockplatform.stores.sql import SqlStore
from mockplatform.tenants import Tenants
from tests.mockplatform.makers import COURSE, NOW_S, PERSON, PLATFORM, make_launch, make_platform
from tests.mockplatform.services.asking import bearer

pytestmark = pytest.mark.asyncio

LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
MEDIA_TYPE = "application/vnd.ims.lis.v2.lineitem+json"


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, services=("token", "ags"))


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as client:
        yield client


async def test_only_launches_are_counted_at_the_canary(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A path that belongs to no launch is answered like any other, and nothing is remembered of it."""
    platform.begin(make_launch(id="mine"))
    answers = [await http.get(f"/canary/{name}/jwks") for name in ("mine", "other", "mine")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert platform.canary_hits == {"mine": 2}


async def test_a_lie_about_the_hint_hides_no_launch_from_the_canary(
    http: httpx2.AsyncClient, platform: Platform
) -> None:
    """A launch whose login has sent another hint is counted under its own id."""
    platform.begin(
        make_launch(id="mine"), [bind("login.changed(name='lti_message_hint', value='other')", where="test")]
    )
    for name in ("mine", "other"):
        await http.get(f"/canary/{name}/jwks")

    assert platform.canary_hits["mine"] == 1


async def test_the_canary_remembers_the_last_launches(
    http: httpx2.AsyncClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many launches that led to the attacker's key set those that did so first are forgotten."""
    monkeypatch.setattr("mockplatform.endpoints.oidc._MOST_HITS", 2)
    for name in ("a", "b", "c"):
        platform.begin(make_launch(id=name))
        await http.get(f"/canary/{name}/jwks")

    assert platform.canary_hits == {"b": 1, "c": 1}


async def test_a_line_item_too_many(
    http: httpx2.AsyncClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tool that makes line items without end is told to delete some, and keeps those that it has."""
    monkeypatch.setattr("mockplatform.gradebook.line_items.MAX_LINE_ITEMS", 2)
    url, headers = f"/lti/courses/{COURSE.id}/line-items", bearer(platform, LINE_ITEM) | {"content-type": MEDIA_TYPE}
    answers = [await http.post(url, headers=headers, json={"label": str(n), "scoreMaximum": 1}) for n in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 403]
    told = answers[2].json()
    assert told["error"] == "limit_exceeded"
    assert told["error_description"].startswith("this platform has 2 line items and takes no more; delete some")
    assert (await http.delete(answers[0].json()["id"], headers=headers)).status_code == 204
    assert (await http.post(url, headers=headers, json={"label": "4", "scoreMaximum": 1})).status_code == 201


async def test_tenants_that_another_worker_removes(keys: KeyRing, tmp_path: Path) -> None:
    """A worker that has served many tenants lets go of most of those that another one has removed."""
    with contextlib.closing(SqlStore(f"sqlite:///{tmp_path / 'platform.db'}")) as store:
        one, two = (Tenants(make_platform(keys, store=store)) for _ in range(2))
        served = []
        for index in range(120):
            one.create(f"t{index}", empty=True)
            served.append(weakref.ref(two.get(f"t{index}")))
            if index:
                one.remove(f"t{index}")
        gc.collect()

        assert sum(platform() is not None for platform in served) <= 60
        kept = two.get("t0")
        assert kept is not None
        assert kept is served[0]()


async def test_tenants_that_come_and_go(keys: KeyRing) -> None:
    """A platform in memory does not grow with tenants that were made and removed."""
    store = MemoryStore()
    tenants = Tenants(make_platform(keys, store=store, clock=lambda: NOW_S))

    def size() -> int:
        gc.collect()
        return sum(len(part) for part in vars(store).values() if hasattr(part, "__len__"))

    before = size()
    for index in range(20):
        made = tenants.create(f"t{index}")
        made.begin(made.intend(made.registrations[0], person=PERSON, roles=["r"], course=COURSE))
        del made
        tenants.remove(f"t{index}")

    assert size() == before
