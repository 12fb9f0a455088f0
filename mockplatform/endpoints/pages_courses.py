"""The courses: gradebook, roster, placed links and groups of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.course_checks import check_course
from mockplatform.course_groups import groups, sets
from mockplatform.endpoints.finding import found, number
from mockplatform.endpoints.own_forms import changing, for_people, values_of
from mockplatform.endpoints.pages_home import course_words
from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.rendering import html, refusal, see_other
from mockplatform.endpoints.wire import platform_of
from mockplatform.errors import UsageError
from mockplatform.gradebook.grades import add_line_item
from mockplatform.gradebook.line_items import remove_line_item
from mockplatform.gradebook.scores import result_score
from mockplatform.lms import Platform
from mockplatform.model import Course
from mockplatform.opening import resource_link
from mockplatform.records import LineItem, Score
from mockplatform.roster import Status, roster, set_status, size

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES"]

FOR_PEOPLE = True
NAVIGATION = (50, "/courses", "Courses")

_PART = 50
_CELLS = 500
_OPENS_TOOL = "ltiResourceLink"
_STATUSES: dict[str, Status] = {"Active": "Active", "Inactive": "Inactive", "Deleted": "Deleted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A score as the gradebook shows it."""

    score: Score
    name: str
    result: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A line item and the scores in it."""

    item: LineItem
    cells: tuple[_Cell, ...]
    count: int


async def courses(request: Request) -> Response:
    """Every course."""
    given = dict(query_of(request))
    shown = found(
        platform_of(request).state.courses,
        query=given.get("q", ""),
        words=course_words,
        offset=number(given.get("from", "")),
        limit=_PART,
    )
    return html(request, "courses.html", found=shown, given=given)


Shown = Callable[[Request, Platform, Course], Awaitable[Response]]


def _of_course(shown: Shown) -> Callable[[Request], Awaitable[Response]]:
    """A page about the course that the address names."""

    async def answer(request: Request) -> Response:
        platform, course_id = platform_of(request), dict(query_of(request)).get("course", "")
        course = platform.course(course_id)
        if course is None:
            advice = ("Choose one of the list of courses.",)
            return refusal(request, f"course {course_id!r}: there is none", advice=advice, status=404)
        return await shown(request, platform, course)

    return answer


async def gradebook(request: Request, platform: Platform, course: Course) -> Response:
    """The line items of a course with their scores."""
    items = platform.state.line_items.page(group=course.id, limit=_CELLS)
    columns = [_column(platform, item) for item in items]
    own = platform.dialect.shape(resource_link(course, None, {}))
    placed = [link for link in platform.state.links.page(group=course.id, limit=_CELLS) if link.type == _OPENS_TOOL]
    tools = platform.state.registrations.page(limit=_CELLS)
    return html(
        request,
        "gradebook.html",
        course=course,
        columns=columns,
        own=own,
        links=placed,
        tools=tools,
        tab="gradebook",
    )


async def add_item(request: Request) -> Response:
    """Put a line item of the platform's own into the gradebook, for a link of the course."""
    platform, given = platform_of(request), await values_of(request)
    try:
        course_id, link_id = _place(platform, given)
        add_line_item(
            platform,
            course_id,
            label=given.get("label", ""),
            score_maximum=_maximum(given.get("maximum", "")),
            resource_link_id=link_id,
            **_owner(platform, given.get("registration", ""), link_id),
        )
    except UsageError as problem:
        return refusal(request, str(problem), advice=("Go back, change the field that is named, and try again.",))
    return see_other(request, "/courses/gradebook", course=course_id)


def _place(platform: Platform, given: Mapping[str, str]) -> tuple[str, str]:
    """The course and the link in it that a form names."""
    course_id, link_id = given.get("course", ""), given.get("link", "")
    course = platform.course(course_id)
    if course is None:
        raise UsageError(f"course {course_id!r}: there is none; choose one of the list of courses")
    placed = platform.state.links.get(link_id)
    own = platform.dialect.shape(resource_link(course, None, {})).id
    if link_id != own and (placed is None or placed.course_id != course_id):
        raise UsageError(f"link {link_id!r}: there is none in this course; choose one of the list")
    return course_id, link_id


def _owner(platform: Platform, key: str, link_id: str) -> dict[str, str]:
    """The tool whose line item it is to be: many share the course's own link, a placed one says it by itself."""
    if platform.state.links.get(link_id) is not None:
        return {}
    chosen = [platform.state.registrations.get(key)] if key else platform.state.registrations.page(limit=2)
    if len(chosen) != 1:
        return {}
    if chosen[0] is None:
        raise UsageError(f"registration {key!r}: there is none; choose one of the list")
    return {"client_id": chosen[0].client_id, "issuer": chosen[0].issuer}


