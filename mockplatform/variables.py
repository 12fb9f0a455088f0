"""Substitution variables of custom parameters (LTI Core 1.3, section 5.4.6 and appendix B).

A variable that the platform knows and has no value for gives an empty text; one that it does not know stays as it was
written, unless the platform behaves otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

from mockplatform.mentoring import mentored
from mockplatform.model import Launch

__all__ = ["COURSE_SECTION", "DATES", "VARIABLES", "Unknown", "substituted"]

Unknown = Literal["literal", "empty", "omit"]
"""What becomes of a variable that the platform does not know."""

DATES: Final = (
    "available.startDateTime",
    "available.endDateTime",
    "submission.startDateTime",
    "submission.endDateTime",
)
"""When a link can be used (appendix B.4; Deep Linking 2.0, section 3.2)."""

COURSE_SECTION: Final = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"


def _nothing(_launch: Launch) -> str:
    return ""


def _date(name: str) -> Callable[[Launch], str]:
    return lambda launch: launch.resource_link.dates.get(name, "")


VARIABLES: Final[Mapping[str, Callable[[Launch], str]]] = {
    # Appendix B.1 and B.2; the launch comes here with what the tool may know of the person.
    "User.id": lambda launch: launch.person.sub,
    "User.username": lambda launch: launch.person.email.partition("@")[0],
    "User.image": _nothing,
    "User.scope.mentor": lambda launch: ",".join(mentored(launch.person, launch.roles)),
    "Person.sourcedId": _nothing,
    "Person.name.full": lambda launch: launch.person.name,
    "Person.name.given": lambda launch: launch.person.given_name,
    "Person.name.family": lambda launch: launch.person.family_name,
    "Person.name.middle": _nothing,
    "Person.name.prefix": _nothing,
    "Person.name.suffix": _nothing,
    "Person.email.primary": lambda launch: launch.person.email,
    # Appendix B.3
    "Context.id": lambda launch: launch.course.id,
    "Context.label": lambda launch: launch.course.label,
    "Context.title": lambda launch: launch.course.title,
    "Context.type": lambda _launch: COURSE_SECTION,
    "Context.sourcedId": _nothing,
    "Context.id.history": _nothing,
    # Appendix B.4
    "ResourceLink.id": lambda launch: launch.resource_link.id,
    "ResourceLink.title": lambda launch: launch.resource_link.title,
    "ResourceLink.description": lambda launch: launch.resource_link.description,
    "ResourceLink.id.history": _nothing,
    **{f"ResourceLink.{name}": _date(name) for name in DATES},
    # Appendix B.5: every course of this platform is a section, and it keeps no record of offerings.
    "CourseSection.sourcedId": lambda launch: launch.course.id,
    "CourseSection.label": lambda launch: launch.course.label,
    "CourseSection.title": lambda launch: launch.course.title,
    "CourseSection.shortDescription": _nothing,
    "CourseSection.timeFrame.begin": _nothing,
    "CourseSection.timeFrame.end": _nothing,
    "CourseOffering.sourcedId": _nothing,
    "CourseOffering.label": _nothing,
    "CourseOffering.title": _nothing,
    # Appendix B.7
    "Membership.role": lambda launch: ",".join(launch.roles),
    "Membership.status": lambda _launch: "Active",
    "Membership.personSourcedId": _nothing,
    # The platform and the message (appendix B.10 and B.11).
    "ToolPlatform.productFamilyCode": lambda _launch: "mockplatform",
    "ToolPlatform.version": lambda _launch: "1",
    "ToolPlatformInstance.guid": lambda launch: launch.platform_guid,
    "ToolPlatformInstance.name": lambda _launch: "mockplatform",
    "Message.documentTarget": lambda launch: launch.document_target,
    "Message.locale": lambda launch: launch.person.locale,
    "Message.returnURL": lambda launch: launch.return_url,
}
"""Every variable that the platform knows, without its dollar sign."""


def substituted(custom: Mapping[str, str], launch: Launch, *, unknown: Unknown = "literal") -> dict[str, str]:
    """Custom parameters with what their variables stand for (CORE, appendix B)."""
    return dict(_fields(custom, launch, unknown))


def _fields(custom: Mapping[str, str], launch: Launch, unknown: Unknown) -> Iterator[tuple[str, str]]:
    for name, value in custom.items():
        if not value.startswith("$"):
            yield name, value
            continue
        meaning = VARIABLES.get(value[1:])
        if meaning is not None:
            yield name, meaning(launch)
        elif unknown != "omit":
            yield name, value if unknown == "literal" else ""
