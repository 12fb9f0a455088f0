from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from tests.conformance.plugin.projects import free_port, tool_file

FILE = "lti-conformance.toml"
EXPIRED = "time/expired-an-hour-ago"


@pytest.fixture
def described(pytester):
    """A tool file of a tool that nobody has started."""
    text = tool_file(tool=f"http://127.0.0.1:{free_port()}", platform=f"http://127.0.0.1:{free_port()}")
    path = pytester.path / FILE
    path.write_text(text, encoding="utf-8")
    return path


def test_items_are_scenarios(pytester, described):
    """A named tool file is a file of items, one for each scenario, with its id in the node id."""
    result = pytester.runpytest_inprocess(FILE, "--collect-only", "-q")
    result.stdout.fnmatch_lines([f"{FILE}::nonce/absent", f"{FILE}::{EXPIRED}"])


@pytest.mark.parametrize("word", ["1006", "MissingClaim", "identity", "identity/email-absent"])
def test_items_have_words(pytester, described, word):
    """The code, the error type and the area of a scenario select its item."""
    result = pytester.runpytest_inprocess(FILE, "--collect-only", "-q", "--lti-profile", "class", "-k", word)
    result.stdout.fnmatch_lines([f"{FILE}::identity/email-absent"])
    result.stdout.no_fnmatch_line(f"{FILE}::nonce/absent")


def test_marker_selects(pytester, described):
    """The marker of an item says what the profile expects."""
    only = ("-m", "lti_scenario(code=1006)", "--lti-profile", "class")
    result = pytester.runpytest_inprocess(FILE, "--collect-only", "-q", "--strict-markers", *only)
    result.stdout.fnmatch_lines([f"{FILE}::identity/email-absent"])
    result.stdout.no_fnmatch_line(f"{FILE}::nonce/absent")


@pytest.mark.parametrize(("arguments", "collected"), [((), False), (("--lti-collect",), True), ((FILE,), True)])
def test_files_are_collected_on_demand(pytester, described, arguments, collected):
    """A tool file that merely lies there brings no items into a project's tests."""
    result = pytester.runpytest_inprocess("--collect-only", "-q", *arguments)
    assert (f"{FILE}::nonce/absent" in result.outlines) == collected


def test_project_wants_its_files(pytester, described):
    """The setting lti_collect makes every tool file below testpaths a file of items."""
    pytester.makeini("[pytest]\nlti_collect = true\nlti_profile = ltix\n")
    result = pytester.runpytest_inprocess("--collect-only", "-q")
    result.stdout.fnmatch_lines([f"{FILE}::nonce/absent"])


def test_file_of_another_name(pytester, described):
    """The file that --lti-tool names can be collected under any name."""
    described.rename("mine.toml")
    result = pytester.runpytest_inprocess("mine.toml", "--lti-tool", "mine.toml", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["mine.toml::nonce/absent"])


def test_good_tool(pytester, project):
    """A tool that refuses as it should passes every item."""
    project()
    result = pytester.runpytest_inprocess(FILE, "--lti-only", "nonce/absent", "--lti-only", "TokenExpired")
    outcomes = result.parseoutcomes()
    assert result.ret == 0
    assert outcomes["passed"] > 1
    assert "failed" not in outcomes
    result.stdout.fnmatch_lines(["Sample · profile core: *", "* passed, * skipped · * s · seed 0"])


def test_patterns_leave_other_tests_alone(pytester, project):
    """--lti-only chooses among scenarios and touches no other test."""
    project()
    module = pytester.makepyfile("def test_mine(): pass")
    result = pytester.runpytest_inprocess(FILE, module, "--lti-only", EXPIRED)
    assert result.parseoutcomes()["passed"] == 2


def test_failure(pytester, project):
    """A failure says what was sent, expected and observed, and shows no traceback."""
    project(without="expiry-unchecked")
    result = pytester.runpytest_inprocess(f"{FILE}::{EXPIRED}", "--lti-seed", "7")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"✗ {EXPIRED} – *(failed)",
            "  because    the broken launch was let in",
            "  sent       a launch as instructor with claims.expired*",
            "  observed   launched, status 200*",
            f"  repeat     pytest --lti-seed 7 {FILE}::{EXPIRED}",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*under_pytest/items.py*")


def test_last_failed(pytester, project):
    """--lf repeats what has failed and nothing else."""
    project(without="expiry-unchecked")
    chosen = (FILE, "--lti-only", "nonce/absent", "--lti-only", EXPIRED)
    pytester.runpytest_inprocess(*chosen).assert_outcomes(passed=1, failed=1)
    result = pytester.runpytest_inprocess(*chosen, "--lf")
    result.assert_outcomes(failed=1, deselected=result.parseoutcomes()["deselected"])


WAIVER = f"""
    [[waiver]]
    scenario = "{EXPIRED}"
    reason = "mended in spring"
"""


