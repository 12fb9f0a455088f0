"""A tool that was started by a run that is killed, and the run after it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.started import leftover_at, noted
from tests.conformance.loopback import free_port, is_listening
from tests.conformance.test_first_hour import described
from tests.patience import reading

ROOT = Path(__file__).parents[2]
TOOL = """
import os, signal, sys
import uvicorn
from tests.conformance.beginners import Beginner

class Deadly(Beginner):
    async def login(self, request):
        if "DIE" in os.environ:
            os.kill(os.getppid(), signal.SIGKILL)
        return await super().login(request)

app = Deadly(platform=os.environ["LTI_PLATFORM_ISSUER"], url="http://127.0.0.1:PORT").app
uvicorn.run(app, port=PORT, log_level="critical")
"""
SLEEPER = "print('up', flush=True); input()"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    port = free_port()
    (tmp_path / "started_tool.py").write_text(TOOL.replace("PORT", str(port)), encoding="utf-8")
    tool = f"start = '''exec {sys.executable} started_tool.py'''\nready_url = 'http://127.0.0.1:{port}/'"
    described(tmp_path, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}", tool=tool)
    yield tmp_path
    for note in notes(tmp_path):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(json.loads(note.read_text(encoding="utf-8"))["tool"]["id"], signal.SIGKILL)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[str]]:
    """A process that leads a group of its own."""
    command = [sys.executable, "-c", SLEEPER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        with reading(process, "up"):
            process.stdout.readline()
        yield process
        process.kill()


def run(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of one scenario in a process of its own."""
    command = [sys.executable, "-m", "conformance", "run", "--only", "nonce/absent"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def notes(project: Path) -> list[Path]:
    """The notes of started tools that lie in a project."""
    return list((project / ".lti-conformance").glob("started-*"))


def test_the_next_run_stops_what_a_killed_one_has_left_running(project: Path) -> None:
    """It says so, tests the tool that it has started itself, and leaves neither that nor a note."""
    assert run(project, DIE="1").returncode == -signal.SIGKILL
    (note,) = notes(project)
    left = json.loads(note.read_text(encoding="utf-8"))["tool"]["id"]
    os.kill(left, 0)

    after = run(project)

    assert after.returncode == 0, after.stderr
    assert after.stderr.startswith("The tool at http://127.0.0.1:")
    assert f"an earlier run, which was killed, had left it running (process {left})" in after.stderr
    assert notes(project) == []
    assert not is_listening(int(after.stderr.partition("127.0.0.1:")[2].partition(" ")[0]))
    assert "was stopped first" not in run(project).stderr


class TestNotes:
    address = ("127.0.0.1", 5000)

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

    def rewritten(self, **changes: dict[str, Any]) -> None:
        """Write the note anew as another run would have left it."""
        (path,) = notes(Path())
        note = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({part: told | changes.get(part, {}) for part, told in note.items()}))

    def test_a_run_that_goes_on_keeps_its_tool(self, sleeper: subprocess.Popen[str]) -> None:
        """It is no leftover to be stopped; and a note is gone with its block."""
        with noted(self.address, sleeper.pid):
            found = leftover_at(self.address)
            assert found is not None
            assert found.is_of_a_run_that_goes_on
            assert leftover_at(("127.0.0.1", 5001)) is None
        assert leftover_at(self.address) is None

    def test_another_process_of_its_id_is_not_taken_for_it(self, sleeper: subprocess.Popen[str]) -> None:
        """A process that was started at another time is somebody else's."""
        with noted(self.address, sleeper.pid):
            self.rewritten(tool={"began": "another boot 1"})
            assert leftover_at(self.address) is None

    def test_one_that_cannot_be_known_is_only_named(self, sleeper: subprocess.Popen[str]) -> None:
        """Without the time of its start nobody is certain, so that the user is told how to stop it."""
        with noted(self.address, sleeper.pid):
            self.rewritten(tool={"began": ""})
            found = leftover_at(self.address)
            assert found is not None
            assert (found.is_certain, found.stopped_by) == (False, f"kill -- -{sleeper.pid}")

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"tool": {"id": "x", "began": ""}, "run": 5}', "\udcff"])
    def test_a_note_that_nobody_can_read(self, sleeper: subprocess.Popen[str], text: str) -> None:
        """It is as good as none."""
        with noted(self.address, sleeper.pid):
            (path,) = notes(Path())
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
            assert leftover_at(self.address) is None

    def test_a_tool_that_has_ended(self, sleeper: subprocess.Popen[str]) -> None:
        """Nothing is left of it, whatever a note says."""
        with noted(self.address, sleeper.pid):
            sleeper.kill()
            sleeper.wait()
            assert leftover_at(self.address) is None


def test_a_leftover_that_is_not_certain_is_named(project: Path) -> None:
    """The message says what it is and how it is stopped."""
    run(project, DIE="1")
    (note,) = notes(project)
    told = json.loads(note.read_text(encoding="utf-8"))
    left = told["tool"]["id"]
    note.write_text(json.dumps(told | {"tool": {"id": left, "began": ""}}), encoding="utf-8")
    after = run(project)

    assert after.returncode == 2
    assert after.stderr.count("\n") == 1
    assert f"had left running; stop it by `kill -- -{left}`, or drop 'start'" in after.stderr
