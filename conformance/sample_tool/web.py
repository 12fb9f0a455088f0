"""The tool as a web application: requests go in, steps are followed, answers come out."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from conformance.sample_tool import deep_linking, login, pages, session
from conformance.sample_tool.answer import Answer, Cookie
from conformance.sample_tool.control import control_routes
from conformance.sample_tool.faults import Faults
from conformance.sample_tool.fetching import http_fetch
from conformance.sample_tool.flaws import flawed
from conformance.sample_tool.forms import Fields, read_fields
from conformance.sample_tool.keyset import Fetch, KeySets
from conformance.sample_tool.model import Edit, Integration, Launch, Login, Person, Policy, Tool
from conformance.sample_tool.refusal import UNEXPECTED, Reason
from conformance.sample_tool.steps import Plan, follow, plan_of
from conformance.sample_tool.store import Store
from conformance.sample_tool.zoom import Zoom

__all__ = ["create_tool"]

BODY_LIMIT = 4 << 20
FORM = "application/x-www-form-urlencoded"
# Logins, nonces and sessions have no code of their own; no other failure of the store gets past the steps.
STORE_FAILED = Reason(klass="unknown", type="Unknown", code=1003)

Endpoint = Callable[[Request], Awaitable[Answer]]


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
) -> Starlette:
    """The tool, registered with some platforms.

    Args:
        without: the flaw that it shall have.
        zoom: sends a request to the Zoom API; without it classes are created in the database alone.
        control_secret: opens the fault points to whoever knows it, for tests; without it the endpoint is not there.
    """
    plan = plan_of(policy) if without is None else flawed(plan_of(policy), without)
    app = Starlette(
        routes=[
            Route("/", answering(home), methods=["GET"]),
            Route("/lti/login", answering(begin_login), methods=["GET", "POST"]),
            Route("/lti/launch", answering(finish_launch), methods=["GET", "POST"]),
            Route("/lti/launch11", answering(basic_launch), methods=["GET", "POST"]),
            Route("/api/me", answering(who_am_i), methods=["GET"]),
            Route("/class/edit", answering(edit_class), methods=["POST"]),
        ]
    )
    app.state.faults = Faults()
    if control_secret is not None:
        app.routes.extend(control_routes(app.state.faults, secret=control_secret, clock=clock, admits=plan.admits))
    app.state.plan = plan
    app.state.store = Store(database_url=database_url, integrations=integrations)
    app.state.tool = Tool(
        policy=policy,
        store=app.state.store,
        faults=app.state.faults,
        key_sets=KeySets(fetch or http_fetch()),
        clock=clock,
        token=token,
        zoom=zoom,
    )
    return app


async def home(_request: Request) -> Answer:
    """The page of somebody who was not launched."""
    return pages.home_page()


async def begin_login(request: Request) -> Answer:
    """The platform announces a person, and the tool sends them back to be identified (SEC 5.1.1)."""
    tool, plan = _tool(request), _plan(request)
    fields = _together(read_fields(request.url.query), await _form(request))
    started = Login(tool=tool, now=tool.clock(), base_url=_base_url(request), method=request.method, parameters=fields)
    ended, reason = await follow(started, plan.login)
    if reason is not None:
        return refuse(request, reason)
    state = ended.issued.state
    cookie = Cookie(name=login.state_cookie(state), value=state, path="/lti", max_age_s=login.LIFETIME_S)
    return Answer(status=302, body="", headers={"Location": ended.location}, cookies=(cookie,))


async def finish_launch(request: Request) -> Answer:
    """The person comes back with a token, and is let in or told why not (SEC 5.1.1.3)."""
    plan = _plan(request)
    ended, reason = await follow(await _launch(request), plan.launch, until=deep_linking.asked)
    if reason is None and deep_linking.asked(ended):
        ended, reason = await follow(ended, plan.picking)
    cookies = _session_cookies(ended)
    if reason is not None:
        return refuse(request, reason, return_url=ended.return_url, cookies=cookies)
    if deep_linking.asked(ended):
        return pages.picker_page(ended.person, ended.accept_types, cookies=cookies)
    return pages.course_page(ended.person, cookies=cookies)


async def basic_launch(request: Request) -> Answer:
    """The person comes with a signed form; whoever is refused after it was verified goes back (LTI11 3)."""
    ended, reason = await follow(await _launch(request), _plan(request).basic)
    cookies = _session_cookies(ended)
    if reason is None:
        return pages.course_page(ended.person, cookies=cookies)
    if ended.return_url:
        return send_back(request, reason, return_url=ended.return_url, cookies=cookies)
    return refuse(request, reason, cookies=cookies)


async def who_am_i(request: Request) -> Answer:
    """Whose session this is."""
    person = _person(request)
    if person is None:
        return Answer(status=401, body="{}", media_type="application/json")
    return Answer(status=200, body=json.dumps(asdict(person)), media_type="application/json")


async def edit_class(request: Request) -> Answer:
    """A teacher changes the details of the class, which takes a live Zoom session."""
    tool, plan = _tool(request), _plan(request)
    started = Edit(
        tool=tool,
        base_url=_base_url(request),
        sender=request.headers.get("origin"),
        person=_person(request) or Person(),
    )
    _, reason = await follow(started, plan.edit)
    if reason is not None:
        return refuse(request, reason)
    return pages.edited_page()


def refuse(request: Request, reason: Reason, *, return_url: str = "", cookies: tuple[Cookie, ...] = ()) -> Answer:
    """The answer to a refused request, with a reference that also stands in the log."""
    plan, reference = _plan(request), _tool(request).token()[:12]
    logging.getLogger(__name__).info("refused %s: %s", reference, reason)
    told = plan.tell(reason)
    page = pages.refusal_page(told, reference=reference, return_url=return_url, cookies=cookies)
    return plan.send(page, told)


def send_back(request: Request, reason: Reason, *, return_url: str, cookies: tuple[Cookie, ...] = ()) -> Answer:
    """The way back to the platform for somebody who was refused."""
    plan = _plan(request)
    logging.getLogger(__name__).info("sent back: %s", reason)
    told = plan.tell(reason)
    return plan.send(pages.return_answer(told, return_url=return_url, cookies=cookies), told)


def answering(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint as Starlette wants it; whatever breaks inside, a person gets a page."""

    async def respond(request: Request) -> Response:
        try:
            answer = await endpoint(request)
        except SQLAlchemyError as error:
            # The text of the error has values of the statement in it.
            logging.getLogger(__name__).warning("the store failed: %s", type(error).__name__)
            answer = refuse(request, STORE_FAILED)
        except Exception:
            logging.getLogger(__name__).exception("unexpected error")
            answer = refuse(request, UNEXPECTED)
        return as_response(answer)

    return respond


