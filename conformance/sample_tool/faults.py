"""Named points at which the back end can be made to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, Self, get_args

from conformance.modes import BASE_MODES

__all__ = ["POINTS", "ArmedFault", "BackendError", "Faults", "Point"]

Point = Literal[
    "credentials.read",
    "zoom_auth.read",
    "course_link.read",
    "meeting_defaults.read",
    "deferred.create",
    "class.create",
    "enrollment.write",
    "class.read",
    "zoom.session",
]

POINTS: Final[frozenset[str]] = frozenset(get_args(Point))


class BackendError(Exception):
    """The back end gave no usable answer at a point."""


def never() -> bool:
    """Whether a fault without an end is over."""
    return False


class ArmedFault:
    """A fault that is armed until its context ends; `hits` counts how often its point was reached and failed."""

    def __init__(
        self, *, point: str, mode: str, faults: Faults, times: int | None = None, over: Callable[[], bool] = never
    ) -> None:
        self.point = point
        self.mode = mode
        self.times = times
        self.over = over
        self.hits = 0
        self._faults = faults

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disarm()

    def disarm(self) -> None:
        """Lets the point work again."""
        self._faults.disarm(self.point)


class Faults:
    """Which points are armed; may be used from several threads."""

    def __init__(self) -> None:
        self._armed: dict[str, ArmedFault] = {}
        self._lock = threading.Lock()

    def arm(self, point: str, mode: str, *, times: int | None = None, over: Callable[[], bool] = never) -> ArmedFault:
        """Arms a point at once, for so many times and until it is over, and gives what disarms it."""
        if point not in POINTS:
            raise ValueError(f"unknown fault point {point!r}; there are {', '.join(sorted(POINTS))}")
        if mode not in BASE_MODES:
            raise ValueError(f"unknown fault mode {mode!r}; there are {', '.join(sorted(BASE_MODES))}")
        with self._lock:
            if point in self._armed:
                raise ValueError(f"{point} is armed already")
            self._armed[point] = ArmedFault(point=point, mode=mode, faults=self, times=times, over=over)
            return self._armed[point]

    def disarm(self, point: str) -> None:
        """Lets a point work again, armed or not."""
        with self._lock:
            self._armed.pop(point, None)

    def reach(self, point: Point) -> bool:
        """Whether the point may go on: False when it shall find nothing; raises when it shall fail."""
        if not self._armed:
            return True
        with self._lock:
            fault = self._armed.get(point)
            if fault is None or fault.hits == fault.times or fault.over():
                return True
            fault.hits += 1
        if fault.mode == "empty":
            return False
        raise BackendError(f"{point}: {fault.mode}")
