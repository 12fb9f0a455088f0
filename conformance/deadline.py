"""Sockets that keep to one deadline for a whole answer, and send a request in one piece.

A time limit for each read alone never ends with a tool that sends a byte every few seconds. A request in two pieces,
its head and then its body, wakes the tool twice.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import httpcore2

__all__ = ["Deadline", "PunctualBackend"]


class Deadline(threading.local):
    """When the request of this thread must be over, on the monotonic clock."""

    at = float("inf")

    def start(self, limit_s: float) -> None:
        """Begin a request that may take so long."""
        self.at = time.monotonic() + limit_s

    def left(self, limit_s: float | None) -> float | None:
        """What is left of a limit for one step.

        Raises:
            httpcore2.ReadTimeout: nothing is left.
        """
        left_s = self.at - time.monotonic()
        if left_s <= 0:
            raise httpcore2.ReadTimeout("the time for the whole answer is over")
        return left_s if limit_s is None else min(limit_s, left_s)


class PunctualBackend(httpcore2.SyncBackend):
    """The usual sockets, read under a deadline and written to in one piece."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(self, *arguments: Any, **options: Any) -> Any:
        """A connection."""
        return _Punctual(super().connect_tcp(*arguments, **options), self._deadline)


class _Punctual(httpcore2.NetworkStream):
    def __init__(self, stream: Any, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline
        self._unsent = b""
        self._write_timeout: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        if self._unsent:
            unsent, self._unsent = self._unsent, b""
            # As httpcore2 itself goes on to read: a tool may answer before it has taken the whole request.
            with contextlib.suppress(httpcore2.WriteError):
                self._stream.write(unsent, self._write_timeout)
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # The whole request is known only when its answer is asked for.
        self._unsent += buffer
        self._write_timeout = timeout

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *arguments: Any, **options: Any) -> Any:
        return _Punctual(self._stream.start_tls(*arguments, **options), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
