"""A saboteur with an account that may change the tool's database: reads of one table, or writes to it, fail.

It works for a tool in any language, reaches every launch that comes along, and puts everything back: when the fault is
disarmed, at the end of the run, and at the start of the next run if this one was killed. `conformance.saboteurs` has
what is done in which kind of database.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from conformance.driver import Armed, Binding, FaultPoint, Order, OutOfReachError, Site
from conformance.modes import Mode
from conformance.saboteurs import (
    Fault,
    Sabotage,
    SabotageError,
    TableName,
    UnreachableError,
    saboteurs,
)

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["KIND", "TITLE", "Settings", "example", "modes", "opened"]

KIND: Final = "sql"
TITLE: Final = "an account that may change the tables of the tool's database, for any tool on PostgreSQL or SQLite"

# A database answers rows of the declared types or an error, so there is no "garbage": what nobody can read would have
# to be written into the tool's own rows.
_MODES: Final[tuple[Mode, ...]] = ("error", "timeout", "empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `driver = "sql"`.

    Args:
        dsn: `postgresql://…`, `sqlite:///path` or `mysql+pymysql://…`, as SQLAlchemy writes it.
        table: `table` or `schema.table`.
    """

    dsn: str = field(repr=False)
    table: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the database is; empty for a file or a socket."""
        url = _database(self.dsn)[1]
        named = url.query.get("host", ())
        asked = (url.host or "", *((named,) if isinstance(named, str) else named))
        return tuple(host for host in asked if host and not host.startswith("/"))

    def __post_init__(self) -> None:
        _database(self.dsn)
        TableName.parse(self.table)


def modes(point: FaultPoint) -> tuple[Mode, ...]:
    """What at least one kind of database can do."""
    return () if point.access == "platform" else _MODES


def example(point: FaultPoint) -> str:
    """A line of `[faults]`."""
    table = point.name.partition(".")[0]
    return f'"{point.name}" = {{ driver = "sql", dsn = "postgresql://admin@127.0.0.1/tool", table = "{table}" }}'


@contextlib.contextmanager
def opened(bound: Mapping[FaultPoint, Settings], site: Site) -> Iterator[Mapping[str, Binding]]:
    """The tables of a run, in databases in which nothing of a killed run is left.

    Raises:
        SabotageError: a table that was still armed at the end could not be put back.
    """
    run = _Run(site=site, unswept={settings.dsn for settings in bound.values()})
    for dsn in sorted(run.unswept):
        # The tool may start its database later: then the first fault that is armed sweeps.
        with contextlib.suppress(UnreachableError):
            run.sweep(dsn)
    bindings = {}
    for point, settings in bound.items():
        saboteur, _ = _database(settings.dsn)
        arm = partial(run.armed, point, settings)
        bindings[point.name] = Binding(arm=arm, modes=saboteur.MODES[point.rows])
    try:
        yield bindings
    finally:
        run.end()


@dataclass(slots=True, kw_only=True)
class _Run:
    site: Site
    unswept: set[str]
    standing: list[Fault] = field(default_factory=list)
    """Faults that are planted, or were and could not be put back."""

    @contextlib.contextmanager
    def armed(self, point: FaultPoint, settings: Settings, order: Order) -> Iterator[Armed]:
        saboteur, url = _database(settings.dsn)
        sabotage = Sabotage(
            table=TableName.parse(settings.table),
            access=point.rows,
            mode=order.mode,
            times=order.times,
            ttl_s=order.ttl_s,
        )
        refusal = saboteur.refusal(sabotage)
        if refusal is not None:
            raise OutOfReachError(refusal)
        where = f'{self.site.where} faults."{point.name}"'
        fault = saboteur.fault(url, sabotage)
        self.standing.append(fault)
        try:
            with _told(where):
                self.sweep(settings.dsn)
                fault.plant()
            yield fault
        finally:
            with _told(where):
                fault.put_back()
            self.standing.remove(fault)

    def sweep(self, dsn: str) -> None:
        """Puts back what killed runs left in a database, once."""
        if dsn in self.unswept:
            saboteur, url = _database(dsn)
            self.site.notes.extend(saboteur.sweep(url))
            self.unswept.discard(dsn)

    def end(self) -> None:
        """Another try at what is still armed, in the other order, since one table may refer to another.

        What cannot be put back now is told in the report, and put back by the next run.
        """
        for fault in reversed(self.standing):
            try:
                fault.put_back()
            except SabotageError as error:
                self.site.notes.append(f"a fault could not be put back, and the next run will try again: {error}")


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    """Errors of the saboteur begin with the place in the tool file."""
    try:
        yield
    except SabotageError as error:
        raise type(error)(f"{where}: {error}") from error.__cause__


def _database(dsn: str) -> tuple[Any, URL]:
    """The saboteur for an address, and the address.

    Raises:
        ValueError: it is no address, or none that a saboteur can use.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(dsn)
    except (ArgumentError, ValueError):
        # What the parser says may quote the password.
        raise ValueError("dsn is no URL such as postgresql://user@host/database or sqlite:///path/of.db") from None
    backend = url.get_backend_name()
    # SQLAlchemy gave up this older name, which many tools still have in their settings.
    backend = "postgresql" if backend == "postgres" else backend
    if backend not in saboteurs():
        raise ValueError(f"dsn is of the kind '{backend}', expected one of {', '.join(sorted(saboteurs()))}")
    saboteur = saboteurs()[backend]
    return saboteur, saboteur.checked(url)
