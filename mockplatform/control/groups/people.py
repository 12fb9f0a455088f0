"""People: who may be chosen to launch."""

from __future__ import annotations

from dataclasses import replace

from mockplatform.control.contract import Ask, ConflictError, Listing, Page, act, found, listed
from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.model import Person

__all__ = ["person_of"]


@act("GET", "/tenants/{tenant}/people")
def list_people(ask: Ask, query: Page) -> Listing[Person]:
    """The people that the tenant knows."""
    return listed(ask.platform.state.people, query)


@act("POST", "/tenants/{tenant}/people", status=201)
def add_person(ask: Ask, body: Person) -> Person:
    """Add somebody."""
    if not body.sub:
        raise UsageError("body: sub is empty; give an id of its own")
    if not ask.platform.state.people.add(body.sub, body):
        raise ConflictError(f"person {body.sub!r} is there already; change that one")
    return body


@act("GET", "/tenants/{tenant}/people/{person}")
def get_person(ask: Ask) -> Person:
    """One person."""
    return person_of(ask.platform, ask.path["person"])


@act("PUT", "/tenants/{tenant}/people/{person}")
def change_person(ask: Ask, body: Person) -> Person:
    """Put other facts in the place of a person's; the `sub` stays."""
    person = person_of(ask.platform, ask.path["person"])
    if body.sub != person.sub:
        raise UsageError(f"body: sub: expected {person.sub!r}, as in the path")
    ask.platform.state.people.put(person.sub, body)
    for course in ask.platform.courses:
        key = f"{course.id} {person.sub}"
        ask.platform.state.enrolments.change(key, lambda enrolment: replace(enrolment, person=body))
    return body


@act("DELETE", "/tenants/{tenant}/people/{person}")
def remove_person(ask: Ask) -> None:
    """Forget somebody; courses in which the person has been launched go on to know of it."""
    ask.platform.state.people.pop(person_of(ask.platform, ask.path["person"]).sub)


def person_of(platform: Platform, sub: str) -> Person:
    """A person by `sub`.

    Raises:
        NotFoundError: there is none.
    """
    return found(platform.state.people.get(sub), f"there is no person {sub!r}; GET …/people lists all")
