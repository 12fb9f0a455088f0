from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import LateError, ended, reading, taken

SILENT = "import sys; sys.stdin.read()"
"""A program that prints nothing, and ends with its caller at the latest."""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SILENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as silent:
        yield silent
        silent.kill()


def test_a_process_that_prints_nothing_is_not_waited_for(process: subprocess.Popen[str]) -> None:
    """It is ended, and the error says what was to be printed."""
    assert process.stdout is not None
    raised = pytest.raises(LateError, match=r"its address: .* did not print it within 0\.01 s")
    with raised, reading(process, "its address", limit_s=0.01):
        process.stdout.readline()
    assert process.wait(60) != 0


def test_a_process_that_prints_is_left_alone(process: subprocess.Popen[str]) -> None:
    """Once it has said what was awaited, nothing ends it."""
    with reading(process, "nothing", limit_s=60):
        pass
    assert process.poll() is None


def test_a_thread_without_an_end_is_named() -> None:
    """A thread that has ended is no trouble."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name="never", daemon=True)
    thread.start()
    with pytest.raises(LateError, match=r"the answers: the thread never did not end within 0\.01 s"):
        ended([thread], "the answers", limit_s=0.01)
    over.set()
    ended([thread], "the answers")


def test_one_worker_at_a_time(tmp_path: Path) -> None:
    """Who waits too long for another is told for what; later it is its turn."""
    lock = tmp_path / "it.lock"
    with lock.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        raised = pytest.raises(LateError, match=r"fetching it: another worker has held .*it\.lock")
        with raised, taken(lock, "fetching it", limit_s=0.01):
            pytest.fail("never reached")
    with taken(lock, "fetching it", limit_s=60):
        pass
