"""What the tool keeps: registrations, logins under way, sessions, and the classes of its product."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.expression import Executable

from conformance.sample_tool import statements as sql
from conformance.sample_tool.model import Integration, IssuedLogin, Person, ZoomTokens
from conformance.sample_tool.services.model import Offer
from conformance.sample_tool.tables import METADATA, kept, open_engine

__all__ = ["Neighbour", "Store", "integration_of"]

Neighbour = Callable[[str], Integration | None]
"""The registration with an issuer that belongs to one that is known, if it does."""

Course = tuple[str, ...]
"""Issuer, deployment id and context id."""


class Store:
    """The tool's database; each operation is one transaction.

    Args:
        neighbour: asked for what is not registered; nothing of it is kept, since anybody may make up an issuer.
    """

    def __init__(
        self, *, database_url: str, integrations: Sequence[Integration], neighbour: Neighbour = lambda _: None
    ) -> None:
        self._neighbour = neighbour
        self._engine = open_engine(database_url)
        # In memory there is one connection, which threads must not share at the same moment.
        shared = isinstance(self._engine.pool, StaticPool)
        self._turn: AbstractContextManager[object] = threading.RLock() if shared else nullcontext()
        weakref.finalize(self, _give_up, self._engine)
        METADATA.create_all(self._engine)
        with self.transaction() as connection:
            connection.execute(sql.FORGET_REGISTRATIONS)
            if integrations:
                connection.execute(sql.ADD_REGISTRATION, [asdict(integration) for integration in integrations])

    def register(self, integration: Integration) -> None:
        """Keeps a registration in the place of an earlier one of the same client id."""
        with self.transaction() as connection:
            connection.execute(sql.FORGET_REGISTRATION, asdict(integration))
            connection.execute(sql.ADD_REGISTRATION, asdict(integration))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is kept altogether or not at all."""
        with self._turn, self._engine.begin() as connection:
            yield connection

    def rows(self, query: Executable, **values: object) -> list[dict[str, Any]]:
        """The rows that a query finds."""
        if any(isinstance(value, str) and "\0" in value for value in values.values()):
            # PostgreSQL keeps no such text, and answers with an error to whoever looks for it.
            return []
        with self.transaction() as connection:
            return [dict(row) for row in connection.execute(query, values).mappings()]

    def one(self, query: Executable, **values: object) -> dict[str, Any] | None:
        """The first row that a query finds."""
        return next(iter(self.rows(query, **values)), None)

    def run(self, change: Executable, **values: object) -> int:
        """Makes one change and counts the rows that it touched."""
        with self.transaction() as connection:
            return connection.execute(change, values).rowcount

    def find_integration(self, *, issuer: str, client_id: str) -> Integration | None:
        """The registration of a client id with an issuer, compared exactly."""
        row = self.one(sql.REGISTRATION, issuer=issuer, client_id=client_id)
        if row is not None:
            return integration_of(row)
        found = self._neighbour(issuer)
        return found if found is not None and found.client_id == client_id else None

    def find_integrations(self, *, issuer: str) -> Sequence[Integration]:
        """Up to two registrations with an issuer: enough to know whether there is only one."""
        known = [integration_of(row) for row in self.rows(sql.OF_ISSUER, issuer=issuer)]
        met = self._neighbour(issuer)
        if met is not None and met.client_id not in {found.client_id for found in known}:
            known.append(met)
        return known[:2]

    def remember_login(self, login: IssuedLogin, *, now: float, expires: float) -> None:
        """Keeps a login until it expires, and forgets those that have expired."""
        with self.transaction() as connection:
            connection.execute(sql.FORGET_LOGINS, {"now": now})
            connection.execute(sql.ADD_LOGIN, asdict(login) | {"expires": expires})

    def find_login(self, *, state: str, now: float) -> IssuedLogin | None:
        """The login that was sent out with this state and has not expired."""
        row = self.one(sql.LOGIN_BY_STATE, state=state, now=now)
        return IssuedLogin(**row) if row else None

    def find_login_by_nonce(self, nonce: str) -> IssuedLogin | None:
        """The login that was sent out with this nonce."""
        row = self.one(sql.LOGIN_BY_NONCE, nonce=nonce)
        return IssuedLogin(**row) if row else None

    def spend_nonce(self, nonce: str, *, state: str) -> bool:
        """Whether the nonce was issued with this state and is spent now for the first time."""
        return self.run(sql.SPEND_NONCE, its_nonce=nonce, its_state=state) == 1

    def open_session(self, session: str, person: Person, *, offer: Offer, expires: float, replacing: str) -> None:
        """Opens a session and ends the one that it takes the place of."""
        row = {"id": session, "person": asdict(person), "offer": asdict(offer), "expires": expires}
        with self.transaction() as connection:
            connection.execute(sql.END_SESSION, {"id": replacing})
            connection.execute(sql.ADD_SESSION, row)

    def find_person(self, *, session: str, now: float) -> Person | None:
        """Whose session this is, while it is live."""
        row = self.one(sql.SESSION, id=session, now=now)
        return Person(**{**row["person"], "roles": tuple(row["person"]["roles"])}) if row else None

    def find_offer(self, *, session: str, now: float) -> Offer | None:
        """What the launch of this session has said of services, while it is live."""
        row = self.one(sql.OFFER, id=session, now=now)
        return Offer(**row["offer"]) if row else None

    def authorise_zoom(self, email: str) -> None:
        """Connects the Zoom account of this address."""
        with self.transaction() as connection:
            connection.execute(sql.END_ZOOM, {"email": email})
            connection.execute(sql.ADD_ZOOM, {"email": email, "refresh": f"granted by {email}"})

    def withdraw_zoom(self, email: str) -> None:
        """Disconnects the Zoom account of this address."""
        self.run(sql.END_ZOOM, email=email)

    def find_zoom(self, email: str) -> str | None:
        """The address of the connected Zoom account."""
        row = self.one(sql.ZOOM, email=email)
        return str(row["email"]) if row else None

    def find_zoom_tokens(self, email: str) -> ZoomTokens | None:
        """What the Zoom account of this address can be used with."""
        row = self.one(sql.ZOOM, email=email)
        return ZoomTokens(refresh=row["refresh"], access=row["access"]) if row else None

    def keep_zoom_tokens(self, email: str, tokens: ZoomTokens) -> None:
        """Keeps what Zoom has given in exchange for earlier tokens."""
        self.run(sql.KEEP_TOKENS, its_email=email, access=tokens.access, refresh=tokens.refresh)

    def choose_meeting_defaults(self, issuer: str, settings: Mapping[str, Any]) -> None:
        """Keeps the meeting settings of a school that has not chosen any yet."""
        if self.find_meeting_defaults(issuer) is None:
            self.run(sql.ADD_DEFAULTS, issuer=issuer, settings=dict(settings))

    def find_meeting_defaults(self, issuer: str) -> Mapping[str, Any] | None:
        """The meeting settings that a school has chosen."""
        row = self.one(sql.DEFAULTS, issuer=issuer)
        return row["settings"] if row else None

    def find_class(self, *, issuer: str, deployment_id: str, context_id: str) -> int | None:
        """The class that a course is linked with."""
        row = self.one(sql.LINK, issuer=issuer, deployment_id=deployment_id, context_id=context_id)
        return int(row["class_id"]) if row else None

    def create_class(
        self,
        issuer: str,
        deployment_id: str,
        context_id: str,
        title: str,
        settings: Mapping[str, Any] | None = None,
        meeting_id: str | None = None,
    ) -> int:
        """Creates the class of a course, or finds the one that somebody else has just created."""
        course = {"issuer": issuer, "deployment_id": deployment_id, "context_id": context_id}
        try:
            with self.transaction() as connection:
                return _add_class(connection, course, title=title, settings=settings or {}, meeting_id=meeting_id)
        except IntegrityError:
            found = self.find_class(**course)
            if found is None:
                raise
            return found

    def enrol(self, class_id: int, person_id: str) -> int:
        """Makes a person a member of a class, once."""
        membership = {"class_id": class_id, "person_id": person_id}
        try:
            with self.transaction() as connection:
                if connection.execute(sql.ENROLMENT, membership).first() is None:
                    kept(connection.execute(sql.ADD_ENROLMENT, membership), 1)
        except IntegrityError:
            # Somebody else has just done the same, or there is no such class.
            if self.one(sql.ENROLMENT, **membership) is None:
                raise
        return class_id

    def find_class_title(self, class_id: int) -> str | None:
        """The title of a class."""
        row = self.one(sql.CLASS_TITLE, id=class_id)
        return str(row["title"]) if row else None

    def defer_class(
        self, email: str, issuer: str, deployment_id: str, context_id: str, title: str = "Deferred class"
    ) -> None:
        """Prepares a class that waits for the first launch of its instructor."""
        course = {"issuer": issuer, "deployment_id": deployment_id, "context_id": context_id}
        self.run(sql.ADD_DEFERRED, email=email, title=title, **course)

    def has_deferred(self, email: str) -> bool:
        """Whether classes wait for this instructor."""
        return self.one(sql.DEFERRED, email=email) is not None

    def find_deferred(self, email: str) -> Mapping[Course, str]:
        """The courses that still lack the class that waits for this instructor, and its titles."""
        with self.transaction() as connection:
            waiting = connection.execute(sql.DEFERRED, {"email": email}).mappings().all()
            unlinked = [row for row in waiting if connection.execute(sql.LINK, _course(row)).first() is None]
        return {tuple(_course(row).values()): row["title"] for row in unlinked}

    def create_deferred(self, email: str, meetings: Mapping[Course, str] | None = None) -> int:
        """Creates every class that waits for an instructor, all or none, and counts them."""
        with self.transaction() as connection:
            waiting = connection.execute(sql.DEFERRED_FOR_ME, {"email": email}).mappings().all()
            for row in waiting:
                course = _course(row)
                if connection.execute(sql.LINK, course).first() is None:
                    meeting_id = (meetings or {}).get(tuple(course.values()))
                    _add_class(connection, course, title=row["title"], settings={}, meeting_id=meeting_id)
            kept(connection.execute(sql.END_DEFERRED, {"email": email}), len(waiting))
        return len(waiting)


def integration_of(row: Mapping[str, Any]) -> Integration:
    """The registration that a row holds."""
    return Integration(**{**row, "deployment_ids": tuple(row["deployment_ids"])})


def _give_up(engine: Engine) -> None:
    # It is collected whenever memory is, which may be at the bottom of a token that is nested very deeply.
    with suppress(RecursionError):
        engine.dispose()


def _course(row: Mapping[Any, Any]) -> dict[str, str]:
    return {name: row[name] for name in ("issuer", "deployment_id", "context_id")}


def _add_class(
    connection: Connection,
    course: Mapping[str, str],
    *,
    title: str,
    settings: Mapping[str, Any],
    meeting_id: str | None,
) -> int:
    inserted = connection.execute(sql.ADD_CLASS, {"title": title, "settings": dict(settings), "meeting_id": meeting_id})
    class_id = int(inserted.scalar_one())
    connection.execute(sql.ADD_LINK, {**course, "class_id": class_id})
    return class_id
