"""What Ctrl-C does: the first ends what is going on, and those right after it do not disturb the end."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["Interrupts", "held_back"]

_PATIENCE_S = 10.0
"""Longer than it takes to stop a tool; whoever asks once more after that is tired of waiting."""
_AGAIN_S = 0.01
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class _Interrupted(KeyboardInterrupt):
    """Python itself ends by the signal, whatever the exit code, once a plain one has left a text that it executed."""


class Interrupts:
    """Handles the signals that end a command: as `KeyboardInterrupt`, and then not again until patience is over.

    Args:
        clock: seconds that only go forward.
        leave: ends the process at once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, leave: Callable[[int], object] = os._exit) -> None:
        self._clock = clock
        self._leave = leave
        self._deaf_until: float | None = None
        self._code: int | None = None

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """A signal has come.

        Raises:
            KeyboardInterrupt: it is the first, or patience is over.
        """
        if self._code is not None:
            self._leave(self._code)
            return
        if self._deaf_until is None or self._clock() > self._deaf_until:
            self._deaf_until = self._clock() + _PATIENCE_S
            # Of what is abandoned now, some had been about to be waited for.
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            raise _Interrupted

    def install(self) -> None:
        """Take the signals, except those that whoever has started this process wants ignored (`nohup`, `&`)."""
        taken = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        for number in taken:
            signal.signal(number, self)
        atexit.register(_ignore, taken)
        sys.unraisablehook = self._or_lost(sys.unraisablehook)

    def _or_lost(self, told: Callable[[UnraisableHookArgs], object]) -> Callable[[UnraisableHookArgs], object]:
        """A hook that has an interrupt come again: in a weak reference's callback, as imports have them, it is lost."""

        def hook(lost: UnraisableHookArgs) -> None:
            if not issubclass(lost.exc_type, KeyboardInterrupt):
                told(lost)
                return
            self._deaf_until = None
            again = threading.Timer(_AGAIN_S, os.kill, (os.getpid(), signal.SIGINT))
            again.daemon = True
            again.start()

        return hook

    def all_done(self, code: int) -> None:
        """Nothing is left to be done but to wait for threads of the tool: from now on a signal ends the process."""
        self._code = code


def _ignore(numbers: Iterable[int]) -> None:
    """When Python gives its handlers up in the end, a signal would take the place of the exit code."""
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Signals that would end the block are ignored, for as long as it takes nobody's patience."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    first: list[float] = []

    def ignored(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        first.append(now)
        handler = before[number]
        if now > first[0] + _PATIENCE_S and callable(handler):
            handler(number, frame)

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, ignored)
    try:
        yield
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)
