"""Worker processes that share one listening socket and one store.

A worker is told its plan on its standard input and stops when that ends: when the parent asks for it, and when the
parent is no more, however it came to that.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

from mockplatform.errors import BindError, UsageError
from mockplatform.running.plan import Plan, context_of, open_store, tenants_of
from mockplatform.stores.codec import structured, told

__all__ = ["workers"]

_READY = b"ready\n"
_STOP_S = 10


@contextlib.contextmanager
def workers(plan: Plan, bound: socket.socket, count: int, lost: Callable[[int], None]) -> Iterator[list[int]]:
    """Processes that serve the plan on a bound socket for the block; yields their ids.

    Args:
        lost: told the exit code of a worker that ends by itself.

    Raises:
        BindError: a worker did not start.
    """
    over = threading.Event()
    started: list[subprocess.Popen[bytes]] = []
    watching: list[threading.Thread] = []
    try:
        started.extend(_start(plan, bound) for _ in range(count))
        for process in started:
            assert process.stdout is not None
            if process.stdout.readline() != _READY:
                raise BindError(f"a worker for {plan.url} did not start: it ended with exit code {process.wait()}")
        watching = [threading.Thread(target=_watch, args=(process, over, lost), daemon=True) for process in started]
        for thread in watching:
            thread.start()
        yield [process.pid for process in started]
    finally:
        over.set()
        for process in started:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        for process in started:
            _stop(process)
        for thread in watching:
            thread.join()


def _start(plan: Plan, bound: socket.socket) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "mockplatform.running.workers", str(bound.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=(bound.fileno(),),
    )
    assert process.stdin is not None
    # Not on the command line, where everybody on the machine could read it.
    process.stdin.write(json.dumps(told(plan)).encode() + b"\n")
    process.stdin.flush()
    return process


def _watch(process: subprocess.Popen[bytes], over: threading.Event, lost: Callable[[int], None]) -> None:
    code = process.wait()
    if not over.is_set():
        lost(code)


def _stop(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _work(number: int) -> None:
    """Serve until standard input ends."""
    # Ctrl-C reaches the whole group of processes; the parent alone decides when a worker stops.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    try:
        _serve(number)
    except UsageError as error:
        sys.exit(_complaint(error))


def _complaint(error: UsageError) -> int:
    sys.stderr.write(f"mockplatform: {error}\n")
    return 2


def _serve(number: int) -> None:
    from mockplatform.app import create_app
    from mockplatform.server import serve

    plan: Plan = structured(json.loads(sys.stdin.buffer.readline()), Plan)
    tenants = tenants_of(plan, open_store(plan))
    with serve(create_app(tenants.first, tenants), socket.socket(fileno=number), context_of(plan)):
        sys.stdout.buffer.write(_READY)
        sys.stdout.buffer.flush()
        sys.stdin.buffer.read()


if __name__ == "__main__":
    _work(int(sys.argv[1]))
