"""A tenant's whole state as one document, to be kept beside a test and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mockplatform.control.checks import check_course, check_id
from mockplatform.control.consistency import check_keys, check_records
from mockplatform.control.contract import Ask, act
from mockplatform.control.groups.tenants import TenantView, check_settings, get_tenant
from mockplatform.control.groups.tools import Tool, registered, told_tool
from mockplatform.errors import UsageError
from mockplatform.key_life import NOW
from mockplatform.lms import Platform
from mockplatform.model import Course, Person
from mockplatform.records import (
    Enrolment,
    Group,
    GroupSet,
    KeyLife,
    LineItem,
    PlacedLink,
    Returned,
    Score,
    Settings,
    WireFault,
)
from mockplatform.state import SETTINGS
from mockplatform.store import Entry
from mockplatform.tool_table import issuer_problem

__all__ = ["CARRIED", "LEFT_OUT", "Document"]

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The state of a tenant; access tokens, launches, the journal and what was used once are not in it."""

    version: int = VERSION
    issuer: str
    settings: Settings
    registrations: tuple[Tool, ...] = ()
    people: tuple[Person, ...] = ()
    courses: tuple[Course, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    line_items: tuple[LineItem, ...] = ()
    scores: tuple[Score, ...] = ()
    links: tuple[PlacedLink, ...] = ()
    returned: tuple[Returned, ...] = ()
    groups: tuple[Group, ...] = ()
    group_sets: tuple[GroupSet, ...] = ()
    faults: tuple[WireFault, ...] = ()
    key_life: tuple[KeyLife, ...] = ()

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise ValueError(f"version is {self.version}, this mockplatform reads {VERSION}")


@dataclass(frozen=True, slots=True)
class _Place:
    """Under which key a record lies in its table, and in which group; `index` is its place in the document."""

    key: Callable[[Any, int], str]
    group: Callable[[Any], str] = lambda _: ""


def _by_id(record: Any, _: int) -> str:
    return str(record.id)


def _by_key(record: Any, _: int) -> str:
    return str(record.key)


def _in_course(record: Any) -> str:
    return str(record.course_id)


CARRIED: Final[Mapping[str, _Place]] = {
    "registrations": _Place(_by_key),
    "people": _Place(lambda record, _: record.sub),
    "courses": _Place(_by_id),
    "enrolments": _Place(_by_key, lambda record: record.course.id),
    "line_items": _Place(_by_id, _in_course),
    "scores": _Place(_by_key, lambda record: record.line_item_id),
    "links": _Place(_by_id, _in_course),
    "returned": _Place(_by_id, lambda record: record.launch_id),
    "groups": _Place(_by_id, _in_course),
    "group_sets": _Place(_by_id, _in_course),
    "faults": _Place(_by_id),
    "key_life": _Place(lambda _, index: NOW if index == 0 else str(index)),
}
"""The tables of `mockplatform.state.State` that a document holds."""

LEFT_OUT: Final = frozenset(
    {
        *("journal", "settings", "grants", "assertions", "nonces", "consumer_nonces", "answered", "tool_keys"),
        *("invitations", "person_changes"),
    }
)
"""Those that it does not hold: secrets, what is of use only once, the journal, who was changed when.

Settings have a place of their own.
"""


@act("GET", "/tenants/{tenant}/state")
def export_state(ask: Ask) -> Document:
    """Everything that a tenant knows, but for launches, the journal, and secrets that were given out."""
    platform = ask.platform
    tables: dict[str, Any] = {name: tuple(getattr(platform.state, name).page()) for name in CARRIED}
    tables["registrations"] = tuple(map(told_tool, tables["registrations"]))
    return Document(issuer=platform.issuer, settings=platform.settings, **tables)


@act("PUT", "/tenants/{tenant}/state")
def import_state(ask: Ask, body: Document) -> TenantView:
    """Put a document in the place of what a tenant knows; registrations of its old issuer get the new one."""
    platform = ask.platform
    checked = ("flavour", "quirks", "services", "offset_s")
    check_settings(platform.settings, {name: getattr(body.settings, name) for name in checked})
    for person in body.people:
        check_id("sub", person.sub)
    for course in (*body.courses, *(enrolment.course for enrolment in body.enrolments)):
        check_course(course)
    # Whatever is wrong in the document is found before anything is dropped.
    entries = {name: _entries(name, _reissued(getattr(body, name), body.issuer, platform)) for name in CARRIED}
    if problem := issuer_problem(body.issuer):
        raise UsageError(f"body: issuer: {problem}")
    platform.state.settings.put(SETTINGS, body.settings)
    # They are about people of before, whom the document may not know.
    platform.state.person_changes.clear()
    for name, given in entries.items():
        getattr(platform.state, name).replace(given)
    return get_tenant(ask)


def _entries(name: str, records: Iterable[Any]) -> list[Entry[Any]]:
    """The records of a table as it holds them.

    Raises:
        UsageError: no platform can be served from them.
    """
    known, place = tuple(records), CARRIED[name]
    check_records(name, known)
    entries = [(place.key(record, index), record, place.group(record)) for index, record in enumerate(known)]
    check_keys(name, (key for key, _, _ in entries))
    return entries


def _reissued(records: tuple[Any, ...], before: str, platform: Platform) -> Iterator[Any]:
    """The records with the platform's issuer where they name the old one."""
    for one in records:
        own = replace(one, issuer=platform.issuer) if getattr(one, "issuer", None) == before else one
        yield registered(platform, own) if isinstance(own, Tool) else own
