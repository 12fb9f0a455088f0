"""Which requests the fake upstream fails, how, how often, and until when."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from conformance.modes import MODES, Mode
from conformance.upstream.answers import TOKEN_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ArmedFault", "Fault", "Faults", "read_route"]

ROUTE = re.compile(r"([A-Z]+|\*) (/[^\s?#]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A rule for some requests.

    Args:
        route: method and path; `*` stands for one part of the path, or for any method.
        times: how often it strikes; None: as long as it is armed.
        ttl_s: seconds after which it ends by itself.
        marks: texts that only the requests to be failed have in their path, their body, or behind their token.
    """

    route: str
    mode: Mode
    times: int | None = None
    ttl_s: float = 60.0
    marks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        read_route(self.route)
        if self.mode not in MODES:
            raise ValueError(f"unknown mode {self.mode!r}; there are {', '.join(MODES)}")


def read_route(route: str) -> re.Pattern[str]:
    """What matches the `METHOD /path` of a request.

    Raises:
        ValueError: it is no route.
    """
    parts = ROUTE.fullmatch(route)
    if parts is None:
        raise ValueError(f"route is {route!r}, expected a method and a path such as 'POST /v2/users/*/meetings'")
    method, path = parts.groups()
    return re.compile(f"{method.replace('*', '[A-Z]+')} {re.escape(path).replace(re.escape('*'), '[^/]+')}")


class ArmedFault:
    """A fault until it is disarmed, its times are used up or its time is over; `hits` counts how often it struck."""

    def __init__(self, fault: Fault, *, until: float, disarm: Callable[[ArmedFault], None]) -> None:
        self.fault = fault
        self.until = until
        self.hits = 0
        self._left = fault.times
        self._pattern = read_route(fault.route)
        self._disarm = disarm
        self._over = False
        self._watchers: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._disarm(self)

    def strikes(self, method: str, path: str, text: str) -> bool:
        """Whether it fails this request, of which `text` is all that marks may stand in; counts if it does."""
        fault = self.fault
        granting = fault.mode == "grant-refused" and path == TOKEN_PATH
        if not granting and self._pattern.fullmatch(f"{method} {path}") is None:
            return False
        if self._left == 0 or not all(mark in text for mark in fault.marks):
            return False
        # Where the grant shall be refused, a refused token only leads there.
        if self._left is not None and (granting or fault.mode != "grant-refused"):
            self._left -= 1
        self.hits += 1
        return True

    def end(self) -> None:
        """Wakes whoever waits for the end."""
        with self._lock:
            self._over = True
            watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher()

    @contextmanager
    def watched(self, watcher: Callable[[], object]) -> Iterator[None]:
        """Calls once when it ends within the block, from any thread; at once if it has ended already."""
        with self._lock:
            over = self._over
            if not over:
                self._watchers.append(watcher)
        if over:
            watcher()
        try:
            yield
        finally:
            with self._lock:
                if watcher in self._watchers:
                    self._watchers.remove(watcher)


class Faults:
    """The faults that are armed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._armed: list[ArmedFault] = []
        self._lock = threading.Lock()

    def arm(self, fault: Fault) -> ArmedFault:
        """Arms at once; the result is a context manager that disarms."""
        armed = ArmedFault(fault, until=self._clock() + fault.ttl_s, disarm=self.disarm)
        with self._lock:
            self._armed.append(armed)
        return armed

    def disarm(self, armed: ArmedFault) -> None:
        """Ends a fault, armed or not."""
        with self._lock:
            if armed in self._armed:
                self._armed.remove(armed)
        armed.end()

    def disarm_all(self) -> None:
        """Ends every fault."""
        for armed in self._now_armed():
            self.disarm(armed)

    def striking(self, method: str, path: str, text: str) -> ArmedFault | None:
        """The first fault that fails this request."""
        now = self._clock()
        for armed in self._now_armed():
            if now >= armed.until:
                self.disarm(armed)
        with self._lock:
            return next((armed for armed in self._armed if armed.strikes(method, path, text)), None)

    def _now_armed(self) -> tuple[ArmedFault, ...]:
        with self._lock:
            return tuple(self._armed)
