"""Projects that use the plugin, made for one test each, and the sample tool running beside them."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.faults import drivers
from conformance.observe import extractors
from mockplatform.mutation import mutations
from tests.conformance.served import served

# An inner run in this process takes away what it has imported, and some of it can be imported only once.
for module in (
    "conformance.demo",
    "conformance.under_pytest.session",
    "conformance.under_pytest.reports",
    "conformance.selftest",
):
    importlib.import_module(module)


@pytest.fixture(autouse=True)
def _alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The inner runs see this plugin and no other, and take their own folder for the root."""
    pytester.makeini("[pytest]\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p conformance.plugin")
    monkeypatch.delenv("FLAW", raising=False)
    # Under CI pytest prints each message whole in its summary, and so twice.
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("BUILD_NUMBER", raising=False)


@pytest.fixture
def running_tool() -> Iterator[Callable[..., str]]:
    """Serves the sample tool, with a flaw if one is named; gives its tool file."""
    with contextlib.ExitStack() as stack:

        def start(*, without: str | None = None, more: str = "") -> str:
            return served(stack, without=without, more=more)

        yield start


@pytest.fixture
def project(pytester: pytest.Pytester, running_tool: Callable[..., str]) -> Callable[..., Path]:
    """Writes the tool file of a running sample tool into the project."""

    def write(**options: str) -> Path:
        path = pytester.path / "lti-conformance.toml"
        path.write_text(running_tool(**options), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session", autouse=True)
def _known_before() -> None:
    """What is found by folder is found now: a run in process forgets every module that it was the first to import."""
    extractors()
    drivers()
    mutations()
