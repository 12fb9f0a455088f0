"""The launches, and the story of each: on a page, or as one file to keep or to send to somebody."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.finding import found, number
from mockplatform.endpoints.own_forms import for_people
from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.rendering import FOLDER, NOT_STORED, html, page, refusal
from mockplatform.endpoints.wire import platform_of
from mockplatform.lms import Platform
from mockplatform.pending import PendingLaunch, launch_named
from mockplatform.telling.timeline import Commands, Story, exchanges_of, story

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES"]

FOR_PEOPLE = True
NAVIGATION = (30, "/launches", "Launches")

_PART = 50


def _words(pending: PendingLaunch) -> str:
    launch = pending.launch
    tool = f"{launch.registration.name} {launch.registration.client_id}"
    return f"{tool} {launch.person.name} {launch.course.title} {pending.key} {' '.join(map(str, pending.mutations))}"


async def launches(request: Request) -> Response:
    """Every launch that the platform remembers, the newest first."""
    given = dict(query_of(request))
    shown = found(
        platform_of(request).launches,
        query=given.get("q", ""),
        words=_words,
        offset=number(given.get("from", "")),
        limit=_PART,
        newest_first=True,
    )
    return html(request, "launches.html", found=shown, given=given)


async def one(request: Request) -> Response:
    """What was said in a launch."""
    platform, key = platform_of(request), dict(query_of(request)).get("launch", "")
    pending = launch_named(platform.launches, key)
    if pending is None:
        advice = ("Choose one of the list of launches; the oldest are forgotten.",)
        return refusal(request, f"launch {key!r}: there is none", advice=advice, status=404)
    return html(request, "launch.html", story=_story(platform, pending, commands="whole"))


async def export(request: Request) -> Response:
    """The same as one file that needs nothing else, to attach to a report."""
    platform, key = platform_of(request), dict(query_of(request)).get("launch", "")
    pending = launch_named(platform.launches, key)
    if pending is None:
        return refusal(request, f"launch {key!r}: there is none", status=404)
    style = (FOLDER / "static" / "style.css").read_text(encoding="utf-8")
    text = page(request, "launch_file.html", story=_story(platform, pending, commands="masked"), style=style)
    headers = {
        **NOT_STORED,
        "content-disposition": 'attachment; filename="launch.html"',
        "content-security-policy": "sandbox",
        "x-content-type-options": "nosniff",
    }
    return Response(text, media_type="text/html", headers=headers)


def _story(platform: Platform, pending: PendingLaunch, *, commands: Commands) -> Story:
    exchanges = exchanges_of(pending, platform.journal, until_s=_next_began(platform, pending))
    returned = platform.state.returned.page(group=pending.launch.id)
    return story(platform, pending, exchanges, returned, commands=commands)


def _next_began(platform: Platform, pending: PendingLaunch) -> float | None:
    """When the next launch of the same tool from the same course began, to which what came then belongs."""
    began = [
        later.begun_s
        for later in platform.launches.page(newest_first=True)
        if later.begun_s > pending.begun_s
        and later.launch.registration.key == pending.launch.registration.key
        and later.launch.course.id == pending.launch.course.id
    ]
    return min(began, default=None)


ROUTES = for_people(
    Route("/launches", launches, methods=["GET"], name="launches"),
    Route("/launches/one", one, name="launch"),
    Route("/launches/file", export, name="launch_file"),
)
