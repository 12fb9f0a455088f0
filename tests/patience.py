"""How long a test waits for a process, a thread or another worker: whatever never comes fails one test, with its name.

Tests that give a `timeout` to what they call need none of this.
"""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path

__all__ = ["FETCHING_S", "PATIENCE_S", "LateError", "ended", "reading", "taken"]

PATIENCE_S = 60.0
FETCHING_S = 270.0
"""Another worker may be fetching packages; less than the time that a test has."""


class LateError(AssertionError):
    """What a test waited for did not come."""


@contextlib.contextmanager
def reading(process: subprocess.Popen[str], awaited: str, *, limit_s: float = PATIENCE_S) -> Iterator[None]:
    """A block that reads what a process prints; when it takes too long the process is killed, which ends the reading.

    Args:
        awaited: what is to be printed.

    Raises:
        LateError: it took too long.
    """
    late = threading.Event()
    message = f"{awaited}: {process.args!r} did not print it within {limit_s:g} s"

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(limit_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except BaseException as error:
        # Of what came after the kill, most comes of it.
        if late.is_set():
            raise LateError(message) from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise LateError(message)


def ended(threads: Iterable[threading.Thread], awaited: str, *, limit_s: float = PATIENCE_S) -> None:
    """Wait for threads.

    Raises:
        LateError: one of them did not end.
    """
    for thread in threads:
        thread.join(limit_s)
        if thread.is_alive():
            raise LateError(f"{awaited}: the thread {thread.name} did not end within {limit_s:g} s")


@contextlib.contextmanager
def taken(lock: Path, awaited: str, *, limit_s: float = FETCHING_S) -> Iterator[None]:
    """A block that no other worker of the run is in at the same time.

    Args:
        lock: a file in the folder that the workers share.
        awaited: what is done in the block.

    Raises:
        LateError: another worker was in it for too long.
    """
    with lock.open("w") as file:
        # The call itself knows no limit. A thread that hangs in it keeps nobody from leaving.
        taking: Future[None] = Future()

        def take() -> None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                taking.set_result(None)
            except BaseException as error:  # noqa: BLE001 - whoever waits is told
                taking.set_exception(error)

        threading.Thread(target=take, daemon=True).start()
        try:
            taking.result(limit_s)
        except TimeoutError:
            raise LateError(f"{awaited}: another worker has held {lock} for more than {limit_s:g} s") from None
        yield
