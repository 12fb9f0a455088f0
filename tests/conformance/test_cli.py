from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import scenarios
from conformance.cli import main
from conformance.commands import run_command
from conformance.errors import codes, types
from conformance.faults import FAULT_POINTS
from mockplatform.mutation import mutations
from mockplatform.server import listen, serve
from tests.conformance.loopback import free_port, tool_file
from tests.conformance.makers import scenarios_of
from tests.conformance.miniatures import Miniature

HEAD = 'title = "T"\nwhy = "W."\nrequirement = ["SEC-5.1.3-09"]\n'
RIGHT = f"[[scenario]]\nname = 'right'\n{HEAD}mutations = ['claims.expired']\nexpect.any = {{ code = 1001 }}\n"
WRONG = RIGHT.replace("right", "wrong").replace("expect.any = { code = 1001 }", 'expect.any.outcome = "launched"')
SHOULD = WRONG.replace("wrong", "should") + 'severity = "should"\n'
SHOULD = SHOULD.replace("expect.any", 'severity = "should"\nexpect.any').rpartition("severity")[0]


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
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def command(*argv: str) -> Ran:
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
        """With exit code 2 and the usage on stderr."""
        ran = run(*line.split())

        assert (ran.code, ran.out) == (2, "")
        assert "usage: lti-conformance" in ran.err

    def test_demo_and_tool_exclude_each_other(self, run: Any) -> None:
        """Only one tool is run against."""
        assert run("run", "--demo", "--tool", "x.toml").code == 2

    def test_help_imports_no_more_than_argparse(self) -> None:
        """It must be quick: nothing of the harness itself is loaded."""
        probe = (
            "import sys, conformance.cli as c\n"
            "try: c.main(['--help'])\n"
            "except SystemExit: pass\n"
            "print([m for m in sys.modules if m.startswith(('conformance.', 'starlette', 'httpcore', 'rich'))])"
        )
        done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

        assert done.stdout.splitlines()[-1] == "['conformance.cli']"


class TestList:
    def rows(self, run: Any, *options: str) -> Any:
        ran = run("list", *options, "--json")
        assert (ran.code, ran.err) == (0, "")
        return json.loads(ran.out)

    def test_scenarios(self, run: Any) -> None:
        """All of them by id, with the profiles that have a part for each."""
        rows = self.rows(run)

        assert [row["id"] for row in rows] == [scenario.id for scenario in scenarios()]
        assert all(row["profiles"] and row["summary"] and row["requirement"] for row in rows)

    def test_codes(self, run: Any) -> None:
        """Names, and the integer codes."""
        rows = self.rows(run, "--codes")

        assert [(row["name"], row["code"]) for row in rows] == [(c.name, c.code) for c in codes().values()]
        assert len(rows) == 25

    @pytest.mark.parametrize(
        ("option", "names"),
        [
            ("--errors", list(types())),
            ("--mutations", list(mutations())),
            ("--profiles", ["certification", "class", "core", "ltix"]),
            ("--faultpoints", list(FAULT_POINTS)),
        ],
    )
    def test_the_other_kinds(self, run: Any, option: str, names: list[str]) -> None:
        """By name, each with a summary."""
        rows = self.rows(run, option)

        assert [row["name"] for row in rows] == names
        assert all(row["summary"] for row in rows)

    @pytest.mark.parametrize("option", ["", "--codes", "--errors", "--mutations", "--profiles", "--faultpoints"])
    def test_a_table_for_people(self, run: Any, option: str) -> None:
        """One line for each row of the JSON."""
        ran = run("list", *option.split())
        rows = self.rows(run, *option.split())

        assert (ran.code, len(ran.out.splitlines())) == (0, len(rows))
        for line, row in zip(ran.out.splitlines(), rows, strict=True):
            assert row.get("id", row.get("name")) in line

    def test_two_kinds_at_once_are_refused(self, run: Any) -> None:
        """One array has one kind."""
        assert run("list", "--codes", "--errors").code == 2


