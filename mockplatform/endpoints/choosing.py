"""A launch as it is chosen on a page: who opens what from where, and in which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, cast

from mockplatform.claims import CONTEXT_ROLE, INSTITUTION_ROLE, INSTRUCTOR, LEARNER
from mockplatform.errors import UsageError
from mockplatform.gradebook.line_items import is_tools
from mockplatform.lms import Platform
from mockplatform.mentoring import MENTOR
from mockplatform.message import messages
from mockplatform.model import Course, Launch, Message, Person, Registration, registration_key
from mockplatform.records import PlacedLink
from mockplatform.roster import full_role, roster

__all__ = [
    "OWN",
    "ROLES",
    "STORAGE_TARGETS",
    "UnknownLineItemError",
    "a_learner",
    "check_line_item",
    "chosen",
    "reviewed",
    "tried",
]

OWN = "own"
"""The role of whoever takes the role that the school has given to the person."""

_SUBROLES = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
_SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
_TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

ROLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    OWN: ("The person's own", ()),
    "instructor": ("Instructor", (INSTRUCTOR,)),
    "student": ("Learner", (LEARNER,)),
    "assistant": ("Teaching assistant (sub-role)", (_SUBROLES + "Instructor#TeachingAssistant", INSTRUCTOR)),
    "developer": ("Content developer", (CONTEXT_ROLE + "ContentDeveloper",)),
    "mentor": ("Mentor", (MENTOR,)),
    "administrator": ("Administrator of the institution, not of the course", (INSTITUTION_ROLE + "Administrator",)),
    "guest": ("Guest of the institution", (INSTITUTION_ROLE + "Guest",)),
    "preview": ("Preview of a student", (LEARNER, _TEST_USER)),
    "nobody": ("No role at all", ()),
    "several": ("Instructor and learner at once", (INSTRUCTOR, LEARNER)),
    "unknown": ("A role that no document knows", ("https://lms.example/roles#Wizard",)),
}
"""Names and full URIs of the roles by what a form calls them (LTI Core 1.3, appendix A.2)."""

STORAGE_TARGETS = ("", "_parent", "storage")
"""None, the frame around the tool, and the frame that the page with the tool has for it."""


class UnknownLineItemError(UsageError):
    """A line item was named that this platform does not have, or no longer."""


def reviewed(platform: Platform, given: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form with the learner that a review must name, one of the course unless chosen.

    The line item that it must name, too (Submission Review 1.0), the platform finds where none is chosen.

    Raises:
        UsageError: something is named that this platform does not have, or no longer.
    """
    link = _link(platform, given)
    course = _course(platform, link.course_id if link else given.get("course", ""))
    if given.get("line_item"):
        check_line_item(platform, _registration(platform, given, link), course, given["line_item"])
    learner = given.get("for_user") or a_learner(platform, course, given.get("person", ""))
    return dict(given) | {"for_user": learner}


def check_line_item(platform: Platform, tool: Registration, course: Course, item_id: str) -> None:
    """Make sure that a line item is one of a course, and the tool's, which could not ask for it otherwise.

    Raises:
        UnknownLineItemError: there is none.
        UsageError: it is one of another course, or none of the tool's.
    """
    item = platform.state.line_items.get(item_id)
    if item is None:
        raise UnknownLineItemError(f"line item {item_id!r}: there is none; choose one of the list, or none")
    if item.course_id != course.id:
        raise UsageError(
            f"line item {item_id!r}: it is of the course {item.course_id!r}, not of {course.id!r}; choose that course"
        )
    if not is_tools(platform, course, item, issuer=tool.issuer, client_id=tool.client_id):
        raise UsageError(f"line item {item_id!r}: it is none of {tool.name}, which cannot see it; choose another one")


def a_learner(platform: Platform, course: Course, launching: str) -> str:
    """A learner of the course, if there is one not the person who launches."""
    learners = [member.person.sub for member in roster(platform, course, limit=2, role=full_role("Learner")).members]
    return next((sub for sub in learners if sub != launching), launching)


def chosen(platform: Platform, given: Mapping[str, str]) -> Launch:
    """The launch that the fields of a form describe.

    Raises:
        UsageError: something is named that this platform does not have, or no longer.
    """
    return _intended(platform, given, line_item=given.get("line_item", ""))


def tried(platform: Platform, given: Mapping[str, str]) -> Launch:
    """The same launch where nobody is to have it: nothing is made for it, such as the line item of a review.

    Raises:
        UsageError: something is named that this platform does not have, or no longer.
    """
    return _intended(platform, given, line_item=given.get("line_item") or None)


def _intended(platform: Platform, given: Mapping[str, str], *, line_item: str | None) -> Launch:
    link = _link(platform, given)
    registration = _registration(platform, given, link)
    person = _person(platform, given.get("person", ""))
    message = given.get("message") or "resource_link"
    if message not in messages():
        raise UsageError(f"message {message!r}: there is none; choose {', '.join(messages())}")
    launch = platform.intend(
        registration,
        person=person,
        roles=_roles(person, given.get("role", OWN)),
        course=_course(platform, link.course_id if link else given.get("course", "")),
        deployment_id=_deployment(registration, given.get("deployment", "")),
        message=cast("Message", message),
        link=link,
        for_user=_person(platform, given["for_user"]) if given.get("for_user") else None,
        line_item=line_item,
        document_target=_document_target(given),
        storage_target=given.get("storage_target", ""),
    )
    login_method: Literal["GET", "POST"] = "GET" if given.get("login_method") == "GET" else "POST"
    return replace(launch, login_method=login_method)


def _link(platform: Platform, given: Mapping[str, str]) -> PlacedLink | None:
    link_id = given.get("link", "")
    if not link_id:
        return None
    link = platform.state.links.get(link_id)
    if link is None:
        raise UsageError(f"link {link_id!r}: there is none any more; choose another one")
    return link


def _registration(platform: Platform, given: Mapping[str, str], link: PlacedLink | None) -> Registration:
    key = registration_key(link.issuer, link.client_id) if link else given.get("registration", "")
    registration = platform.state.registrations.get(key)
    if registration is None:
        raise UsageError(f"tool {key!r}: it is not registered, or no longer; choose another one")
    return registration


def _person(platform: Platform, sub: str) -> Person:
    person = platform.state.people.get(sub)
    if person is None:
        raise UsageError(f"person {sub!r}: there is none; choose somebody of the list")
    return person


def _course(platform: Platform, course_id: str) -> Course:
    course = platform.state.courses.get(course_id)
    if course is None:
        raise UsageError(f"course {course_id!r}: there is none; choose one of the list")
    return course


def _roles(person: Person, role: str) -> tuple[str, ...]:
    if role not in ROLES:
        raise UsageError(f"role {role!r}: there is none; choose one of the list")
    return person.roles if role == OWN else ROLES[role][1]


def _deployment(registration: Registration, deployment_id: str) -> str | None:
    if deployment_id and deployment_id not in registration.deployment_ids:
        known = ", ".join(registration.deployment_ids)
        raise UsageError(f"deployment {deployment_id!r}: {registration.name} has {known}; choose one of these")
    return deployment_id or None


def _document_target(given: Mapping[str, str]) -> Literal["iframe", "window"]:
    return "iframe" if given.get("how") == "frame" else "window"
