from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from mockplatform.app import create_app
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Course, Exchange, Registration
from mockplatform.records import PlacedLink
from mockplatform.store import MemoryStore, Store
from mockplatform.stores.sql import SqlStore
from mockplatform.tenants import Filling, Tenants
from tests.mockplatform.makers import COURSE, NOW_S, PERSON, PLATFORM, make_platform, make_registration


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        with contextlib.closing(SqlStore(f"sqlite:///{tmp_path / 'platform.db'}")) as store:
            yield store


@pytest.fixture
def first(keys: KeyRing, store: Store) -> Platform:
    return make_platform(keys, store=store, services=("token",))


@pytest.fixture
def tenants(first: Platform) -> Tenants:
    return Tenants(first)


@pytest_asyncio.fixture
async def http(tenants: Tenants) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(tenants.first, tenants))
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as client:
        yield client


def test_a_tenant_is_filled_like_the_school(tenants: Tenants) -> None:
    """A new tenant has the people, courses and services of the first one, and its tools under an issuer of its own."""
    made = tenants.create("class-7b", "Class 7b")

    assert (made.url, made.issuer, made.path) == (f"{PLATFORM}/t/class-7b", f"{PLATFORM}/t/class-7b", "/t/class-7b")
    assert (made.people, made.courses) == ((PERSON,), (COURSE,))
    assert made.registrations == (make_registration(issuer=made.issuer),)
    assert (made.settings.title, made.settings.services, made.settings.offset_s) == ("Class 7b", ("token",), 0)
    assert tenants.get("class-7b") is made


def test_a_tenant_may_be_made_otherwise(tenants: Tenants) -> None:
    """A tenant may be empty and have settings of its own."""
    made = tenants.create("bare", empty=True, on_problem="note", services=())

    assert (made.people, made.courses, made.registrations) == ((), (), ())
    assert (made.settings.title, made.settings.on_problem, made.settings.services) == ("bare", "note", ())


def test_what_tenants_are_filled_with_can_be_said(keys: KeyRing) -> None:
    """What is given as filling takes the place of what the first one has."""
    tools = (make_registration(issuer="https://third.example", client_id="B"), make_registration(issuer=""))
    made = Tenants(make_platform(keys), Filling(registrations=tools)).create("t")

    assert [(tool.issuer, tool.client_id) for tool in made.registrations] == [
        ("https://third.example", "B"),
        (made.issuer, "Client-A"),
    ]
    assert made.people == ()


def test_tenants_are_listed_in_order(tenants: Tenants) -> None:
    """All tenants but the first one are counted and listed by pages, in the order in which they were made."""
    for name in ("c", "a", "b"):
        tenants.create(name)

    assert tenants.count() == 3
    assert [platform.tenant for platform in tenants.all()] == ["c", "a", "b"]
    assert [platform.tenant for platform in tenants.all(offset=1, limit=1)] == ["a"]


def test_an_id_is_made_up(tenants: Tenants) -> None:
    """A tenant without an id gets one that nobody has."""
    names = {tenants.create().tenant for _ in range(3)}

    assert len(names) == 3
    assert all(tenants.get(name) for name in names)


@pytest.mark.parametrize("name", ["main", "a b", "a/b", "-a", "a-", "ä", "*", "..", "x" * 65, "a\n"])
def test_an_id_that_cannot_stand_in_a_url(tenants: Tenants, name: str) -> None:
    """An id that is reserved or would not survive a URL is refused, and nothing is made."""
    with pytest.raises(UsageError, match="^tenant .* (is no id|is the id of the first one); write up to 64 letters"):
        tenants.create(name)
    assert tenants.count() == 0


def test_an_id_that_is_taken(tenants: Tenants) -> None:
    """A second tenant of the same id is refused, and the one that is there stays as it is."""
    made = tenants.create("one")
    made.state.courses.put("new", Course(id="new", label="N", title="New"))

    with pytest.raises(UsageError, match="tenant 'one' is there already"):
        tenants.create("one")
    assert tenants.get("one") is made
    assert len(made.courses) == 2


def spoil(platform: Platform) -> None:
    """Everything that a tenant can have been made to know."""
    platform.change_settings(offset_s=60.0, title="Spoilt")
    platform.state.people.clear()
    platform.state.courses.put("new", Course(id="new", label="N", title="New"))
    platform.register(make_registration(client_id="B"))
    platform.begin(platform.intend(make_registration(), person=PERSON, roles=["r"], course=COURSE))
    platform.faults.arm(endpoint="*", verb="status", settings={"code": 500})
    platform.key_set.served()
    platform.state.note(Exchange(asker="tool", method="GET", url="/", status=200), "x")


