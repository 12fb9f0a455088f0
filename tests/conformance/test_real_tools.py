"""Tools that others wrote: what the harness says about them is what their own source says."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import scenarios, select
from conformance.cli import main
from conformance.phases import phases
from conformance.profile import load_profile

ROOT = Path(__file__).parents[2]
WAIVER = "[[waiver]]\n"
DEEP_AREAS = tuple(f"{phase.NAME}/" for phase in phases())
PLAIN_SECRET = "LettersAndDigits0123456789"
SECRET_WITH_SIGNS = "as-django-lti-toolbox-makes-them: !#$%&*+-=?@^_"


@dataclass(frozen=True, kw_only=True)
class RealTool:
    """A tool in `tests/real_tools`, and the modules that it is made with.

    Args:
        silent: the version of LTI that it does not speak.
        floor: so many scenarios at least say something about it.
    """

    folder: str
    modules: tuple[str, ...]
    silent: str
    floor: int

    @property
    def file(self) -> Path:
        """Its tool file."""
        return ROOT / "tests" / "real_tools" / self.folder / "lti-conformance.toml"

    def settings_and_waivers(self) -> tuple[str, list[str]]:
        """The tool file up to its waivers, and the text of each waiver."""
        settings, *waivers = self.file.read_text("utf-8").split(WAIVER)
        return settings, waivers

    def waived(self, *, deep: bool) -> list[str]:
        """The ids in its waivers, of properties of a deep run or of scenarios of the catalogue."""
        named = [tomllib.loads(waiver)["scenario"] for waiver in self.settings_and_waivers()[1]]
        return [id_ for id_ in named if id_.startswith(DEEP_AREAS) is deep]

    def require(self) -> None:
        """Skip the test if a module is not installed."""
        for module in self.modules:
            pytest.importorskip(module, reason=f"{module} is not installed (dependency group dev)")


PYLTI1P3 = RealTool(
    folder="pylti1p3_flask", modules=("pylti1p3.contrib.flask", "flask_caching"), silent="1.1", floor=250
)
LTI_TOOLBOX = RealTool(folder="django_lti_toolbox", modules=("django", "lti_toolbox"), silent="1.3", floor=80)
# It takes some twenty stories until a spent nonce is used again, and a value or two until the wrong type is there.
DEEP = ((("precedence", "generated"), 2), (("sequences",), 25))
CASES = ((PYLTI1P3, "core"), (PYLTI1P3, "certification"), (LTI_TOOLBOX, "core"))


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run of the command line left behind."""

    code: int
    report: Mapping[str, Any]
    ports: tuple[int, int]

    def ids(self, *statuses: str) -> set[str]:
        """The scenarios that ended with one of these statuses; all of them if none is given."""
        return {row["id"] for row in self.report["results"] if not statuses or row["status"] in statuses}


def free_port() -> int:
    """A port that nobody listens on, below those that outgoing connections get."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def run(
    tool: RealTool,
    folder: Path,
    profile: str,
    *options: str,
    waivers: Sequence[str],
    secret: str = PLAIN_SECRET,
) -> Run:
    """Run the catalogue against the tool with these waivers."""
    ports = free_port(), free_port()
    tool_file, report = folder / "lti-conformance.toml", folder / "report.json"
    settings, _ = tool.settings_and_waivers()
    tool_file.write_text("".join([settings, *(WAIVER + waiver for waiver in waivers)]), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("PYTHON", sys.executable)
        patch.setenv("TOOL_PORT", str(ports[0]))
        patch.setenv("PLATFORM_PORT", str(ports[1]))
        patch.setenv("CONSUMER_SECRET", secret)
        code = main(["run", "--tool", str(tool_file), "--profile", profile, "--report", f"json:{report}", *options])
    return Run(code=code, report=json.loads(report.read_text("utf-8")), ports=ports)


@pytest.fixture(scope="module", params=CASES, ids=[f"{tool.folder}-{profile}" for tool, profile in CASES])
def case(request: pytest.FixtureRequest) -> tuple[RealTool, str]:
    """A tool and a profile."""
    tool, profile = request.param
    tool.require()
    return tool, profile


@pytest.fixture(scope="module")
def tool(case: tuple[RealTool, str]) -> RealTool:
    return case[0]


@pytest.fixture(scope="module")
def profile(case: tuple[RealTool, str]) -> str:
    return case[1]


@pytest.fixture(scope="module")
def waived_run(tool: RealTool, profile: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with the waivers that the tool file holds."""
    return run(tool, tmp_path_factory.mktemp(profile), profile, waivers=tool.settings_and_waivers()[1])