def as_response(answer: Answer) -> Response:
    """The answer as an HTTP response that no cache keeps."""
    response = Response(answer.body, status_code=answer.status, media_type=answer.media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(answer.headers)
    for cookie in answer.cookies:
        response.set_cookie(
            cookie.name,
            cookie.value,
            max_age=cookie.max_age_s,
            path=cookie.path,
            secure=True,
            httponly=True,
            samesite="none",
        )
    return response


async def _launch(request: Request) -> Launch:
    tool = _tool(request)
    return Launch(
        tool=tool,
        now=tool.clock(),
        base_url=_base_url(request),
        form=await _form(request),
        cookies=request.cookies,
        query=read_fields(request.url.query),
        method=request.method,
        url=f"{_base_url(request)}{request.url.path}",
    )


async def _form(request: Request) -> Fields:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return {}
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return {}
    return read_fields(body.decode("utf-8", "replace"))


def _together(query: Fields, form: Fields) -> Fields:
    return {name: query.get(name, ()) + form.get(name, ()) for name in query.keys() | form.keys()}


def _person(request: Request) -> Person | None:
    tool = _tool(request)
    return tool.store.find_person(session=request.cookies.get(session.COOKIE, ""), now=tool.clock())


def _session_cookies(launch: Launch) -> tuple[Cookie, ...]:
    if not launch.session:
        return ()
    return (Cookie(name=session.COOKIE, value=launch.session, path="/", max_age_s=session.LIFETIME_S),)


def _base_url(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _tool(request: Request) -> Tool:
    tool: Tool = request.app.state.tool
    return tool


def _plan(request: Request) -> Plan:
    plan: Plan = request.app.state.plan
    return plan
