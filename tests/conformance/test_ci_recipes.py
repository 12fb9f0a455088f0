"""The workflows of README: what they say is read, and every line for a shell is run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.conformance.loopback import free_port

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
YAML = {
    "on" if True in document else "gitlab": document
    for document in map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
}
JOB: Mapping[str, Any] = YAML["on"]["jobs"]["conformance"]
GITLAB: Mapping[str, Any] = YAML["gitlab"]["lti-conformance"]
SHELL_OF_GITHUB = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
REPORTS = {"report.json", "report.html", "junit.xml"}

TOOL = """
import os

from conformance.sample_tool import Integration, create_tool

issuer = os.environ["LTI_PLATFORM_ISSUER"]
integration = Integration(
    issuer=issuer,
    client_id=os.environ["LTI_CLIENT_ID"],
    auth_url=os.environ["LTI_PLATFORM_AUTH_URL"],
    jwks_url=os.environ["LTI_PLATFORM_JWKS_URL"],
    deployment_ids=("1",),
)
app = create_tool([integration])
"""

KILLED = """
import signal

tool, logins = app, 0


async def app(scope, receive, send):
    global logins
    logins += scope["type"] == "http" and scope["path"] == "/lti/login"
    if logins == 12:
        # Harness and tool are one process here.
        os.kill(os.getpid(), signal.SIGKILL)
    await tool(scope, receive, send)
"""

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checked-out repository with a tool, and programs that stand in for those that reach for the network."""
    (tmp_path / "mytool.py").write_text(TOOL)
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "lti-conformance.toml").write_text(
        f"""
[tool]
login_url = "http://127.0.0.1:{(port := free_port())}/lti/login"
launch_url = "http://127.0.0.1:{port}/lti/launch"
app = "mytool:app"
[platform]
url = "http://127.0.0.1:{free_port()}"
"""
    )
    programs = tmp_path / "programs"
    programs.mkdir()
    # A few scenarios stand for all: what is tested is the recipe.
    harness = f'[ "$1" = run ] && set -- "$@" --only "nonce/*"\nexec {sys.executable} -m conformance "$@"'
    for name, text in {"pip": "exit 0", "git": "exit 0", "lti-conformance": harness}.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    return tmp_path


@pytest.fixture
def shell(repository: Path) -> Shell:
    """Runs a line as a runner does, in the repository."""
    environment = {
        **os.environ,
        "PATH": f"{repository / 'programs'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GITHUB_STEP_SUMMARY": str(repository / "summary.md"),
    }

    def run(text: str, *more: str, expected: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*SHELL_OF_GITHUB, text, *more],
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expected, f"{text}\n{done.stdout}\n{done.stderr}"
        return done

    return run


def lines(step: Mapping[str, Any]) -> str:
    """What a step of the workflow has the shell do."""
    return str(step["run"])


def uses(action: str) -> Mapping[str, Any]:
    """The step that uses an action."""
    return next(step for step in JOB["steps"] if step.get("uses", "").startswith(action))


STEPS = [step for step in JOB["steps"] if "run" in step]


