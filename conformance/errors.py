"""The canonical errors: what went wrong, who has to act and what that person does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mockplatform.tables import build, keyed, named, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ErrorClass", "ErrorCode", "ErrorType", "Neighbour", "codes", "types"]

ErrorClass: TypeAlias = Literal["invalid", "security", "unknown"]

_FILE: Final = Path(__file__).with_name("errors.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A code that is easily taken for another, and what tells the two apart."""

    code: int
    difference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorCode:
    """A numbered launch error of the virtual-classroom product.

    `klass` is the class to expect, `also` those that are right as well; `types` are the error types that
    may come with the code.
    """

    code: int
    name: str
    klass: ErrorClass = named("class")
    also: tuple[ErrorClass, ...] = ()
    stage: str
    types: tuple[str, ...] = ()
    versions: tuple[Literal["1.1", "1.3"], ...]
    cause: str
    actor: str
    remedy: str
    retryable: bool
    retry: str
    neighbours: tuple[Neighbour, ...] = ()
    provoke: str
    reference: str
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorType:
    """A typed error of a launch or of a service call.

    `fields` are those it carries besides `spec_ref`, `code` is the launch code it goes with, `alternates`
    are the types that a right tool may answer instead.
    """

    type: str
    klass: ErrorClass = named("class")
    surface: Literal["launch", "service"]
    fields: tuple[str, ...] = ()
    code: int | None = None
    cause: str
    actor: str
    remedy: str
    retryable: bool
    retry: str
    alternates: tuple[str, ...] = ()
    reference: str
    note: str = ""
    unprovoked: str = ""
    """Why no scenario expects it; empty where one does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Catalogue:
    code: tuple[ErrorCode, ...]
    type: tuple[ErrorType, ...]


def codes() -> Mapping[int, ErrorCode]:
    """The numbered launch errors by code, in the order of their source.

    Raises:
        UsageError: a code is defined twice.
    """
    return _load(_FILE)[0]


def types() -> Mapping[str, ErrorType]:
    """The typed errors by name, in the order of their source.

    Raises:
        UsageError: a type is defined twice.
    """
    return _load(_FILE)[1]


@cache
def _load(path: Path) -> tuple[Mapping[int, ErrorCode], Mapping[str, ErrorType]]:
    catalogue = build(_Catalogue, read_toml(path), where=path.name)
    return (
        keyed(catalogue.code, lambda error: error.code, where=f"{path.name}: [[code]]"),
        keyed(catalogue.type, lambda error: error.type, where=f"{path.name}: [[type]]"),
    )