def test_waiver(pytester, project):
    """A waived failure is an expected one, with the reason; --runxfail makes it fail."""
    project(without="expiry-unchecked", more=WAIVER)
    result = pytester.runpytest_inprocess(f"{FILE}::{EXPIRED}", "-rx")
    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"XFAIL {FILE}::{EXPIRED} - *Waived: mended in spring"])
    pytester.runpytest_inprocess(f"{FILE}::{EXPIRED}", "--runxfail").assert_outcomes(failed=1)


def test_stale_waiver(pytester, project):
    """A waiver whose scenario passes is named, and the run fails."""
    project(more=WAIVER)
    result = pytester.runpytest_inprocess(f"{FILE}::{EXPIRED}")
    result.assert_outcomes(passed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"! waiver '{EXPIRED}' is stale: *"])


@pytest.mark.parametrize(
    ("flaw", "more", "told"),
    [(None, "", "is stale: *"), ("expiry-unchecked", "expires = 2020-01-31\n", "expired on *")],
)
def test_the_last_line_says_why_the_run_is_red(pytester, project, flaw, more, told):
    """Behind all else that the summary says stands the waiver that makes the run fail, whatever report is shown."""
    project(without=flaw, more=WAIVER + more)
    result = pytester.runpytest_inprocess(FILE, "-k", EXPIRED, "--lti-report", "text:-", "--lti-report", "json:r.json")
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"✗ stale or expired waiver: waiver '{EXPIRED}' {told}"])
    at = next(index for index, line in enumerate(result.outlines) if line.startswith("✗ stale or expired waiver: "))
    assert next(filter(None, result.outlines[at + 1 :])).startswith("==")


def test_of_many_stale_waivers_the_last_line_names_one(pytester, project):
    """The others stand above it, and are counted."""
    project(more=WAIVER + WAIVER.replace(EXPIRED, "nonce/absent"))
    result = pytester.runpytest_inprocess(FILE, "--lti-only", EXPIRED, "--lti-only", "nonce/absent")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["✗ stale or expired waiver: waiver *; and 1 more, told above"])


def test_waiver_of_more_than_was_tried(pytester, project):
    """A waiver for many scenarios is not stale as long as some of them were not tried."""
    project(more=WAIVER.replace(EXPIRED, "time/*"))
    result = pytester.runpytest_inprocess(f"{FILE}::{EXPIRED}")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*stale*")


ADVICE = "nonce/launch-sent-again"


