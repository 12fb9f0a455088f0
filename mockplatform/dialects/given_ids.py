"""Ids in the form of a flavour, and back: what lies under an id goes with it.

Ids are shaped from those that the school has given, which are kept beside; so neutral gives those back, and each
flavour the same ones, whatever was chosen in between. A launch that has begun keeps the ids that it has told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockplatform.dialects.values import FORMS, in_form
from mockplatform.opening import resource_link
from mockplatform.store import Kind

if TYPE_CHECKING:
    from mockplatform.dialects.dialect import Dialect
    from mockplatform.model import Course, Person
    from mockplatform.state import State
    from mockplatform.store import Table

__all__ = ["GIVEN", "GivenId", "give_ids"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenId:
    """The id of a person or course as the school has given it; its key is the id that the platform made of it."""

    id: str


_PEOPLE: Final = Kind("given_people", GivenId)
_COURSES: Final = Kind("given_courses", GivenId)
GIVEN: Final = (_PEOPLE, _COURSES)
"""What is kept of ids that a tenant's people and courses were given."""


def give_ids(state: State, dialect: Dialect) -> None:
    """Let people and courses have ids of the form that a dialect gives them; an id that is taken is given to nobody."""
    given, subs = state.store.table(_PEOPLE, state.tenant), {}
    for person in state.people.page():
        shaped = dialect.shape(replace(person, sub=_given(given, person.sub)))
        if state.people.get(shaped.sub) is None and state.people.pop(person.sub):
            state.people.put(shaped.sub, shaped)
            _remember(given, person.sub, shaped.sub)
            subs[person.sub] = shaped.sub
    if subs:
        _move_people(state, subs)
    given = state.store.table(_COURSES, state.tenant)
    for course in state.courses.page():
        named = dialect.shape(replace(course, id=_given(given, course.id)))
        if state.courses.get(named.id) is None and state.courses.pop(course.id):
            state.courses.put(named.id, named)
            _remember(given, course.id, named.id)
            _move_course(state, course, named, dialect)


def _given(table: Table[GivenId], now: str) -> str:
    known = table.get(now)
    return now if known is None else known.id


def _remember(table: Table[GivenId], before: str, now: str) -> None:
    given = _given(table, before)
    table.pop(before)
    if given != now:
        table.put(now, GivenId(id=given))


def _renamed(person: Person, subs: Mapping[str, str]) -> Person:
    """The person, and whom a mentor looks after, under the new ids."""
    mentored = tuple(subs.get(sub, sub) for sub in person.mentor_of)
    return replace(person, sub=subs.get(person.sub, person.sub), mentor_of=mentored)


def _move_people(state: State, subs: Mapping[str, str]) -> None:
    for mentor in state.people.page():
        if subs.keys() & set(mentor.mentor_of):
            # Its own id is a new one already, and may be the old one of somebody else.
            state.people.put(mentor.sub, replace(_renamed(mentor, subs), sub=mentor.sub))
    _move_person_changes(state, subs)
    for enrolment in state.enrolments.page():
        person = enrolment.person
        if _renamed(person, subs) != person and state.enrolments.pop(enrolment.key):
            moved = replace(enrolment, person=_renamed(person, subs))
            state.enrolments.put(moved.key, moved, group=moved.course.id)
    for score in state.scores.page():
        by = score.scoring_user_id
        if (score.user_id in subs or by in subs) and state.scores.pop(score.key):
            user_id = subs.get(score.user_id, score.user_id)
            graded = replace(score, user_id=user_id, scoring_user_id=subs.get(by, by))
            state.scores.put(graded.key, graded, group=graded.line_item_id)
    for group in state.groups.page():
        if subs.keys() & set(group.members):
            members = tuple(subs.get(member, member) for member in group.members)
            state.groups.put(group.id, replace(group, members=members), group=group.course_id)


def _move_person_changes(state: State, subs: Mapping[str, str]) -> None:
    # All are taken away first: the new id of one may be the old one of another.
    moved = [change for sub in subs if (change := state.person_changes.pop(sub)) is not None]
    for change in moved:
        was = None if change.was is None else _renamed(change.was, subs)
        state.person_changes.put(subs[change.sub], replace(change, sub=subs[change.sub], was=was))


def _move_course(state: State, before: Course, now: Course, dialect: Dialect) -> None:
    for enrolment in state.enrolments.page(group=before.id):
        if state.enrolments.pop(enrolment.key):
            moved = replace(enrolment, course=replace(enrolment.course, id=now.id))
            state.enrolments.put(moved.key, moved, group=now.id)
    own, link = resource_link(before, None, {}), dialect.shape(resource_link(now, None, {}))
    # Which form the course's own link had is not known any more.
    links = {in_form(own.id, form) for form in FORMS}
    for item in state.line_items.page(group=before.id):
        bound = link.id if item.resource_link_id in links else item.resource_link_id
        state.line_items.put(item.id, replace(item, course_id=now.id, resource_link_id=bound), group=now.id)
    for placed in state.links.page(group=before.id):
        state.links.put(placed.id, replace(placed, course_id=now.id), group=now.id)
    for group in state.groups.page(group=before.id):
        state.groups.put(group.id, replace(group, course_id=now.id), group=now.id)
    for group_set in state.group_sets.page(group=before.id):
        state.group_sets.put(group_set.id, replace(group_set, course_id=now.id), group=now.id)
    for returned in state.returned.page():
        if returned.course_id == before.id:
            state.returned.change(returned.id, lambda known: replace(known, course_id=now.id))
