"""Flaws of the class product: configured attributes, values, and what they lead to."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, select

from conformance.sample_tool import message, product, values
from conformance.sample_tool.flaws.kinds import Flaw, insert, overlook, replace
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import Refusal
from conformance.sample_tool.tables import course_links

__all__ = ["FLAWS"]

CLASS_OF_COURSE = select(course_links.c.class_id).where(course_links.c.context_id == bindparam("context_id"))
STANDARD: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "email": lambda claims: claims.get("email"),
    "course_id": lambda claims: member(claims, CLAIM + "context").get("id"),
    "person_id": lambda claims: claims.get("sub"),
}


def attributes_filled_in(launch: Launch) -> Launch:
    """Fills a missing custom field with the standard claim."""
    custom = member(launch.claims, CLAIM + "custom")
    standard = {field: STANDARD[attribute](launch.claims) for attribute, field in launch.integration.attributes.items()}
    return dataclasses.replace(launch, claims={**launch.claims, CLAIM + "custom": {**standard, **custom}})


def blanks_taken(launch: Launch) -> Launch:
    """Takes blank text for a value."""
    return dataclasses.replace(launch, claims=_rewritten(launch.claims, _mark_if_blank))


def variables_taken(launch: Launch) -> Launch:
    """Takes the name of a variable for its value."""
    return dataclasses.replace(launch, claims=_rewritten(launch.claims, lambda text: text.removeprefix("$")))


def privilege_by_substring(launch: Launch) -> Launch:
    """Looks for the word in the role."""
    return dataclasses.replace(launch, privileged=any("Instructor" in role for role in launch.roles))


def class_with_any_settings(launch: Launch) -> Launch | Awaitable[Launch]:
    """Goes on with built-in settings when those of the school cannot be read."""
    try:
        return product.new_class(launch)
    except Refusal as refusal:
        if refusal.reason.code != 1012:
            raise
        course = (launch.integration.issuer, launch.deployment_id, launch.course_id)
        return dataclasses.replace(launch, class_id=launch.tool.store.create_class(*course, launch.title))


def _rewritten(claims: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    def rewrite(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: rewrite(child) for name, child in value.items()}
        return change(value) if isinstance(value, str) else value

    return {name: rewrite(value) for name, value in claims.items()}


def _mark_if_blank(text: str) -> str:
    return text if text.strip() or not text else f"({text})"


def privilege_unless_student(launch: Launch) -> Launch:
    """Gives a teacher's rights to whoever is no student."""
    return dataclasses.replace(launch, privileged=not any(role.endswith("#Learner") for role in launch.roles))


FLAWS: Final = (
    Flaw(
        name="attribute-fallback",
        why="A custom field that the registration names is missing, and a standard claim is used instead.",
        profile="class",
        changes=(insert(attributes_filled_in, before=message.attribute_names),),
    ),
    Flaw(
        name="email-unchecked",
        why="A person without an address is let in, and cannot be found again.",
        profile="class",
        changes=(overlook(values.email),),
    ),
    Flaw(
        name="course-id-unchecked",
        why="A launch without a course ends in one class that everybody shares.",
        profile="class",
        changes=(overlook(values.course_id),),
    ),
    Flaw(
        name="name-unchecked",
        why="A person without a name is let in.",
        profile="class",
        changes=(overlook(values.name),),
    ),
    Flaw(
        name="person-id-unchecked",
        why="A person without an id is enrolled, and so is the next one, as the same person.",
        profile="class",
        changes=(overlook(message.subject), overlook(values.person_id)),
    ),
    Flaw(
        name="title-unchecked",
        why="A class without a title is created.",
        profile="class",
        changes=(overlook(values.title),),
    ),
    Flaw(
        name="empty-roles-accepted",
        why="Somebody without a role is taken for a student.",
        profile="class",
        changes=(overlook(values.role_list),),
    ),
    Flaw(
        name="blank-is-a-value",
        why="A blank is not empty, so it is taken for an address, an id or a name.",
        profile="class",
        changes=(insert(blanks_taken, before=values.email),),
    ),
    Flaw(
        name="unresolved-variables-taken",
        why="The platform did not fill in a variable, and its name is taken for the value.",
        profile="class",
        changes=(insert(variables_taken, before=values.email),),
    ),
    Flaw(
        name="substring-privilege",
        why="The word Instructor anywhere in a role makes a teacher, even that of another course.",
        profile="class",
        changes=(replace(message.privilege, by=privilege_by_substring),),
    ),
    Flaw(
        name="unknown-roles-privileged",
        why="Whoever is no student is taken for a teacher.",
        profile="class",
        changes=(replace(message.privilege, by=privilege_unless_student),),
    ),
    Flaw(
        name="zoom-not-required",
        why="A teacher without a Zoom account gets a class that nobody can join.",
        profile="class",
        changes=(overlook(product.zoom_auth, code=1009),),
    ),
    Flaw(
        name="zoom-failure-ignored",
        why="When the Zoom record cannot be read, the tool goes on as if it had been.",
        profile="class",
        changes=(overlook(product.zoom_auth, code=1008),),
    ),
    Flaw(
        name="class-created-by-students",
        why="The first student who comes creates the class.",
        profile="class",
        changes=(overlook(product.course_link, code=1011),),
    ),
    Flaw(
        name="course-link-failure-ignored",
        why="When the link cannot be read, the tool takes it for missing and creates a class.",
        profile="class",
        changes=(overlook(product.course_link, code=1010),),
    ),
    Flaw(
        name="meeting-defaults-failure-ignored",
        why="When the school's settings cannot be read, the class is created with other ones.",
        profile="class",
        changes=(replace(product.new_class, by=class_with_any_settings),),
    ),
    Flaw(
        name="deferred-failure-ignored",
        why="Classes that wait for a teacher are lost without a word.",
        profile="class",
        changes=(overlook(product.deferred),),
    ),
    Flaw(
        name="enrolment-failure-ignored",
        why="A person is shown a class without being a member of it.",
        profile="class",
        changes=(overlook(product.enrolment),),
    ),
    Flaw(
        name="class-failure-ignored",
        why="A class that cannot be read is shown as an empty page.",
        profile="class",
        changes=(overlook(product.show_class),),
    ),
)