class TestGitHub:
    def test_it_may_do_no_more_than_it_has_to(self):
        """It reads the repository, one job also writes alerts, and the token is not left in the working copy."""
        assert YAML["on"]["permissions"] == {"contents": "read"}
        assert JOB["permissions"] == {"contents": "read", "security-events": "write"}
        assert uses("actions/checkout")["with"] == {"persist-credentials": False}
        assert "pull_request_target" not in YAML["on"][True]
        assert JOB["timeout-minutes"]

    def test_reports_are_kept_whatever_the_run_has_said(self):
        """Artifact and alerts come after a red run as well, and lie where the run writes."""
        artifact, alerts = uses("actions/upload-artifact"), uses("github/codeql-action/upload-sarif")
        assert artifact["if"] == "always()"
        assert alerts["if"].startswith("always() && ")
        written = set(re.findall(r"--report \w+:(\S+)", lines(STEPS[1])))
        assert {path for path in written if path.startswith(artifact["with"]["path"])} == written
        assert alerts["with"]["sarif_file"] in written
        assert {Path(path).name for path in written} == REPORTS | {"report.sarif", "badge.json"}

    def test_its_steps_leave_every_report(self, repository, shell):
        """The shell runs them in order, without a baseline, and each report is there."""
        for step in STEPS:
            shell(lines(step))
        assert {path.name for path in (repository / "lti").iterdir()} == REPORTS | {"report.sarif", "badge.json"}
        assert json.loads((repository / "lti/report.sarif").read_text())["version"] == "2.1.0"
        assert (repository / "summary.md").read_text().startswith("#")

    def test_a_baseline_is_taken_where_there_is_one(self, repository, shell):
        """A report of an earlier run is compared with, and what got worse makes the step red with 5."""
        shell(lines(STEPS[1]))
        report = json.loads((repository / "lti/report.json").read_text())
        (repository / "lti-baseline.json").write_text(json.dumps(report))
        assert "no regression" in shell(lines(STEPS[1])).stdout
        break_nonces(repository)
        shell(lines(STEPS[1]), expected=5)
        # What the README offers to a tool that fails today lets everything through but this.
        shell("lti-conformance run --baseline lti-baseline.json || test $? -eq 1", expected=1)

    def test_what_a_killed_run_has_found_is_rendered(self, repository, shell):
        """The step after it makes reports of the part."""
        (repository / "mytool.py").write_text(TOOL + KILLED)
        shell(lines(STEPS[1]), expected=-signal.SIGKILL)
        assert {path.name for path in (repository / "lti").iterdir()} == {"report.json.part"}
        shell(lines(STEPS[2]))
        assert "partial" in (repository / "lti/report.html").read_text().lower()
        ElementTree.parse(repository / "lti/junit.xml")


class TestGitLab:
    def test_its_reports_are_artifacts_in_any_case(self):
        """The JUnit report is shown, the others can be downloaded, also of a red job."""
        kept = GITLAB["artifacts"]
        assert (kept["when"], kept["paths"]) == ("always", ["lti/"])
        assert kept["reports"] == {"junit": "lti/junit.xml"}
        assert set(re.findall(r"--report \w+:(\S+)", "\n".join(GITLAB["script"]))) == {
            f"lti/{name}" for name in REPORTS
        }

    def test_its_lines_leave_every_report(self, repository, shell):
        """As one script, which is what a runner makes of them."""
        shell("\n".join(GITLAB["script"]))
        shell("\n".join(GITLAB["after_script"]))
        assert {path.name for path in (repository / "lti").iterdir()} == REPORTS
        (repository / "lti-baseline.json").write_bytes((repository / "lti/report.json").read_bytes())
        assert "no regression" in shell("\n".join(GITLAB["script"])).stdout


def test_failures_are_waived_and_waivers_dropped(repository, shell):
    """The commands of the chapter on waivers turn a red job green, and ask for the waivers back when it is mended."""
    text = README[README.index("### Waivers") :]
    run, waive, drop = text[text.index("```\n") + 4 :].partition("```")[0].splitlines()
    break_nonces(repository)
    shell(run, expected=1)
    shell(waive)
    assert "https://example.org/issues/17" in (repository / "lti-conformance.toml").read_text()
    shell(run)
    (repository / "mytool.py").write_text(TOOL)
    shell(run, expected=4)
    shell(drop)
    assert "[[waiver]]" not in (repository / "lti-conformance.toml").read_text()
    shell(run)


def test_the_table_of_exit_codes_has_each_of_them():
    """A row for each code of `run`."""
    table = README[README.index("### What an exit code means") :].partition("\n## ")[0]
    assert re.findall(r"^\| (\d) \|", table, re.MULTILINE) == ["0", "1", "2", "3", "4", "5"]


def break_nonces(repository: Path) -> None:
    """A regression: the tool forgets to look at the nonce."""
    (repository / "mytool.py").write_text(TOOL.replace("[integration]", '[integration], without="nonce-unchecked"'))
