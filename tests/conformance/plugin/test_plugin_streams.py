"""Results of a pytest run that is killed, and what is left of runs that are not."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import scenarios, select
from conformance.profile import load_profile
from conformance.results.baseline import report_at
from conformance.telling.dossier import Dossier
from tests.conformance.plugin.projects import IN_PROCESS

ONLY = ("nonce/*", "time/expired-an-hour-ago")
WANTED = ("--lti-report", "badge:-", "--lti-report", "json:report.json")
PART = "report.json.part"

SUITE = f"""
    from conformance import lti_suite

    test_lti = lti_suite(only={ONLY})
"""

DEADLY = """
    import os
    import signal

    told = 0

    def pytest_configure(config):
        global writes
        writes = not hasattr(config, "workerinput")

    def pytest_runtest_logreport(report):
        global told
        told += report.when == "call"
        if told == 5 and writes:
            os.kill(os.getpid(), signal.SIGKILL)
"""
"""Kills the process that writes the report, the only one or that of the workers, once it has heard of five results."""

ELSEWHERE = """
    import pytest

    @pytest.fixture(autouse=True)
    def elsewhere(tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
"""

COPIED = """
    from pathlib import Path

    def test_copied():
        folder = Path("kept")
        folder.mkdir()
        for part in Path().glob("*.part*"):
            (folder / part.name).write_bytes(part.read_bytes())
"""
"""The last test of a run: keeps what would be there if the run were killed now."""


def chosen(profile: str = "core") -> set[str]:
    """The ids of the scenarios that the suite tries."""
    return {scenario.id for scenario in select(scenarios(), load_profile(profile), ONLY)}


def parts(folder: Path) -> list[str]:
    """The names of the streams in a folder."""
    return sorted(path.name for path in folder.glob("*.part*"))


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes a project with a tool in process, a suite, and a test that copies the streams before the run is over."""

    def write(*, flaw: str = "", **modules: str) -> None:
        if flaw:
            monkeypatch.setenv("FLAW", flaw)
        pytester.makeconftest(IN_PROCESS)
        pytester.makepyfile(**({"test_suite": SUITE} | modules | {"test_zzz": COPIED}))

    return write


def copied(pytester: pytest.Pytester, name: str = PART) -> Dossier:
    """The dossier of a stream as it was before the end of the run."""
    return report_at(str(pytester.path / "kept" / name))


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two workers"])
def test_a_killed_run_leaves_what_it_has_found(
    pytester: pytest.Pytester, run: Any, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """The results of the killed process are beside the report that was to be, and reports of them say that."""
    pytester.makeconftest(IN_PROCESS + DEADLY)
    pytester.makepyfile(SUITE)
    killed = pytester.runpytest_subprocess(*workers, *WANTED)
    assert killed.ret == -signal.SIGKILL
    assert not (pytester.path / "report.json").exists()
    assert parts(pytester.path) == [PART]

    dossier = report_at(str(pytester.path / PART))
    assert len(dossier.results) == 5
    assert {entry.id for entry in dossier.results} < chosen()
    assert (dossier.tool, dossier.profile, set(dossier.only)) == ("Sample", "core", chosen())
    assert (dossier.complete, dossier.untried) == (False, len(chosen()) - 5)

    page = tmp_path / "x.html"
    assert run("render", str(pytester.path / PART), "--report", f"html:{page}").code == 0
    assert f"the run was cut off after 5 of {len(chosen())} results" in page.read_text(encoding="utf-8")


def test_the_stream_tells_what_the_report_does(pytester: pytest.Pytester, suite: Callable[..., None]) -> None:
    """With the same words and the same masks, also of a launch that failed; the report that is written replaces it."""
    suite(flaw="expiry-unchecked")
    pytester.runpytest_inprocess(*WANTED)
    kept, report = copied(pytester), report_at(str(pytester.path / "report.json"))
    assert {entry.id: entry for entry in kept.results} == {entry.id: entry for entry in report.results}
    assert any(entry.timeline for entry in kept.results)
    assert (kept.rules, kept.only, kept.versions) == (report.rules, report.only, report.versions)
    assert (kept.complete, kept.untried, report.complete) == (False, 0, True)
    assert parts(pytester.path) == []


def test_a_later_result_takes_the_place_of_an_earlier(pytester: pytest.Pytester, suite: Callable[..., None]) -> None:
    """In the stream as in the report, when two modules ask for the same scenarios."""
    better = """
        import pytest

        from conformance import InProcess, lti_suite
        from conftest import OBSERVE, sample_app

        @pytest.fixture(scope="session")
        def lti_tool(lti_platform):
            return InProcess(app=sample_app(lti_platform), name="Sample", observe=OBSERVE)

        test_lti = lti_suite(only="time/expired-an-hour-ago")
    """
    suite(flaw="expiry-unchecked", test_then=better)
    assert pytester.runpytest_inprocess(*WANTED).ret == 1
    statuses = {entry.id: entry.status for entry in copied(pytester).results}
    assert statuses["time/expired-an-hour-ago"] == "passed"
    assert set(statuses) == chosen()


def test_each_profile_has_a_stream(pytester: pytest.Pytester, suite: Callable[..., None]) -> None:
    """The first beside the report that was asked for, the next beside its own; neither is left."""
    wide = SUITE.replace("only=", 'profile="certification", only=')
    suite(test_wide=wide)
    assert pytester.runpytest_inprocess(*WANTED).ret == 0
    kept = [copied(pytester), copied(pytester, "report-certification.json.part")]
    assert [dossier.profile for dossier in kept] == ["core", "certification"]
    assert [{entry.id for entry in dossier.results} for dossier in kept] == [chosen(), chosen("certification")]
    assert [dossier.untried for dossier in kept] == [0, 0]
    assert parts(pytester.path) == []


def test_an_interrupted_run_writes_its_report(pytester: pytest.Pytester) -> None:
    """Ctrl-C is an end: a report of a part, and no stream."""
    pytester.makeconftest(IN_PROCESS)
    pytester.makepyfile(test_a=SUITE, test_b="def test_stop():\n    raise KeyboardInterrupt\n")
    ran = pytester.inline_run(*WANTED, no_reraise_ctrlc=True)
    assert ran.ret == pytest.ExitCode.INTERRUPTED
    assert not report_at(str(pytester.path / "report.json")).complete
    assert parts(pytester.path) == []


def test_results_are_kept_if_a_report_cannot_be_written(pytester: pytest.Pytester, suite: Callable[..., None]) -> None:
    """The run says where they are."""
    suite()
    wanted = ("--lti-report", "badge:badge.json", "--lti-report", "json:/dev/full")
    result = pytester.runpytest_inprocess(*wanted)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*/dev/full: cannot be written: *; the results are kept in *badge.json.part"])
    assert {entry.id for entry in report_at(str(pytester.path / "badge.json.part")).results} == chosen()


@pytest.mark.parametrize("reports", [(), ("--lti-report", "json:-")], ids=["none", "on the screen"])
def test_a_run_without_a_report_writes_nothing(
    pytester: pytest.Pytester, suite: Callable[..., None], reports: tuple[str, ...]
) -> None:
    """Neither in its middle nor at its end."""
    suite()
    assert pytester.runpytest_inprocess("-p", "no:cacheprovider", *reports).ret == 0
    assert parts(pytester.path / "kept") == parts(pytester.path) == []
    assert not list(pytester.path.glob("*.json"))


def test_a_test_that_leaves_the_folder_takes_no_stream_with_it(
    pytester: pytest.Pytester, suite: Callable[..., None]
) -> None:
    """The stream is where the report will be, wherever the process is when the first result comes."""
    suite(test_suite=SUITE + ELSEWHERE)
    assert pytester.runpytest_inprocess(*WANTED).ret == 0
    assert {entry.id for entry in copied(pytester).results} == chosen()


def test_what_was_left_by_a_killed_run_is_put_aside(pytester: pytest.Pytester, suite: Callable[..., None]) -> None:
    """The same command again wipes nothing; a run that tries no scenario does not even move it."""
    suite()
    left = json.dumps({"schema": "lti-conformance-stream/1"}) + "\n"
    (pytester.path / PART).write_text(left, encoding="utf-8")
    pytester.makepyfile(test_other="def test_it():\n    pass\n")
    assert pytester.runpytest_inprocess("test_other.py", *WANTED).ret == 0
    assert parts(pytester.path) == [PART]
    assert pytester.runpytest_inprocess("test_suite.py", *WANTED).ret == 0
    assert parts(pytester.path) == [f"{PART}.earlier"]
    assert (pytester.path / f"{PART}.earlier").read_text(encoding="utf-8") == left


@pytest.mark.parametrize(
    ("reports", "problem"),
    [
        (("json:x", "html:x.part"), "--lti-report html:x.part: this file is where results are kept for x; *"),
        (("json:x", "html:./x"), "--lti-report html:./x: this file is another report; *"),
    ],
)
def test_a_report_takes_nobodys_place(
    pytester: pytest.Pytester, suite: Callable[..., None], reports: tuple[str, str], problem: str
) -> None:
    """It is refused before the run, as `run` does; the same report twice is one."""
    suite()
    wanted = [word for report in reports for word in ("--lti-report", report)]
    result = pytester.runpytest_inprocess(*wanted)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {problem}"])
    twice = pytester.runpytest_inprocess("--co", "--lti-report", "json:x", "--lti-report", "json:x")
    assert twice.ret == 0
