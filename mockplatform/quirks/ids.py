"""The forms of a platform's own ids (CORE 5.3.5, 5.3.6 and 5.4.1).

They are put on people, courses and links themselves and not on a token, so that the services of the platform and its
launches always mean the same person by the same id.
"""

from __future__ import annotations

from dataclasses import replace

from mockplatform.dialects.quirk import quirk
from mockplatform.dialects.values import FORMS, in_form
from mockplatform.model import Course, Launch, Person, ResourceLink


@quirk("SEC 5.1.2", neutral="as_is", choices=tuple(FORMS))
def person(person: Person, launch: Launch | None, setting: str) -> Person:  # noqa: ARG001
    """The form of the id of a person, the claim `sub` and `user_id` of services."""
    return replace(person, sub=in_form(person.sub, setting))


@quirk("CORE 5.4.1", neutral="as_is", choices=tuple(FORMS))
def course(course: Course, launch: Launch | None, setting: str) -> Course:  # noqa: ARG001
    """The form of the id of a course, the member `id` of the claim `context`."""
    return replace(course, id=in_form(course.id, setting))


@quirk("CORE 5.3.5", neutral="as_is", choices=tuple(FORMS))
def resource_link(link: ResourceLink, launch: Launch | None, setting: str) -> ResourceLink:  # noqa: ARG001
    """The form of the id of a resource link."""
    return replace(link, id=in_form(link.id, setting))
