"""The pages for people: registrations to launch from, the journal, and the way back from a tool."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mockplatform.claims import INSTRUCTOR, LEARNER
from mockplatform.endpoints.parameters import parameters
from mockplatform.lms import Platform

__all__ = ["home", "journal", "launch", "page", "platform_of", "returned"]

ROLES = {"instructor": (INSTRUCTOR,), "student": (LEARNER,)}


@functools.cache
def _templates() -> Environment:
    folder = Path(__file__).parent.parent / "pages"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)


def platform_of(request: Request) -> Platform:
    """The platform that this application serves."""
    platform = request.app.state.platform
    assert isinstance(platform, Platform)
    return platform


def page(request: Request, name: str, **values: Any) -> str:
    """A page of the folder `pages`, as HTML."""
    return _templates().get_template(name).render(platform=platform_of(request), **values)


async def home(request: Request) -> Response:
    """The registrations, each with a form that launches it."""
    return HTMLResponse(page(request, "home.html", roles=ROLES))


async def launch(request: Request) -> Response:
    """Begin the launch that was chosen: a page that sends the login request to the tool."""
    platform = platform_of(request)
    chosen = dict(await parameters(request))
    try:
        registration = platform.registrations[int(chosen["registration"])]
        person = next(p for p in platform.people if p.sub == chosen["person"])
        course = next(c for c in platform.courses if c.id == chosen["course"])
        roles = ROLES[chosen["role"]]
        deployment = chosen["deployment"]
    except (KeyError, ValueError, IndexError, StopIteration):
        problems = ("choose a registration, a deployment, a person, a role and a course on the first page",)
        return HTMLResponse(page(request, "refused.html", problems=problems), status_code=400)
    begun = platform.begin(
        platform.intend(registration, person=person, roles=roles, course=course, deployment_id=deployment)
    )
    form = page(request, "form_post.html", url=begun.login.url, method="post", fields=begun.login.params)
    return HTMLResponse(form)


async def journal(request: Request) -> Response:
    """What was said on the wire, the newest first."""
    return HTMLResponse(page(request, "journal.html", exchanges=list(reversed(platform_of(request).journal))))


async def returned(request: Request) -> Response:
    """Where a tool sends people back to, with its message (CORE 5.4.4)."""
    said = {name: value for name, value in await parameters(request) if name.startswith("lti_")}
    return HTMLResponse(page(request, "returned.html", said=said))
