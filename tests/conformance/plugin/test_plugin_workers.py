from __future__ import annotations

import json
import pickle
import sys
import threading
from collections import Counter
from typing import Any

import pytest

from conformance.catalogue import scenarios
from conformance.under_pytest.remote import Service, connect
from conformance.under_pytest.turns import Turns
from mockplatform.errors import UsageError
from mockplatform.server import listen
from tests.conformance.plugin.projects import IN_PROCESS, free_port, tool_file

FILE = "lti-conformance.toml"
EXPIRED = "time/expired-an-hour-ago"
CHOSEN = ("--lti-only", "nonce/absent", "--lti-only", EXPIRED, "--lti-only", "keys/*")

TOOL = """
    import os
    import sys
    from pathlib import Path

    import uvicorn

    from conformance.sample_tool import Integration, create_tool

    with Path("starts.txt").open("a") as starts:
        starts.write("started\\n")
    told = os.environ
    registered = Integration(
        issuer=told["LTI_PLATFORM_ISSUER"],
        client_id=told["LTI_CLIENT_ID"],
        auth_url=told["LTI_PLATFORM_AUTH_URL"],
        jwks_url=told["LTI_PLATFORM_JWKS_URL"],
        deployment_ids=(told["LTI_DEPLOYMENT_ID"],),
    )
    app = create_tool((registered,), without=told.get("FLAW"))
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
"""


@pytest.fixture
def distributed(pytester):
    """Runs a project with two workers."""

    def run(*arguments):
        return pytester.runpytest_subprocess("-p", "xdist", "-n", "2", *arguments)

    return run


@pytest.fixture
def started(pytester):
    """A tool file with a start command; gives the port of the tool."""
    port = free_port()
    pytester.makepyfile(tool=TOOL)
    text = tool_file(
        tool=f"http://127.0.0.1:{port}",
        platform=f"http://127.0.0.1:{free_port()}",
        keys=f'start = "{sys.executable} tool.py {port}"',
        more=f"""
        [[waiver]]
        scenario = "{EXPIRED}"
        reason = "known"
        """,
    )
    (pytester.path / FILE).write_text(text, encoding="utf-8")
    return port


def statuses(pytester: pytest.Pytester) -> dict[str, str]:
    """The statuses in the report, by scenario; nothing is left beside it."""
    assert not list(pytester.path.glob("report*.part*"))
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert report["complete"]
    return {result["id"]: result["status"] for result in report["results"]}


def test_one_tool_for_all(pytester, started, distributed, monkeypatch):
    """The workers share one tool, which the controlling process starts once, and stops at the end."""
    monkeypatch.setenv("FLAW", "expiry-unchecked")
    result = distributed(FILE, *CHOSEN, "--lti-report", "json:report.json")
    assert result.ret == 0
    outcomes = result.parseoutcomes()
    assert (outcomes["xfailed"], "failed" in outcomes) == (1, False)
    assert (pytester.path / "starts.txt").read_text(encoding="utf-8") == "started\n"
    listen(port=started).close()
    found = statuses(pytester)
    assert found.pop(EXPIRED) == "waived"
    assert Counter(found.values()) == {"passed": outcomes["passed"], "skipped": outcomes["skipped"]}
    assert outcomes["passed"] > 5


def test_suite_of_a_started_tool(pytester, started, distributed):
    """A suite and launches of test modules reach the same one tool, and a stale waiver fails the run."""
    pytester.makepyfile(
        test_mine=f"""
        from conformance import lti_suite

        test_lti = lti_suite(only=["{EXPIRED}", "nonce/absent"])

        def test_launch(lti_launch, lti_platform):
            seen = lti_launch(mutations=["claims.expired"])
            assert (seen.outcome, seen.type) == ("rejected", "TokenExpired")
            assert lti_platform.issuer.startswith("http://127.0.0.1:")

        def test_launch_again(lti_launch):
            assert lti_launch(role="student").session
        """
    )
    result = distributed("test_mine.py", "--lti-tool", FILE)
    result.assert_outcomes(passed=4)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"! waiver '{EXPIRED}' is stale: *"])
    assert (pytester.path / "starts.txt").read_text(encoding="utf-8") == "started\n"


