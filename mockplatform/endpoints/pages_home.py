"""The first page: choose a tool, a person and a course, and launch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.choosing import ROLES, STORAGE_TARGETS
from mockplatform.endpoints.finding import Found, found, number
from mockplatform.endpoints.own_forms import for_people
from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.rendering import html
from mockplatform.endpoints.wire import platform_of
from mockplatform.lms import Platform
from mockplatform.model import Course, Person, Registration
from mockplatform.records import PlacedLink
from mockplatform.store import Table

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES", "choices", "course_words", "person_words", "tool_words"]

FOR_PEOPLE = True
NAVIGATION = (10, "/", "Launch")

_TOOLS = 20
_PEOPLE = 60
_LINKS = 100
_ITEMS = 200

T = TypeVar("T")


def tool_words(tool: Registration) -> str:
    """What a search for a tool looks through."""
    return f"{tool.name} {tool.client_id} {tool.issuer} {tool.launch_url}"


def person_words(person: Person) -> str:
    """What a search for a person looks through."""
    return f"{person.name} {person.sub} {person.email} {person.note} {' '.join(person.roles)}"


def course_words(course: Course) -> str:
    """What a search for a course looks through."""
    return f"{course.title} {course.label} {course.id}"


def _link_words(link: PlacedLink) -> str:
    return f"{link.title} {link.id} {link.course_id}"


def choices(platform: Platform, given: Mapping[str, str]) -> dict[str, Any]:
    """What the part of a page needs with which a launch is chosen."""
    state = platform.state
    tools = _part(state.registrations, tool_words, given, query="tool", offset="tools", limit=_TOOLS)
    people = _part(state.people, person_words, given, query="who", offset="people", limit=_PEOPLE)
    courses = _part(state.courses, course_words, given, query="where", offset="courses", limit=_PEOPLE)
    links = found(state.links, query=given.get("where", ""), words=_link_words, limit=_LINKS, newest_first=True)
    return {
        "given": given,
        "tools": _with(tools, state.registrations.get(given.get("registration", ""))),
        "people": _with(people, state.people.get(given.get("person", ""))),
        "courses": _with(courses, state.courses.get(given.get("course", ""))),
        "links": links.items,
        "line_items": state.line_items.page(limit=_ITEMS),
        "roles": ROLES,
        "storage_targets": STORAGE_TARGETS,
    }


def _part(
    table: Table[T], words: Callable[[T], str], given: Mapping[str, str], *, query: str, offset: str, limit: int
) -> Found[T]:
    """A part of a table; `query` and `offset` name the parameters that choose it."""
    return found(table, query=given.get(query, ""), words=words, offset=number(given.get(offset, "")), limit=limit)


def _with(shown: Found[T], chosen: T | None) -> Found[T]:
    """A part of a list with what was chosen from another part of it."""
    if chosen is None or chosen in shown.items:
        return shown
    return replace(shown, items=(chosen, *shown.items))


async def home(request: Request) -> Response:
    """Everything that can be launched."""
    return html(request, "home.html", **choices(platform_of(request), dict(query_of(request))))


ROUTES = for_people(Route("/", home, name="home"))
