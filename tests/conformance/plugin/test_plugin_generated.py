"""Generated launches in somebody's own tests: the example of `explain strategies`, run against the sample tool."""

from __future__ import annotations

import pytest

from tests.conformance.plugin.projects import IN_PROCESS
from tests.conformance.readers import block

EXAMPLE = block("python", "broken_launches")
WITH_HYPOTHESIS = ("-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider")


@pytest.mark.parametrize(
    ("flaw", "outcomes"), [(None, {"passed": 1}), ("expiry-unchecked", {"failed": 1})], ids=["correct", "flawed"]
)
def test_the_example_of_the_topic_tells_tools_apart(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, flaw: str | None, outcomes: dict[str, int]
):
    """It passes as it stands for the correct tool, fails for one that checks no expiry, and shows the launch."""
    if flaw is not None:
        monkeypatch.setenv("FLAW", flaw)
    pytester.makeconftest(IN_PROCESS)
    pytester.makepyfile(test_generated=EXAMPLE)
    result = pytester.runpytest_subprocess(*WITH_HYPOTHESIS, "--hypothesis-seed=0")
    result.assert_outcomes(**outcomes)
    if flaw is not None:
        result.stdout.fnmatch_lines(["*broken=<generated/expir*: claims.*>*"])


def test_what_was_drawn_is_sent_as_it_is(pytester: pytest.Pytester):
    """The factory takes drawn mutations as well as their text, in a test of many launches."""
    pytester.makeconftest(IN_PROCESS)
    pytester.makepyfile(
        """
        from hypothesis import given, settings

        from conformance.strategies import recipes

        @settings(max_examples=10, deadline=None, database=None)
        @given(recipe=recipes())
        def test_it(lti_launch, recipe):
            try:
                seen = lti_launch(mutations=recipe)
            except Exception as error:
                assert type(error).__name__ == "NotApplicableError"
            else:
                assert seen.outcome in ("launched", "rejected")
        """
    )
    pytester.runpytest_subprocess(*WITH_HYPOTHESIS, "--hypothesis-seed=0").assert_outcomes(passed=1)
