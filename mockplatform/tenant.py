"""One tenant of the fake LMS: who and what it knows, its settings and its clock, without a launch yet."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlsplit

from mockplatform.dialects.dialect import Dialect, dialect_of
from mockplatform.dialects.given_ids import give_ids
from mockplatform.keys import KeyRing
from mockplatform.model import Course, Exchange, Person, Registration
from mockplatform.records import Enrolment, Settings, enrolment_key
from mockplatform.state import SETTINGS, State
from mockplatform.store import MemoryStore, Store

__all__ = ["Fetch", "Tenant", "one_request"]

Fetch = Callable[[str], Awaitable[tuple[int, bytes]]]
"""Gets a URL: status and body. Raises ConnectionError if there is no answer."""

_READ: ContextVar[dict[Any, Settings] | None] = ContextVar("settings", default=None)


@contextlib.contextmanager
def one_request() -> Iterator[None]:
    """For the block the settings of each tenant are read once; otherwise a database is asked a dozen times a launch."""
    token = _READ.set({})
    try:
        yield
    finally:
        _READ.reset(token)


class Tenant:
    """What one tenant of a fake LMS knows and how it behaves.

    Args:
        url: where its endpoints are reachable, without a trailing slash.
        issuer: what its configuration names as issuer; the URL unless given.
        clock: seconds since the epoch; its settings may put it ahead.
        new_id: makes opaque ids that no one can guess.
        registrations, people, courses: what it is filled with, beside what the store already has.
        on_problem: what an authentication request with a mistake gets: an OpenID Connect error, as SEC 5.1.1.5
            wants it, or its answer all the same, with the mistake noted for a harness to judge.
        services: the services that launches name, by the names of the modules in `mockplatform.services`.
        store: where everything is kept; memory of its own unless given.
        tenant: its id in the store.
        fetch: gets a URL of a tool, such as its key set; without it nothing is ever asked for.
    """

    def __init__(
        self,
        *,
        url: str,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        keys: KeyRing,
        registrations: Iterable[Registration] = (),
        people: Iterable[Person] = (),
        courses: Iterable[Course] = (),
        on_problem: Literal["refuse", "note"] = "refuse",
        issuer: str = "",
        services: Iterable[str] = (),
        flavour: str = "neutral",
        quirks: Mapping[str, Any] | None = None,
        store: Store | None = None,
        tenant: str = "",
        fetch: Fetch | None = None,
    ) -> None:
        self.url = url
        self.issuer = issuer or url
        self.new_id = new_id
        self.keys = keys
        self.fetch = fetch
        self._clock = clock
        self._spoken: tuple[Settings, Dialect] | None = None
        self.state = State(store or MemoryStore(), tenant)
        settings = Settings(on_problem=on_problem, services=tuple(services), flavour=flavour, quirks=dict(quirks or {}))
        speaks = dialect_of(settings.flavour, settings.quirks)
        # What another worker, or an earlier run, has put there stays.
        if self.state.settings.add(SETTINGS, settings):
            for tool in registrations:
                self.register(tool)
            for person in people:
                self.state.people.put(person.sub, person)
            for course in courses:
                self.state.courses.put(course.id, course)
            self._give_ids(speaks)

    @property
    def tenant(self) -> str:
        """Its id in the store; empty for the only one, or the first."""
        return self.state.tenant

    @property
    def path(self) -> str:
        """The path before that of every endpoint: empty, or such as `/t/abc`."""
        return urlsplit(self.url).path

    @property
    def settings(self) -> Settings:
        """How it behaves now."""
        read = _READ.get()
        if read is None:
            return self.state.settings.get(SETTINGS) or Settings()
        if self not in read:
            read[self] = self.state.settings.get(SETTINGS) or Settings()
        return read[self]

    def change_settings(self, **values: Any) -> Settings:
        """Behave otherwise from now on.

        Raises:
            UsageError: there is no such flavour or quirk.
        """
        changed = self._behave(lambda settings: replace(settings, **values))
        if values.keys() & {"flavour", "quirks"}:
            self._give_ids(dialect_of(changed.flavour, changed.quirks))
        return changed

    def change_quirks(self, edit: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Settings:
        """Have other quirks from now on.

        Args:
            edit: makes them of those that are switched on by then, which may be others than a request began with.

        Raises:
            UsageError: there is no such quirk.
        """
        changed = self._behave(lambda settings: replace(settings, quirks=dict(edit(settings.quirks))))
        self._give_ids(dialect_of(changed.flavour, changed.quirks))
        return changed

    def _behave(self, edit: Callable[[Settings], Settings]) -> Settings:
        def checked(settings: Settings) -> Settings:
            changed = edit(settings)
            dialect_of(changed.flavour, changed.quirks)
            return changed

        (_READ.get() or {}).pop(self, None)
        return self.state.settings.change(SETTINGS, checked) or Settings()

    def _give_ids(self, dialect: Dialect) -> None:
        """Let its own people and courses, and what lies under their ids, have ids of the form of a dialect."""
        give_ids(self.state, dialect)

    @property
    def dialect(self) -> Dialect:
        """What distinguishes its honest launches and services from those of other platforms."""
        settings = self.settings
        # Asked for several times in each launch; settings are replaced, never changed.
        if self._spoken is None or self._spoken[0] is not settings:
            self._spoken = (settings, dialect_of(settings.flavour, settings.quirks))
        return self._spoken[1]

    def clock(self) -> float:
        """Seconds since the epoch, as this tenant sees them."""
        return self._clock() + self.settings.offset_s

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """Every tool that it knows."""
        return tuple(self.state.registrations.page())

    @registrations.setter
    def registrations(self, tools: Iterable[Registration]) -> None:
        self.state.registrations.clear()
        for tool in tools:
            self.register(tool)

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody who may be chosen to launch."""
        return tuple(self.state.people.page())

    @property
    def courses(self) -> tuple[Course, ...]:
        """Every course that may be launched from."""
        return tuple(self.state.courses.page())

    @property
    def journal(self) -> list[Exchange]:
        """What was said on the wire, the oldest first."""
        return self.state.journal.page()

    def register(self, registration: Registration) -> None:
        """Add a tool, or put another one in the place of its namesake."""
        self.state.registrations.put(registration.key, registration)

    def course(self, course_id: str) -> Course | None:
        """A course by its id: one of its own, or one from which somebody has launched."""
        known = self.state.courses.get(course_id)
        if known is not None:
            return known
        enrolled = self.state.enrolments.page(group=course_id, limit=1)
        return enrolled[0].course if enrolled else None

    def enrol(self, person: Person, course: Course, roles: Sequence[str]) -> None:
        """Note that a person takes part in a course; whoever does already, in the same roles, has not changed."""
        enrolments = self.state.enrolments
        known = enrolments.get(enrolment_key(course.id, person.sub))
        if known is not None and (known.person, known.roles, known.status) == (person, tuple(roles), "Active"):
            return
        # Whoever launches has access; to have been taken out and come back is a change, too.
        enrolment = Enrolment(course=course, person=person, roles=tuple(roles), changed_s=self.clock())
        enrolments.put(enrolment.key, enrolment, group=course.id)
