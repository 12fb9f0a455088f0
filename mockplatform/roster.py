"""Who takes part in a course: the platform's people, whoever else has launched from it, and a crowd made up on demand.

A person takes part in the roles of the last launch or, before the first one, in the person's own (learner, if none);
somebody whose own roles hold none of the context takes part only after a launch. The members of a crowd are made
from their index alone, so a page costs the same whether the crowd counts a hundred or a hundred thousand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from mockplatform.claims import CONTEXT_ROLE, LEARNER
from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.model import Course, Person
from mockplatform.records import Enrolment, PersonChange, enrolment_key

__all__ = [
    "Member",
    "RosterPage",
    "Status",
    "changes",
    "full_role",
    "member",
    "note_person",
    "roster",
    "set_status",
    "size",
]

Status = Literal["Active", "Inactive", "Deleted"]

_CHUNK: Final = 100
_FEW: Final = 500
_SUBROLE: Final = CONTEXT_ROLE.removesuffix("#") + "/"
_GIVEN: Final = (
    *("Amara", "Björn", "Chiara", "Dmitri", "Elif", "Fatima", "Goran", "Hana", "Iñigo", "Jing"),
    *("Kofi", "Léa", "Mateo", "Nadia", "Olu", "Priya", "Quinn", "Rósa", "Seán", "Thandi"),
)
_FAMILY: Final = (
    *("Abebe", "Brandão", "Chen", "Dąbrowska", "Eriksen", "Faber", "García", "Haddad", "Ivanova", "Jensen"),
    *("Khan", "Lindgren", "Müller", "Nguyễn", "O’Brien", "Petrov", "Quispe", "Rossi", "Sato", "Tremblay"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person in a course (NRPS 2.0, sections 2.2 and 2.3)."""

    person: Person
    roles: tuple[str, ...]
    """Full URIs."""
    status: Status = "Active"
    changed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPage:
    """Some members in the order of the roster."""

    members: tuple[Member, ...]
    next_offset: int | None
    """Where the next page begins; None: this is the last one. Not a count: what was left out has a place, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A stretch of the roster; where somebody stands who is listed elsewhere, or left, it has None."""

    size: int
    read: Callable[[int, int], list[Member | None]]


def roster(
    platform: Platform, course: Course, *, offset: int = 0, limit: int = _CHUNK, role: str = "", gone: bool = False
) -> RosterPage:
    """A page of a course's roster.

    Args:
        offset: 0, or the `next_offset` of the page before.
        limit: how many members at most, one or more.
        role: only members in this role: a full URI, or the short name of a context role.
        gone: with those who have left the course, whose status is Deleted.
    """
    wanted = full_role(role)
    found: list[Member] = []
    after = offset
    for position, entry in _entries(_parts(platform, course, wanted), offset, limit):
        if entry is None or (wanted and wanted not in entry.roles) or (entry.status == "Deleted" and not gone):
            continue
        # One more is looked for, so that no page is announced on which nobody stands.
        if len(found) == limit:
            return RosterPage(members=tuple(found), next_offset=after)
        found.append(entry)
        after = position + 1
    return RosterPage(members=tuple(found), next_offset=None)


def size(platform: Platform, course: Course) -> int:
    """How many places a course's roster has, also those of people who are listed elsewhere in it or have left."""
    return sum(part.size for part in _parts(platform, course))


def changes(platform: Platform, course: Course, since_s: float) -> tuple[Member, ...]:
    """Whoever has come, changed or left since then, and at that very moment (NRPS 2.0, section 2.4.3)."""
    known = _known(platform, course)
    enrolled = platform.state.enrolments.page(group=course.id)
    # The name may have been corrected since the last launch.
    found = {
        entry.person.sub: _member(entry, known.person(entry.person.sub) or entry.person)
        for entry in enrolled
        if entry.changed_s >= since_s
    }
    for change in platform.state.person_changes.page():
        if change.changed_s >= since_s and change.sub not in found:
            now = _standing(course, change.sub, known.enrolment(change.sub), known.person(change.sub))
            found[change.sub] = _changed(change, now)
    return tuple(filter(None, found.values()))


def note_person(platform: Platform, sub: str, before: Person | None) -> None:
    """Keep in mind that somebody has just been added, changed or removed, for `changes`.

    Args:
        before: what was known until then; None: nothing.
    """
    table = platform.state.person_changes
    if before is None or _member(None, before) is None:
        # Whoever took part once may have to be told to have left.
        known = table.get(sub)
        before = known.was if known is not None else None
    table.put(sub, PersonChange(sub=sub, was=before, changed_s=platform.clock()))


def member(platform: Platform, course: Course, sub: str) -> Member | None:
    """One member of a course by `sub`, also one who has left; None if nobody of that `sub` was ever in it."""
    state = platform.state
    return _standing(course, sub, state.enrolments.get(enrolment_key(course.id, sub)), state.people.get(sub))