def known(platform: Platform) -> dict[str, object]:
    return {
        "people": platform.people,
        "courses": platform.courses,
        "registrations": platform.registrations,
        "settings": platform.settings,
        "clock": platform.clock(),
        "launches": platform.launches.count(),
        "faults": platform.faults.all(),
        "fetches": platform.key_set.fetches,
        "journal": platform.journal,
    }


@pytest.mark.parametrize("spoilt", ["one", "main"])
def test_tenants_do_not_see_each_other(tenants: Tenants, spoilt: str) -> None:
    """What happens to one tenant leaves every other as it was; a reset undoes it, for that one alone."""
    names = ("one", "two", "main")
    for name in names[:2]:
        tenants.create(name)
    platforms = {name: tenants.get(name) for name in names}
    assert all(platforms.values())
    fresh = {name: known(platform) for name, platform in platforms.items() if platform}
    subject = tenants.get(spoilt)
    assert subject is not None

    spoil(subject)
    changed = {name: known(platform) for name, platform in platforms.items() if platform}
    tenants.reset(spoilt)
    found = {name: tenants.get(name) for name in names}

    assert [name for name in names if changed[name] != fresh[name]] == [spoilt]
    assert not any(changed[spoilt][key] == fresh[spoilt][key] for key in fresh[spoilt])
    assert {name: known(platform) for name, platform in found.items() if platform} == fresh
    assert fresh["one"]["clock"] == NOW_S


@pytest.mark.parametrize("spoilt", ["one", "main"])
def test_a_tenant_is_reset_again_and_again(tenants: Tenants, spoilt: str) -> None:
    """Every reset undoes everything, also after a change of flavour, not only the first one."""
    tenants.create("one")
    subject = tenants.get(spoilt)
    assert subject is not None
    fresh = known(subject)
    for flavour in ("neutral", "canvas", "neutral"):
        spoil(subject)
        subject.change_settings(flavour=flavour)
        subject = tenants.reset(spoilt)

        assert known(subject) == fresh
        assert tenants.get(spoilt) is subject


def test_a_reset_speaks_the_dialect_of_the_start(keys: KeyRing, store: Store) -> None:
    """A platform that was started with a flavour has its forms of ids again after a reset."""
    filling = Filling(registrations=(make_registration(),), people=(PERSON,), courses=(COURSE,))
    tenants = Tenants(make_platform(keys, store=store, flavour="canvas"), filling)
    fresh = known(tenants.first)
    assert tenants.first.people != (PERSON,)
    spoil(tenants.first)

    assert known(tenants.reset("main")) == fresh


def test_a_removed_tenant_leaves_nothing(keys: KeyRing) -> None:
    """A store in memory holds no table of a tenant that was removed."""
    tenants = Tenants(make_platform(keys))
    tenants.create("one")
    gone = weakref.ref(tenants.create("two").state.people)
    tenants.remove("two")
    gc.collect()

    assert gone() is None


LATER = "http://127.0.0.1:9500"


def later(keys: KeyRing, store: Store, *tools: Registration, **values: Any) -> Tenants:
    """A further run with the store of an earlier one, at another URL."""
    made = make_platform(keys, **{"url": LATER, "store": store, "registrations": tools} | values)
    return Tenants(made, Filling(registrations=tools))


def issuers(platform: Platform) -> list[tuple[str, str]]:
    return [(tool.issuer, tool.client_id) for tool in platform.registrations]


def test_a_run_at_another_url_keeps_its_tools(keys: KeyRing, store: Store) -> None:
    """Tools and links of an earlier run get the present issuer, in every tenant; those of third issuers stay."""
    before = Tenants(make_platform(keys, store=store))
    third = make_registration(issuer="https://third.example", client_id="B")
    before.first.register(third)
    before.create("one")
    link = PlacedLink(
        id="l", course_id="c", client_id="Client-A", issuer=PLATFORM, deployment_id="d", type="link", title="L"
    )
    before.first.state.links.put("l", link, group="c")
    now = later(keys, store)
    tenant = now.get("one")

    assert tenant is not None
    assert sorted(issuers(now.first)) == [(LATER, "Client-A"), ("https://third.example", "B")]
    assert issuers(tenant) == [(f"{LATER}/t/one", "Client-A")]
    assert now.first.state.links.page(group="c") == [replace(link, issuer=LATER)]


@pytest.mark.parametrize("earlier", [{}, {"issuer": "https://lms.example"}])
def test_an_offered_tool_stands_there_once(keys: KeyRing, store: Store, earlier: dict[str, str]) -> None:
    """A tool that each run offers takes the place of what an earlier run had under its client id."""
    Tenants(make_platform(keys, store=store, registrations=[make_registration(**earlier)], **earlier))
    offered = make_registration(issuer=LATER, login_url=f"{LATER}/login")
    for _ in range(2):
        now = later(keys, store, offered).first
        now.register(offered)
        assert now.registrations == (offered,)


