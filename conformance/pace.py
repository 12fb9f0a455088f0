"""How fast a run goes about it, for tools that others use as well."""

from __future__ import annotations

import threading
import time

__all__ = ["Pace"]


class Pace:
    """Holds scenarios back so that no more than `rate` begin in a second."""

    def __init__(self, rate: float | None) -> None:
        self._gap_s = 1 / rate if rate else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next scenario may begin."""
        if not self._gap_s:
            return
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._next)
            self._next = begin + self._gap_s
        threading.Event().wait(begin - now)