def _maximum(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"maximum is {text!r}, expected a number such as 100") from None


def _column(platform: Platform, item: LineItem) -> _Column:
    scores = platform.state.scores.page(group=item.id, limit=_CELLS, newest_first=True)
    cells = []
    for score in scores:
        person = platform.state.people.get(score.user_id)
        cells.append(_Cell(score=score, name=person.name if person else "", result=result_score(item, score)))
    return _Column(item=item, cells=tuple(cells), count=platform.state.scores.count(group=item.id))


async def members(request: Request, platform: Platform, course: Course) -> Response:
    """The roster of a course, as the membership service tells it."""
    given = dict(query_of(request))
    offset = number(given.get("from", ""))
    part = roster(platform, course, offset=offset, limit=_PART, gone=True)
    places = size(platform, course)
    # Places of people who are listed elsewhere stay empty; only of a few is it quick to count those that are not.
    exact = places <= _CELLS
    if exact:
        places = len(roster(platform, course, limit=_CELLS, gone=True).members)
    return html(
        request,
        "roster.html",
        course=course,
        part=part,
        places=places,
        exact=exact,
        given=given,
        statuses=tuple(_STATUSES),
        tab="roster",
    )


async def links(request: Request, platform: Platform, course: Course) -> Response:
    """What tools have placed in a course."""
    given = dict(query_of(request))
    shown = found(
        platform.state.links,
        words=str,
        group=course.id,
        offset=number(given.get("from", "")),
        limit=_PART,
        newest_first=True,
    )
    return html(request, "links.html", course=course, found=shown, given=given, tab="links")


async def course_groups(request: Request, platform: Platform, course: Course) -> Response:
    """The groups of a course and the sets that they stand in."""
    return html(
        request,
        "groups.html",
        course=course,
        groups=groups(platform, course),
        sets={one.id: one.name for one in sets(platform, course)},
        tab="groups",
    )


async def remove_link(request: Request) -> Response:
    """Take a placed link out of its course."""
    given = await values_of(request)
    platform_of(request).state.links.pop(given.get("link", ""))
    return see_other(request, "/courses/links", course=given.get("course", ""))


async def remove_item(request: Request) -> Response:
    """Take a line item with its scores out of the gradebook."""
    platform, given = platform_of(request), await values_of(request)
    item = platform.state.line_items.get(given.get("item", ""))
    if item is not None:
        remove_line_item(platform, item)
    return see_other(request, "/courses/gradebook", course=given.get("course", ""))


async def change_status(request: Request) -> Response:
    """Let a member of a course leave, pause or come back."""
    given = await values_of(request)
    course, status = given.get("course", ""), _STATUSES.get(given.get("status", ""), "Active")
    try:
        set_status(platform_of(request), course, given.get("person", ""), status)
    except UsageError as problem:
        return refusal(request, str(problem))
    return see_other(request, "/courses/roster", course=course, **{"from": given.get("from", "")})


async def add_course(request: Request) -> Response:
    """Add a course, or put another one in the place of that of the same id."""
    platform, given = platform_of(request), await values_of(request)
    course_id = given.get("id", "")
    if not course_id:
        return refusal(request, "The course has no id; give it one, such as course-9.")
    course = Course(id=course_id, label=given.get("label", ""), title=given.get("title", "") or course_id)
    course = replace(course, crowd=number(given.get("crowd", "")))
    try:
        check_course(course)
    except ValueError as problem:
        return refusal(request, f"The course: {problem}")
    platform.state.courses.put(course_id, course)
    return see_other(request, "/courses")


ROUTES = for_people(
    Route("/courses", courses, methods=["GET"], name="courses"),
    Route("/courses", changing(add_course), methods=["POST"], name="add_course"),
    Route("/courses/gradebook", _of_course(gradebook), methods=["GET"], name="gradebook"),
    Route("/courses/gradebook", changing(add_item), methods=["POST"], name="add_item"),
    Route("/courses/gradebook/remove", changing(remove_item), methods=["POST"], name="remove_item"),
    Route("/courses/roster", _of_course(members), methods=["GET"], name="roster"),
    Route("/courses/roster", changing(change_status), methods=["POST"], name="change_status"),
    Route("/courses/links", _of_course(links), methods=["GET"], name="links"),
    Route("/courses/links/remove", changing(remove_link), methods=["POST"], name="remove_link"),
    Route("/courses/groups", _of_course(course_groups), methods=["GET"], name="groups_page"),
)
