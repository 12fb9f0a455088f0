"""The tool as a web application: requests go in, steps are followed, answers come out."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from conformance.sample_tool import deep_linking, login, pages, service_web, session
from conformance.sample_tool.answer import Answer, Cookie
from conformance.sample_tool.answering import answering, refuse, send_back
from conformance.sample_tool.asking import base_url, form_of, person_of, plan_for, together, tool_for
from conformance.sample_tool.control import control_routes
from conformance.sample_tool.faults import Faults
from conformance.sample_tool.fetching import http_fetch
from conformance.sample_tool.flaws import flawed
from conformance.sample_tool.following import follow
from conformance.sample_tool.forms import read_fields
from conformance.sample_tool.keyset import Fetch, KeySets
from conformance.sample_tool.model import Edit, Integration, Launch, Login, Person, Policy, Tool
from conformance.sample_tool.services.errands import offer_of
from conformance.sample_tool.services.grades import Stamps
from conformance.sample_tool.services.keys import ToolKey, key_of_process
from conformance.sample_tool.services.model import Pause, Send
from conformance.sample_tool.services.picking import offers_for
from conformance.sample_tool.services.sending import http_send
from conformance.sample_tool.services.tokens import Tokens
from conformance.sample_tool.steps import plan_of
from conformance.sample_tool.store import Neighbour, Store
from conformance.sample_tool.zoom import Zoom

__all__ = ["create_tool"]


def fresh_token() -> str:
    """Text of 256 random bits."""
    return secrets.token_urlsafe(32)


def create_tool(
    integrations: Sequence[Integration],
    *,
    policy: Policy = "open",
    without: str | None = None,
    database_url: str = "sqlite+pysqlite:///:memory:",
    fetch: Fetch | None = None,
    clock: Callable[[], float] = time.time,
    token: Callable[[], str] = fresh_token,
    zoom: Zoom | None = None,
    control_secret: str | None = None,
    send: Send | None = None,
    pause: Pause = anyio.sleep,
    key: ToolKey | None = None,
    most_members: int = 10_000,
    neighbour: Neighbour = lambda _: None,
) -> Starlette:
    """The tool, registered with some platforms.

    Args:
        without: the flaw that it shall have.
        zoom: sends a request to the Zoom API; without it classes are created in the database alone.
        control_secret: opens the fault points to whoever knows it, for tests; without it the endpoint is not there.
        send: sends a request to a platform's services.
        pause: waits for a platform that is busy.
        key: signs what the tool says to platforms; one that all tools of this process share unless given.
        most_members: how long a roster it reads.
        neighbour: the registration with an issuer that nobody has registered, if there is to be one.
    """
    plan = plan_of(policy) if without is None else flawed(plan_of(policy), without)
    app = Starlette(routes=_routes())
    app.state.faults = Faults()
    if control_secret is not None:
        app.routes.extend(control_routes(app.state.faults, secret=control_secret, clock=clock, admits=plan.admits))
    app.state.plan = plan
    app.state.store = Store(database_url=database_url, integrations=integrations, neighbour=neighbour)
    app.state.tool = Tool(
        policy=policy,
        store=app.state.store,
        faults=app.state.faults,
        key_sets=KeySets(fetch or http_fetch()),
        clock=clock,
        token=token,
        send=send or http_send(),
        pause=pause,
        key=key or key_of_process(),
        tokens=Tokens(),
        stamps=Stamps(),
        most_members=most_members,
        zoom=zoom,
    )
    return app


def _routes() -> list[Route]:
    """What the tool answers to everybody."""
    return [
        Route("/", answering(home), methods=["GET"]),
        Route("/lti/login", answering(begin_login), methods=["GET", "POST"]),
        Route("/lti/launch", answering(finish_launch), methods=["GET", "POST"]),
        Route("/lti/launch11", answering(basic_launch), methods=["GET", "POST"]),
        Route("/api/me", answering(who_am_i), methods=["GET"]),
        Route("/class/edit", answering(edit_class), methods=["POST"]),
        *(Route(path, answering(endpoint), methods=[method]) for method, path, endpoint in service_web.ROUTES),
    ]


async def home(_request: Request) -> Answer:
    """The page of somebody who was not launched."""
    return pages.home_page()


async def begin_login(request: Request) -> Answer:
    """The platform announces a person, and the tool sends them back to be identified (SEC 5.1.1)."""
    tool, plan = tool_for(request), plan_for(request)
    fields = together(read_fields(request.url.query), await form_of(request))
    started = Login(tool=tool, now=tool.clock(), base_url=base_url(request), method=request.method, parameters=fields)
    ended, reason = await follow(started, plan.login)
    if reason is not None:
        return refuse(request, reason)
    state = ended.issued.state
    cookie = Cookie(name=login.state_cookie(state), value=state, path="/lti", max_age_s=login.LIFETIME_S)
    return Answer(status=302, body="", headers={"Location": ended.location}, cookies=(cookie,))


async def finish_launch(request: Request) -> Answer:
    """The person comes back with a token, and is let in or told why not (SEC 5.1.1.3)."""
    plan = plan_for(request)
    ended, reason = await follow(await _launch(request), plan.launch, until=deep_linking.asked)
    if reason is None and deep_linking.asked(ended):
        ended, reason = await follow(ended, plan.picking)
    cookies = _session_cookies(ended)
    if reason is not None:
        return refuse(request, reason, return_url=ended.return_url, cookies=cookies)
    if deep_linking.asked(ended):
        return pages.picker_page(ended.person, offers_for(ended.accept_types), cookies=cookies)
    return pages.course_page(ended.person, offer_of(ended), cookies=cookies)


async def basic_launch(request: Request) -> Answer:
    """The person comes with a signed form; whoever is refused after it was verified goes back (LTI11 3)."""
    ended, reason = await follow(await _launch(request), plan_for(request).basic)
    cookies = _session_cookies(ended)
    if reason is None:
        return pages.course_page(ended.person, offer_of(ended), cookies=cookies)
    if ended.return_url:
        return send_back(request, reason, return_url=ended.return_url, cookies=cookies)
    return refuse(request, reason, cookies=cookies)


async def who_am_i(request: Request) -> Answer:
    """Whose session this is."""
    person = person_of(request)
    if person is None:
        return Answer(status=401, body="{}", media_type="application/json")
    return Answer(status=200, body=json.dumps(asdict(person)), media_type="application/json")


async def edit_class(request: Request) -> Answer:
    """A teacher changes the details of the class, which takes a live Zoom session."""
    tool, plan = tool_for(request), plan_for(request)
    started = Edit(
        tool=tool,
        base_url=base_url(request),
        sender=request.headers.get("origin"),
        person=person_of(request) or Person(),
    )
    _, reason = await follow(started, plan.edit)
    if reason is not None:
        return refuse(request, reason)
    return pages.edited_page()


async def _launch(request: Request) -> Launch:
    tool = tool_for(request)
    return Launch(
        tool=tool,
        now=tool.clock(),
        base_url=base_url(request),
        form=await form_of(request),
        cookies=request.cookies,
        query=read_fields(request.url.query),
        method=request.method,
        url=f"{base_url(request)}{request.url.path}",
    )


def _session_cookies(launch: Launch) -> tuple[Cookie, ...]:
    if not launch.session:
        return ()
    return (Cookie(name=session.COOKIE, value=launch.session, path="/", max_age_s=session.LIFETIME_S),)
