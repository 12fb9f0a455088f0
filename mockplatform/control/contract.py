"""What an act of the control API is: a function whose annotations say what it takes and what it gives."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final, Generic, Literal, TypeVar

from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.store import Table
from mockplatform.tenants import Tenants

__all__ = [
    "FURTHEST",
    "MOST",
    "Act",
    "Ask",
    "ConflictError",
    "Listing",
    "NotFoundError",
    "Page",
    "act",
    "acts",
    "found",
    "listed",
]

T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., Any])
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

MOST: Final = 1000
"""How many entries a page of a list has at most."""
FURTHEST: Final = 10**9
"""Where a page begins at most: no list is that long, and a database counts no further than it can."""


class NotFoundError(UsageError):
    """What the path names is not there."""


class ConflictError(UsageError):
    """What is to be made is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What every act may know.

    Args:
        path: the parameters of the path, decoded.
    """

    tenants: Tenants
    path: Mapping[str, str]

    @property
    def platform(self) -> Platform:
        """The tenant that the path names.

        Raises:
            NotFoundError: there is none.
        """
        tenant = self.path["tenant"]
        return found(self.tenants.get(tenant), f"there is no tenant {tenant!r}; GET /tenants lists all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One request that the control API answers.

    Args:
        path: with its parameters in braces, such as `/tenants/{tenant}`.
        query, body: the dataclass that is made of the query or the body; None: there is none.
        answer: the type of the answer; None: it has no body.
    """

    name: str
    group: str
    method: Method
    path: str
    summary: str
    status: int
    function: Callable[..., Any]
    query: type[Any] | None
    body: type[Any] | None
    answer: Any

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters of the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is wanted."""

    offset: int = 0
    limit: int = 100
    newest_first: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.offset <= FURTHEST:
            raise ValueError(f"offset is {self.offset}, expected a number from 0 to {FURTHEST}")
        if not 1 <= self.limit <= MOST:
            raise ValueError(f"limit is {self.limit}, expected a number from 1 to {MOST}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """A part of a list, and how many there are in all."""

    items: tuple[T, ...]
    total: int


def act(method: Method, path: str, *, status: int = 200) -> Callable[[Function], Function]:
    """Mark a function as the act that answers a request.

    Its first argument is the `Ask`; it may take a `query` and a `body`, which are dataclasses.
    """

    def mark(function: Function) -> Function:
        function.__control_act__ = (method, path, status)  # type: ignore[attr-defined]
        return function

    return mark


@functools.cache
def acts() -> tuple[Act, ...]:
    """Every act, found by walking the folder `groups`."""
    package = importlib.import_module("mockplatform.control.groups")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return tuple(
        _described(function, module.__name__.rpartition(".")[2])
        for module in modules
        for function in vars(module).values()
        if hasattr(function, "__control_act__") and function.__module__ == module.__name__
    )


def _described(function: Callable[..., Any], group: str) -> Act:
    method, path, status = function.__control_act__  # type: ignore[attr-defined]
    hints = typing.get_type_hints(function)
    answer = hints["return"]
    return Act(
        name=function.__name__,
        group=group,
        method=method,
        path=path,
        summary=(inspect.getdoc(function) or "").partition("\n")[0],
        status=204 if answer is NoneType else status,
        function=function,
        query=hints.get("query"),
        body=hints.get("body"),
        answer=None if answer is NoneType else answer,
    )


def found(value: T | None, problem: str) -> T:
    """What was looked for.

    Raises:
        NotFoundError: it is not there.
    """
    if value is None:
        raise NotFoundError(problem)
    return value


def listed(table: Table[T], query: Page, group: str | None = None) -> Listing[T]:
    """A page of a table."""
    items = table.page(group=group, offset=query.offset, limit=query.limit, newest_first=query.newest_first)
    return Listing(items=tuple(items), total=table.count(group=group))
