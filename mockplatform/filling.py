"""What a tenant is filled with when it is new, and again when it is reset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from mockplatform.dialects.dialect import dialect_of
from mockplatform.dialects.given_ids import GIVEN, give_ids
from mockplatform.lms import Platform
from mockplatform.model import Course, Person, Registration
from mockplatform.records import Settings
from mockplatform.state import SETTINGS, State
from mockplatform.store import MemoryStore

__all__ = ["Beginning", "Filling", "filling_of", "pour"]

_POURED: Final = ("registrations", "people", "courses")
"""The tables of `mockplatform.state.State` that a tenant is filled with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a tenant has when it is new, and again when it is reset.

    Args:
        registrations: those without an issuer get the tenant's.
    """

    registrations: tuple[Registration, ...] = ()
    people: tuple[Person, ...] = ()
    courses: tuple[Course, ...] = ()

    def issued_by(self, issuer: str) -> tuple[Registration, ...]:
        """The registrations, with this issuer where they name none."""
        return tuple(replace(tool, issuer=tool.issuer or issuer) for tool in self.registrations)


class Beginning:
    """A platform as it is when this is made, for it to go back to where there are no tenants; nothing of it is stored.

    Args:
        platform: the one to be reset.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._settings = platform.settings
        self._filling = filling_of(platform)

    def reset(self, _tenant: str = "") -> Platform:
        """Let the platform forget everything, and fill it anew as it was; there is no tenant but itself."""
        self._platform.canary_hits.clear()
        pour(self._platform, self._settings, self._filling)
        return self._platform


def pour(platform: Platform, settings: Settings, filling: Filling) -> None:
    """Let a tenant have this and nothing else; whoever reads meanwhile finds each table as it was or as it will be."""
    beside = MemoryStore()
    poured = State(beside, platform.tenant)
    for tool in filling.issued_by(platform.issuer):
        poured.registrations.put(tool.key, tool)
    for person in filling.people:
        poured.people.put(person.sub, person)
    for course in filling.courses:
        poured.courses.put(course.id, course)
    # Ids have the form that the dialect gives them, as in a platform that is started with it.
    give_ids(poured, dialect_of(settings.flavour, settings.quirks))
    state, store = platform.state, platform.state.store
    state.settings.put(SETTINGS, settings)
    for name in _POURED:
        getattr(state, name).replace(getattr(poured, name).entries())
    for kind in GIVEN:
        store.table(kind, platform.tenant).replace(beside.table(kind, platform.tenant).entries())
    store.drop(platform.tenant, keep=("settings", *_POURED, *(kind.name for kind in GIVEN)))


def filling_of(first: Platform) -> Filling:
    """What a platform has now, to be issued by itself or another one."""
    tools = (replace(tool, issuer="" if tool.issuer == first.issuer else tool.issuer) for tool in first.registrations)
    school = _as_given(first)
    return Filling(registrations=tuple(tools), people=tuple(school.people.page()), courses=tuple(school.courses.page()))


def _as_given(first: Platform) -> State:
    """People and courses with the ids that the school has given them, whatever form a dialect has given these since."""
    beside = MemoryStore()
    school = State(beside, first.tenant)
    people = {person.sub: person for person in first.people}
    courses = {course.id: course for course in first.courses}
    for sub, person in people.items():
        school.people.put(sub, person)
    for course_id, course in courses.items():
        school.courses.put(course_id, course)
    for kind, ids in zip(GIVEN, (tuple(people), tuple(courses)), strict=True):
        given = first.state.store.table(kind, first.tenant)
        for name in ids if given.count() else ():
            known = given.get(name)
            if known is not None:
                beside.table(kind, first.tenant).put(name, known)
    give_ids(school, dialect_of("neutral", {}))
    return school
