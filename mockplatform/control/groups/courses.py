"""Courses: what is taught, who takes part, and in which groups."""

from __future__ import annotations

from dataclasses import dataclass

from mockplatform.control.checks import check_course
from mockplatform.control.contract import Ask, ConflictError, Listing, Page, act, found, listed
from mockplatform.control.groups.people import person_of
from mockplatform.course_groups import groups as groups_of
from mockplatform.course_groups import sets
from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.model import Course
from mockplatform.records import Enrolment, Group, GroupSet, enrolment_key
from mockplatform.roster import Member, RosterPage, Status, full_role, roster, set_status

__all__ = ["course_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterQuery:
    """Which members are wanted; `offset` is 0 or the `next_offset` of the page before."""

    offset: int = 0
    limit: int = 100
    role: str = ""
    gone: bool = False

    def __post_init__(self) -> None:
        Page(offset=self.offset, limit=self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """How somebody takes part; short names of roles are those of the context."""

    roles: tuple[str, ...] = ("Learner",)
    status: Status = "Active"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatus:
    """The status of a member from now on."""

    status: Status


@act("GET", "/tenants/{tenant}/courses")
def list_courses(ask: Ask, query: Page) -> Listing[Course]:
    """The courses that may be launched from."""
    return listed(ask.platform.state.courses, query)


@act("POST", "/tenants/{tenant}/courses", status=201)
def add_course(ask: Ask, body: Course) -> Course:
    """Add a course; a `crowd` is a number of members that are made up."""
    check_course(body)
    if not ask.platform.state.courses.add(body.id, body):
        raise ConflictError(f"course {body.id!r} is there already; change that one")
    return body


@act("GET", "/tenants/{tenant}/courses/{course}")
def get_course(ask: Ask) -> Course:
    """One course."""
    return course_of(ask.platform, ask.path["course"])


@act("PUT", "/tenants/{tenant}/courses/{course}")
def change_course(ask: Ask, body: Course) -> Course:
    """Put other facts in the place of a course's; the id stays."""
    course = course_of(ask.platform, ask.path["course"])
    if body.id != course.id:
        raise UsageError(f"body: id: expected {course.id!r}, as in the path")
    check_course(body)
    ask.platform.state.courses.put(course.id, body)
    return body


@act("DELETE", "/tenants/{tenant}/courses/{course}")
def remove_course(ask: Ask) -> None:
    """Take a course away; its grades and members stay until the tenant is reset."""
    ask.platform.state.courses.pop(course_of(ask.platform, ask.path["course"]).id)


@act("GET", "/tenants/{tenant}/courses/{course}/roster")
def get_roster(ask: Ask, query: RosterQuery) -> RosterPage:
    """Who takes part in a course, as its membership service says it."""
    platform, course = ask.platform, course_of(ask.platform, ask.path["course"])
    return roster(platform, course, offset=query.offset, limit=query.limit, role=query.role, gone=query.gone)


@act("PUT", "/tenants/{tenant}/courses/{course}/enrolments/{person}")
def enrol_person(ask: Ask, body: Enrolling) -> Enrolment:
    """Let a person of the tenant take part in a course, or do so otherwise."""
    platform = ask.platform
    course, person = course_of(platform, ask.path["course"]), person_of(platform, ask.path["person"])
    platform.enrol(person, course, [full_role(role) for role in body.roles])
    if body.status != "Active":
        set_status(platform, course.id, person.sub, body.status)
    kept = platform.state.enrolments.get(enrolment_key(course.id, person.sub))
    return found(kept, f"{person.sub!r} was removed from {course.id!r} meanwhile; ask again")


@act("PATCH", "/tenants/{tenant}/courses/{course}/enrolments/{person}")
def change_enrolment(ask: Ask, body: NewStatus) -> Member:
    """Give any member of a course, also a made-up one, another status: who leaves has Deleted."""
    course = course_of(ask.platform, ask.path["course"])
    return set_status(ask.platform, course.id, ask.path["person"], body.status)


@act("GET", "/tenants/{tenant}/courses/{course}/groups")
def list_groups(ask: Ask) -> Listing[Group]:
    """The groups of a course, made up where none were made."""
    items = groups_of(ask.platform, course_of(ask.platform, ask.path["course"]))
    return Listing(items=items, total=len(items))


@act("PUT", "/tenants/{tenant}/courses/{course}/groups/{group}")
def put_group(ask: Ask, body: Group) -> Group:
    """Make a group, or put another one in its place."""
    course = course_of(ask.platform, ask.path["course"])
    _check_ids(body.id, body.course_id, ask.path["group"], course)
    ask.platform.state.groups.put(body.id, body, group=course.id)
    return body


@act("DELETE", "/tenants/{tenant}/courses/{course}/groups/{group}")
def remove_group(ask: Ask) -> None:
    """Take a group away that was made."""
    course_of(ask.platform, ask.path["course"])
    found(ask.platform.state.groups.pop(ask.path["group"]), f"no group {ask.path['group']!r} was made")


@act("GET", "/tenants/{tenant}/courses/{course}/group-sets")
def list_group_sets(ask: Ask) -> Listing[GroupSet]:
    """The ways in which a course is divided into groups."""
    items = sets(ask.platform, course_of(ask.platform, ask.path["course"]))
    return Listing(items=items, total=len(items))


@act("PUT", "/tenants/{tenant}/courses/{course}/group-sets/{group_set}")
def put_group_set(ask: Ask, body: GroupSet) -> GroupSet:
    """Make a group set, or put another one in its place."""
    course = course_of(ask.platform, ask.path["course"])
    _check_ids(body.id, body.course_id, ask.path["group_set"], course)
    ask.platform.state.group_sets.put(body.id, body, group=course.id)
    return body


def _check_ids(given_id: str, given_course: str, wanted_id: str, course: Course) -> None:
    if (given_id, given_course) != (wanted_id, course.id):
        raise UsageError(f"body: id and course_id: expected {wanted_id!r} and {course.id!r}, as in the path")


def course_of(platform: Platform, course_id: str) -> Course:
    """A course by its id: one of the tenant, or one from which somebody has launched.

    Raises:
        NotFoundError: there is none.
    """
    return found(platform.course(course_id), f"there is no course {course_id!r}; GET …/courses lists all")
