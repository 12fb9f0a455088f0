"""People: who may be chosen to launch."""

from __future__ import annotations

from dataclasses import replace

from mockplatform.control.checks import check_id
from mockplatform.control.contract import Ask, ConflictError, Listing, Page, act, found, listed
from mockplatform.errors import UsageError
from mockplatform.known_person import KnownOfPerson
from mockplatform.lms import Platform
from mockplatform.model import Person
from mockplatform.records import enrolment_key
from mockplatform.roster import note_person

__all__ = ["person_of"]


@act("GET", "/tenants/{tenant}/people")
def list_people(ask: Ask, query: Page) -> Listing[Person]:
    """The people that the tenant knows."""
    return listed(ask.platform.state.people, query)


@act("POST", "/tenants/{tenant}/people", status=201)
def add_person(ask: Ask, body: KnownOfPerson) -> Person:
    """Add somebody."""
    check_id("sub", body.sub)
    person = body.person()
    if not ask.platform.state.people.add(person.sub, person):
        raise ConflictError(f"person {person.sub!r} is there already; change that one")
    note_person(ask.platform, person.sub, None)
    return person


@act("GET", "/tenants/{tenant}/people/{person}")
def get_person(ask: Ask) -> Person:
    """One person."""
    return person_of(ask.platform, ask.path["person"])


@act("PUT", "/tenants/{tenant}/people/{person}")
def change_person(ask: Ask, body: KnownOfPerson) -> Person:
    """Put other facts in the place of a person's; the `sub` stays."""
    person = person_of(ask.platform, ask.path["person"])
    if body.sub != person.sub:
        raise UsageError(f"body: sub: expected {person.sub!r}, as in the path")
    changed = body.person()
    ask.platform.state.people.put(person.sub, changed)
    for course in ask.platform.courses:
        key = enrolment_key(course.id, person.sub)
        ask.platform.state.enrolments.change(key, lambda enrolment: replace(enrolment, person=changed))
    note_person(ask.platform, person.sub, person)
    return changed


@act("DELETE", "/tenants/{tenant}/people/{person}")
def remove_person(ask: Ask) -> None:
    """Forget somebody; courses in which the person has been launched go on to know of it."""
    person = person_of(ask.platform, ask.path["person"])
    ask.platform.state.people.pop(person.sub)
    note_person(ask.platform, person.sub, person)


def person_of(platform: Platform, sub: str) -> Person:
    """A person by `sub`.

    Raises:
        NotFoundError: there is none.
    """
    return found(platform.state.people.get(sub), f"there is no person {sub!r}; GET …/people lists all")