class TestExplain:
    @pytest.mark.parametrize(
        ("word", "told"),
        [
            ("1006", ("1006 INVALID_USER_EMAIL (class invalid)", "Remedy", "Scenarios")),
            ("INVALID_USER_EMAIL", ("1006 INVALID_USER_EMAIL",)),
            ("TokenExpired", ("TokenExpired (class security, launch)", "Cause", "Source")),
            ("class.create", ("class.create – the class is created (1014)", "Bind", "Drivers")),
            ("jwks.fetch", ("the platform spoils its own key set",)),
            ("AccessDenied", ("AccessDenied (class security, service)", "none: no launch provokes it")),
        ],
    )
    def test_a_code_a_type_and_a_fault_point(self, run: Any, word: str, told: tuple[str, ...]) -> None:
        """What it is and what to do about it."""
        ran = run("explain", word)

        assert ran.code == 0
        assert all(text in ran.out for text in told)

    def test_every_scenario(self, run: Any) -> None:
        """Title, reason, the rules and how to repeat it."""
        for scenario in scenarios():
            ran = run("explain", scenario.id)
            flat = " ".join(ran.out.split())
            assert ran.code == 0
            assert ran.out.startswith(f"{scenario.id} – {scenario.title}\n")
            assert " ".join(scenario.why.split()) in flat
            assert f"lti-conformance run --only {scenario.id}" in flat

    def test_every_code_and_type(self, run: Any) -> None:
        """None is forgotten."""
        for word in (*codes(), *types(), *FAULT_POINTS):
            assert run("explain", str(word)).code == 0

    @pytest.mark.parametrize(
        ("word", "near"), [("1337x", "1337"), ("TokenExpird", "TokenExpired"), ("class.creat", "class.create")]
    )
    def test_a_near_miss_is_told(self, run: Any, word: str, near: str) -> None:
        """With the nearest thing that exists."""
        told = run("explain", word).complaint

        assert told == f"lti-conformance: nothing is called '{word}'; did you mean '{near}'?\n"

    def test_something_quite_different(self, run: Any) -> None:
        """Without a guess."""
        assert run("explain", "§§§§").complaint == "lti-conformance: nothing is called '§§§§'\n"


class TestDemo:
    @pytest.mark.parametrize("profile", ["core", "certification", "class", "ltix"])
    def test_a_part_of_the_catalogue_passes(self, run: Any, profile: str) -> None:
        """The sample tool is right under each profile."""
        ran = run("run", "--demo", "--profile", profile, "--only", "time/*")

        assert (ran.code, ran.err) == (0, "")
        assert f"profile {profile}: " in ran.out
        assert "seed 0" in ran.out.splitlines()[-1]

    def test_core_is_the_usual_profile(self, run: Any) -> None:
        """As the help says."""
        assert "profile core: " in run("run", "--demo", "--only", "time/*").out

    def test_by_code_and_type(self, run: Any) -> None:
        """`--only` takes them as well, several times."""
        ran = run("run", "--demo", "--profile", "class", "--only", "1006", "--only", "TokenExpired")

        assert ran.code == 0
        assert "✓ 1006 INVALID_USER_EMAIL" in ran.out
        assert "· 1007 INVALID_COURSE_ID" in ran.out

    def test_a_failure_is_1_and_tells_all(self, run: Any, own: Any) -> None:
        """Id, reason, reference, and a command that repeats it."""
        own(RIGHT + WRONG)
        ran = run("run", "--demo", "--seed", "3")

        assert ran.code == 1
        assert "✗ own/wrong – T (failed)" in ran.out
        assert "a launch that has to work was refused with status" in ran.out
        assert "SEC §5.1.3" in ran.out
        repeat = "lti-conformance run --demo --profile core --seed 3 --only own/wrong"
        assert any(line.endswith(repeat) for line in ran.out.splitlines())
        assert ran.out.splitlines()[-1].startswith("1 passed, 1 failed · ")

    def test_the_command_repeats_the_failure(self, run: Any, own: Any) -> None:
        """The printed command line leads to the same verdict."""
        own(RIGHT + SHOULD)
        ran = run("run", "--demo", "--strict")
        (line,) = [line for line in ran.out.splitlines() if line.strip().startswith("repeat")]
        again = run(*shlex.split(line.split(maxsplit=1)[1])[1:])

        assert (ran.code, again.code) == (1, 1)
        assert "1 failed · " in again.out

    def test_strict_makes_a_broken_should_1(self, run: Any, own: Any) -> None:
        """Without it a SHOULD only warns."""
        own(SHOULD)

        assert run("run", "--demo").code == 0
        assert run("run", "--demo", "--strict").code == 1

    def test_nothing_executed_is_2(self, run: Any, own: Any) -> None:
        """Everything was skipped: nothing has been proved."""
        own(RIGHT.replace("claims.expired'", 'claims.payload(text="[]")\', \'claims.without(claim="sub")\''))
        ran = run("run", "--demo")

        assert ran.code == 2
        assert "Not tested:" in ran.out

    def test_no_time_is_2(self, run: Any) -> None:
        """Nothing began."""
        ran = run("run", "--demo", "--max-time", "-1")

        assert ran.code == 2
        assert "nothing was tried, incomplete" in ran.out

    def test_jobs_and_one_after_the_other_agree(self, run: Any, tmp_path: Path) -> None:
        """The reports list the same scenarios in the same order with the same statuses."""
        told = []
        for jobs in ("1", "3"):
            path = tmp_path / f"{jobs}.json"
            run("run", "--demo", "--only", "keys/*", "--only", "time/*", "--jobs", jobs, "--report", f"json:{path}")
            document = json.loads(path.read_text(encoding="utf-8"))
            told.append((document["complete"], [(r["id"], r["status"]) for r in document["results"]]))

        assert told[0] == told[1]
        assert told[0][0]


