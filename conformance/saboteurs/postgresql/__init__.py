"""PostgreSQL: reads fail by a view in the place of the table, writes by a trigger; both count in a sequence.

The view is `SELECT * FROM the table WHERE a function says so`, which PostgreSQL passes writes through by itself, with
defaults, identities, RETURNING and ON CONFLICT. The function is asked once for each statement, before any row, and it
knows when its time is over. What this leaves open:

- A statement counts once, however many rows it touches; all of one pipeline message or server-side function are one.
- Views, foreign keys and functions of the tool that were bound to the table itself go on using it.
- While reads fail, what only a table has is an error of its own: TRUNCATE, COPY, system columns such as `xmin`,
  ON CONFLICT ON CONSTRAINT, and GROUP BY of the primary key alone.
- The rights of who reads go on being asked, and row security too; but rights to some columns alone let nothing be read.
- A read in a READ ONLY transaction is counted by an advisory lock, which the tool's session keeps until it ends.
- A session of the tool that holds the table in an open transaction keeps it from being armed, or put back, for as long;
  once disarmed, the fault is off all the same.
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

BACKENDS: Final = ("postgresql",)
MODES: Final[Mapping[Access, tuple[Mode, ...]]] = {
    "read": ("error", "timeout", "empty"),
    "write": ("error", "timeout", "empty"),
}


def checked(url: URL) -> URL:
    """The address for psycopg, whichever driver the tool uses."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise ValueError(
            f"dsn needs psycopg, which cannot be imported ({error}): pip install 'lti-conformance[postgresql]'"
        ) from error
    return url.set(drivername="postgresql+psycopg")


def refusal(sabotage: Sabotage) -> str | None:
    """What PostgreSQL has no means for."""
    if sabotage.mode not in MODES[sabotage.access]:
        return f'PostgreSQL has no mode "{sabotage.mode}" for a {sabotage.access}: take the driver callback'
    return None


def fault(url: URL, sabotage: Sabotage) -> Fault:
    """A sabotage that is not planted yet."""
    from conformance.saboteurs.postgresql.planting import PostgresFault

    return PostgresFault(url, sabotage)


def sweep(url: URL) -> Sequence[str]:
    """Puts back what killed runs left behind."""
    from conformance.saboteurs.postgresql.planting import sweep

    return sweep(url)
