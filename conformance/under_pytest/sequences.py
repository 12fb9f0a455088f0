"""`LtiSequences`: long stories of launches as a test class of a test module."""

from __future__ import annotations

import datetime
import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.catalogue import select
from conformance.failing import failure_told
from conformance.model import Result
from conformance.phases import EXAMPLES, Depth
from conformance.phases.sequences import NAME, properties, run_with
from conformance.profile import load_profile
from conformance.results.waivers import waive
from conformance.runner import ToolLost
from conformance.telling.documenting import entry_of
from conformance.under_pytest.bench import AnyBench, Bench, outside_loops
from conformance.under_pytest.options import LtiConformanceWarning, conductor_of
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from conformance.machine import LaunchMachine

__all__ = ["LtiSequences"]


class LtiSequences:
    """Long stories, told to the tool of the fixture `lti_tool`; a subclass in a test module is a test.

    Args:
        examples: how many stories are told.
        profile: default: that of the options, then of the tool file, then `core`.
        only: globs of property ids, such as `sequences/keys-*`.
        machine: a subclass of `LaunchMachine` with rules of its own.
    """

    examples: int = EXAMPLES
    profile: str | None = None
    only: Sequence[str] = ("*",)
    machine: type[LaunchMachine] | None = None

    def test_sequences(self, request: pytest.FixtureRequest, lti_bench: Any, lti_tool: Any) -> None:
        """Each property of long stories holds in every one of them."""
        __tracebackhide__ = True
        conductor = conductor_of(request.config)
        name, bench = conductor.profile(self.profile), lti_bench.of(lti_tool)
        try:
            results = outside_loops(lambda: self._results(bench, name))
        except (ToolLost, UsageError) as error:
            pytest.fail(str(error), pytrace=False)
        broken = [result for result in results if result.status in ("failed", "error")]
        weak = [result for result in results if result.status == "warned"]
        if conductor.settings.strict:
            broken, weak = [*broken, *(_failed(result) for result in weak)], []
        for result in weak:
            told = f"{result.scenario.id} – {result.scenario.title}: {entry_of(result).reason}"
            try:
                request.node.warn(LtiConformanceWarning(told))
            except LtiConformanceWarning:
                # Warnings are errors in this run.
                broken.append(result)
        if broken:
            pytest.fail("\n\n".join(map(failure_told, broken)), pytrace=False)
        if all(result.status == "skipped" for result in results):
            pytest.skip("; ".join(sorted({entry_of(result).reason for result in results})))

    def _results(self, bench: AnyBench, profile: str) -> Sequence[Result]:
        """What comes of the properties, alone with the tool.

        Raises:
            ToolLost: nobody answers any more.
            UsageError: no property is chosen, the tool does not accept the plain launch, or another process drives it.
        """
        patterns = (self.only,) if isinstance(self.only, str) else self.only
        held = select(properties(), load_profile(profile))
        chosen = [wanted for wanted in held if any(fnmatch.fnmatchcase(wanted.id, pattern) for pattern in patterns)]
        if not chosen:
            raise UsageError(f"LtiSequences.only: no property of {NAME} matches {', '.join(patterns) or 'nothing'}")
        if not isinstance(bench, Bench):
            raise UsageError(
                "LtiSequences: under -n the tool of a tool file is driven by the controlling process; "
                "run this test without -n, or override lti_tool with an application in this process"
            )
        stage = bench._stage(bench._profile(profile))  # noqa: SLF001 - a part of the bench
        with bench._turns.taken(alone=True):  # noqa: SLF001 - the same
            if trouble := bench._trouble or stage.trouble:  # noqa: SLF001 - the same
                raise UsageError(trouble)
            results: list[Result] = []
            try:
                results.extend(run_with(self.machine, stage.runner, chosen, Depth(examples=self.examples)))
            except ToolLost as lost:
                # The tests that follow need not find it out for themselves.
                bench._trouble = bench.without_secrets(f"the tool is gone: {lost}")  # noqa: SLF001 - the same
                broken = [result.scenario.id for result in results if result.status in ("failed", "error")]
                known = f"; broken before that: {', '.join(broken)}" if broken else ""
                raise ToolLost(bench._trouble + known) from None  # noqa: SLF001 - the same
        today = datetime.datetime.now(datetime.UTC).date()
        results = [replace(result, known=bench.known) for result in results]
        return [waive(result, bench.tool.waiver, stage.runner.lab.profile, today) for result in results]


def _failed(result: Result) -> Result:
    return replace(result, verdict=replace(result.verdict, status="failed"))
