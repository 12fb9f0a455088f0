"""A run in a process of its own that arms a table and waits: to be interrupted or killed in the midst of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.driver import Order
from tests.conformance.saboteurs.databases import binding
from tests.patience import reading

__all__ = ["armed_elsewhere"]

ROOT = Path(__file__).parents[3]


@contextmanager
def armed_elsewhere(dsn: str, table: str, access: str) -> Iterator[subprocess.Popen[str]]:
    """The process, in which the table is armed by now; it ends, if the block has not ended it, when it is told to."""
    command = [sys.executable, "-m", "tests.conformance.saboteurs.armed_run", dsn, table, access]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            with reading(process, "that the table is armed"):
                assert process.stdout.readline() == "armed\n"
            yield process
        finally:
            process.communicate("go on\n" if process.poll() is None else None, timeout=60)


def main(dsn: str, table: str, access: str) -> None:
    """Keeps the table armed until a line arrives."""
    # A shell that starts the tests in the background has told its children to ignore the interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with binding(dsn, table, access) as bound, bound.arm(Order(point="class.read", mode="error", ttl_s=600)):
        print("armed", flush=True)  # noqa: T201
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
