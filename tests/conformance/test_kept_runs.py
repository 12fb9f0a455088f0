"""Runs that end before their end, and reports that are made of what they left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.reports import formats
from conformance.results.baseline import report_at
from conformance.runner import Runner
from conformance.streaming import ASIDE, ENDING, Stream, streamed
from conformance.telling.dossier import Dossier
from conformance.telling.reading import read_kept
from mockplatform.errors import UsageError
from tests.conformance.loopback import free_port
from tests.conformance.makers import make_dossier, make_entry

TOOL = """
import os
import signal

from conformance.sample_tool import Integration, create_tool

tool = create_tool(
    [
        Integration(
            issuer=os.environ["LTI_PLATFORM_ISSUER"],
            client_id=os.environ["LTI_CLIENT_ID"],
            auth_url=os.environ["LTI_PLATFORM_AUTH_URL"],
            jwks_url=os.environ["LTI_PLATFORM_JWKS_URL"],
            deployment_ids=("1",),
        )
    ]
)
logins = 0


async def app(scope, receive, send):
    global logins
    logins += scope["type"] == "http" and scope["path"] == "/lti/login"
    if logins == 20:
        # Harness and tool are one process here.
        os.kill(os.getpid(), signal.SIGKILL)
    await tool(scope, receive, send)
"""

FILE = """
[tool]
login_url = "http://127.0.0.1:{tool}/lti/login"
launch_url = "http://127.0.0.1:{tool}/lti/launch"
app = "mytool:app"

[platform]
url = "http://127.0.0.1:{platform}"

