"""Reads, writes and calls that may fail, each at a named point with the code that tells of its failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from conformance.sample_tool.faults import BackendError, Faults, Point
from conformance.sample_tool.refusal import failed

__all__ = ["FAILED", "call", "failing_as", "read", "write"]

P = ParamSpec("P")
T = TypeVar("T")

FAILED: Final[Mapping[Point, int]] = {
    "credentials.read": 1003,
    "zoom_auth.read": 1008,
    "course_link.read": 1010,
    "meeting_defaults.read": 1012,
    "deferred.create": 1013,
    "class.create": 1014,
    "enrollment.write": 1015,
    "class.read": 1016,
    "zoom.session": 1337,
}

# The last two: a row can be read, and what stands in it cannot.
FAILURES: Final = (BackendError, SQLAlchemyError, OSError, TypeError, ValueError)


@contextmanager
def failing_as(point: Point) -> Iterator[None]:
    """Refuses the launch with the code of the point if the block fails."""
    try:
        yield
    except FAILURES as error:
        raise failed(code=FAILED[point]) from error


def read(faults: Faults, point: Point, query: Callable[P, T | None], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What the query finds."""
    with failing_as(point):
        return query(*args, **kwargs) if faults.reach(point) else None


def write(faults: Faults, point: Point, change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the change brings back; a change that brings back nothing has failed as well."""
    with failing_as(point):
        if faults.reach(point):
            return change(*args, **kwargs)
    raise failed(code=FAILED[point])


async def call(
    faults: Faults, point: Point, service: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What the service brings back; one that brings back nothing has failed as well."""
    with failing_as(point):
        if faults.reach(point):
            return await service(*args, **kwargs)
    raise failed(code=FAILED[point])
