"""`LtiSequences` in a project: with an application in process, with a tool file, and with rules of its own."""

from __future__ import annotations

import importlib

import pytest

from conformance.runner import ToolLost
from conformance.under_pytest import sequences
from tests.conformance.plugin.projects import IN_PROCESS

# Numpy and its like can be imported once in a process; an inner run takes away what it was the first to import.
for module in (
    "hypothesis.stateful",
    "conformance.machine",
    "conformance.under_pytest.sequences",
    "conformance.phases",
):
    importlib.import_module(module)

SUITE = """
    from conformance import LtiSequences

    class TestSequences(LtiSequences):
        examples = {examples}
        only = {only}
"""


@pytest.fixture
def run(pytester):
    """Runs a test module with the sample tool in process."""

    def run_module(source, *arguments):
        pytester.makeconftest(IN_PROCESS)
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)

    return run_module


def suite(*, examples: int = 9, only: tuple[str, ...] = ("*",)) -> str:
    return SUITE.format(examples=examples, only=only)


def test_the_correct_tool_passes(run):
    """A subclass is one test, which passes, and leaves no other test behind."""
    run(suite()).assert_outcomes(passed=1)


def test_a_flaw_fails_with_the_shortest_story(run, monkeypatch):
    """The failure says which property, why, and what was sent."""
    monkeypatch.setenv("FLAW", "expiry-forgiven-in-a-session")
    result = run(suite(examples=45, only=("sequences/spoilt-*",)))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*sequences/spoilt-launches-refused*failed*", "*claims.expired*after 1 earlier*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_broken_should_is_a_warning(run, monkeypatch):
    """Without --lti-strict what only ought to be is warned of."""
    monkeypatch.setenv("FLAW", "nonce-race")
    source = suite(only=("sequences/one-winner",))
    result = run(source, "-W", "always")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*LtiConformanceWarning: sequences/one-winner*"])
    run(source, "-W", "error").assert_outcomes(failed=1)
    run(source, "--lti-strict").assert_outcomes(failed=1)


def test_what_the_tool_lacks_is_skipped(run):
    """Without a second platform nothing can be said about two."""
    result = run(suite(only=("sequences/platforms-*",)), "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*SKIPPED*platform.second*"])


def test_an_unknown_property_is_told_in_a_line(run):
    """A glob that matches nothing is the test's own mistake."""
    result = run(suite(only=("sequences/nothing",)))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*LtiSequences.only: no property of sequences matches sequences/nothing*"])


def test_rules_of_ones_own(run):
    """A machine with another rule tells its steps as well, and the tool is held to the same."""
    result = run(
        """
        from hypothesis.stateful import rule

        from conformance import LaunchMachine, LtiSequences

        SENT = []

        class Machine(LaunchMachine):
            @rule()
            def launch_as_student(self):
                told = self.step(role="student", browser="user", person="person")
                if told is not None:
                    SENT.append(told.seen.outcome)

        class TestSequences(LtiSequences):
            examples = 9
            machine = Machine

        def test_sent():
            assert set(SENT) == {"launched"}
        """
    )
    result.assert_outcomes(passed=2)


def test_a_tool_of_a_tool_file(pytester, project):
    """The fixture lti_tool is the tool file's by default, and is driven over sockets."""
    path = project()
    pytester.makepyfile(suite(examples=3))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--lti-tool", str(path))
    result.assert_outcomes(passed=1)


def test_a_tool_that_is_gone_is_told_in_a_line(run, monkeypatch):
    """The first test that notices it says so, and no later one drives the tool again."""
    asked = []

    def gone(*arguments):
        asked.append(arguments)
        raise ToolLost("nobody answers")

    monkeypatch.setattr(sequences, "run_with", gone)
    result = run(suite() + "\n    class TestMore(TestSequences):\n        pass\n")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["the tool is gone: nobody answers"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert len(asked) == 1