[observe]
launched = {{ css = "main#course" }}
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was killed in its middle."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "mytool.py").write_text(TOOL)
    (folder / "lti-conformance.toml").write_text(FILE.format(tool=free_port(), platform=free_port()))
    ran = subprocess.run(
        [sys.executable, "-m", "conformance", "run", "--only", "nonce/*", "--report", "json:report.json"],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    return folder


def test_what_a_killed_run_had_found_out_is_there(killed: Path, run: Any) -> None:
    """Beside the report that it could not write: results, and that it was cut off."""
    assert not (killed / "report.json").exists()
    dossier = report_at(str(killed / f"report.json{ENDING}"))

    assert 1 <= len(dossier.results) < 15
    assert {entry.status for entry in dossier.results} == {"passed"}
    assert (dossier.complete, dossier.exit_code, dossier.only) == (False, 3, ("nonce/*",))
    assert dossier.stopped == f"the run was cut off after {len(dossier.results)} of 15 results"
    assert dossier.untried == 15 - len(dossier.results)


def test_reports_are_made_of_it(killed: Path, tmp_path: Path, run: Any) -> None:
    """In any format, each marked as a part."""
    wanted = [word for name in formats() for word in ("--report", f"{name}:{tmp_path / name}")]
    ran = run("render", str(killed / f"report.json{ENDING}"), *wanted)

    assert (ran.code, ran.err) == (0, "")
    for name in ("text", "json", "html", "junit", "markdown", "sarif"):
        assert "the run was cut off after" in (tmp_path / name).read_text(encoding="utf-8")
    assert json.loads((tmp_path / "badge").read_text())["message"] == "partial"


def test_nothing_is_left_of_a_run_that_came_to_its_end(tmp_path: Path, run: Any) -> None:
    """The report is there, and the stream is gone."""
    ran = run("run", "--demo", "--only", "time/*", "--report", f"json:{tmp_path / 'r.json'}")

    assert ran.code == 0
    assert [path.name for path in tmp_path.glob("r.json*")] == ["r.json"]


def test_a_report_is_rendered_again_as_it_was(tmp_path: Path, run: Any) -> None:
    """The same text as at the end of its run, on the screen unless told otherwise."""
    kept = tmp_path / "r.json"
    first = run("run", "--demo", "--only", "time/*", "--report", f"json:{kept}")

    assert run("render", str(kept)).out == first.out
    assert run("render", str(kept), "--report", "json").out == kept.read_text(encoding="utf-8")


def test_a_defect_of_the_harness_costs_no_results(tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reports say why they are a part; the trace is kept, and secrets in its words are not told."""
    tried: list[str] = []
    really = Runner.try_scenario

    def failing(self: Runner, scenario: Any) -> Any:
        tried.append(scenario.id)
        if len(tried) == 4:
            raise ZeroDivisionError("client_secret=ABCDEFGHIJKLMNOP")
        return really(self, scenario)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Runner, "try_scenario", failing)
    ran = run("run", "--demo", "--only", "time/*", "--report", "json:r.json")
    dossier = report_at("r.json")

    assert ran.code == dossier.exit_code == 3
    assert [entry.id for entry in dossier.results] == tried[:3]
    assert str(dossier.stopped).startswith("the harness failed: ZeroDivisionError: client_secret=")
    assert not dossier.complete
    assert "EFGHIJKLMNOP" not in Path("r.json").read_text(encoding="utf-8") + ran.out
    assert "please report it with .lti-conformance/crash.txt" in ran.err
    assert "in failing" in Path(".lti-conformance/crash.txt").read_text(encoding="utf-8")


class TestPlaces:
    """A report takes nobody's place."""

    @pytest.mark.parametrize(
        ("reports", "problem"),
        [
            (("json:x", "text:x"), "text:x: this file is another report"),
            (("json:x", "text:./x"), "text:./x: this file is another report"),
            (("json:x", "text:x.part"), "this file is where results are kept for x"),
            (("json:base.json",), "json:base.json: this file is the baseline"),
            (("html:link.json",), "this file is the baseline"),
        ],
    )
    def test_it_is_refused_before_the_run(
        self, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch, reports: tuple[str, ...], problem: str
    ) -> None:
        """A worse run would be its own baseline the next time."""
        monkeypatch.chdir(tmp_path)
        Path("base.json").write_text("{}")
        Path("link.json").symlink_to("base.json")
        wanted = [word for report in reports for word in ("--report", report)]

        assert problem in run("run", "--demo", "--baseline", "base.json", *wanted).complaint
        assert Path("base.json").read_text() == "{}"

    def test_a_tool_file_is_no_place(self, miniature: Any, tmp_path: Path, run: Any) -> None:
        """It is written by hand."""
        path = miniature(tmp_path)

        assert "this file is the tool file" in run("run", "--tool", str(path), "--report", f"badge:{path}").complaint

    @pytest.mark.parametrize("command", [("run", "--demo"), ("render", "r.json")])
    def test_what_is_no_report_is_kept(
        self, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
    ) -> None:
        """A source that a path was mixed up with; an empty file and an earlier report give way."""
        monkeypatch.chdir(tmp_path)
        Path("app.py").write_text("print()")
        Path("empty.md").touch()
        assert run("run", "--demo", "--only", "nonce/absent", "--report", "json:r.json", "--report", "html:x").code == 0

        kept = run(*command, "--report", "html:app.py").complaint
        assert "html:app.py: this file is no earlier report, and is kept" in kept
        assert Path("app.py").read_text() == "print()"
        only = ("--only", "nonce/absent") if command[0] == "run" else ()
        assert run(*command, *only, "--report", "markdown:empty.md", "--report", "text:x").code == 0

    def test_what_is_rendered_stays(self, killed: Path, run: Any) -> None:
        """It may be all that is left of a run."""
        kept = str(killed / f"report.json{ENDING}")

        assert "the report to render" in run("render", kept, "--report", f"text:{kept}").complaint

    def test_what_others_have_put_beside_a_report_is_left_alone(self, tmp_path: Path, run: Any) -> None:
        """A file, and a link with what it leads to."""
        own, secret, link = tmp_path / "a.part", tmp_path / "secret", tmp_path / "b.part"
        own.write_text("mine")
        secret.write_text("mine")
        link.symlink_to(secret)

        for name in ("a", "b"):
            assert run("run", "--demo", "--only", "nonce/absent", "--report", f"badge:{tmp_path / name}").code == 0
        assert (own.read_text(), secret.read_text(), link.is_symlink()) == ("mine", "mine", True)

    def test_what_a_killed_run_has_left_is_put_aside(self, killed: Path, tmp_path: Path) -> None:
        """The same command again wipes nothing."""
        left = (killed / f"report.json{ENDING}").read_bytes()
        (tmp_path / f"r.json{ENDING}").write_bytes(left)
        with streamed(tmp_path / "r.json") as stream:
            stream.begin(make_dossier(), 1)
            stream.done()

        assert (tmp_path / f"r.json{ASIDE}").read_bytes() == left
        assert not (tmp_path / f"r.json{ENDING}").exists()

    def test_one_report_that_cannot_be_written_costs_no_other(self, tmp_path: Path, run: Any) -> None:
        """The screen has the verdict, and the results are kept."""
        badge, blocked = tmp_path / "badge.json", tmp_path / ("x" * 254)
        ran = run(
            "run",
            "--demo",
            "--only",
            "nonce/absent",
            "--report",
            f"badge:{badge}",
            "--report",
            "json:/dev/full",
            "--report",
            f"html:{blocked}",
        )

        assert ran.code == 2
        assert "1 passed" in ran.out
        assert badge.exists()
        assert blocked.exists()
        assert "/dev/full: cannot be written: No space left on device" in ran.err
        assert f"the results are kept in {badge}{ENDING}" in ran.err
        assert len(report_at(f"{badge}{ENDING}").results) == 1


def stream_of(tmp_path: Path, dossier: Dossier, chosen: int) -> str:
    with streamed(tmp_path / "r.json") as stream:
        stream.begin(dossier, chosen)
        for entry in dossier.results:
            stream.add(entry)
        return (tmp_path / f"r.json{ENDING}").read_text(encoding="utf-8")


def test_a_stream_is_read_up_to_where_it_breaks_off(tmp_path: Path) -> None:
    """At every character: whole lines count, and what was being written does not."""
    entries = (make_entry("a/one", title="»Größe«"), make_entry("a/two", "failed"))
    text = stream_of(tmp_path, make_dossier(*entries), 3)
    head, first, second = (line.encode() for line in text.splitlines(keepends=True))

    for length in range(len(head), len(text.encode()) + 1):
        whole = sum(length >= end for end in (len(head + first), len(head + first + second)))
        read = read_kept(text.encode()[:length], where="r")
        assert read.results == entries[:whole]
        assert (read.untried, read.summary["failed"]) == (3 - whole, whole // 2)


def test_a_stream_in_which_more_became_known_tells_that(tmp_path: Path) -> None:
    """What the last says of the run holds for all of its results, before and after it."""
    entries = (make_entry("a/one"), make_entry("a/two"))
    with streamed(tmp_path / "r.json") as stream:
        for number, entry in enumerate(entries, 1):
            stream.begin(make_dossier(only=tuple(f"a/{told}" for told in range(number))), number)
            stream.add(entry)
        read = read_kept((tmp_path / f"r.json{ENDING}").read_bytes(), where="r")

    assert (read.results, read.only, read.untried) == (entries, ("a/0", "a/1"), 0)
    assert read.stopped == "the run was cut off after 2 of 2 results"


@pytest.mark.parametrize("lost", [0, 1, 2], ids=["before it", "in the head", "in a result"])
def test_a_stream_that_a_full_disk_has_cut_keeps_nothing_more(tmp_path: Path, lost: int) -> None:
    """It does not say that it holds the results; where its head is cut as well, nobody needs it."""
    with (tmp_path / "r.part").open("w") as whole, Path("/dev/full").open("w") as full:
        stream = Stream(tmp_path / "r.part", full if lost == 1 else whole)
        if lost:
            stream.begin(make_dossier(), 2)
        if lost == 2:
            stream._file = full
            stream.add(make_entry("a/one"))
            stream._file = whole
            stream.add(make_entry("a/two"))
        told = (stream.path, stream.is_needed)
        # What is left in it would fail once more when it is closed.
        with contextlib.suppress(OSError):
            full.close()

    assert told == {0: (tmp_path / "r.part", False), 1: (None, False), 2: (None, True)}[lost]
    assert len((tmp_path / "r.part").read_text().splitlines()) == lost // 2


@pytest.mark.parametrize("cut", ["head", "second"])
def test_a_stream_that_is_spoilt_is_refused_in_one_line(tmp_path: Path, cut: str) -> None:
    """With the line that is wrong."""
    lines = stream_of(tmp_path, make_dossier(make_entry("a/one")), 1).splitlines(keepends=True)
    spoilt = {"head": [lines[0][:80] + "\n", lines[1]], "second": [lines[0], lines[1].replace("must", "gust")]}

    with pytest.raises(UsageError, match="^r") as refused:
        read_kept("".join(spoilt[cut]).encode(), where="r")
    assert "\n" not in str(refused.value)
    assert "line 2" in str(refused.value) or cut == "head"


def test_what_was_left_before_the_first_launch_is_told_as_that() -> None:
    """An empty file is no broken one."""
    with pytest.raises(UsageError, match="^r: is empty; a run that was killed before its first launch leaves no more$"):
        read_kept(b"", where="r")


@pytest.mark.parametrize("place", ["/dev/null", "gone/r.json"])
def test_where_no_stream_can_be_kept_the_run_goes_on(tmp_path: Path, place: str) -> None:
    """A device has no neighbour, and a folder that is gone takes nothing."""
    with streamed(tmp_path / place if place.startswith("gone") else Path(place)) as stream:
        stream.begin(make_dossier(), 1)
        stream.add(make_entry())

    assert not Path(f"/dev/null{ENDING}").exists()
    assert list(tmp_path.iterdir()) == []


class TestBaseline:
    @pytest.fixture
    def before(self, tmp_path: Path, run: Any) -> Path:
        """A report of the sample tool."""
        path = tmp_path / "before.json"
        assert run("run", "--demo", "--only", "time/*", "--report", f"json:{path}").code == 0
        return path

    def test_nothing_worse_is_as_without_it(self, before: Path, run: Any) -> None:
        """The exit code of the run, and a line that says so."""
        ran = run("run", "--demo", "--only", "time/*", "--baseline", str(before))

        assert ran.code == 0
        assert "no regression since" in ran.out

    def test_what_has_become_worse_is_told_and_exits_5(
        self, before: Path, run: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The scenario is named, and 5 stands before 1."""
        really = Runner.try_scenario

        def failing(self: Runner, scenario: Any) -> Any:
            result = really(self, scenario)
            spoilt = scenario.id == "time/expired-an-hour-ago"
            return replace(result, verdict=replace(result.verdict, status="failed")) if spoilt else result

        monkeypatch.setattr(Runner, "try_scenario", failing)
        ran = run("run", "--demo", "--only", "time/*", "--baseline", str(before))

        assert ran.code == 5
        assert "1 regression" in ran.out
        assert "time/expired-an-hour-ago" in ran.out.partition("1 regression")[2]

    def test_it_does_not_get_into_a_report_for_machines(self, before: Path, run: Any) -> None:
        """What a program reads from the screen stays JSON."""
        ran = run("run", "--demo", "--only", "time/*", "--baseline", str(before), "--report", "json:-")

        assert json.loads(ran.out)["summary"]["failed"] == 0
        assert "no regression" in ran.err

    def test_it_is_read_before_the_run(self, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A name that is misspelt costs no time."""
        monkeypatch.setattr("conformance.commands.run_command.conduct", None)

        assert "gone.json: the report cannot be read" in run("run", "--demo", "--baseline", "gone.json").complaint
