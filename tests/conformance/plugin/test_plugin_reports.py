"""The reports of a pytest run: each is written that can be, none over a file of the user, and each under its name."""

from __future__ import annotations

import fnmatch
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.results.baseline import report_at
from conformance.under_pytest.naming import marked, marks
from tests.conformance.plugin.projects import IN_PROCESS

ONLY = ("nonce/absent", "nonce/empty")
SUITE = f"""
    from conformance import lti_suite

    test_lti = lti_suite(only={ONLY})
"""
WIDE = f"""
    from conformance import lti_suite

    test_lti = lti_suite(only={ONLY})
    test_wide = lti_suite(only={ONLY}, profile="certification")
"""
OWN_TOOL = """
    import pytest

    from conformance import InProcess, lti_suite
    from conftest import OBSERVE, sample_app

    @pytest.fixture(scope="module"{more})
    def lti_tool(lti_platform, request):
        return InProcess(app=sample_app(lti_platform), name={name}, observe=OBSERVE)

    test_lti = lti_suite(only={only})
"""
COPYING = """
    from pathlib import Path

    HERE = Path.cwd()

    def pytest_configure(config):
        global writes
        writes = not hasattr(config, "workerinput")

    def pytest_runtest_logreport(report):
        for part in list(HERE.glob("*.part")) if writes else ():
            part.with_suffix(".copy").write_bytes(part.read_bytes())
"""
"""Keeps what would be there if the process that writes reports were killed after the last test."""


def own_tool(name: str, *only: str, more: str = "") -> str:
    """A module with a tool of its own; the name is an expression."""
    return OWN_TOOL.format(name=name, only=only, more=more)


