"""The pages for people: registrations to launch from, the journal, and the way back from a tool."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mockplatform.claims import INSTRUCTOR, LEARNER
from mockplatform.endpoints.parameters import parameters
from mockplatform.lms import Platform
from mockplatform.model import Exchange, Launch, Params

__all__ = ["NOT_STORED", "home", "journal", "launch", "page", "platform_of", "returned"]

# A page with a token in it is good for one use: no browser and no proxy may keep it (OAuth form_post, section 3).
NOT_STORED: Mapping[str, str] = {"cache-control": "no-store", "pragma": "no-cache"}

ROLES = {"instructor": (INSTRUCTOR,), "student": (LEARNER,)}
_RETURNED = {
    "lti_msg": "Message",
    "lti_errormsg": "Error message",
    "lti_log": "For the log",
    "lti_errorlog": "Error for the log",
}
_TOKEN = re.compile(r"(eyJ[A-Za-z0-9_-]+)\.(eyJ[A-Za-z0-9_-]+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An exchange as the journal shows it."""

    exchange: Exchange
    path: str
    parameters: Params
    token: tuple[str, ...]
    """Header and claims of the token in the answer, laid out for reading; empty if there is none."""


@functools.cache
def _templates() -> Environment:
    folder = Path(__file__).parent.parent / "pages"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def platform_of(request: Request) -> Platform:
    """The platform that this application serves."""
    platform = request.app.state.platform
    assert isinstance(platform, Platform)
    return platform


def page(request: Request, name: str, **values: Any) -> str:
    """A page of the folder `pages`, as HTML."""
    return _templates().get_template(name).render(platform=platform_of(request), here=request.scope["path"], **values)


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
        return _form(request, signed.method, signed.url, signed.fields)
    login = platform.begin(chosen).login
    return _form(request, login.method, login.url, login.params)


def _form(request: Request, method: str, url: str, fields: Params) -> Response:
    return HTMLResponse(
        page(request, "form_post.html", url=url, method=method.lower(), fields=fields), headers=NOT_STORED
    )


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


async def returned(request: Request) -> Response:
    """Where a tool sends people back to, with its message (CORE 5.4.4)."""
    given = dict(await parameters(request))
    said = {title: given[name] for name, title in _RETURNED.items() if name in given}
    return HTMLResponse(page(request, "returned.html", said=said))
