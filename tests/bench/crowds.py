"""Goals 16 and 17: many registrations, and a roster of a hundred thousand, in this process and without a socket."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mockplatform import Course, KeyRing, Person, Platform, Registration, create_app
from mockplatform.model import AuthRequest
from mockplatform.records import Grant
from tests.bench.asgi import asked
from tests.bench.rounds import Clock, Goal, Line, Ratio, in_turn, ratio, repeated

__all__ = ["measure"]

URL = "http://127.0.0.1:9400"
TOOL = "http://127.0.0.1:9401"
ROUNDS = 8
FEW, MANY = 10, 100_000
# Both have a page after the first.
SMALL, LARGE = 200, 100_000
PAGE = 100
WALKED_PAGE = 1000
WALKS = 3
ROSTER_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ROSTER_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
GRACE = Person(sub="user-1", given_name="Grace", family_name="Hopper", email="grace@example.org")


def _registration(number: int) -> Registration:
    return Registration(
        issuer=URL,
        client_id=f"client-{number}",
        deployment_ids=("1",),
        login_url=f"{TOOL}/{number}/login",
        launch_url=f"{TOOL}/{number}/launch",
        name=f"Tool {number}",
    )


def _platform(keys: KeyRing, registrations: int) -> Platform:
    return Platform(
        url=URL,
        clock=time.time,
        new_id=secrets.token_urlsafe,
        keys=keys,
        registrations=map(_registration, range(registrations)),
        courses=[Course(id=str(crowd), label="C", title="Crowd", crowd=crowd) for crowd in (SMALL, LARGE)],
        services=("nrps",),
    )


def _launch(platform: Platform, count: int) -> None:
    """A launch of the tool that was registered last."""
    tool = platform.state.registrations.get(_registration(count - 1).key)
    assert tool is not None
    launch = platform.intend(tool, person=GRACE, roles=(INSTRUCTOR,), course=Course(id="c", label="C", title="C"))
    pending = platform.begin(launch)
    request = AuthRequest(params={"nonce": "n" * 32, "state": "s" * 32, "redirect_uri": tool.launch_url})
    platform.answer(pending, request)
    platform.forget(pending)


def measure() -> Iterator[Line]:
    """Launch rate, memory and time of registering, then pages of the roster and the walk through it."""
    keys = KeyRing()
    yield from _registrations(keys)
    yield from _roster(keys)


def _registrations(keys: KeyRing) -> Iterator[Line]:
    few = _platform(keys, FEW)
    began = time.perf_counter()
    _platform(keys, MANY)
    spent = time.perf_counter() - began
    gc.collect()
    tracemalloc.start()
    many = _platform(keys, MANY)
    kib = tracemalloc.get_traced_memory()[0] / 1024 / MANY
    tracemalloc.stop()
    clock: Clock = time.thread_time
    subjects = {
        "few": repeated(lambda: _launch(few, FEW), clock),
        "few again": repeated(lambda: _launch(few, FEW), clock),
        "many": repeated(lambda: _launch(many, MANY), clock),
    }
    rounds = in_turn(subjects, ROUNDS)
    against = f"the same with {FEW} registrations"
    rate = ratio(rounds, "few", "many")
    yield Line(
        number="16", name=f"launch rate, {MANY:,} registrations", ratio=rate, against=against, goal=Goal(">=", 0.9)
    )
    yield Line(number="", name="noise: the same twice", ratio=ratio(rounds, "few", "few again"), against=against)
    yield Line(number="16", name="memory of a registration", ratio=Ratio((kib,)), against="KiB", goal=Goal("<=", 1.5))
    yield Line(number="16", name=f"to register {MANY:,}", ratio=Ratio((spent,)), against="s", goal=Goal("<=", 3))


def _roster(keys: KeyRing) -> Iterator[Line]:
    platform = _platform(keys, FEW)
    app = create_app(platform)
    grant = Grant(token="t", client_id="client-1", issuer=URL, scopes=(ROSTER_SCOPE,), expires_s=time.time() + 1e6)
    platform.state.grants.put(grant.token, grant)
    headers = {"authorization": "Bearer t", "accept": ROSTER_TYPE}
    loop = asyncio.new_event_loop()

    def first_page(course: int) -> None:
        address = f"/lti/courses/{course}/memberships?limit={PAGE}"
        status, _, body = loop.run_until_complete(asked(app, "GET", address, headers))
        assert status == 200, body
        assert len(json.loads(body)["members"]) == PAGE

    subjects = {
        "small": repeated(lambda: first_page(SMALL), time.thread_time),
        "large": repeated(lambda: first_page(LARGE), time.thread_time),
    }
    found = ratio(in_turn(subjects, ROUNDS), "large", "small")
    against = f"one of {SMALL}"
    yield Line(number="17", name=f"a page of a roster of {LARGE:,}", ratio=found, against=against, goal=Goal("<=", 1.2))
    address = f"/lti/courses/{LARGE}/memberships?limit={WALKED_PAGE}"
    own, bare = (
        looped_walk(loop, application, address if application is app else "/0", headers)
        for application in (app, Starlette(routes=[Route("/{page:int}", bare_page)]))
    )
    rounds = in_turn({"own": own, "bare": bare}, WALKS)
    against = "a walk that only writes JSON"
    walk = ratio(rounds, "own", "bare")
    yield Line(number="17", name=f"a walk through {LARGE:,}", ratio=walk, against=against, goal=Goal("<=", 3))
    gc.collect()
    tracemalloc.start()
    members = loop.run_until_complete(walked(app, address, headers))
    kept = Ratio((tracemalloc.get_traced_memory()[0] / 1024 / members,))
    tracemalloc.stop()
    yield Line(number="17", name="kept by it per member", ratio=kept, against="KiB", goal=Goal("<=", 1.5))


async def walked(app: ASGIApp, address: str, headers: Mapping[str, str]) -> int:
    """How many members are on the pages from this one on."""
    members = 0
    while address:
        _, answered, body = await asked(app, "GET", address, headers)
        members += len(json.loads(body)["members"])
        links = [part for part in answered.get("link", "").split(",") if 'rel="next"' in part]
        address = links[0].partition("<")[2].partition(">")[0].removeprefix(URL) if links else ""
    return members


def looped_walk(
    loop: asyncio.AbstractEventLoop, app: ASGIApp, address: str, headers: Mapping[str, str]
) -> Callable[[], float]:
    """The time of a whole walk."""

    def work() -> float:
        began = time.thread_time()
        assert loop.run_until_complete(walked(app, address, headers)) >= LARGE
        return time.thread_time() - began

    return work


async def bare_page(request: Request) -> Response:
    """As many members of the same shape, and the way to the next page."""
    page = request.path_params["page"]
    first = page * WALKED_PAGE
    members = [
        {
            "user_id": f"member-{n}",
            "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
            "status": "Active",
            "given_name": "Given",
            "family_name": f"Family {n}",
            "name": f"Given Family {n}",
            "email": f"member-{n}@example.org",
        }
        for n in range(first, first + WALKED_PAGE)
    ]
    more = {"link": f'</{page + 1}>; rel="next"'} if first + WALKED_PAGE < LARGE else {}
    return JSONResponse({"id": str(request.url), "context": {"id": "c"}, "members": members}, headers=more)