@pytest.fixture
def ran(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Runs modules with the sample tool in process."""

    def run(*arguments: str, **modules: str) -> pytest.RunResult:
        pytester.makeconftest(IN_PROCESS + COPYING)
        pytester.makepyfile(**modules)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)

    return run


@pytest.mark.parametrize(
    ("loss", "kept"),
    [("import shutil; shutil.rmtree('gone')", False), ("import os; os.mkdir('gone/report.json')", True)],
    ids=["a folder that goes", "a folder in its place"],
)
def test_a_report_that_cannot_be_written_costs_no_other(
    pytester: pytest.Pytester, ran: Callable[..., pytest.RunResult], loss: str, kept: bool
) -> None:
    """The other file is there, the screen has its report, and one line says what is missing, and what is kept."""
    (pytester.path / "gone").mkdir()
    places = ("json:gone/report.json", "markdown:-", "junit:junit.xml")
    wanted = [word for place in places for word in ("--lti-report", place)]
    result = ran(*wanted, test_a=SUITE, test_b=f"def test_it():\n    {loss}\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (pytester.path / "junit.xml").exists()
    said = "; the results are kept in *gone/report.json.part" if kept else ""
    missing = next(line for line in result.outlines if line.startswith("gone/report.json: cannot be written: "))
    assert fnmatch.fnmatchcase(missing, f"gone/report.json: cannot be written: *{said}")
    assert ("kept" in missing) == kept == (pytester.path / "gone" / "report.json.part").exists()
    result.stdout.fnmatch_lines(["junit report in junit.xml", "*LTI conformance of Sample*"])


def test_no_file_of_the_user_is_replaced(pytester: pytest.Pytester, ran: Callable[..., pytest.RunResult]) -> None:
    """Under the name that a report gets from its profile as little as under the one that was asked for."""
    mine = pytester.path / "notes-core.md"
    mine.write_text("my own notes\n", encoding="utf-8")
    (pytester.path / "notes-certification.md").touch()
    result = ran("--lti-report", "markdown:notes.md", test_a=WIDE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert mine.read_text(encoding="utf-8") == "my own notes\n"
    assert (pytester.path / "notes-certification.md").stat().st_size
    result.stdout.fnmatch_lines(
        [
            "markdown report in notes-certification.md",
            "notes-core.md: this file is no earlier report, and is kept; the results are kept in *notes.md.part and *",
        ]
    )
    mine.unlink()
    for _ in range(2):
        assert ran("--lti-report", "markdown:notes.md", test_a=WIDE).ret == 0


def test_tools_of_other_letters_have_reports_of_their_own(
    pytester: pytest.Pytester, ran: Callable[..., pytest.RunResult]
) -> None:
    """Their names stand in the names of the files, and of the streams before these are there."""
    modules = {"test_a": own_tool("'Курс'", *ONLY), "test_b": own_tool("'Урок'", *ONLY)}
    assert ran("--lti-report", "json:report.json", **modules).ret == 0
    reports = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in pytester.path.glob("*.json")}
    assert {name: told["tool"] for name, told in reports.items()} == {
        "report-курс-core.json": "Курс",
        "report-урок-core.json": "Урок",
    }
    assert sorted(path.name for path in pytester.path.glob("*.copy")) == [
        "report-урок-core.json.copy",
        "report.json.copy",
    ]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([("A", "core")], ("",)),
        ([("A", "core"), ("A", "ltix")], ("core", "ltix")),
        ([("My Tool", "core"), ("B", "core")], ("my-tool-core", "b-core")),
        ([("A!", "core"), ("A?", "core"), ("a-core", "2")], ("a-core", "a-core-2", "a-core-2-2")),
        ([("!", "core"), ("?", "core")], ("core", "core-2")),
        ([("É", "core"), ("E\u0301", "core")], ("é-core", "é-core-2")),
        ([("A", "mine"), ("A", "Mine")], ("mine", "Mine-2")),
        ([("x" * 300, "core"), ("x" * 300 + "y", "core")], ("x" * 40 + "-core", "x" * 40 + "-core-2")),
    ],
)
def test_marks_differ(groups: list[tuple[str, str]], expected: tuple[str, ...]) -> None:
    """A report is told from the others by its profile, else by its tool as well, else by a number."""
    assert marks(groups) == expected


def test_a_mark_stands_before_the_ending() -> None:
    """And nothing is changed where there is no mark."""
    assert [marked(Path("a/report.json"), mark) for mark in ("", "core")] == [
        Path("a/report.json"),
        Path("a/report-core.json"),
    ]


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two workers"])
def test_the_stream_of_each_tool_tells_what_is_to_come_for_it(
    pytester: pytest.Pytester, ran: Callable[..., pytest.RunResult], workers: tuple[str, ...]
) -> None:
    """Not what another tool has still to do under the same profile."""
    others = ("state/absent", "state/empty", "state/altered")
    modules = {"test_a": own_tool("'A'", *ONLY), "test_b": own_tool("'B'", *others)}
    assert ran(*workers, "--lti-report", "json:report.json", **modules).ret == 0
    told = {dossier.tool: dossier for dossier in map(report_at, map(str, pytester.path.glob("*.copy")))}
    assert {tool: (set(dossier.only), len(dossier.results), dossier.untried) for tool, dossier in told.items()} == {
        "A": (set(ONLY), len(ONLY), 0),
        "B": (set(others), len(others), 0),
    }


CHOSEN = {
    "fixtures of one name": {"test_a": own_tool("'A'", *ONLY), "test_b": own_tool("'A'", "state/absent")},
    "one fixture for many modules": {"test_a": SUITE, "test_b": SUITE.replace("absent", "null")},
    "a fixture with parameters": {"test_a": own_tool("request.param", *ONLY, more=', params=["A", "B"]')},
}


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        ("fixtures of one name", {"A": {*ONLY, "state/absent"}}),
        ("one fixture for many modules", {"Sample": {*ONLY, "nonce/null"}}),
        ("a fixture with parameters", {"A": {*ONLY}, "B": {*ONLY}}),
    ],
)
def test_a_stream_tells_of_all_that_was_chosen_for_its_tool(
    pytester: pytest.Pytester, ran: Callable[..., pytest.RunResult], modules: str, expected: dict[str, set[str]]
) -> None:
    """However its modules come by the tool; more may become known when the first results are there."""
    assert ran("--lti-report", "json:report.json", **CHOSEN[modules]).ret == 0
    told: dict[str, Any] = {dossier.tool: dossier for dossier in map(report_at, map(str, pytester.path.glob("*.copy")))}
    assert {tool: set(dossier.only) for tool, dossier in told.items()} == expected
    assert {tool: {entry.id for entry in dossier.results} for tool, dossier in told.items()} == expected
    assert {dossier.untried for dossier in told.values()} == {0}


@pytest.mark.parametrize(("most", "left"), [(10, 0), (3000, 1)], ids=["before the head", "after the head"])
def test_what_a_full_disk_does_not_take_is_not_said_to_be_kept(
    pytester: pytest.Pytester, ran: Callable[..., pytest.RunResult], most: int, left: int
) -> None:
    """And half a line, of which nobody can make anything, is not left."""
    limit = f"""
    def pytest_collection_finish():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, resource.RLIM_INFINITY))
    """
    pytester.makeconftest(IN_PROCESS + limit)
    pytester.makepyfile(SUITE.replace(str(ONLY), "('nonce/*', 'state/*')"))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--lti-report", "html:report.html"]
    # What it says must go into no file, which could not grow either.
    process = pytester.popen([*command, "--capture=no"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    said = process.communicate()[0].decode()
    assert process.returncode == pytest.ExitCode.USAGE_ERROR
    assert "report.html: cannot be written: File too large\n" in said
    parts = list(pytester.path.glob("*.part"))
    assert len(parts) == left
    assert all(report_at(str(part)).tool == "Sample" for part in parts)
