"""Launches that nobody thought of: each vein is drawn from, sent, and what fails is shrunk to the fewest lies.

Hypothesis draws and shrinks the values; which of the lies are needed at all is found by delta debugging afterwards,
which the drawing of several at once would hinder. The same seed draws the same launches.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.judge import judge
from conformance.model import Finding, Result, Scenario, Verdict
from conformance.phases import Depth, Telling
from conformance.report import Chapter
from conformance.runner import Runner, ToolLost
from conformance.shrinking import minimal
from conformance.strategies.breaking import with_mutations
from conformance.strategies.lazily import hypothesis_or_advice
from conformance.veins import AREA, Drawn, veins
from mockplatform.mutation import Spoilt

__all__ = ["NAME", "RANK", "properties", "run"]

NAME = AREA
RANK = 20

SLOW_SHARE = 5
"""A launch that spoils the key set costs so many times as much, in a tool that has to fetch it each time."""
BROKEN = ("failed", "warned")
GIVEN_UP = frozenset({"missing-capability", "missing-arrangement", "control-failed", "arrangement-failed", "key-cache"})
"""Why a launch says nothing, if the next would say as little."""


def properties() -> tuple[Scenario, ...]:
    """Every vein, as the scenario that says what is expected of its launches."""
    return tuple(vein.scenario() for vein in veins().values())


def run(runner: Runner, chosen: Sequence[Scenario], depth: Depth) -> Iterator[Telling]:
    """A result for each property, and how many launches it took.

    Raises:
        ToolLost: nobody answers any more.
        UsageError: Hypothesis is not installed.
    """
    hypothesis_or_advice()
    counts: Counter[str] = Counter()
    bugs: dict[object, str] = {}
    brief = runner.brief()
    with _own_cache():
        for wanted in chosen:
            trial = Trial(runner=brief, wanted=wanted, counts=counts)
            yield _told_once(trial.result(depth.examples), bugs)
    yield _chapter(len(chosen), counts)


@dataclass(kw_only=True)
class Trial:
    """One property on its way to a result."""

    runner: Runner
    wanted: Scenario
    counts: Counter[str]
    sent: int = 0
    broken: Result | None = None
    """The launch that failed last, which is the smallest so far."""
    unjudged: Result | None = None
    """The first launch that proved nothing."""
    passed: Result | None = None
    over: BaseException | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    chance: Any = None

    def result(self, examples: int) -> Result:
        """What comes of the property, after so many launches of its kind.

        Raises:
            ToolLost: nobody answers any more.
        """
        share = SLOW_SHARE if self.wanted.rotates else 1
        self._draw(max(1, examples // share))
        if self.over is not None:
            raise self.over
        if self.broken is not None:
            return self._smallest(self.broken)
        found = self.unjudged or self.passed
        if found is None:
            verdict = Verdict(
                status="skipped", axes={}, reason="no launch of this kind applies", cause="not-applicable"
            )
            expectation = self.runner.lab.profile.expectation(self.wanted)
            assert expectation is not None, "only properties of the profile are chosen"
            return Result(scenario=self.wanted, expectation=expectation, verdict=verdict)
        return self._as_property(found, found.scenario.attempt.mutations)

    def _draw(self, examples: int) -> None:
        """Send what Hypothesis draws, and let it make what fails smaller."""
        import hypothesis

        name = self.wanted.id.partition("/")[2]
        told = hypothesis.settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(hypothesis.HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
            print_blob=False,
        )
        attempt = hypothesis.given(veins()[name]())(self._example)
        # What failed is kept here; an exception only tells Hypothesis to look for a smaller one.
        quiet = (BrokenLaunchError, hypothesis.errors.Unsatisfiable, hypothesis.errors.FlakyFailure)
        with contextlib.suppress(*quiet):
            hypothesis.seed(f"{self.runner.lab.seed}/{self.wanted.id}")(told(attempt))()

    def _example(self, drawn: Drawn) -> None:
        import hypothesis

        if self.over is not None or (self.unjudged is not None and self.unjudged.verdict.cause in GIVEN_UP):
            return
        kind = "to shrink" if self.broken else "drawn"
        try:
            result = self._tried(drawn, kind)
        except ToolLost as lost:
            # Hypothesis would take it for a failure, and look for a smaller one.
            self.over = lost
            return
        hypothesis.assume(result.verdict.cause != "not-applicable")
        if result.status in BROKEN:
            self.broken = result
            raise BrokenLaunchError(result.verdict.reason)
        if result.status == "passed":
            self.passed = self.passed or result
        else:
            self.unjudged = self.unjudged or result
        self.findings |= {finding.id: finding for finding in result.findings}

    def _tried(self, mutations: Sequence[Spoilt], kind: str) -> Result:
        """What comes of one launch; each is by people whom nobody has seen before."""
        self.runner.go_on()
        self.sent += 1
        self.counts[kind] += 1
        scenario = with_mutations(self.wanted, mutations)
        with self._undisturbed():
            return _leniently(self.runner, self.runner.try_scenario(replace(scenario, id=f"{scenario.id} {self.sent}")))

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Chance as it was after the launch before: Hypothesis starts it anew, and a tool's states would repeat."""
        theirs = random.getstate()
        if self.chance is not None:
            random.setstate(self.chance)
        else:
            random.seed(f"{self.runner.lab.seed}/{self.runner.lab.run_id}/{self.wanted.id}")
        try:
            yield
        finally:
            self.chance = random.getstate()
            random.setstate(theirs)

    def _smallest(self, broken: Result) -> Result:
        """The failure with no lie that it does not need, sent once more."""
        status = broken.status

        def still_fails(mutations: Sequence[Spoilt]) -> bool:
            return self._tried(mutations, "to shrink").status == status

        mutations = minimal(broken.scenario.attempt.mutations, still_fails)
        again = self._tried(mutations, "to shrink")
        if again.status in BROKEN and (again.status, _answer(again)) == (status, _answer(broken)):
            return self._as_property(again, mutations)
        text = f"answered differently when repeated: first {broken.verdict.reason}; then {again.verdict.reason}"
        self.findings["flaky"] = Finding(id="flaky", text=text)
        kept = again if again.status in BROKEN else broken
        return self._as_property(kept, kept.scenario.attempt.mutations)

    def _as_property(self, result: Result, mutations: Sequence[Spoilt]) -> Result:
        own = {finding.id: finding for finding in result.verdict.findings}
        verdict = replace(result.verdict, findings=tuple((self.findings | own).values()))
        return replace(result, scenario=with_mutations(self.wanted, mutations), verdict=verdict)


