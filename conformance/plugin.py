"""The pytest plugin: scenarios as ordinary items, and fixtures for a project's own tests of its launches.

Every pytest run on a machine with this package imports this module: it stays with pytest and the standard library,
and does nothing until a tool file is collected or a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.under_pytest.fixtures import (
    lti_bench,
    lti_faults,
    lti_launch,
    lti_platform,
    lti_replay,
    lti_tool,
    lti_trial,
)
from conformance.under_pytest.options import (
    SCENARIO,
    TOOL_FILE,
    TRIAL,
    LtiConformanceWarning,
    add_options,
    conductor_of,
    has_conductor,
    worker_of,
)

__all__ = [
    "LtiConformanceWarning",
    "lti_bench",
    "lti_faults",
    "lti_launch",
    "lti_platform",
    "lti_replay",
    "lti_tool",
    "lti_trial",
]

_SUMMARY: pytest.StashKey[Sequence[str]] = pytest.StashKey()
_CARRIED = "_lti_trial"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and refuse a wrong command line before anything is collected."""
    config.addinivalue_line("markers", "lti_scenario(id, profile, area, code, type): an item that tries a scenario")
    config.addinivalue_line("markers", "lti_suite(profile, only): a test with an item for each scenario of a profile")
    option = config.getoption
    named = [arg.partition("::")[0] for arg in config.invocation_params.args]
    files = [config.invocation_params.dir / arg for arg in named if Path(arg).name == TOOL_FILE]
    asked = any(map(option, ("lti_tool", "lti_profile", "lti_only", "lti_report"))) or config.getini("lti_report")
    if (asked or files) and worker_of(config) is None:
        from conformance.under_pytest.items import check

        conductor = conductor_of(config)
        tool = [conductor.tool_file()] if option("lti_tool") else []
        check(conductor, [*tool, *(file for file in files if file.exists())])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist whom to ask about a tool that has one driver for all workers."""
    config: pytest.Config = node.config
    if not config.pluginmanager.has_plugin(_Recorder.NAME):
        config.pluginmanager.register(_Recorder(config), _Recorder.NAME)
    if _may_need_a_driver(config):
        node.workerinput["lti_conformance"] = dict(conductor_of(config).service())


def _may_need_a_driver(config: pytest.Config) -> bool:
    from conformance.under_pytest.settings import settings_of

    settings = settings_of(config)
    if settings.tool or settings.collect or any(TOOL_FILE in arg for arg in config.invocation_params.args):
        return True
    project = config.rootpath / "pyproject.toml"
    described = project.is_file() and "[tool.lti-conformance" in project.read_text(encoding="utf-8", errors="replace")
    return described or (config.rootpath / TOOL_FILE).is_file()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a tool file that is named, or any if the project wants that."""
    config = parent.config
    if file_path.suffix != ".toml":
        return None
    from conformance.under_pytest.settings import settings_of

    settings = settings_of(config)
    named = parent.session.isinitpath(file_path) and (file_path.name == TOOL_FILE or file_path == settings.tool)
    if not named and not (settings.collect and file_path.name == TOOL_FILE):
        return None
    from conformance.under_pytest.items import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path, conductor=conductor_of(config))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a function made by `lti_suite` its scenarios."""
    if SCENARIO in metafunc.fixturenames:
        from conformance.under_pytest.items import parametrize

        parametrize(metafunc, conductor_of(metafunc.config))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let `-k` find scenarios by code and type, and `--lti-only` drop the others."""
    if not has_conductor(config):
        return
    from conformance.under_pytest.items import sifted

    items[:], dropped = sifted(items, conductor_of(config).settings.only)
    if dropped:
        config.hook.pytest_deselected(items=dropped)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which scenarios are to be tried, before the first of them is."""
    if has_conductor(session.config):
        from conformance.under_pytest.planning import planned

        conductor_of(session.config).plan = planned(session.items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what came of a scenario, and let a skip point at the item and not into this package."""
    report = yield
    if TRIAL not in item.stash or report.when != "call":
        return report
    from conformance.under_pytest.reports import encoded, note

    conductor, trial = conductor_of(item.config), item.stash[TRIAL]
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        path, line, _ = item.location
        report.longrepr = (path, (line or 0) + 1, report.longrepr[2])
    if worker_of(item.config) is None:
        note(conductor, trial)
    else:
        setattr(report, _CARRIED, encoded(trial, conductor.untold_plan()))
    return report


class _Recorder:
    """In the controlling process of xdist: takes from reports what workers have sent along, before others see it."""

    NAME = "lti_conformance_recorder"

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what came of a scenario."""
        carried = vars(report).pop(_CARRIED, None)
        if carried is not None:
            from conformance.under_pytest.reports import decoded, note

            conductor = conductor_of(self._config)
            trial, plan = decoded(carried)
            conductor.plan.update(plan)
            note(conductor, trial)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the reports; a waiver that nothing needs any more fails the run."""
    config = session.config
    if not has_conductor(config) or worker_of(config) is not None:
        return
    from conformance.under_pytest.reports import finish

    whole = exitstatus in (0, 1) and not session.shouldfail and not session.shouldstop
    lines, status = finish(conductor_of(config), complete=whole)
    config.stash[_SUMMARY] = lines
    session.exitstatus = session.exitstatus or status


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what the run as a whole has shown."""
    lines = config.stash.get(_SUMMARY, ())
    if lines:
        terminalreporter.section("LTI conformance")
    for line in lines:
        terminalreporter.line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take everything down."""
    if has_conductor(config):
        conductor_of(config).close()
