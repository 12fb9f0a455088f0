"""What makes the reads of a table, or the writes to it, fail and puts everything back: one file per kind of database.

A saboteur is a module or package of this folder with what `Saboteur` lists.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from conformance.driver import Access
from conformance.modes import Mode
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = [
    "PREFIX",
    "Fault",
    "Sabotage",
    "SabotageError",
    "Saboteur",
    "TableName",
    "UnreachableError",
    "one_line",
    "place_of",
    "saboteurs",
]

PREFIX: Final = "lti_conformance_"
"""How the name of everything begins that a saboteur adds to a database."""

_PART: Final = r'(?:"(?:[^"]|"")+"|[^".]+)'
_NAME: Final = re.compile(rf"(?:({_PART})\.)?({_PART})")


class SabotageError(UsageError):
    """One line on why a fault could not be armed or put back, and what to do."""


class UnreachableError(SabotageError):
    """The database does not answer at its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableName:
    """A table, perhaps with the schema that it is in; names are compared exactly."""

    name: str
    schema: str | None = None

    @classmethod
    def parse(cls, text: str) -> TableName:
        """`table`, `schema.table`, or with a part in double quotes that has a dot or a quotation mark in it.

        Raises:
            ValueError: it is none of these.
        """
        found = _NAME.fullmatch(text)
        if found is None or "\0" in text:
            raise ValueError(
                f"table is {text!r}, expected a name or schema.name; a part with a dot or a quotation mark in it "
                'stands in double quotes, such as "odd.name"'
            )
        schema, name = (part and _unquoted(part) for part in found.groups())
        return cls(name=name, schema=schema)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """What shall fail, and how.

    Args:
        times: how often it fails before it works again; None: until it is put back.
        ttl_s: seconds after which the database itself lets it work again, whatever became of who planted it.
    """

    table: TableName
    access: Access
    mode: Mode
    times: int | None = None
    ttl_s: float = 60.0


class Fault(Protocol):
    """One sabotage of one database; nothing is touched before it is planted."""

    @property
    def hits(self) -> int | None:
        """How many statements or rows met it so far; None if the database has no way to know."""
        ...

    def plant(self) -> None:
        """The table fails from now on.

        Raises:
            SabotageError: it does not; the text is one line.
        """
        ...

    def put_back(self) -> None:
        """The database is as before; does nothing when nothing of this fault is there.

        Raises:
            SabotageError: something holds the table; it can be tried again.
        """
        ...


class Saboteur(Protocol):
    """What a file of this folder has to offer."""

    BACKENDS: Sequence[str]
    MODES: Mapping[Access, tuple[Mode, ...]]

    def checked(self, url: URL) -> URL:
        """The address as this saboteur uses it; raises ValueError if it cannot."""
        ...

    def refusal(self, sabotage: Sabotage) -> str | None:
        """Why this kind of database cannot fail like this, with what can; None if it can."""
        ...

    def fault(self, url: URL, sabotage: Sabotage) -> Fault:
        """A sabotage that is not planted yet."""
        ...

    def sweep(self, url: URL) -> Sequence[str]:
        """Puts back what killed runs left behind, and says so in sentences; raises SabotageError."""
        ...


@functools.cache
def saboteurs() -> Mapping[str, Any]:
    """The modules by what SQLAlchemy calls their kind of database."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {backend: module for module in modules for backend in module.BACKENDS}


def place_of(url: URL) -> str:
    """The address for a message: a password can stand in the query as well, so that is left out."""
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)


def one_line(error: Exception) -> str:
    """What a database said, without its line breaks."""
    return " ".join(str(error).split())


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
