"""The pages for people: registrations to launch from, the journal, and the way back from a tool."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from mockplatform.claims import INSTRUCTOR, LEARNER
from mockplatform.endpoints.parameters import parameters
from mockplatform.endpoints.rendering import form, page
from mockplatform.endpoints.wire import platform_of
from mockplatform.lms import Platform
from mockplatform.model import Exchange, Launch, Params

__all__ = ["FOR_PEOPLE", "ROUTES"]

FOR_PEOPLE = True

ROLES = {"instructor": (INSTRUCTOR,), "student": (LEARNER,)}
_TOKEN = re.compile(r"(eyJ[A-Za-z0-9_-]+)\.(eyJ[A-Za-z0-9_-]+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An exchange as the journal shows it."""

    exchange: Exchange
    path: str
    parameters: Params
    token: tuple[str, ...]
    """Header and claims of the token in the answer, laid out for reading; empty if there is none."""


async def home(request: Request) -> Response:
    """The registrations, each with a form that launches it."""
    return HTMLResponse(page(request, "home.html", roles=ROLES))


async def launch(request: Request) -> Response:
    """Begin the launch that was chosen: a page that sends the tool a login request, or the whole of LTI 1.1."""
    platform = platform_of(request)
    choice = dict(await parameters(request))
    chosen = _chosen(platform, choice)
    by_lti11 = choice.get("lti") == "1.1"
    if chosen is None or (by_lti11 and not chosen.registration.speaks_lti11):
        problems = ("The choice does not fit what this platform has: perhaps it has been started anew since.",)
        advice = ("Choose a deployment, a person, a role and a course on the tools page, and launch again.",)
        told = page(request, "refused.html", problems=problems, advice=advice)
        return HTMLResponse(told, status_code=400)
    if by_lti11:
        signed = platform.begin_basic(chosen).response
        return form(request, signed.method, signed.url, signed.fields)
    login = platform.begin(chosen).login
    return form(request, login.method, login.url, login.params)


def _chosen(platform: Platform, choice: Mapping[str, str]) -> Launch | None:
    try:
        registration = dict(enumerate(platform.registrations))[int(choice["registration"])]
        person = next(p for p in platform.people if p.sub == choice["person"])
        course = next(c for c in platform.courses if c.id == choice["course"])
        roles = ROLES[choice["role"]]
        deployment = next(d for d in registration.deployment_ids if d == choice["deployment"])
    except (KeyError, ValueError, StopIteration):
        return None
    return platform.intend(registration, person=person, roles=roles, course=course, deployment_id=deployment)


async def journal(request: Request) -> Response:
    """What was said on the wire, the newest first."""
    entries = [_entry(exchange) for exchange in reversed(platform_of(request).journal)]
    return HTMLResponse(page(request, "journal.html", entries=entries))


def _entry(exchange: Exchange) -> _Entry:
    address, _, query = exchange.url.partition("?")
    said = parse_qsl(query, keep_blank_values=True)
    if exchange.method == "POST":
        said += parse_qsl(exchange.request_body, keep_blank_values=True)
    found = _TOKEN.search(exchange.response_body)
    return _Entry(
        exchange=exchange,
        path="/" + address.split("://", 1)[-1].partition("/")[2],
        parameters=tuple(said),
        token=() if found is None else tuple(map(_laid_out, found.groups())),
    )


def _laid_out(part: str) -> str:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return part
    return json.dumps(value, indent=2, ensure_ascii=False)


async def no_icon(_request: Request) -> Response:
    """What browsers ask for unasked."""
    return Response(status_code=204)


ROUTES = (
    Route("/favicon.ico", no_icon, name="favicon"),
    Route("/", home, name="home"),
    Route("/launches", launch, methods=["POST"], name="launches"),
    Route("/journal", journal, name="journal"),
)
