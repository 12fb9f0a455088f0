from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.commands import run_command
from mockplatform.server import listen
from tests.conformance.loopback import free_port, tool_file
from tests.conformance.own_scenarios import RIGHT
from tests.patience import reading


class TestHelp:
    @pytest.mark.parametrize("command", [(), ("run",), ("list",), ("explain",), ("doctor",), ("selftest",)])
    def test_every_command_has_help(self, run: Any, command: tuple[str, ...]) -> None:
        """Printed, with exit code 0."""
        ran = run(*command, "--help")

        assert ran.code == 0
        assert ran.out.startswith(f"usage: {' '.join(('lti-conformance', *command))}")

    def test_the_version(self, run: Any) -> None:
        """That of the package."""
        assert run("--version").out.startswith("lti-conformance 0")

    @pytest.mark.parametrize("line", ["", "fly", "run --fast", "run --jobs 0", "run --jobs x", "run --seed x"])
    def test_a_wrong_command_line_is_refused(self, run: Any, line: str) -> None:
        """With exit code 2 and one line that says where the usage is told."""
        ran = run(*line.split())

        assert ran.out == ""
        assert " --help` shows the usage" in ran.complaint

    def test_demo_and_tool_exclude_each_other(self, run: Any) -> None:
        """Only one tool is run against."""
        assert run("run", "--demo", "--tool", "x.toml").code == 2

    def test_help_imports_no_more_than_argparse(self) -> None:
        """It must be quick: nothing of the harness itself is loaded."""
        probe = (
            "import sys, conformance.cli as c\n"
            "try: c.main(['--help'])\n"
            "except SystemExit: pass\n"
            "print(sorted(m for m in sys.modules if m.startswith(('conformance.', 'starlette', 'httpcore', 'rich'))))"
        )
        done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)

        tables = ["conformance.command_table", "conformance.exit_codes"]
        streams = ["conformance.interrupting", "conformance.screen"]
        assert done.stdout.splitlines()[-1] == str(["conformance.cli", *tables, *streams])


class TestUsage:
    @pytest.mark.parametrize(
        ("argv", "problem"),
        [
            (
                ("run", "--demo", "--profile", "clas"),
                "unknown profile 'clas'; known are certification, class, core, ltix",
            ),
            (("run", "--demo", "--profile", "gone.toml"), "gone.toml: there is no such file"),
            (("run", "--demo", "--only", "time/expird"), "--only time/expird: no scenario, code or error type matches"),
            (("run", "--tool", "gone.toml"), "gone.toml: there is no such file"),
            (("doctor", "--tool", "gone.toml"), "gone.toml: there is no such file"),
            (("run",), "there is no tool file; write one with `lti-conformance init`, name one with --tool, or try"),
            (("doctor",), "there is no tool file"),
            (("selftest", "--only", "no-such-flaw"), "--only no-such-flaw: unknown flaw"),
        ],
    )
    def test_a_mistake_is_one_line(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], problem: str
    ) -> None:
        """On stderr, with exit code 2, and no traceback."""
        monkeypatch.chdir(tmp_path)

        assert problem in run(*argv).complaint

    def test_nothing_of_the_profile_matches(self, run: Any, own: Any) -> None:
        """A pattern that only another profile has a part for."""
        own(RIGHT.replace("expect.any", "expect.class"))

        assert "nothing to run" in run("run", "--demo", "--only", "own/right").complaint

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("[tool\n", "not TOML"),
            ("[tool]\nlogin_url = 5\n", "tool.login_url: expected a string"),
            ("[tool]\nlogin_url = 'http://127.0.0.1:1/'\n", "tool.launch_url: missing"),
            ("[tool]\nlogin_url = 'http://127.0.0.1:1/'\nlaunch_url = '${GONE}'\n", "no variable GONE"),
        ],
    )
    def test_a_broken_tool_file_is_named(self, run: Any, tmp_path: Path, text: str, problem: str) -> None:
        """File, key and problem."""
        path = tmp_path / "my-tool.toml"
        path.write_text(text, encoding="utf-8")
        told = run("run", "--tool", path).complaint

        assert problem in told
        assert str(path) in told

    @pytest.mark.parametrize(
        ("rest", "problem"),
        [
            ("[[observe.error]]\nkind = 'htlm'\n", "observe.error[1]: kind is 'htlm'"),
            ("[observe.names]\nx = 'TokenExpird'\n", "observe.names.x: unknown error type 'TokenExpird'"),
            ("[faults]\n'class.creat' = { driver = 'callback' }\n", 'faults."class.creat": unknown fault point'),
            ("[faults]\n'class.create' = { driver = 'magic' }\n", "driver is 'magic', expected one of"),
            ("[faults]\n'class.create' = { driver = 'callback' }\n", "target: missing"),
            ("[rulings]\nmail = 'x'\n", "rulings.mail: unknown switch"),
            ("[profile]\nname = 'clas'\n", "unknown profile 'clas'"),
        ],
    )
    def test_a_tool_file_with_unknown_words_is_named(self, run: Any, tmp_path: Path, rest: str, problem: str) -> None:
        """Found before anything is sent."""
        platform = f"http://127.0.0.1:{free_port()}"
        path = tool_file(tmp_path, "http://127.0.0.1:1", platform=platform, rest=rest)

        assert problem in run("run", "--tool", path).complaint

    @pytest.mark.parametrize("command", ["run", "doctor"])
    def test_a_port_that_is_taken_is_named(self, run: Any, tmp_path: Path, command: str) -> None:
        """The harness has to listen there."""
        with listen() as taken:
            platform = f"http://127.0.0.1:{taken.getsockname()[1]}"
            path = tool_file(tmp_path, "http://127.0.0.1:1", platform=platform)
            told = run(command, "--tool", path).complaint

        assert f"cannot listen on {platform.removeprefix('http://')}" in told
        assert "choose another port or stop what uses it" in told

    @pytest.mark.parametrize("key", ["login_url", "launch_url"])
    def test_a_remote_tool_needs_leave(self, run: Any, tmp_path: Path, key: str) -> None:
        """Nothing but this machine is contacted unasked."""
        path = tool_file(tmp_path, "http://127.0.0.1:1", platform="http://127.0.0.1:2")
        name = key.removesuffix("_url")
        text = path.read_text(encoding="utf-8").replace(f"http://127.0.0.1:1/{name}", f"https://tool.example/{name}")
        path.write_text(text, encoding="utf-8")

        assert f"tool.{key}: https://tool.example/{name} is not on this machine; --allow-remote permits it" in (
            run("run", "--tool", path).complaint
        )


