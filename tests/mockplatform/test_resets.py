from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, event

from mockplatform.app import create_app
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Course, Person
from mockplatform.records import Settings, Used
from mockplatform.store import Kind, MemoryStore, Store
from mockplatform.stores.kept_keys import SHARED
from mockplatform.stores.sql import SqlStore
from mockplatform.tenants import Tenants
from tests.mockplatform.makers import COURSE, PERSON, PLATFORM, make_platform, make_registration

JANE = Person(sub="jane", given_name="Jane", family_name="", email="")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'platform.db'}"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, url: str) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        with contextlib.closing(SqlStore(url)) as store:
            yield store


def seen(platform: Platform) -> tuple[str, str, tuple[str, ...], tuple[str, ...], int]:
    settings = platform.settings
    people = tuple(person.sub for person in platform.people)
    return (
        settings.flavour,
        settings.title,
        people,
        tuple(one.id for one in platform.courses),
        len(platform.registrations),
    )


@contextlib.contextmanager
def between_statements(look: Any) -> Iterator[None]:
    """Calls `look` after each statement that is carried out meanwhile, but for those of its own."""
    looking = False

    def after(*_: Any) -> None:
        nonlocal looking
        if not looking:
            looking = True
            look()
            looking = False

    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", after)


@pytest.mark.parametrize("tenant", ["main", "one"])
@pytest.mark.parametrize("flavour", ["neutral", "canvas"])
def test_nobody_sees_a_half_made_tenant(keys: KeyRing, url: str, tenant: str, flavour: str) -> None:
    """While one worker resets a tenant, another one finds each table as it was or as it is to be, never without all."""
    with contextlib.closing(SqlStore(url)) as mine, contextlib.closing(SqlStore(url)) as theirs:
        given = {"flavour": flavour, "people": (PERSON, JANE)}
        one, two = (Tenants(make_platform(keys, store=store, **given)) for store in (mine, theirs))
        one.create("one", "Title")
        other = two.get(tenant)
        assert other is not None
        made = seen(other)
        other.change_settings(title="Changed", flavour="moodle")
        other.state.courses.put("new", Course(id="new", label="N", title="New"))
        other.state.people.pop(other.people[0].sub)
        other.register(make_registration(client_id="B"))
        changed = seen(other)
        found = []
        with between_statements(lambda: found.append(seen(other))):
            one.reset(tenant)

        assert len(found) > 5
        assert seen(other) == made
        for place, values in enumerate(zip(*found, strict=True)):
            assert set(values) == {made[place], changed[place]}


def test_what_is_reset_stands_in_its_first_order(keys: KeyRing, store: Store) -> None:
    """People who were removed stand where they stood when the tenant was made."""
    tenants = Tenants(make_platform(keys, store=store, people=(PERSON, JANE)))
    tenants.first.state.people.pop(PERSON.sub)
    tenants.first.state.people.put("late", Person(sub="late", given_name="", family_name="", email=""))

    assert tenants.reset("main").people == (PERSON, JANE)


def test_ids_are_given_anew(keys: KeyRing, store: Store) -> None:
    """After a reset each flavour gives the ids that it gave before, and neutral those of the school."""
    tenants = Tenants(make_platform(keys, store=store, flavour="canvas"))
    first, shaped = tenants.first, tenants.first.people
    first.change_settings(flavour="moodle")
    tenants.reset("main")

    assert first.people == shaped != (PERSON,)
    first.change_settings(flavour="neutral")
    assert (first.people, first.courses) == ((PERSON,), (COURSE,))


def test_a_later_run_knows_how_it_began(keys: KeyRing, store: Store) -> None:
    """In a run with a kept store a reset undoes what an earlier run changed, and new tenants have none of it."""
    before = Tenants(make_platform(keys, store=store, services=("token",)))
    made = before.first.settings
    before.first.change_settings(title="Changed", on_problem="note", services=(), offset_s=60.0)
    now = Tenants(make_platform(keys, store=store, services=("token",)))

    assert now.first.settings.title == "Changed"
    new = now.create("one").settings
    assert (new.title, new.on_problem, new.services, new.offset_s) == ("one", "refuse", ("token",), 0)
    assert now.reset("main").settings == made


def test_a_platform_begins_anew_as_it_was_told_to(keys: KeyRing, store: Store) -> None:
    """What a later run asks for counts from then on: at once, after a reset, and in new tenants."""
    tenants = Tenants(make_platform(keys, store=store))
    tenants.begin_with(flavour="canvas", quirks={"token.expires_in": 60})
    with pytest.raises(UsageError, match="nope"):
        tenants.begin_with(flavour="nope")
    for platform in (tenants.first, tenants.reset("main"), tenants.create("one")):
        assert (platform.settings.flavour, platform.settings.quirks) == ("canvas", {"token.expires_in": 60})
        assert platform.people != (PERSON,)


@pytest.mark.asyncio
async def test_a_platform_without_tenants_begins_anew(keys: KeyRing) -> None:
    """A platform that is served alone goes back to what it was when it was put into its application."""
    platform = make_platform(keys)
    platform.register(make_registration(client_id="B"))
    settings, tools = platform.settings, platform.registrations
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(platform)), base_url=PLATFORM) as http:
        platform.change_settings(title="Changed")
        platform.state.people.put("jane", JANE)
        platform.state.courses.clear()
        answer = await http.post("/settings/reset", headers={"origin": PLATFORM})

        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await http.get("/t/main/jwks")).status_code == 404
    assert (platform.settings, platform.registrations) == (settings, tools)
    assert (platform.people, platform.courses) == ((PERSON,), (COURSE,))


@pytest.mark.asyncio
async def test_what_came_after_the_application_was_made_goes(keys: KeyRing, store: Store) -> None:
    """A reset of a platform that is served alone takes a tool away that it got to know afterwards, and its launches."""
    platform = make_platform(keys, store=store, flavour="canvas")
    made = seen(platform)
    app = create_app(platform)
    platform.register(make_registration(client_id="B"))
    platform.change_settings(flavour="moodle")
    platform.state.answered.put("launch", Used())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as http:
        await http.post("/settings/reset", headers={"origin": PLATFORM})

    assert (seen(platform), platform.state.answered.count()) == (made, 0)


def test_an_application_leaves_no_trace(keys: KeyRing, store: Store) -> None:
    """An application keeps nothing in the store, so tenants that are opened later begin as the platform is by then."""
    platform = make_platform(keys, store=store)
    create_app(platform)
    beside = [store.table(Kind(name, Settings), SHARED).count() for name in ("made", "runs")]
    platform.change_settings(flavour="canvas", on_problem="note")
    tenants = Tenants(platform)
    new = tenants.create("one").settings

    assert beside == [0, 0]
    assert (new.flavour, new.on_problem) == ("canvas", "note")
    assert tenants.reset("main").settings.flavour == "canvas"