def test_application_in_each_worker(pytester, distributed, monkeypatch):
    """An application in process has a platform of its own in each worker, and there is one report."""
    monkeypatch.setenv("FLAW", "expiry-unchecked")
    pytester.makeconftest(IN_PROCESS)
    pytester.makepyfile(
        f"""
        from pathlib import Path

        import pytest

        from conformance import lti_suite

        test_lti = lti_suite(only=["{EXPIRED}", "nonce/*"])

        @pytest.fixture(autouse=True)
        def note(lti_platform, worker_id):
            Path(f"{{worker_id}}.txt").write_text(lti_platform.issuer)
        """
    )
    result = distributed("--lti-report", "json:report.json")
    assert result.parseoutcomes()["failed"] == 1
    found = statuses(pytester)
    assert found.pop(EXPIRED) == "failed"
    assert "passed" in found.values()
    assert set(found.values()) <= {"passed", "skipped"}
    issuers = [path.read_text(encoding="utf-8") for path in pytester.path.glob("gw*.txt")]
    assert len(set(issuers)) == len(issuers) == 2


def test_wrong_file(pytester, distributed):
    """A tool file that does not fit is one line, before any worker is brought up."""
    (pytester.path / FILE).write_text("[tool]\n", encoding="utf-8")
    result = distributed(FILE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{FILE}: tool.login_url: *"])


def test_one_address_for_two(pytester, distributed):
    """A tool with a platform at one address that a fixture describes cannot be driven by two workers."""
    pytester.makepyfile(
        f"""
        import pytest

        from conformance import Tool, ToolSettings

        @pytest.fixture(scope="session")
        def lti_tool():
            url = "http://127.0.0.1:{free_port()}"
            return Tool(tool=ToolSettings(login_url=url, launch_url=url))

        def test_it(lti_launch):
            lti_launch()
        """
    )
    result = distributed()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["lti_tool: under -n only one process can listen at http://127.0.0.1:9400: *"])


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.id)
def test_scenarios_travel(scenario):
    """A scenario is the same value after its way between two processes."""
    assert pickle.loads(pickle.dumps(scenario)) == scenario


class Echo:
    """A bench that returns its question, or fails."""

    def try_scenario(self, profile: str, scenario: str) -> Any:
        """The question."""
        if scenario == "wrong":
            raise UsageError("wrong it is")
        return (profile, scenario) if scenario != "broken" else 1 / 0

    def replay(self, profile: str, recipe: str) -> Any:
        """Nothing."""

    def launch(self, profile: str, wish: Any) -> Any:
        """Nothing."""


def test_service(tmp_path):
    """A worker gets an answer, a usage error as such, and a trouble of ours with its traceback."""
    service = Service(lambda _: Echo())
    ask = connect(service.invitation())
    assert ask(tmp_path, "try_scenario", "core", "x") == ("core", "x")
    with pytest.raises(UsageError, match="wrong it is"):
        ask(tmp_path, "try_scenario", "core", "wrong")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        ask(tmp_path, "try_scenario", "core", "broken")
    service.close()


def test_service_for_its_own(tmp_path):
    """Nobody without the key gets an answer, and the others still do."""
    service = Service(lambda _: Echo())
    invitation = service.invitation()
    with pytest.raises(Exception, match="digest"):
        connect({**invitation, "key": "00"})
    assert connect(invitation)(tmp_path, "try_scenario", "core", "x") == ("core", "x")
    service.close()


def test_turns():
    """Many are in together; one who wants to be alone waits for them, and goes before those who come later."""
    turns, order = Turns(), []
    both, inside, leave = threading.Barrier(2), threading.Event(), threading.Event()

    def shared():
        with turns.taken(alone=False):
            both.wait(10)
            inside.set()
            assert leave.wait(10)
            order.append("shared")

    def alone():
        with turns.taken(alone=True):
            order.append("alone")

    def later():
        with turns.taken(alone=False):
            order.append("later")

    early = [threading.Thread(target=shared) for _ in range(2)]
    for thread in early:
        thread.start()
    assert inside.wait(10)
    waiting = threading.Thread(target=alone)
    waiting.start()
    with turns._changed:
        assert turns._changed.wait_for(lambda: turns._waiting or not waiting.is_alive(), 10)
    last = threading.Thread(target=later)
    last.start()
    leave.set()
    for thread in (*early, waiting, last):
        thread.join(10)
    assert order == ["shared", "shared", "alone", "later"]
