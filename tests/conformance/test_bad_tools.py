"""Tools that misbehave, on real sockets, through the command line: each gets a clear word and nothing is left over."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.commands import run_command
from mockplatform.server import listen, serve
from tests.conformance.loopback import (
    Talk,
    free_port,
    is_listening,
    keep_still,
    reset,
    say,
    server,
    tool_file,
    trickle,
)
from tests.conformance.makers import scenarios_of
from tests.conformance.miniatures import HANGS, Miniature, refused, welcome

ROOT = Path(__file__).parents[2]
HEAD = 'title = "T"\nwhy = "W."\nrequirement = ["SEC-5.1.3-09"]\n'
EXPIRED = "".join(
    f"[[scenario]]\nname = 'n{n}'\n{HEAD}mutations = ['claims.expired']\nexpect.any = {{ code = 1001 }}\n"
    for n in range(5)
)
NO_ANSWER = "the tool crashed (the connection ended without an answer"
PROVES_NOTHING = "the plain launch does not work, so no refusal would prove anything"
END = b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
QUICK = "[network]\ntimeout_s = 0.5\n"

TOOL = """
import os, sys, time
sys.path.insert(0, {root!r})
import uvicorn
from tests.conformance.miniatures import Miniature, welcome

launches = []

def rule(tool, claims):
    launches.append(claims)
    if len(launches) == {dies_at}:
        os._exit(3)
    return welcome(tool, claims)

tool = Miniature(rule, platform=os.environ["LTI_PLATFORM_ISSUER"], url="http://127.0.0.1:{port}", clock=time.time)
{before}
uvicorn.run(tool, port={port}, log_level="critical", lifespan="off")
"""

CHILD = """
import signal, socket
{before}
listening = socket.create_server(("127.0.0.1", {port}))
print("ready", flush=True)
while True:
    listening.accept()
"""


class Ran:
    """What a run printed, returned and reported."""

    def __init__(self, code: int, out: str, err: str, report: Path) -> None:
        self.code, self.out, self.err = code, " ".join(out.split()), err
        self.report = json.loads(report.read_text(encoding="utf-8")) if report.exists() else None


@pytest.fixture(autouse=True)
def _own_scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    found = scenarios_of(folder, EXPIRED)
    monkeypatch.setattr(run_command, "scenarios", lambda: found)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs against a tool file; every way out must leave the platform's port free again."""

    def command(path: Path, *options: str) -> Ran:
        report = tmp_path / "report.json"
        platform = int(
            path.read_text(encoding="utf-8").partition('[platform]\nurl = "http://127.0.0.1:')[2].split('"')[0]
        )
        code = main(["run", "--tool", str(path), "--report", f"json:{report}", *options])
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        assert not is_listening(platform)
        return Ran(code, told.out, told.err, report)

    return command


def described(folder: Path, url: str, *, tool: str = "", rest: str = "") -> Path:
    return tool_file(folder, url, platform=f"http://127.0.0.1:{free_port()}", tool=tool, rest=rest)


@contextlib.contextmanager
def miniature(folder: Path, rule: Any, *, rest: str = "", **options: Any) -> Iterator[Path]:
    """A running miniature that goes by this rule, and its tool file."""
    platform = f"http://127.0.0.1:{free_port()}"
    bound = listen()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    app = Miniature(rule, platform=platform, url=url, clock=time.time, **options)
    with serve(app, bound):
        yield tool_file(folder, url, platform=platform, rest=rest)


def only_if_broken(answer: Any) -> Any:
    """Answers so to a broken launch, and rightly to a good one."""

    def rule(tool: Miniature, claims: Any) -> Any:
        right = welcome(tool, claims)
        return right if right[0] == 200 else answer

    return rule


