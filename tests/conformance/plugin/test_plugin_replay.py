from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.catalogue import scenarios
from conformance.recipe import Recipe, Target, Told, as_json, as_test
from tests.conformance.plugin.projects import IN_PROCESS

EXPIRED = next(scenario for scenario in scenarios() if scenario.id == "time/expired-an-hour-ago")


def recipe() -> Recipe:
    return Recipe(
        scenario=dataclasses.replace(EXPIRED, expect={"any": EXPIRED.expect["any"]}, guards=(), rulings=()),
        profile="core",
        seed=0,
        target=Target(),
        told=Told(status="failed", reason="it was let in", outcome="launched"),
    )


@pytest.fixture
def module(pytester: pytest.Pytester) -> Callable[[str], None]:
    """Writes a project around the sample tool and a test module beside it."""

    def write(text: str) -> None:
        pytester.makeconftest(IN_PROCESS)
        pytester.makepyfile(test_replay=text)

    return write


@pytest.mark.parametrize(("flaw", "outcomes"), [("", {"passed": 1}), ("expiry-unchecked", {"failed": 1})])
def test_an_exported_test_fails_as_long_as_the_tool_does(
    pytester: pytest.Pytester,
    module: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    flaw: str,
    outcomes: dict[str, int],
):
    """The module that the export writes needs nothing but the fixture `lti_tool`."""
    if flaw:
        monkeypatch.setenv("FLAW", flaw)
    module(as_test(recipe()))
    pytester.runpytest_inprocess().assert_outcomes(**outcomes)


def test_a_recipe_can_be_a_file(pytester: pytest.Pytester, module: Callable[[str], None]):
    """A path stands for what the file holds."""
    Path(pytester.path, "expired.json").write_text(as_json(recipe()), encoding="utf-8")
    module(
        "from pathlib import Path\n"
        "def test_path(lti_replay):\n    lti_replay(Path('expired.json'))\n"
        "def test_name(lti_replay):\n    lti_replay('expired.json')\n"
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


def test_what_is_no_recipe_is_told_in_one_line(pytester: pytest.Pytester, module: Callable[[str], None]):
    """There is no traceback of the harness."""
    module("def test_it(lti_replay):\n    lti_replay('{}')\n")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*lti_replay: no recipe of this version*"])


def test_a_failed_item_leaves_a_recipe(
    pytester: pytest.Pytester, module: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
):
    """Its text names the file, which can be replayed."""
    monkeypatch.setenv("FLAW", "expiry-unchecked")
    module("from conformance import lti_suite\ntest_lti = lti_suite(only='time/expired-an-hour-ago')\n")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*recipe *core-time-expired-an-hour-ago.json"])
    (kept,) = Path(pytester.path, ".lti-conformance", "recipes").glob("*.json")
    module(f"from pathlib import Path\ndef test_it(lti_replay):\n    lti_replay(Path({str(kept)!r}))\n")
    pytester.runpytest_inprocess().assert_outcomes(failed=1)
