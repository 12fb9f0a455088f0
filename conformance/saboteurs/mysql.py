"""MySQL and MariaDB, experimental: reads fail by a view in the place of the table, writes by triggers.

It has been tried with MariaDB 10.11 alone. Each change of the schema is a transaction of its own here, so that for a
moment there is no table at all; what a run that is killed there leaves behind is put back all the same. Nothing is
counted, a row cannot be left out silently, and UPDATE and DELETE fail like a read while reads fail.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from conformance.driver import Access
from conformance.modes import Mode
from conformance.saboteurs import (
    PREFIX,
    Fault,
    Sabotage,
    SabotageError,
    TableName,
    UnreachableError,
    one_line,
    place_of,
)

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

__all__ = ["BACKENDS", "MODES", "MysqlFault", "checked", "fault", "refusal", "sweep"]

BACKENDS: Final = ("mysql", "mariadb")
MODES: Final[Mapping[Access, tuple[Mode, ...]]] = {"read": ("error", "empty"), "write": ("error",)}

_PATIENCE_S: Final = 5
_RECORDS: Final = f"`{PREFIX}faults`"
_EVENTS: Final = ("insert", "update", "delete")
_GRACE_S: Final = 2

# One more than this is out of range, which is an error of the statement, found before a row is looked for.
_HIGHEST: Final = 2**64 - 1


def checked(url: URL) -> URL:
    """The address, if its driver is there and waits for an answer."""
    advice = "write mysql+pymysql://user@host/database, and pip install pymysql"
    try:
        dialect = url.get_dialect()
        dialect.import_dbapi()
    except Exception as error:
        raise ValueError(f"dsn needs a driver that is not there ({one_line(error)}): {advice}") from error
    if dialect.is_async:
        raise ValueError(f"dsn names the driver '{url.get_driver_name()}', which is asynchronous: {advice}")
    if not url.database:
        raise ValueError(f"dsn names no database: {advice}")
    return url


def refusal(sabotage: Sabotage) -> str | None:
    """What MySQL has no means for."""
    if sabotage.mode not in MODES[sabotage.access]:
        return f'MySQL has no mode "{sabotage.mode}" for a {sabotage.access}: take the driver callback, or PostgreSQL'
    if sabotage.times is not None:
        return "MySQL is given no count, so it cannot fail a given number of times: take the driver callback"
    return None


def fault(url: URL, sabotage: Sabotage) -> Fault:
    """A sabotage that is not planted yet."""
    return MysqlFault(url, sabotage)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    schema: str
    table: str
    token: str

    @property
    def mark(self) -> str:
        """Stands for the table in names, which may not be longer than 64 characters."""
        return hashlib.sha256(f"{self.schema}\0{self.table}".encode()).hexdigest()[:16]

    @property
    def path(self) -> str:
        return f"{_quoted(self.schema)}.{_quoted(self.table)}"

    @property
    def hidden(self) -> str:
        return f"{PREFIX}table_{self.mark}"

    @property
    def hidden_path(self) -> str:
        return f"{_quoted(self.schema)}.`{self.hidden}`"

    def trigger(self, event: str) -> str:
        return f"{_quoted(self.schema)}.`{PREFIX}{event}_{self.mark}`"


class MysqlFault:
    """A sabotage of a MySQL or MariaDB database."""

    def __init__(self, url: URL, sabotage: Sabotage) -> None:
        self._url, self._sabotage = url, sabotage
        self._record: _Record | None = None
        # Its lock says that this run lives; the server lets go of it when the session ends.
        self._keeper = contextlib.ExitStack()

    @property
    def hits(self) -> int | None:
        """Nobody counts."""
        return None

    def plant(self) -> None:
        """The table fails from now on."""
        with _told(self._url, self._sabotage.table):
            session = self._keeper.enter_context(_connected(self._url))
            table = self._sabotage.table
            record = _Record(
                schema=table.schema or str(self._url.database), table=table.name, token=secrets.token_hex(8)
            )
            if not _held(session, record):
                raise SabotageError(f'{place_of(self._url)}: the table "{table}" has a fault armed already')
            for left in _records(session):
                if left.mark == record.mark:
                    _restore(session, left)
            if not _is_there(session, record.schema, record.table):
                raise SabotageError(f'{place_of(self._url)}: there is no table "{table}"; correct table or dsn')
            self._record = record
            _write_down(session, record)
            until = float(str(_rows(session, "SELECT UNIX_TIMESTAMP(NOW(6))")[0][0])) + self._sabotage.ttl_s
            for statement in _planting(record, self._sabotage, until):
                _run(session, statement)

    def put_back(self) -> None:
        """The schema is as before."""
        with self._keeper, _told(self._url, self._sabotage.table):
            if self._record is not None:
                with _connected(self._url) as session:
                    if self._record in _records(session):
                        _restore(session, self._record)
                self._record = None


def sweep(url: URL) -> Sequence[str]:
    """Puts back what killed runs left behind, and says so.

    Raises:
        UnreachableError: the server or its database cannot be had.
    """
    with _connected(url) as session, _told(url, TableName(name=PREFIX)):
        return [_swept(session, url, record) for record in _records(session)]


def _swept(session: Connection, url: URL, record: _Record) -> str:
    if not _held(session, record):
        return f'{place_of(url)}: another run has a fault armed on the table "{record.table}", which was left alone'
    _restore(session, record)
    return f'{place_of(url)}: the table "{record.table}", which a killed run had left with a fault, was put back'


def _planting(record: _Record, sabotage: Sabotage, until: float) -> Iterator[str]:
    if sabotage.access == "write":
        for event in _EVENTS:
            yield (
                f"CREATE TRIGGER {record.trigger(event)} BEFORE {event.upper()} ON {record.path} FOR EACH ROW "
                f"IF UNIX_TIMESTAMP(NOW(6)) < {until} THEN SIGNAL SQLSTATE 'HY000' "
                "SET MESSAGE_TEXT = 'lti-conformance: armed fault'; END IF"
            )
        return
    over = f"UNIX_TIMESTAMP(NOW(6)) >= {until}"
    failing = f"{_HIGHEST} + (UNIX_TIMESTAMP(NOW(6)) < {until}) > 0"
    yield f"RENAME TABLE {record.path} TO {record.hidden_path}"
    # The rights on the name are those on the view from now on, which reads with the rights of this account.
    yield (
        f"CREATE SQL SECURITY DEFINER VIEW {record.path} AS SELECT * FROM {record.hidden_path} "  # noqa: S608
        f"WHERE {failing if sabotage.mode == 'error' else over}"
    )


def _restore(session: Connection, record: _Record) -> None:
    for event in _EVENTS:
        _run(session, f"DROP TRIGGER IF EXISTS {record.trigger(event)}")
    if _is_there(session, record.schema, record.hidden):
        _run(session, f"DROP VIEW IF EXISTS {record.path}")
        _run(session, f"RENAME TABLE {record.hidden_path} TO {record.path}")
    _cross_out(session, record)


def _write_down(session: Connection, record: _Record) -> None:
    with _alone(session):
        _run(
            session,
            f"CREATE TABLE IF NOT EXISTS {_RECORDS} (of_schema VARCHAR(64) NOT NULL, of_table VARCHAR(64) NOT NULL, "
            "token CHAR(16) PRIMARY KEY) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        )
        _rows(
            session,
            f"INSERT INTO {_RECORDS} VALUES (:schema, :table, :token)",  # noqa: S608
            schema=record.schema,
            table=record.table,
            token=record.token,
        )


def _cross_out(session: Connection, record: _Record) -> None:
    """Leaves nothing of ours behind: the table of records goes with its last one."""
    with _alone(session):
        _rows(session, f"DELETE FROM {_RECORDS} WHERE token = :token", token=record.token)  # noqa: S608
        if not _rows(session, f"SELECT 1 FROM {_RECORDS} LIMIT 1"):  # noqa: S608
            _run(session, f"DROP TABLE {_RECORDS}")


def _records(session: Connection) -> Sequence[_Record]:
    (database,) = _rows(session, "SELECT DATABASE()")[0]
    with _alone(session):
        if not _is_there(session, str(database), f"{PREFIX}faults"):
            return []
        rows = _rows(session, f"SELECT of_schema, of_table, token FROM {_RECORDS}")  # noqa: S608
    return [_Record(schema=schema, table=table, token=token) for schema, table, token in rows]


@contextlib.contextmanager
def _alone(session: Connection) -> Iterator[None]:
    """No other run makes, reads or drops the table of records meanwhile."""
    from sqlalchemy.exc import SQLAlchemyError

    if not _locked(session, f"{PREFIX}records", _PATIENCE_S):
        raise SabotageError(f"another run has held the lock {PREFIX}records for {_PATIENCE_S} s; try again")
    try:
        yield
    finally:
        # A session that has ended has let go of its locks.
        with contextlib.suppress(SQLAlchemyError):
            _rows(session, "SELECT RELEASE_LOCK(:name)", name=f"{PREFIX}records")


def _held(session: Connection, record: _Record) -> bool:
    return _locked(session, f"{PREFIX}{record.mark}", _GRACE_S)


def _locked(session: Connection, name: str, patience_s: float) -> bool:
    return bool(_rows(session, "SELECT GET_LOCK(:name, :patience)", name=name, patience=patience_s)[0][0])


def _is_there(session: Connection, schema: str, name: str) -> bool:
    query = "SELECT 1 FROM information_schema.tables WHERE table_schema = :schema AND table_name = :name "
    return bool(_rows(session, f"{query} AND table_type = 'BASE TABLE'", schema=schema, name=name))


def _rows(session: Connection, query: str, **values: object) -> Sequence[Any]:
    from sqlalchemy import text

    found = session.execute(text(query), values)
    return found.all() if found.returns_rows else ()


def _run(session: Connection, statement: str) -> None:
    # As it is: a percent sign or a colon in a name is no parameter.
    session.execution_options(no_parameters=True).exec_driver_sql(statement)


@contextlib.contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        session = engine.connect()
    except SQLAlchemyError as error:
        raise UnreachableError(f"{place_of(url)}: {_said(error)}: correct dsn, or start the database") from error
    with session:
        _rows(session, "SET SESSION lock_wait_timeout = :patience", patience=_PATIENCE_S)
        yield session


@contextlib.contextmanager
def _told(url: URL, table: TableName) -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        raise SabotageError(f'{place_of(url)}: the table "{table}" cannot be changed: {_said(error)}') from error


def _said(error: Exception) -> str:
    return one_line(getattr(error, "orig", None) or error)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