class TestThePlainLaunchFails:
    def test_nobody_is_there(self, run: Any, tmp_path: Path) -> None:
        """A clear sentence, exit code 3, and a report that says that it is incomplete."""
        port = free_port()
        ran = run(described(tmp_path, f"http://127.0.0.1:{port}"))

        assert (ran.code, ran.err) == (3, "")
        assert f"{PROVES_NOTHING}: the tool crashed (nobody answers at 127.0.0.1:{port}" in ran.out
        assert "`lti-conformance doctor` shows what the tool has to register" in ran.out
        assert "nothing was tried, incomplete" in ran.out
        assert (ran.report["complete"], ran.report["results"]) == (False, [])
        assert "nobody answers" in ran.report["stopped"]

    @pytest.mark.parametrize(
        ("talk", "told"),
        [
            (keep_still, "the tool hung (no whole answer within 0.5 s)"),
            (trickle(b"HTTP/1.1 200 OK\r\nX: "), "the tool hung (no whole answer within 0.5 s)"),
            (say(), NO_ANSWER),
            (reset, NO_ANSWER),
            (say(b"SSH-2.0-OpenSSH_9.6\r\n"), NO_ANSWER),
            (say(b"HTTP/1.1 302 Found\r\nLocation: /login" + END), "the tool hung (redirected 20"),
            (say(b"HTTP/1.1 302 Found\r\nLocation: http://example.org/" + END), "led to http://example.org"),
            (say(b"HTTP/1.1 500 Oops" + END), "the tool crashed (status 500 without a recognised error)"),
            (say(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 10_000_000), "the tool rejected"),
            (say(b"HTTP/1.1 404 No\r\nContent-Length: 7\r\n\r\nUnknown"), "the tool rejected, and said: Unknown"),
        ],
        ids=["silent", "trickling", "closes", "resets", "ssh", "redirects", "leaves", "crashes", "10mb", "refuses"],
    )
    def test_a_tool_that_does_not_even_answer_a_login(self, run: Any, tmp_path: Path, talk: Talk, told: str) -> None:
        """Exit code 3 with what happened."""
        with server(talk) as url:
            ran = run(described(tmp_path, url, rest=QUICK))

        assert (ran.code, ran.err) == (3, "")
        assert told in ran.out
        assert "POST http://127.0.0.1:" in ran.out

    def test_nobody_is_there_to_be_arranged(self, run: Any, tmp_path: Path) -> None:
        """The same where the first request is one that arranges a state."""
        rest = "[arrange]\nzoom_authorised = { request = 'POST /test/zoom' }\n"
        ran = run(described(tmp_path, f"http://127.0.0.1:{free_port()}", rest=rest), "--profile", "class")

        assert (ran.code, ran.err) == (3, "")
        assert "arrange.zoom_authorised: POST /test/zoom: nobody answers at 127.0.0.1:" in ran.out


class TestBrokenLaunchesBreakTheTool:
    def test_one_that_hangs(self, run: Any, tmp_path: Path) -> None:
        """Each broken launch runs into the limit and fails; good ones go on."""
        with miniature(tmp_path, only_if_broken((HANGS, "", {})), rest=QUICK) as path:
            ran = run(path, "--only", "own/n0")

        assert (ran.code, ran.report["complete"]) == (1, True)
        (result,) = ran.report["results"]
        assert (result["status"], result["outcome"]) == ("failed", "hung")
        assert result["reason"] == "the tool hung: no whole answer within 0.5 s"

    def test_one_that_answers_10_mb(self, run: Any, tmp_path: Path) -> None:
        """Read as far as the limit, with a finding."""
        with miniature(tmp_path, only_if_broken((400, "x" * 10_000_000, {"lti-error": "code=1001"}))) as path:
            ran = run(path, "--only", "own/n0")

        assert ran.code == 0
        assert [finding["id"] for finding in ran.report["findings"]] == ["answer-cut"]

    def test_one_that_redirects_for_ever(self, run: Any, tmp_path: Path) -> None:
        """That is a hang, even if every single answer is quick."""
        with miniature(tmp_path, only_if_broken((302, "", {"location": "/loop"}))) as path:
            ran = run(path, "--only", "own/n0")

        assert ran.code == 1
        assert ran.report["results"][0]["reason"] == "the tool hung: redirected 20 times"

    def test_one_that_drops_the_connection(self, run: Any, tmp_path: Path) -> None:
        """A crash: an unclean refusal under one profile, a failure under another."""
        with miniature(tmp_path, only_if_broken((400, "x", {"content-length": "100"}))) as path:
            core = run(path, "--only", "own/n0")
            ltix = run(path, "--only", "own/n0", "--profile", "ltix")

        assert (core.code, ltix.code) == (0, 1)
        assert [finding["id"] for finding in core.report["findings"]] == ["unclean-refusal"]
        assert core.report["results"][0]["outcome"] == "crashed"
        assert "the connection ended without an answer" in ltix.report["results"][0]["reason"]

    def test_one_that_sends_people_away(self, run: Any, tmp_path: Path) -> None:
        """Nothing foreign is contacted, and nobody can judge what would have come."""
        with miniature(tmp_path, only_if_broken((302, "", {"location": "http://example.org/sorry"}))) as path:
            ran = run(path, "--only", "own/n0")

        (result,) = ran.report["results"]
        assert "http://example.org" in result["reason"]
        assert result["status"] != "passed"

    def test_one_that_begins_another_login(self, run: Any, tmp_path: Path) -> None:
        """Neither let in nor turned away: it is not judged."""

        def rule(tool: Miniature, claims: Any) -> Any:
            right = welcome(tool, claims)
            return right if right[0] == 200 else tool.continue_login(tool.logins[-1])

        with miniature(tmp_path, rule) as path:
            ran = run(path, "--only", "own/n0")

        assert (ran.code, ran.report["results"][0]["status"]) == (1, "error")
        assert "another login" in ran.report["results"][0]["reason"]


