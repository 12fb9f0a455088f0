"""SQLite: reads fail by a view in the place of the table, writes by triggers.

The view and the triggers look at the time, so that the fault ends by itself. What they leave open:

- Nothing that SQLite keeps survives the rollback of the statement that failed, so reads and errors are not counted.
- While reads fail, an INSERT goes through, except for an upsert; SQLite tells the tool neither the id that it chose (no
  `RETURNING id`, no last_insert_rowid) nor that a row was changed. UPDATE and DELETE have to find their rows first, so
  they fail like a read.
- Views and triggers of the tool that name the table go to the table itself, as do foreign keys.
- A run on this machine is known to be dead by its process id; that of another machine, and on Windows every run, is
  taken for dead when the time to live of its fault is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from conformance.driver import Access
from conformance.modes import Mode
from conformance.saboteurs import Fault, Sabotage

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["BACKENDS", "MODES", "checked", "fault", "refusal", "sweep"]

BACKENDS: Final = ("sqlite",)
MODES: Final[Mapping[Access, tuple[Mode, ...]]] = {"read": ("error", "empty"), "write": ("error", "empty")}


def checked(url: URL) -> URL:
    """The address for Python's own driver, whichever one the tool uses."""
    name = url.database or ":memory:"
    if ":memory:" in name or url.query.get("mode") == "memory":
        raise ValueError(
            "dsn is a database in memory, which no other process can reach: give the tool a file, sqlite:///path/of.db"
        )
    return url.set(drivername="sqlite+pysqlite")


def refusal(sabotage: Sabotage) -> str | None:
    """What SQLite has no means for."""
    if sabotage.mode not in MODES[sabotage.access]:
        return f'SQLite has no mode "{sabotage.mode}" for a {sabotage.access}: take the driver callback, or PostgreSQL'
    if sabotage.times is not None:
        return (
            "SQLite keeps no count that survives a rollback, so it cannot fail a given number of times: take PostgreSQL"
        )
    return None


def fault(url: URL, sabotage: Sabotage) -> Fault:
    """A sabotage that is not planted yet."""
    from conformance.saboteurs.sqlite.planting import SqliteFault

    return SqliteFault(url, sabotage)


def sweep(url: URL) -> Sequence[str]:
    """Puts back what killed runs left behind."""
    from conformance.saboteurs.sqlite.planting import sweep

    return sweep(url)
