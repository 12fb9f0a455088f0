"""A screen that has gone, and reports that come by a pipe."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.command_table import COMMANDS
from conformance.reports import formats
from tests.conformance.loopback import free_port, tool_file
from tests.conformance.makers import make_dossier, make_entry
from tests.conformance.manners import served_dressed


def ended_without_a_reader(options: Sequence[str], *command: object) -> tuple[int, bytes]:
    """Exit code and complaints of a command whose reader has gone before its first word.

    Args:
        options: of Python: `-u` has each word written at once, and none at the end.
    """
    return without_a_reader(*options, "-m", "conformance", *map(str, command))


def without_a_reader(*words: str) -> tuple[int, bytes]:
    """The same of any Python."""
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        return process.wait(), said


@pytest.mark.parametrize("options", [(), ("-u",)], ids=["at the end", "at once"])
def test_calibrate_writes_what_it_was_asked_for(tmp_path: Path, options: Sequence[str]) -> None:
    """`calibrate | head` leaves a tool file with `[observe]`, and says nothing about the pipe."""
    with contextlib.ExitStack() as stack:
        path = served_dressed(stack, tmp_path)
        ended = ended_without_a_reader(options, "calibrate", "--tool", path)

    assert ended == (0, b"")
    assert tomllib.loads(path.read_text("utf-8"))["observe"]["launched"] == {"status": "2xx", "css": "main#course"}


@pytest.mark.parametrize("command", ["calibrate", "doctor"])
def test_the_exit_code_stays(tmp_path: Path, command: str) -> None:
    """Nobody there is 3, also for a script that looks at the first line alone."""
    gone, platform = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    path = tool_file(tmp_path, gone, platform=platform)

    code, said = ended_without_a_reader(("-u",), command, "--tool", path)

    assert (code, b"BrokenPipe" in said) == (3, False)


@pytest.mark.parametrize("options", [(), ("-u",)], ids=["at the end", "at once"])
def test_a_difference_stays_one(tmp_path: Path, options: Sequence[str]) -> None:
    """`diff | head` ends with 5 where something is worse."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(formats()["json"](make_dossier(make_entry("nonce/absent"))), "utf-8")
    new.write_text(formats()["json"](make_dossier(make_entry("nonce/absent", "failed"))), "utf-8")

    assert ended_without_a_reader(options, "diff", old, new) == (5, b"")


STILL_FAILS = """
from types import SimpleNamespace as Some
from conformance.cli import entry
from conformance.commands import replay_command
replay_command.recipe_at = lambda path: Some(scenario=Some(id="nonce/absent", title="No nonce"), told=Some(reason=""))
replay_command._replayed = lambda recipe, options: Some(status="failed", verdict=Some(reason="launched"))
replay_command.failure_told = lambda result: "It was let in."
entry()
"""
BROKEN_LAW = """
from conformance.cli import entry
from conformance.commands import selftest_command
from conformance.selftest import Trial
selftest_command.prove = lambda only: [Trial(flaw=None, profile="core", broke=("nonce/absent",), seen={})]
entry()
"""
A_NEW_ONE = """
import sys
from conformance.cli import entry
from conformance.commands import COMMAND_command as module

def command(options):
    for _ in range(2):
        print("on the screen")
        sys.stdout.write("at once")
        sys.stdout.flush()
    return 7

module.command = command
entry()
"""
NEEDED = {
    "render": ("FILE",),
    "diff": ("OLD", "NEW"),
    "explain": ("code",),
    "export": ("--format", "vectors"),
    "flavour": ("show", "moodle"),
    "replay": ("FILE",),
    "waive": ("--from", "FILE"),
}


@pytest.mark.parametrize("options", [(), ("-u",)], ids=["at the end", "at once"])
@pytest.mark.parametrize(
    ("code", "words"), [(STILL_FAILS, ("replay", "story")), (BROKEN_LAW, ("selftest",))], ids=["replay", "selftest"]
)
def test_what_fails_stays_failed(options: Sequence[str], code: str, words: Sequence[str]) -> None:
    """A story that is not fixed, and a law that is broken, end with 1."""
    assert without_a_reader(*options, "-c", code, *words) == (1, b"")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_needs_to_know(name: str) -> None:
    """Whatever a command prints, and however, its exit code is the one that it returns."""
    code = A_NEW_ONE.replace("COMMAND", name)

    assert without_a_reader("-u", "-c", code, name, *NEEDED.get(name, ())) == (7, b"")


