"""The command line as a function, and a small tool for it to run against."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.commands import run_command
from mockplatform.server import listen, serve
from tests.conformance.loopback import free_port, tool_file
from tests.conformance.makers import scenarios_of
from tests.conformance.miniatures import Miniature
from tests.conformance.postgres import PostgreSQL, running_postgresql


class Ran:
    """What a command line printed and returned."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def complaint(self) -> str:
        """The one line of a usage error."""
        assert self.code == 2
        assert self.err.startswith("lti-conformance: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        return self.err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, _same_environment: None) -> Any:
    def command(*argv: str) -> Ran:
        kept = ("--recipes", str(tmp_path / "recipes")) if argv[:1] == ("run",) else ()
        argv = (*argv, *kept)
        try:
            code = main([str(word) for word in argv])
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return Ran(code, told.out, told.err)

    return command


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes `run` take these scenarios instead of the catalogue."""

    def take(text: str) -> None:
        folder = tmp_path / "scenarios"
        folder.mkdir()
        found = scenarios_of(folder, text)
        monkeypatch.setattr(run_command, "scenarios", lambda: found)

    return take


@pytest.fixture
def miniature() -> Iterator[Any]:
    """A running tool, and the tool file that describes it."""
    with contextlib.ExitStack() as stack:

        def start(folder: Path, rest: str = "", **options: Any) -> Path:
            platform = f"http://127.0.0.1:{free_port()}"
            bound = listen()
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
            app = Miniature(**{"platform": platform, "url": url, "clock": time.time, **options})
            stack.enter_context(serve(app, bound))
            return tool_file(folder, url, platform=platform, rest=rest)

        yield start


@pytest.fixture
def _same_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of this process; take a `new_database()` of it for each test."""
    with running_postgresql() as server:
        yield server
