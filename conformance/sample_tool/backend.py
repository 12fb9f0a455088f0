"""Reads and writes that may fail, each at a named point with the code that tells of its failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from conformance.sample_tool.faults import BackendError, Faults, Point
from conformance.sample_tool.refusal import failed

__all__ = ["FAILED", "read", "write"]

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


def read(faults: Faults, point: Point, query: Callable[P, T | None], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What the query finds; a query that fails refuses the launch with the code of its point."""
    try:
        return query(*args, **kwargs) if faults.reach(point) else None
    except (BackendError, SQLAlchemyError) as error:
        raise failed(code=FAILED[point]) from error


def write(faults: Faults, point: Point, change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the change brings back; a change that brings back nothing has failed as well."""
    try:
        if faults.reach(point):
            return change(*args, **kwargs)
    except (BackendError, SQLAlchemyError) as error:
        raise failed(code=FAILED[point]) from error
    raise failed(code=FAILED[point])