@pytest.mark.parametrize("options", [(), ("-u",)], ids=["at the end", "at once"])
def test_help_for_nobody(options: Sequence[str]) -> None:
    """It is what is most often cut off."""
    assert ended_without_a_reader(options, "--help") == (0, b"")


def test_complaints_for_nobody(tmp_path: Path) -> None:
    """`2>&1 | head` takes both away."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "conformance", "diff", str(tmp_path / "old"), str(tmp_path / "new")]
    with os.fdopen(writing, "wb") as pipe:
        assert subprocess.run(command, stdout=pipe, stderr=pipe, check=False).returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("options", [(), ("-u",)], ids=["at the end", "at once"])
def test_a_full_disk_is_told_once(options: Sequence[str]) -> None:
    """Nobody could know otherwise that what was asked for is not there."""
    command = [sys.executable, *options, "-m", "conformance", "explain", "nonce/absent"]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)

    assert (ended.returncode, ended.stderr.count(b"\n")) == (2, 1)


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives the command line something on its standard input."""

    def give(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


REPORT = formats()["json"](make_dossier(make_entry("nonce/absent"))).encode()
WORSE = formats()["json"](make_dossier(make_entry("nonce/absent", "failed"))).encode()


def test_render_reads_standard_input(run: Any, piped: Any, tmp_path: Path) -> None:
    """A dash is what comes by the pipe, and the reports are those of the file."""
    path = tmp_path / "r.json"
    path.write_bytes(REPORT)
    piped(REPORT)
    ran = run("render", "-")

    assert (ran.code, ran.out) == (0, run("render", path).out)
    piped(REPORT)
    assert run("render", "-", "--report", f"json:{tmp_path / 'again.json'}").code == 0
    assert (tmp_path / "again.json").read_bytes() == REPORT


def test_diff_reads_one_of_both_from_standard_input(run: Any, piped: Any, tmp_path: Path) -> None:
    """The earlier or the later; `diff - NEW` and `diff OLD -` say what they say of files."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(REPORT)
    new.write_bytes(WORSE)
    wanted = run("diff", old, new)
    assert wanted.code == 5
    for content, words in ((REPORT, ("-", new)), (WORSE, (old, "-"))):
        piped(content)
        ran = run("diff", *words)
        assert (ran.code, ran.out) == (wanted.code, wanted.out)


def test_one_pipe_is_not_two_reports(run: Any, piped: Any) -> None:
    """It can be read once."""
    piped(REPORT)
    assert "diff - -: only one of them can come from standard input" in run("diff", "-", "-").complaint


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "standard input: is empty"),
        (b"<html>", "standard input: no JSON report: "),
        (b"{}", "standard input: no report of lti-conformance"),
        (b'{"a": "\xff"}', "standard input: no JSON report: byte 7 is not UTF-8"),
    ],
)
def test_what_is_no_report_is_one_line(run: Any, piped: Any, content: bytes, problem: str) -> None:
    """As for files."""
    for words in (("render", "-"), ("diff", "-", "gone.json"), ("waive", "--from", "-")):
        piped(content)
        assert problem in run(*words).complaint


def test_a_standard_input_that_is_closed() -> None:
    """One line, as for a file that cannot be read."""
    command = [sys.executable, "-m", "conformance", "render", "-"]
    closed = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *command], capture_output=True, check=False)

    assert closed.returncode == 2
    assert closed.stderr == b"lti-conformance: standard input: the report cannot be read: it is closed\n"


def test_a_screen_that_is_closed(tmp_path: Path) -> None:
    """It is nobody's fault, and the report is written."""
    (tmp_path / "r.json").write_bytes(REPORT)
    command = [sys.executable, "-m", "conformance", "render", str(tmp_path / "r.json")]
    closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], capture_output=True, check=False)

    assert (closed.returncode, closed.stderr) == (0, b"")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("command", ["doctor", "run"])
def test_streams_that_are_closed(tmp_path: Path, command: str, closed: str) -> None:
    """Whoever sends a launch serves a platform for it, and that needs no screen either."""
    gone, platform = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    path = tool_file(tmp_path, gone, platform=platform)
    line = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "conformance", command, "--tool", str(path)]
    ended = subprocess.run(line, cwd=tmp_path, capture_output=True, check=False)

    assert (ended.returncode, b"Traceback" in ended.stderr) == (3, False)