@pytest.mark.parametrize(
    ("arguments", "outcomes"),
    [
        (("-W", "default"), {"passed": 1, "warnings": 1}),
        (("-W", "default", "--lti-strict"), {"failed": 1}),
        (("-W", "error"), {"failed": 1}),
    ],
)
def test_advice(pytester, project, arguments, outcomes):
    """A broken SHOULD is a warning; it fails where the tool team or the project is strict."""
    project(without="nonce-never-consumed")
    result = pytester.runpytest_inprocess(f"{FILE}::{ADVICE}", *arguments)
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines([f"*{ADVICE} – *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_skip(pytester, project):
    """A scenario that the tool file does not provide for is skipped with advice, at the file."""
    project()
    result = pytester.runpytest_inprocess(FILE, "--lti-profile", "class", "-k", "1005", "-rs")
    assert result.parseoutcomes()["skipped"] > 0
    result.stdout.fnmatch_lines([f"SKIPPED * {FILE}:1: *[[]platform.attributes[]]*"])


@pytest.mark.parametrize(("setting", "known"), [("true", True), ("false", False)])
def test_junit_properties(pytester, project, setting, known):
    """JUnit XML tells code, type, outcome and status of each item, unless the project does not want it."""
    project()
    pytester.makeini(f"[pytest]\nlti_junit_properties = {setting}\n")
    pytester.runpytest_inprocess(f"{FILE}::{EXPIRED}", "--junit-xml=junit.xml").assert_outcomes(passed=1)
    tree = ET.parse("junit.xml")
    found = {node.get("name"): node.get("value") for node in tree.iter("property")}
    expected = {
        "lti_scenario": EXPIRED,
        "lti_status": "passed",
        "lti_code": "1001",
        "lti_type": "TokenExpired",
        "lti_outcome": "rejected",
        "lti_observed_code": "1001",
        "lti_observed_type": "TokenExpired",
    }
    assert found == (expected if known else {})


def test_report(pytester, project):
    """A report file has what a run from the command line writes."""
    project(without="expiry-unchecked")
    chosen = ("--lti-only", "nonce/absent", "--lti-only", EXPIRED)
    pytester.runpytest_inprocess(FILE, *chosen, "--lti-report", "json:report.json", "--lti-report", "text:report.txt")
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    statuses = {result["id"]: result["status"] for result in report["results"]}
    assert statuses == {"nonce/absent": "passed", EXPIRED: "failed"}
    assert (report["tool"], report["profile"], report["complete"]) == ("Sample", "core", True)
    assert EXPIRED in (pytester.path / "report.txt").read_text(encoding="utf-8")


def test_report_of_nothing(pytester, described):
    """A run without scenarios writes no report and says so, lest an old one be taken for it."""
    module = pytester.makepyfile("def test_mine(): pass")
    result = pytester.runpytest_inprocess(module, "--lti-report", "json:report.json")
    assert result.ret == 0
    assert not (pytester.path / "report.json").exists()
    result.stdout.fnmatch_lines(["no scenario was tried, so no report was written"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lti-profile", "klass"), "unknown profile 'klass'; known are *"),
        (("--lti-only", "nonce/replayd"), "--lti-only nonce/replayd: no scenario, code or error type matches*"),
        (("--lti-report", "pdf:x"), "--lti-report pdf:x: unknown format 'pdf'*"),
        (("--lti-report", "json:no/where"), "--lti-report json:no/where: cannot write there*"),
        (("--lti-tool", "other.toml"), "*other.toml: there is no such file"),
        (("--lti-seed", "many"), "*--lti-seed*many*"),
    ],
)
def test_wrong_options(pytester, described, arguments, message):
    """A wrong option is one line and a usage error, before anything is collected."""
    result = pytester.runpytest_inprocess(FILE, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*rror: {message}" if "seed" in message else f"ERROR: {message}"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_wrong_file(pytester, described):
    """A tool file that does not fit is one line and a usage error."""
    described.write_text(described.read_text(encoding="utf-8").replace("name =", "nmae ="), encoding="utf-8")
    result = pytester.runpytest_inprocess(FILE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *lti-conformance.toml: tool.nmae: unknown key; did you mean 'name'?"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_wrong_file_among_others(pytester, described):
    """A tool file found on the way that does not fit is one line as well."""
    described.write_text("[tool]\n", encoding="utf-8")
    result = pytester.runpytest_inprocess("--lti-collect")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*lti-conformance.toml: tool.login_url: *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_refused_plain_launch(pytester, project):
    """If the honest launch is refused, nothing passes, and the cause stands there once."""
    project(without="everything-refused")
    result = pytester.runpytest_inprocess(FILE, "--lti-only", "nonce/*", "--lti-report", "json:report.json")
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["skipped"] > 5
    assert "passed" not in outcomes
    assert result.stdout.str().count("so no refusal would prove anything: the tool rejected, and said") == 1
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert not report["complete"]
    assert report["untried"] == outcomes["failed"] + outcomes["skipped"]
    result.stdout.fnmatch_lines([f"nothing was tried, incomplete: {report['untried']} not tried · *"])


def test_two_files_that_cannot_be_opened(pytester, described):
    """Each tool has a summary and a report of its own, which say what is wrong with it, though both have one name."""
    text = described.read_text(encoding="utf-8")
    for folder in "ab":
        file = pytester.mkdir(folder) / FILE
        file.write_text(text.replace("[tool]", f'[tool]\napp = "nosuch_{folder}:app"'), encoding="utf-8")
    chosen = ("--lti-only", "nonce/absent", "--lti-only", EXPIRED, "--lti-report", "json:report.json")
    result = pytester.runpytest_inprocess(f"a/{FILE}", f"b/{FILE}", *chosen)
    result.assert_outcomes(failed=2, skipped=2, deselected=result.parseoutcomes()["deselected"])
    for folder in "ab":
        result.stdout.fnmatch_lines(
            [
                f"{folder}/{FILE}:",
                "Sample · profile core: *",
                f"✗ The run ended early: {folder}/{FILE}: tool.app: cannot import 'nosuch_{folder}:app'*",
                "✗ The run is incomplete: 2 scenarios not tried.",
                "nothing was tried, incomplete: 2 not tried · *",
            ]
        )
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(pytester.path.glob("report*.json"))]
    assert [report["untried"] for report in reports] == [2, 2]
    assert ["nosuch_a" in report["stopped"] for report in reports] == [False, True]
    result.stdout.no_fnmatch_line("*results that are not told*")


def test_unreachable_tool(pytester, described):
    """If nobody answers at the tool's address, nothing passes."""
    result = pytester.runpytest_inprocess(FILE, "-k", "nonce/absent or expired-an-hour-ago")
    result.assert_outcomes(failed=1, skipped=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*nobody answers at 127.0.0.1:*"])


def test_taken_address(pytester, project):
    """If somebody else listens at the platform's address, one line says so."""
    path = project()
    tool = path.read_text(encoding="utf-8").split('login_url = "')[1].split("/lti")[0]
    described = tool_file(tool=tool, platform=tool)
    path.write_text(described, encoding="utf-8")
    result = pytester.runpytest_inprocess(f"{FILE}::nonce/absent")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["cannot listen on 127.0.0.1:*"])
    result.stdout.no_fnmatch_line("*Traceback*")