class TestReportOption:
    def test_to_a_file(self, run: Any, tmp_path: Path) -> None:
        """The screen still gets the text."""
        path = tmp_path / "report.json"
        ran = run("run", "--demo", "--only", "time/*", "--report", f"json:{path}")
        document = json.loads(path.read_text(encoding="utf-8"))

        assert ran.code == 0
        assert "profile core" in ran.out
        assert (document["profile"], document["complete"], document["seed"]) == ("core", True, 0)
        assert document["results"][0]["replay"].startswith("lti-conformance run --demo --profile core --seed 0 --only ")
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("place", ["json", "json:", "json:-"])
    def test_to_the_screen(self, run: Any, place: str) -> None:
        """Then nothing else is printed there."""
        ran = run("run", "--demo", "--only", "time/*", "--report", place)

        assert json.loads(ran.out)["schema"] == "lti-conformance-report/1"

    def test_several(self, run: Any, tmp_path: Path) -> None:
        """Each to its own place."""
        first, second = tmp_path / "a.json", tmp_path / "b.txt"
        run("run", "--demo", "--only", "time/*", "--report", f"json:{first}", "--report", f"text:{second}")

        assert json.loads(first.read_text(encoding="utf-8"))
        assert "profile core" in second.read_text(encoding="utf-8")

    def test_an_earlier_report_is_replaced(self, run: Any, tmp_path: Path) -> None:
        """Whole, and readable by others."""
        path = tmp_path / "report.json"
        path.write_text("x" * 1_000_000, encoding="utf-8")
        run("run", "--demo", "--only", "time/*", "--report", f"json:{path}")

        assert json.loads(path.read_text(encoding="utf-8"))
        assert path.stat().st_mode & 0o777 == 0o644

    @pytest.mark.parametrize(
        ("place", "problem"),
        [
            ("jason:{}/x", "unknown format 'jason'; known are"),
            ("json:{}/gone/x.json", "cannot write there; the folder must exist"),
            ("json:{}", "cannot write there"),
        ],
    )
    def test_a_place_that_cannot_be_is_refused_before_the_run(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, problem: str
    ) -> None:
        """Nothing has been launched by then."""
        monkeypatch.setattr(run_command, "conduct", None)

        assert problem in run("run", "--demo", "--report", place.format(tmp_path)).complaint


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
            (("run",), "there is no tool file; write one, name one with --tool, or try --demo"),
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
            ("[tool]\nlogin_url = 5\n", "tool.launch_url: missing"),
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