def test_an_issuer_that_was_chosen_stays(keys: KeyRing, store: Store) -> None:
    """Tools that were registered for a chosen issuer keep it in a run without one, which may choose it again."""
    chosen = "https://lms.example"
    Tenants(make_platform(keys, store=store, issuer=chosen, registrations=[make_registration(issuer=chosen)]))

    assert issuers(later(keys, store).first) == [(chosen, "Client-A")]
    assert issuers(later(keys, store, issuer=chosen).first) == [(chosen, "Client-A")]


def test_a_chosen_issuer_takes_the_tools_of_a_default_one(keys: KeyRing, store: Store) -> None:
    """Tools of an earlier run's URL get the issuer that is chosen now."""
    Tenants(make_platform(keys, store=store))

    assert issuers(later(keys, store, issuer="https://lms.example").first) == [("https://lms.example", "Client-A")]


def test_a_store_of_an_earlier_version(keys: KeyRing, store: Store) -> None:
    """Where no run is noted, the tool that each run offers says under which URL the earlier one was."""
    make_platform(keys, store=store).register(make_registration(client_id="B"))
    offered = make_registration(issuer=LATER)

    assert sorted(issuers(later(keys, store, offered).first)) == [(LATER, "B"), (LATER, "Client-A")]


def test_a_tenant_is_removed(tenants: Tenants) -> None:
    """A tenant that is removed is unknown, and one that is made of the same id afterwards is new."""
    spoil(tenants.create("one"))
    tenants.remove("one")

    assert tenants.get("one") is None
    assert tenants.count() == 0
    assert tenants.create("one").courses == (COURSE,)


def test_the_first_one_stays(tenants: Tenants) -> None:
    """The first tenant cannot be removed, and one that is not there neither removed nor reset."""
    with pytest.raises(UsageError, match="'main' is the first one, which cannot be removed; reset it"):
        tenants.remove("main")
    for act in (tenants.remove, tenants.reset):
        with pytest.raises(UsageError, match="there is no tenant 'none'"):
            act("none")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_workers_have_the_same_tenants(keys: KeyRing, store: Store) -> None:
    """A tenant that one worker makes, changes, resets or removes is so for the other."""
    one, two = (Tenants(make_platform(keys, store=store)) for _ in range(2))
    made = one.create("shared", "Shared")
    seen = two.get("shared")
    assert seen is not None
    assert seen is not made
    assert known(seen) == known(made)

    made.change_settings(offset_s=60.0)
    seen.state.people.clear()
    assert (seen.clock(), made.people) == (NOW_S + 60, ())

    two.reset("shared")
    again = one.get("shared")
    assert again is not None
    assert (again.clock(), again.people) == (NOW_S, (PERSON,))
    two.remove("shared")
    assert one.get("shared") is None
    two.create("shared", empty=True)
    anew = one.get("shared")
    assert anew is not None
    assert anew.people == ()


@pytest.mark.asyncio
async def test_a_tenant_is_reachable_below_its_path(tenants: Tenants, http: httpx2.AsyncClient) -> None:
    """A tenant answers below /t/ and its id with an issuer of its own, and its journal is its own."""
    made = tenants.create("one")

    told = (await http.get("/t/one/.well-known/openid-configuration")).json()

    assert told["issuer"] == made.issuer
    assert told["jwks_uri"] == f"{PLATFORM}/t/one/jwks"
    assert (await http.get("/t/one/")).status_code == 200
    assert (await http.get("/t/two/jwks")).status_code == 404
    assert [exchange.url for exchange in made.journal] == [f"{PLATFORM}/t/one/.well-known/openid-configuration"]


@pytest.mark.asyncio
async def test_a_person_resets_a_tenant_from_its_page(tenants: Tenants, http: httpx2.AsyncClient) -> None:
    """The page of a tenant resets that tenant and no other, to what it was when it was made."""
    made = tenants.create("one")
    for platform in (made, tenants.first):
        platform.state.people.clear()
    answer = await http.post("/t/one/settings/reset", headers={"origin": PLATFORM})
    again = tenants.get("one")

    assert (answer.status_code, answer.headers["location"]) == (303, "/t/one/")
    assert again is not None
    assert (again.people, tenants.first.people) == ((PERSON,), ())


def test_a_tenant_that_cannot_be_is_not_kept(keys: KeyRing) -> None:
    """An unknown flavour is refused before the id is taken."""
    tenants = Tenants(make_platform(keys))
    with pytest.raises(UsageError, match="nope"):
        tenants.create("class-7b", flavour="nope")
    assert tenants.create("class-7b", flavour="canvas").tenant == "class-7b"