class TestStreams:
    def command(self, *argv: str) -> Any:
        return subprocess.Popen(
            [sys.executable, "-m", "conformance", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def test_a_reader_that_has_gone_is_no_trouble(self) -> None:
        """`lti-conformance list | head -1` ends quietly."""
        process = self.command("list", "--mutations", "--json")
        process.stdout.close()
        with reading(process, "nothing but the end of what it prints"):
            assert process.stderr.read() == ""
        process.wait(timeout=60)
        process.stderr.close()

    def test_the_module_is_the_command(self) -> None:
        """`python -m conformance` returns the exit code."""
        with self.command("explain", "§§§§") as process:
            _, told = process.communicate(timeout=60)

        assert process.returncode == 2
        assert told == "lti-conformance: nothing is called '§§§§'\n"


def test_an_interrupt_is_no_traceback(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C before the run has begun."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_command, "load_profile", interrupted)
    ran = run("run", "--demo")

    assert (ran.code, ran.err) == (3, "lti-conformance: interrupted\n")


@pytest.mark.parametrize(
    ("binding", "host"),
    [
        ("driver = 'sql', dsn = 'postgresql://admin:hunter2@db.example/tool', table = 't'", "db.example"),
        ("driver = 'sql', dsn = 'postgresql:///tool?host=db.example', table = 't'", "db.example"),
        ("driver = 'proxy', listen = '127.0.0.1:6543', upstream = 'db.example:5432', table = 't'", "db.example"),
        (
            "driver = 'proxy', listen = '127.0.0.1:6543', upstream = 'host=db.example port=5432', table = 't'",
            "db.example",
        ),
        ("driver = 'control', url = 'http://tool.example/faults', secret = 'hunter2'", "tool.example"),
    ],
)
def test_a_remote_back_end_needs_leave(run: Any, tmp_path: Path, binding: str, host: str) -> None:
    """However it is written; and no password is shown."""
    path = tmp_path / "lti-conformance.toml"
    tool = "[tool]\nlogin_url = 'http://127.0.0.1:1/a'\nlaunch_url = 'http://127.0.0.1:1/b'\n"
    path.write_text(f"{tool}[faults]\n'credentials.read' = {{ {binding} }}\n")
    ran = run("run", "--tool", path)

    assert f'faults."credentials.read": {host} is not on this machine' in ran.complaint
    assert "hunter2" not in ran.complaint