class BrokenLaunchError(Exception):
    """A launch of a property failed: how Hypothesis is told."""


def _leniently(runner: Runner, result: Result) -> Result:
    """The result, where a crash counts as a refusal also where either would have been right."""
    seen, lab = result.observation, runner.lab
    outcomes = {answer.outcome for answer in result.expectation.answers}
    if seen is None or seen.outcome != "crashed" or lab.profile.crash != "refusal" or len(outcomes) == 1:
        return result
    if result.verdict.cause is not None:
        return result
    refusals = tuple(answer for answer in result.expectation.answers if answer.outcome == "rejected")
    refused = replace(result.expectation, preferred=refusals[0], allowed=refusals[1:])
    return replace(result, verdict=judge(refused, seen, lab.profile, lab.reader.axes))


def _told_once(result: Result, bugs: dict[object, str]) -> Result:
    """The result, which says so if the same launch has shown the same bug before."""
    if result.status not in BROKEN:
        return result
    bug = (result.scenario.mutations, result.scenario.role, _answer(result))
    first = bugs.setdefault(bug, result.scenario.id)
    if first == result.scenario.id:
        return result
    return replace(result, verdict=replace(result.verdict, reason=f"same as {first}: {result.verdict.reason}"))


def _answer(result: Result) -> tuple[object, ...]:
    seen = result.observation
    return () if seen is None else (seen.outcome, seen.klass, seen.type, seen.code, bool(seen.session))


@contextlib.contextmanager
def _own_cache() -> Iterator[None]:
    """A place for what Hypothesis keeps between runs, so that nothing is left where the command was called."""
    from hypothesis import configuration

    place: Callable[[str | None], None] = configuration.set_hypothesis_home_dir
    with tempfile.TemporaryDirectory(prefix="lti-conformance-") as folder:
        place(folder)
        try:
            yield
        finally:
            place(None)


def _chapter(chosen: int, counts: Mapping[str, int]) -> Chapter:
    drawn, shrunk = counts.get("drawn", 0), counts.get("to shrink", 0)
    lines = [f"{chosen} properties were held against {drawn} generated launches."]
    if shrunk:
        lines.append(f"{shrunk} more made the failures smaller.")
    data = {"properties": chosen, "launches": drawn, "to_shrink": shrunk}
    return Chapter(id=NAME, title="Generated launches", lines=tuple(lines), data=data)