def started(folder: Path, port: int, *, before: str = "", dies_at: int = 0, rest: str = "", shell: str = "") -> Path:
    """A tool file whose tool is a Python script that is started by it."""
    script = folder / "tool.py"
    script.write_text(TOOL.format(root=str(ROOT), port=port, before=before, dies_at=dies_at), encoding="utf-8")
    command = shell or f"exec {shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    tool = f"start = '''{command}'''\nready_timeout_s = 60\n"
    return described(folder, f"http://127.0.0.1:{port}", tool=tool, rest=rest)


class TestStartCommands:
    def test_a_tool_that_is_started(self, run: Any, tmp_path: Path) -> None:
        """It sees what to register, is tried, and is gone afterwards."""
        port = free_port()
        ran = run(started(tmp_path, port))

        assert (ran.code, ran.err) == (0, "")
        assert ran.report["summary"]["passed"] == 5
        assert not is_listening(port)

    def test_its_children_are_gone_as_well(self, run: Any, tmp_path: Path) -> None:
        """The whole process group ends, a child that ignores the friendly signal too."""
        port, childs_port = free_port(), free_port()
        child = tmp_path / "child.py"
        ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
        child.write_text(CHILD.format(port=childs_port, before=ignore), encoding="utf-8")
        before = (
            "import subprocess\n"
            f"child = subprocess.Popen([sys.executable, {str(child)!r}], stdout=subprocess.PIPE)\n"
            "assert child.stdout.readline() == b'ready\\n'"
        )
        ran = run(started(tmp_path, port, before=before), "--only", "own/n0")

        assert ran.code == 0
        assert not is_listening(port)
        assert not is_listening(childs_port)

    def test_one_that_exits_at_once(self, run: Any, tmp_path: Path) -> None:
        """With its exit code and its last words, in one line."""
        shell = "echo first; echo no database at db.example >&2; exit 7"
        ran = run(started(tmp_path, free_port(), shell=shell))

        assert (ran.code, ran.out, ran.report) == (2, "", None)
        assert ran.err.count("\n") == 1
        assert f"tool.start: '{shell}' ended with 7; its last words: first | no database at db.example" in ran.err

    def test_one_that_does_not_exist(self, run: Any, tmp_path: Path) -> None:
        """The shell's own words."""
        ran = run(started(tmp_path, free_port(), shell="no-such-command-anywhere"))

        assert ran.code == 2
        assert "ended with 127; its last words: " in ran.err
        assert "no-such-command-anywhere" in ran.err.partition("last words")[2]

    def test_one_that_never_gets_ready(self, run: Any, tmp_path: Path) -> None:
        """The limit ends it, its last words are shown, and nothing is left of it."""
        childs_port = free_port()
        child = tmp_path / "child.py"
        child.write_text(CHILD.format(port=childs_port, before=""), encoding="utf-8")
        path = started(tmp_path, free_port(), shell=f"exec {sys.executable} {child}")
        path.write_text(path.read_text(encoding="utf-8").replace("ready_timeout_s = 60", "ready_timeout_s = 1.5"))
        ran = run(path)

        assert ran.code == 2
        assert "did not answer at http://127.0.0.1:" in ran.err
        assert "within 1.5 s; its last words: ready" in ran.err
        assert not is_listening(childs_port)

    def test_one_that_dies_half_way(self, run: Any, tmp_path: Path) -> None:
        """What was found out is kept, and the report says that it is incomplete."""
        port = free_port()
        # The plain launch and the twin, then two launches for each scenario: it dies in the third one.
        ran = run(started(tmp_path, port, dies_at=2 + 2 + 2 + 1))

        assert (ran.code, ran.err) == (3, "")
        assert ran.report["complete"] is False
        assert [result["id"] for result in ran.report["results"]] == ["own/n0", "own/n1"]
        assert {result["status"] for result in ran.report["results"]} == {"passed"}
        assert f"the tool is gone: nobody answers at 127.0.0.1:{port}" in ran.report["stopped"]
        assert "noticed in own/n2" in ran.report["stopped"]
        assert "2 passed, incomplete" in ran.out

    def test_a_stranger_at_its_address_is_not_taken_for_it(self, run: Any, tmp_path: Path) -> None:
        """An older process that still listens there would be tested in its place."""
        with listen() as stranger:
            port = stranger.getsockname()[1]
            ran = run(started(tmp_path, port))

        assert (ran.code, ran.report) == (2, None)
        assert f"tool.start: something answers at http://127.0.0.1:{port} before the tool is started" in ran.err
        assert ran.err.count("\n") == 1


