"""Planting a fault in a PostgreSQL database, and putting back what was there."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from psycopg import Error, OperationalError, errors
from psycopg.sql import Composed

from conformance.saboteurs import Sabotage, SabotageError, place_of
from conformance.saboteurs.postgresql.session import Record, Session, connected, find_table, held, records, told
from conformance.saboteurs.postgresql.statements import OVER, Names, Terms, counting, disarming, planting, restoring

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["PATIENCE_S", "PostgresFault", "sweep"]

PATIENCE_S: Final = 5.0
"""How long a session of the tool may hold the table."""

_TRY_S: Final = 1.0

_OLDEST: Final = 150000
"""Before PostgreSQL 15 a view asks for the rights of its owner instead of those of who reads it."""


class PostgresFault:
    """A sabotage of a PostgreSQL database."""

    def __init__(self, url: URL, sabotage: Sabotage, *, patience_s: float = PATIENCE_S) -> None:
        self._url, self._sabotage, self._patience_s = url, sabotage, patience_s
        self._token, self._ticket = secrets.token_hex(8), secrets.randbits(31)
        # The session whose advisory lock says that this run lives.
        self._keeper: Session | None = None
        self._record: Record | None = None
        self._hits: int | None = None

    @property
    def hits(self) -> int | None:
        """How many statements met it so far."""
        if self._keeper is not None and self._record is not None:
            # The last count stands if the session has been closed, or another run has swept.
            with contextlib.suppress(Error):
                self._hits = _count(self._keeper, self._record, self._ticket)
        return self._hits

    def plant(self) -> None:
        """The table fails from now on."""
        self._keeper = session = connected(self._url)
        if self._sabotage.access == "read" and session.info.server_version < _OLDEST:
            raise SabotageError(
                f"{place_of(self._url)}: reads can be broken from PostgreSQL 15 on: take another driver"
            )
        with told(self._url, self._sabotage.table):
            record = self._own(session)
            left = next((left for left in records(session) if left.oid == record.oid), None)
            if left is not None:
                _restore(session, left, self._patience_s)
            self._record = record
            self._break(session, record)

    def _own(self, session: Session) -> Record:
        oid, schema, table = find_table(session, self._url, self._sabotage.table)
        if not held(session, oid):
            raise SabotageError(f'{place_of(self._url)}: the table "{table}" has a fault armed already')
        return Record(oid=oid, schema=schema, table=table, token=self._token)

    def _break(self, session: Session, record: Record) -> None:
        (now,) = session.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone() or (0.0,)
        terms = Terms(
            mode=self._sabotage.mode,
            times=self._sabotage.times,
            until=float(str(now)) + self._sabotage.ttl_s,
            ticket=self._ticket,
        )
        statements = list(planting(_names(record), self._sabotage.access, terms, record.comment))
        _change(session, statements, self._patience_s)

    def put_back(self) -> None:
        """The catalogue is as before; rows that went through in the meantime are in the table."""
        keeper, self._keeper = self._keeper, None
        try:
            if self._record is not None:
                with told(self._url, self._sabotage.table):
                    self._end(keeper, self._record)
                self._record = None
        finally:
            if keeper is not None:
                keeper.close()

    def _end(self, keeper: Session | None, record: Record) -> None:
        """By the session that has been there all along or, if it is not to be had any more, by another."""
        with contextlib.ExitStack() as stack:
            if keeper is None or not _answers(keeper):
                keeper = stack.enter_context(contextlib.closing(connected(self._url)))
                if not held(keeper, record.oid):
                    return
            if record in records(keeper):
                met = _count(keeper, record, self._ticket)
                # What a try before this one has disarmed has no count any more.
                self._hits = met if met < OVER else self._hits
                _restore(keeper, record, self._patience_s)


def sweep(url: URL) -> Sequence[str]:
    """Puts back what killed runs left behind, and says so.

    Raises:
        UnreachableError: the server or its database cannot be had.
    """
    with contextlib.closing(connected(url)) as session:
        return [_swept(session, url, record) for record in records(session)]


def _swept(session: Session, url: URL, record: Record) -> str:
    table = f'{place_of(url)}: the table "{record.schema}.{record.table}"'
    if not held(session, record.oid):
        return f"{table} has a fault armed by another run, which was left alone"
    try:
        with told(url, record.table):
            _restore(session, record, PATIENCE_S)
    except SabotageError as error:
        return f"what a killed run left behind could not be put back: {error}"
    return f"{table}, which a killed run had left with a fault, was put back"


def _restore(session: Session, record: Record, patience_s: float) -> None:
    names = _names(record)
    # First by itself: statements that wait in the fault hold the locks which the rest needs.
    with contextlib.suppress(errors.UndefinedTable):
        session.execute(disarming(names))
    _change(session, list(restoring(names, hidden=_is_hidden(session, record))), patience_s)


def _change(session: Session, statements: Sequence[Composed], patience_s: float) -> None:
    """All of the statements in one transaction, as soon as nobody holds the table."""
    over = time.monotonic() + patience_s
    while True:
        try:
            with session.transaction():
                # In short tries, since everybody else has to wait behind one that waits.
                session.execute(f"SET LOCAL lock_timeout = {round(1000 * min(patience_s, _TRY_S))}")
                for statement in statements:
                    session.execute(statement)
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            if time.monotonic() >= over:
                raise
        else:
            return


def _is_hidden(session: Session, record: Record) -> bool:
    # By its name: in a copy of the database that was made meanwhile it has another object id.
    found = session.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = %s",
        (record.schema, _names(record).hidden),
    ).fetchone()
    return found is not None


def _count(session: Session, record: Record, ticket: int) -> int:
    (met,) = session.execute(counting(_names(record), ticket)).fetchone() or (0,)
    return int(str(met))


def _answers(session: Session) -> bool:
    try:
        session.execute("SELECT 1")
    except OperationalError:
        session.close()
        return False
    return True


def _names(record: Record) -> Names:
    return Names(oid=record.oid, schema=record.schema, table=record.table)
