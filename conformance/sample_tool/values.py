"""The steps that gather what the class product cannot do without (policy `class`)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, TypeGuard

from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import Refusal, invalid

__all__ = ["NAMES", "course_id", "email", "name", "person_id", "role_list", "title", "usable"]

NAMES = ("name", "given_name", "family_name")
UNRESOLVED = re.compile(r"\s*\$[A-Za-z]+(\.[A-Za-z0-9_]+)+\s*")


def email(launch: Launch) -> Launch:
    """There is an address to find the person's Zoom account by."""
    value = _attribute(launch, "email", otherwise=launch.claims.get("email"))
    return replace(launch, email=_needed(value, code=1006, about="email"))


def course_id(launch: Launch) -> Launch:
    """There is something to link a class with."""
    context = member(launch.claims, CLAIM + "context")
    value = _attribute(launch, "course_id", otherwise=context.get("id"))
    return replace(launch, course_id=_needed(value, code=1007, about="context.id"))


def name(launch: Launch) -> Launch:
    """There is something to call the person by."""
    values = [launch.claims.get(part) for part in NAMES]
    known = next((value for value in values if usable(value)), None)
    sent = next((value for value in values if value is not None), None)
    return replace(launch, name=_needed(known or sent, code=1019, about="name"))


def person_id(launch: Launch) -> Launch:
    """There is something to enrol the person under."""
    value = _attribute(launch, "person_id", otherwise=launch.claims.get("sub"))
    return replace(launch, person_id=_needed(value, code=1022, about="person id"))


def title(launch: Launch) -> Launch:
    """There is something to call the class."""
    value = member(launch.claims, CLAIM + "context").get("title")
    return replace(launch, title=_needed(value, code=1023, about="context.title"))


def role_list(launch: Launch) -> Launch:
    """There is a role to tell teachers and students apart by."""
    if not any(role.strip() for role in launch.roles):
        raise invalid("InvalidClaim", code=1024, about="roles")
    return launch


def usable(value: object) -> TypeGuard[str]:
    """Whether a value says anything: blank text and a variable that nobody filled in do not (CORE 5.4.6.1).

    Not every database takes a NUL, and none shows one.
    """
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value and not UNRESOLVED.fullmatch(value)


def _attribute(launch: Launch, attribute: str, *, otherwise: Any) -> Any:
    field = launch.integration.attributes.get(attribute)
    return otherwise if field is None else member(launch.claims, CLAIM + "custom").get(field)


def _needed(value: object, *, code: int, about: str) -> str:
    if usable(value):
        return value
    raise _unusable(value, code=code, about=about)


def _unusable(value: object, *, code: int, about: str) -> Refusal:
    return invalid("MissingClaim" if value is None else "InvalidClaim", code=code, about=about)