class TestToolFile:
    def test_a_right_tool_is_0(self, run: Any, own: Any, miniature: Any, tmp_path: Path) -> None:
        """Over real sockets, with the tool file named or found."""
        own(RIGHT)
        path = miniature(tmp_path)
        ran = run("run", "--tool", path, "--report", f"json:{tmp_path / 'r.json'}")
        document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))

        assert (ran.code, ran.err) == (0, "")
        assert document["tool"] == "Miniature"
        assert document["results"][0]["observed"]["code"] == 1001

    def test_it_is_found_in_the_current_folder(
        self, run: Any, own: Any, miniature: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The usual name needs no option."""
        own(RIGHT)
        miniature(tmp_path)
        monkeypatch.chdir(tmp_path)

        assert run("run").code == 0

    def test_the_profile_of_the_tool_file_counts(self, run: Any, own: Any, miniature: Any, tmp_path: Path) -> None:
        """Unless the command line names another one; and the printed command names it too."""
        own(WRONG)
        profile = tmp_path / "mine.toml"
        profile.write_text('title = "Mine"\nquestion = "Is it?"\naxes = ["outcome"]\n', encoding="utf-8")
        path = miniature(tmp_path, rest=f"[profile]\nname = '{profile}'\n")

        ran = run("run", "--tool", path)
        assert "profile mine: Is it?" in ran.out
        assert f"--tool {path} --profile {profile} --seed 0 --only own/wrong" in ran.out
        assert "profile core: " in run("run", "--tool", path, "--profile", "core").out

    @pytest.mark.parametrize(
        ("scenario", "expires", "code", "told"),
        [
            ("own/wrong", "", 0, "1 passed, 1 waived"),
            ("own/right", "", 1, "waiver 'own/right' is stale"),
            ("own/wrong", "expires = 2020-01-01", 1, "expired on 2020-01-01"),
            ("time/*", "", 1, "1 failed"),
        ],
    )
    def test_waivers(
        self, run: Any, own: Any, miniature: Any, tmp_path: Path, scenario: str, expires: str, code: int, told: str
    ) -> None:
        """A failure that is waived does not count, and a failure that is not comes first."""
        own(RIGHT + WRONG)
        waiver = f"[[waiver]]\nscenario = '{scenario}'\nreason = 'Known'\n{expires}\n"
        ran = run("run", "--tool", miniature(tmp_path, rest=waiver))

        assert ran.code == code
        assert told in ran.out

    @pytest.mark.parametrize("expires", ["", "expires = 2020-01-01"])
    def test_a_stale_or_expired_waiver_alone_is_4(
        self, run: Any, own: Any, miniature: Any, tmp_path: Path, expires: str
    ) -> None:
        """All passes, and the waiver is to be removed."""
        own(RIGHT)
        waiver = f"[[waiver]]\nscenario = 'own/*'\nreason = 'Known'\n{expires}\n"

        assert run("run", "--tool", miniature(tmp_path, rest=waiver)).code == 4

    def test_a_waived_failure_does_not_end_a_fast_run(self, run: Any, own: Any, miniature: Any, tmp_path: Path) -> None:
        """It is known, and the rest is tried."""
        own(WRONG + RIGHT)
        waiver = "[[waiver]]\nscenario = 'own/wrong'\nreason = 'Known'\n"
        ran = run("run", "--fail-fast", "--tool", miniature(tmp_path, rest=waiver))

        assert ran.code == 0
        assert "1 passed, 1 waived" in ran.out

    def test_fail_fast_leaves_the_rest(self, run: Any, own: Any, miniature: Any, tmp_path: Path) -> None:
        """And says that the report is incomplete."""
        own(WRONG + RIGHT)
        ran = run("run", "--fail-fast", "--tool", miniature(tmp_path))

        assert ran.code == 1
        assert "1 failed, incomplete" in ran.out

    def test_the_doctor_finds_nothing_wrong(self, run: Any, miniature: Any, tmp_path: Path) -> None:
        """What to register, and that the plain launch works."""
        ran = run("doctor", "--tool", miniature(tmp_path))

        assert ran.code == 0
        assert "Register in Miniature:\n  Issuer              http://127.0.0.1:" in ran.out
        assert "✓ The plain launch works; the tool fetched the key set 0 times." in ran.out

    def test_the_doctor_says_how_far_it_came(self, run: Any, miniature: Any, tmp_path: Path) -> None:
        """A tool that never continues the login has another registration."""
        path = miniature(tmp_path, login=lambda _: (404, "who are you?", {}))
        ran = run("doctor", "--tool", path)

        assert ran.code == 3
        assert "/login → 404" in ran.out
        assert "compare issuer and client id with its registration" in ran.err


class TestStreams:
    def command(self, *argv: str) -> Any:
        return subprocess.Popen(
            [sys.executable, "-m", "conformance", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def test_a_reader_that_has_gone_is_no_trouble(self) -> None:
        """`lti-conformance list | head -1` ends quietly."""
        process = self.command("list", "--mutations", "--json")
        process.stdout.close()
        assert process.stderr.read() == ""
        process.wait()
        process.stderr.close()

    def test_the_module_is_the_command(self) -> None:
        """`python -m conformance` returns the exit code."""
        with self.command("explain", "§§§§") as process:
            _, told = process.communicate()

        assert process.returncode == 2
        assert told == "lti-conformance: nothing is called '§§§§'\n"


def test_an_interrupt_is_no_traceback(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C before the run has begun."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_command, "load_profile", interrupted)
    ran = run("run", "--demo")

    assert (ran.code, ran.err) == (3, "lti-conformance: interrupted\n")


@pytest.fixture(autouse=True)
def _same_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