def set_status(platform: Platform, course_id: str, sub: str, status: Status) -> Member:
    """Give a member of a course another status, from now on.

    Raises:
        UsageError: there is no such course, or no such member of it.
    """
    course = platform.course(course_id)
    if course is None:
        raise UsageError(f"course {course_id!r}: there is none; take the id of one that the platform lists")
    found = member(platform, course, sub)
    if found is None:
        raise UsageError(f"course {course_id!r}: {sub!r} is no member; take the sub of somebody on its roster")
    enrolment = Enrolment(
        course=course, person=found.person, roles=found.roles, status=status, changed_s=platform.clock()
    )
    platform.state.enrolments.put(enrolment.key, enrolment, group=course.id)
    return replace(found, status=status, changed_s=enrolment.changed_s)


def full_role(role: str) -> str:
    """The full URI of a role: short names are those of the context (NRPS 2.0, section 2.4.1)."""
    return CONTEXT_ROLE + role if role and ":" not in role else role


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Whom a platform knows, by `sub`."""

    enrolment: Callable[[str], Enrolment | None]
    person: Callable[[str], Person | None]


def _known(platform: Platform, course: Course) -> _Known:
    enrolments, people = platform.state.enrolments, platform.state.people
    few = enrolments.count(group=course.id) <= _FEW and people.count() <= _FEW
    if not few:
        return _Known(enrolment=lambda sub: enrolments.get(enrolment_key(course.id, sub)), person=people.get)
    # Of a store that is a database it is better to ask for all of them at once.
    enrolled = {entry.person.sub: entry for entry in enrolments.page(group=course.id)}
    return _Known(enrolment=enrolled.get, person={person.sub: person for person in people.page()}.get)


def _parts(platform: Platform, course: Course, role: str = "") -> tuple[_Part, ...]:
    enrolments, people = platform.state.enrolments, platform.state.people
    known = _known(platform, course)

    def of_people(offset: int, limit: int) -> list[Member | None]:
        found = people.page(offset=offset, limit=limit)
        return [_member(known.enrolment(person.sub), person) for person in found]

    def of_others(offset: int, limit: int) -> list[Member | None]:
        found = enrolments.page(group=course.id, offset=offset, limit=limit)
        return [None if known.person(entry.person.sub) else _member(entry, entry.person) for entry in found]

    def of_crowd(offset: int, limit: int) -> list[Member | None]:
        made = [_crowd_member(course, index) for index in range(offset, offset + limit)]
        return [None if known.enrolment(entry.person.sub) else entry for entry in made]

    stand_in = (
        _Part(size=people.count(), read=of_people),
        _Part(size=enrolments.count(group=course.id), read=of_others),
    )
    # A crowd consists of learners; nobody is made up in order to be left out.
    if course.crowd <= 0 or role not in {"", LEARNER}:
        return stand_in
    return (*stand_in, _Part(size=course.crowd, read=of_crowd))


def _entries(parts: tuple[_Part, ...], offset: int, limit: int) -> Iterator[tuple[int, Member | None]]:
    # The one after the page belongs to the first chunk, as it is always asked for.
    chunk = min(limit, _CHUNK) + 1
    start = 0
    for part in parts:
        for at in range(max(offset - start, 0), part.size, chunk):
            yield from enumerate(part.read(at, min(chunk, part.size - at)), start + at)
        start += part.size


def _standing(course: Course, sub: str, enrolment: Enrolment | None, person: Person | None) -> Member | None:
    """How somebody takes part in a course, of whom these are known."""
    person = person or (enrolment.person if enrolment else None)
    if person is not None:
        return _member(enrolment, person)
    index = _crowd_index(course, sub)
    return None if index is None else _crowd_member(course, index)


def _changed(change: PersonChange, now: Member | None) -> Member | None:
    if now is not None:
        return replace(now, changed_s=max(now.changed_s, change.changed_s))
    left = _member(None, change.was) if change.was is not None else None
    return None if left is None else replace(left, status="Deleted", changed_s=change.changed_s)


def _crowd_member(course: Course, index: int) -> Member:
    given = _GIVEN[index % len(_GIVEN)]
    family = _FAMILY[index // len(_GIVEN) % len(_FAMILY)]
    person = Person(
        sub=f"{course.id}-member-{index}",
        given_name=given,
        family_name=family,
        email=f"member-{index}@example.org",
        roles=(LEARNER,),
    )
    return Member(person=person, roles=person.roles)


def _crowd_index(course: Course, sub: str) -> int | None:
    found = re.fullmatch(r"-member-(0|[1-9][0-9]{0,9})", sub.removeprefix(course.id))
    if found is None or not sub.startswith(course.id):
        return None
    index = int(found[1])
    return index if index < course.crowd else None


def _member(enrolment: Enrolment | None, person: Person) -> Member | None:
    """A person as a member, in the roles of the last launch or the own ones."""
    roles = tuple(map(full_role, (enrolment.roles if enrolment else ()) or person.roles)) or (LEARNER,)
    if enrolment is not None:
        return Member(person=person, roles=roles, status=enrolment.status, changed_s=enrolment.changed_s)
    takes_part = any(role.startswith((CONTEXT_ROLE, _SUBROLE)) for role in roles)
    return Member(person=person, roles=roles) if takes_part else None