class TestApplications:
    def app(self, folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch, *, port: int = 0) -> Path:
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.chdir(folder)
        return described(folder, f"http://127.0.0.1:{port or free_port()}", tool=f"app = '{name}:app'\n")

    def test_an_application_is_imported_and_served(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After the variables are set, at the port of its login."""
        port = free_port()
        text = (
            "import os, time\nfrom tests.conformance.miniatures import Miniature\n"
            "issuer = os.environ['LTI_PLATFORM_ISSUER']\n"
            f"app = Miniature(platform=issuer, url='http://127.0.0.1:{port}', clock=time.time)\n"
        )
        ran = run(self.app(tmp_path, "bad_tools_fine", text, monkeypatch, port=port))

        assert (ran.code, ran.err) == (0, "")
        assert ran.report["summary"]["passed"] == 5
        assert not is_listening(port)

    @pytest.mark.parametrize("kind", ["asgi", "wsgi"])
    def test_what_an_application_raises_is_kept(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        """Also where a framework in debug mode hands it on: the trace is in the log that is named."""
        call = {"asgi": "async def app(scope, receive, send)", "wsgi": "def app(environ, start_response)"}[kind]
        path = self.app(tmp_path, f"bad_tools_{kind}", f"{call}:\n    raise KeyError('no such row')\n", monkeypatch)
        monkeypatch.chdir(tmp_path)
        ran = run(path)

        assert ran.code == 3
        assert "What the tool itself printed is in .lti-conformance/tool.log.\n" in ran.err
        assert "KeyError: 'no such row'" in Path(".lti-conformance/tool.log").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("name", "text", "told"),
        [
            ("bad_tools_a", "import nothing_of_that_name\n", "cannot import 'bad_tools_a:app': No module named"),
            (
                "bad_tools_b",
                "raise ValueError('first line\\nsecond line')\n",
                "failed: ValueError: first line second line",
            ),
            ("bad_tools_c", "import sys\nsys.exit('no settings')\n", "failed: SystemExit: no settings"),
            ("bad_tools_d", "x = 1\n", "the module 'bad_tools_d' has no 'app'"),
            ("bad_tools_e", "def app(:\n", "failed: SyntaxError: "),
            ("bad_tools_f", "None.x\n", "failed: AttributeError: 'NoneType' object has no attribute 'x'"),
        ],
    )
    def test_one_that_cannot_be_imported(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, told: str
    ) -> None:
        """One line with the file, the key and the reason."""
        ran = run(self.app(tmp_path, name, text, monkeypatch))

        assert (ran.code, ran.report) == (2, None)
        assert told in ran.err
        assert "tool.app: " in ran.err
        assert ran.err.count("\n") == 1

    def test_a_port_that_is_taken(self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody else would be tested."""
        text = "async def app(scope, receive, send): ...\n"
        with listen() as taken:
            port = taken.getsockname()[1]
            ran = run(self.app(tmp_path, "bad_tools_g", text, monkeypatch, port=port))

        assert (ran.code, ran.report) == (2, None)
        assert f"cannot listen on 127.0.0.1:{port}" in ran.err

    def test_one_that_does_not_start(self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its lifespan fails."""
        text = (
            "async def app(scope, receive, send):\n"
            "    await receive()\n"
            "    await send({'type': 'lifespan.startup.failed', 'message': 'no database'})\n"
        )
        ran = run(self.app(tmp_path, "bad_tools_h", text, monkeypatch))

        assert (ran.code, ran.report) == (2, None)
        assert "did not start" in ran.err


def test_refusals_with_a_code_are_what_the_other_tests_stand_on(run: Any, tmp_path: Path) -> None:
    """The same tool without its misbehaviour passes."""
    with miniature(tmp_path, only_if_broken(refused(1001))) as path:
        assert run(path).report["summary"]["passed"] == 5
