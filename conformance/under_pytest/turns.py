"""Who may use a tool now: many side by side, or one alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

__all__ = ["Turns"]


class Turns:
    """Lets many in side by side, or one alone, who goes before those who come later."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._waiting = 0

    @contextlib.contextmanager
    def taken(self, *, alone: bool) -> Iterator[None]:
        """Stay inside for the block."""
        with self._changed:
            if alone:
                self._waiting += 1
                try:
                    self._changed.wait_for(lambda: self._inside == 0)
                finally:
                    self._waiting -= 1
                self._inside = -1
            else:
                self._changed.wait_for(lambda: self._inside >= 0 and not self._waiting)
                self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside = 0 if alone else self._inside - 1
                self._changed.notify_all()