@pytest.fixture(scope="module")
def bare_run(tool: RealTool, profile: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run without any waiver."""
    return run(tool, tmp_path_factory.mktemp(profile), profile, waivers=())


def test_waivers_are_all_that_stands_between_the_tool_and_exit_code_0(waived_run: Run) -> None:
    """With its waivers the tool is conformant: nothing fails, and no waiver is stale."""
    assert (waived_run.code, waived_run.ids("failed", "error"), waived_run.report["complete"]) == (0, set(), True)


def test_every_scenario_of_the_profile_has_a_verdict(waived_run: Run, profile: str) -> None:
    """Nothing that the profile selects is lost on the way to the report."""
    selected = [scenario.id for scenario in select(scenarios(), load_profile(profile))]

    assert [row["id"] for row in waived_run.report["results"]] == selected


def test_waived_scenarios_are_exactly_those_that_fail_without_waivers(waived_run: Run, bare_run: Run) -> None:
    """No waiver hides a warning or an error, and the verdicts do not change from one run to the next."""
    assert waived_run.ids("waived") == bare_run.ids("failed")
    assert waived_run.ids("passed", "warned", "skipped") == bare_run.ids("passed", "warned", "skipped")
    assert bare_run.ids("error") == set()
    assert bare_run.code == (1 if bare_run.ids("failed") else 0)


def test_each_waiver_names_a_scenario_that_fails(tool: RealTool, bare_run: Run) -> None:
    """A waiver outlives neither its scenario nor its failure, and covers one scenario only."""
    assert sorted(tool.waived(deep=False)) == sorted(bare_run.ids("failed"))


def test_skips_are_for_want_of_something_the_tool_file_could_give(waived_run: Run) -> None:
    """No scenario is skipped because its answer could not be read."""
    causes = {row["cause"] for row in waived_run.report["results"] if row["status"] == "skipped"}

    assert causes <= {"missing-capability", "missing-fault-point", "missing-arrangement", "not-applicable"}


def test_what_the_tool_does_not_speak_is_skipped(tool: RealTool, waived_run: Run) -> None:
    """Each scenario with a launch by the other version of LTI is skipped, and most of the others are tried."""
    foreign = {scenario.id for scenario in scenarios() if tool.silent in scenario.needs} & waived_run.ids()

    assert foreign <= waived_run.ids("skipped")
    assert len(waived_run.ids("passed", "warned", "waived")) >= tool.floor


def test_nothing_is_left_running(waived_run: Run) -> None:
    """After the run nobody listens at the tool's or the platform's address."""
    for port in waived_run.ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize(("areas", "examples"), DEEP, ids=[areas[0] for areas, _ in DEEP])
def test_waivers_are_all_that_stands_between_the_tool_and_exit_code_0_in_a_deep_run(
    areas: Sequence[str], examples: int, tmp_path: Path
) -> None:
    """Each property of a deep run holds or is waived, and no waiver of one is stale."""
    PYLTI1P3.require()
    pytest.importorskip("hypothesis", reason="hypothesis is not installed (dependency group dev)")
    only = [part for area in areas for part in ("--only", f"{area}/*")]
    options = ["--deep", "--examples", str(examples), "--seed", "1", *only]

    outcome = run(PYLTI1P3, tmp_path, "core", *options, waivers=PYLTI1P3.settings_and_waivers()[1])

    assert (outcome.code, outcome.ids("failed", "error")) == (0, set())
    assert outcome.ids("waived") == {id_ for id_ in PYLTI1P3.waived(deep=True) if id_.partition("/")[0] in areas}
    assert {id_.partition("/")[0] for id_ in outcome.ids("passed")} == set(areas)


@pytest.mark.parametrize("tool", [PYLTI1P3, LTI_TOOLBOX], ids=lambda tool: tool.folder)
def test_the_tool_fails_without_one_of_its_waivers(tool: RealTool, tmp_path: Path) -> None:
    """A failure that is no longer waived makes the run exit with 1."""
    tool.require()
    _, (first, *others) = tool.settings_and_waivers()
    pattern = tomllib.loads(first)["scenario"]

    outcome = run(tool, tmp_path, "core", "--only", pattern, waivers=others)

    assert outcome.code == 1
    assert outcome.ids("failed")


def test_a_waiver_for_what_passes_is_stale(tool: RealTool, waived_run: Run, profile: str, tmp_path: Path) -> None:
    """A waiver that covers nothing broken makes the run exit with 4."""
    passing = min(waived_run.ids("passed"))
    unneeded = f'scenario = "{passing}"\nreason = "it used to fail"\n'

    outcome = run(tool, tmp_path, profile, "--only", passing, waivers=[unneeded])

    assert (outcome.code, outcome.ids("passed")) == (4, {passing})


def test_a_secret_with_signs_signs_as_well(tmp_path: Path) -> None:
    """The secret is encoded before it signs (RFC 5849, section 3.4.2): oauthlib, behind the tool, agrees."""
    LTI_TOOLBOX.require()
    patterns = ["basic/plain", "basic/title-with-signs", "basic/launch-url-with-query", "basic/signed-with-*"]
    only = [part for pattern in patterns for part in ("--only", pattern)]

    outcome = run(LTI_TOOLBOX, tmp_path, "core", *only, waivers=(), secret=SECRET_WITH_SIGNS)

    assert (outcome.code, outcome.ids("passed")) == (0, outcome.ids())
    assert "basic/title-with-signs" in outcome.ids()
