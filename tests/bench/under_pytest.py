"""Goal 5 once more, under pytest: this module is the plugin, the fixture and the measure.

Each round is a process of its own. Its catalogue is the bare one, several times, and it is held every moment to
measure a bare launch. What happens before the second item and after the last is its start and its end.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue
from tests.bench.bare_tool import CLIENT_ID, DEPLOYMENT_ID, create_bare_tool
from tests.bench.processes import ROOT
from tests.bench.rounds import Goal, Line, Ratio
from tests.bench.runs import FLOOR, SCENARIOS, TOOL, Bench, Held, described

__all__ = ["lti_tool", "measure"]

ROUNDS = 5
COPIES = 8
CATALOGUE = "LTI_BENCH_CATALOGUE"
OWN = "tests.bench.under_pytest"
MODULE = """
from conformance.under_pytest.suite import lti_suite
from tests.bench.under_pytest import lti_tool
test_lti = lti_suite(profile="core", only="bare-*")
"""


if CATALOGUE in os.environ:
    catalogue.FOLDER = Path(os.environ[CATALOGUE])


class _Stand:
    """What is measured in this process, once its tool is up."""

    app: Any = None
    clock: Held | None = None
    before = 0


@pytest.fixture(scope="session")
def lti_tool(lti_platform: Any) -> Any:
    """The bare tool, called in this process."""
    from conformance.under_pytest.values import InProcess

    # A key is made once for a process, in a time that chance decides: it belongs to the start, as in the other runs.
    lti_platform.platform.keys.private("foreign")
    _Stand.app = create_bare_tool(lti_platform.platform.keys.jwk("platform"), issuer=lti_platform.issuer, url=TOOL)
    return InProcess(
        app=_Stand.app,
        base_url=TOOL,
        login="/login",
        launch="/launch",
        platform=lti_platform.settings(client_id=CLIENT_ID, deployment_id=DEPLOYMENT_ID),
        observe=described(TOOL, lti_platform.url).observe,
    )


def pytest_runtest_logfinish() -> None:
    """Begin after the first item, and look at the clock after each."""
    if _Stand.app is None:
        return
    if _Stand.clock is None:
        # Another copy of the tool: its launches are not the run's.
        _Stand.before = _Stand.app.state.launches
        _Stand.clock = Held(Bench().bare(time.thread_time, 0.06))
    _Stand.clock.look()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Say what a launch has cost, before the last item takes the platform down."""
    if nextitem is None and _Stand.clock is not None:
        spent = _Stand.clock.spent()
        sys.stdout.write(f"\nbench: {spent / (_Stand.app.state.launches - _Stand.before)}\n")


def measure() -> Iterator[Line]:
    """A process for each round."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_bench.py").write_text(MODULE, encoding="utf-8")
        Path(folder, "scenarios").mkdir()
        for number in range(COPIES):
            shutil.copy(SCENARIOS / "bare.toml", Path(folder, "scenarios", f"bare-{number}.toml"))
        values = tuple(_round(folder) for _ in range(ROUNDS))
    yield Line(
        number="5",
        name="the same under pytest, own plugin",
        ratio=Ratio(values),
        against=FLOOR,
        goal=Goal("<=", 3.0, 2.2),
    )


def _round(folder: str) -> float:
    plugins = ["-p", "no:cacheprovider", "-p", "conformance.plugin", "-p", OWN]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", *plugins, "--rootdir", folder, folder],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", CATALOGUE: folder},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"^bench: ([0-9.]+)$", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout + done.stderr
    return float(found[1])
