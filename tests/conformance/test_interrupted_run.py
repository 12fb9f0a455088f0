"""Ctrl-C: once, again and again, and before anything has begun."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.interrupting import Interrupts, held_back
from tests.conformance.loopback import free_port
from tests.conformance.test_first_hour import described

ROOT = Path(__file__).parents[2]
TOOL = """
import os, signal
from tests.conformance.beginners import Beginner

def from_now_on():
    # Wherever the run may be by then: the next signal comes when this one has been handled.
    for _ in range(3):
        os.kill(os.getpid(), signal.SIGINT)

class Disturbing(Beginner):
    logins = 0

    async def login(self, request):
        self.logins += 1
        if self.logins == 3:
            from_now_on()
        return await super().login(request)

disturbing = Disturbing(platform=os.environ["LTI_PLATFORM_ISSUER"], url="http://127.0.0.1:PORT")

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for _ in range(2):
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                # The run waits for this end.
                from_now_on()
            await send({"type": message["type"] + ".complete"})
        return
    await disturbing.app(scope, receive, send)
"""
AT_AN_IMPORT = """
import sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "conformance.arming":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from conformance.cli import entry
entry()
"""
IN_A_CALLBACK = """
import os, signal, sys, threading, weakref
from conformance import cli

class Thing:
    pass

def main():
    thing = Thing()
    kept = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    del thing
    try:
        threading.Event().wait(60)
    except KeyboardInterrupt:
        return 3

cli.main = main
cli.entry()
"""
IN_A_TEXT = """
from conformance import cli

def main():
    try:
        exec("import os, signal; signal.raise_signal(signal.SIGINT)")
    except KeyboardInterrupt:
        return 3

cli.main = main
cli.entry()
"""
AT_THE_END = """
import os, signal
from conformance import cli

class Last:
    def __del__(self, end=os.kill, pid=os.getpid(), number=signal.SIGINT):
        end(pid, number)

last = Last()
cli.main = lambda: 3
cli.entry()
"""
THREAD = """
import os, signal, sys, threading
from conformance import cli

never = threading.Event()
cli.main = lambda: threading.Thread(target=never.wait).start() or 3
exiting = sys.exit

def exited(code):
    threading.Timer(0, os.kill, (os.getpid(), signal.SIGINT)).start()
    exiting(code)

sys.exit = exited
cli.entry()
"""


def interrupted(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What Python does with these words in a folder."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_again_and_again_is_as_once(tmp_path: Path) -> None:
    """The report is there, says that the run was interrupted, and nothing else is left or said."""
    port = free_port()
    (tmp_path / "disturbing.py").write_text(TOOL.replace("PORT", str(port)), encoding="utf-8")
    described(tmp_path, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}", tool='app = "disturbing:app"')

    done = interrupted(tmp_path, "-m", "conformance", "run", "--report", "json:r.json")

    assert (done.returncode, done.stderr) == (3, "")
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (report["complete"], report["stopped"]) == (False, "interrupted")
    assert not list(tmp_path.glob("r.json.part*"))


def test_while_the_harness_is_still_being_imported(tmp_path: Path) -> None:
    """One line and the exit code of a run that says nothing."""
    done = interrupted(tmp_path, "-c", AT_AN_IMPORT, "run", "--demo")

    assert (done.returncode, done.stdout, done.stderr) == (3, "", "lti-conformance: interrupted\n")


def test_while_nothing_is_left_but_a_thread_of_the_tool(tmp_path: Path) -> None:
    """The process ends at once, with the exit code that it has earned, and without a word."""
    done = interrupted(tmp_path, "-c", THREAD)

    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


@pytest.mark.parametrize("text", [IN_A_CALLBACK, IN_A_TEXT, AT_THE_END], ids=["callback", "text", "the very end"])
def test_where_python_would_lose_it(tmp_path: Path, text: str) -> None:
    """One that comes where no exception gets out comes again, and one while Python ends costs no exit code."""
    (tmp_path / "ending.py").write_text(text, encoding="utf-8")
    done = interrupted(tmp_path, "-m", "ending")

    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


class TestInterrupts:
    def test_who_waits_too_long_is_heard_again(self) -> None:
        """Ten seconds after the first the next one counts."""
        now = [100.0]
        interrupts = Interrupts(clock=lambda: now[0])
        with pytest.raises(KeyboardInterrupt):
            interrupts(signal.SIGINT, None)
        now[0] = 109.0
        interrupts(signal.SIGINT, None)
        now[0] = 111.0
        with pytest.raises(KeyboardInterrupt):
            interrupts(signal.SIGINT, None)

    def test_after_the_end_it_leaves(self) -> None:
        """With the exit code of the command."""
        codes: list[int] = []
        interrupts = Interrupts(leave=codes.append)
        interrupts.all_done(5)
        interrupts(signal.SIGTERM, None)
        assert codes == [5]

    def test_what_is_ignored_stays_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """`nohup` goes on working."""
        taken: list[int] = []
        told: dict[int, object] = {signal.SIGHUP: signal.SIG_IGN}
        monkeypatch.setattr(signal, "getsignal", lambda number: told.get(number, signal.SIG_DFL))
        monkeypatch.setattr(signal, "signal", lambda number, _: taken.append(number))
        monkeypatch.setattr(atexit, "register", lambda *_: None)
        monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
        Interrupts().install()
        assert taken == [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def handler() -> Callable[[int, object], None]:
    def refused(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    return refused


def test_a_report_is_written_to_its_end(handler: Callable[[int, object], None]) -> None:
    """In the block a signal does nothing; afterwards it is what it was."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        with held_back():
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
