"""Launches that nobody thought of: each vein is drawn from, sent, and what fails is shrunk to the fewest lies.

Hypothesis draws and shrinks the values; which of the lies are needed at all is found by delta debugging afterwards,
which the drawing of several at once would hinder. The same seed draws the same launches.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.chance import OwnChance, own_cache, seed_alone
from conformance.checks import checks
from conformance.judge import judge
from conformance.model import Finding, Result, Scenario, Verdict
from conformance.phases import Depth, Telling
from conformance.report import Chapter
from conformance.runner import Runner, TimeIsUp, ToolLost
from conformance.shrinking import minimal
from conformance.statuses import AMISS
from conformance.strategies.breaking import with_mutations
from conformance.strategies.lazily import hypothesis_or_advice
from conformance.veins import AREA, Drawn, veins
from mockplatform.mutation import Spoilt

__all__ = ["NAME", "RANK", "properties", "run"]

NAME = AREA
RANK = 20

SLOW_SHARE = 5
"""A launch that spoils the key set costs so many times as much, in a tool that has to fetch it each time."""
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
    with own_cache():
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
    warned: Result | None = None
    """The first launch that was only warned of, which is told if none fails."""
    unjudged: Result | None = None
    """The first launch that proved nothing."""
    passed: Result | None = None
    """The first launch that held."""
    held: int = 0
    took_s: float = 0.0
    over: BaseException | None = None
    """Why nothing more is sent."""
    findings: dict[str, Finding] = field(default_factory=dict)
    chance: OwnChance = field(init=False)

    def __post_init__(self) -> None:
        lab = self.runner.lab
        self.chance = OwnChance(seed=f"{lab.seed}/{lab.run_id}/{self.wanted.id}")

    def result(self, examples: int) -> Result:
        """What comes of the property, after so many launches of its kind.

        Raises:
            ToolLost: nobody answers any more, and nothing was found before.
            TimeIsUp: nothing more is to be begun, and nothing was found before.
        """
        self._draw(max(1, examples // (SLOW_SHARE if self.wanted.rotates else 1)))
        broken = self.broken or self.warned
        if self.over is not None and (broken is None or not isinstance(self.over, TimeIsUp | ToolLost)):
            raise self.over
        if broken is not None:
            return self._smallest(broken)
        if self.unjudged is not None:
            return self._as_property(self.unjudged)
        return self._not_tried() if self.passed is None else self._held(self.passed)

    def _not_tried(self) -> Result:
        verdict = Verdict(status="skipped", axes={}, reason="no launch of this kind applies", cause="not-applicable")
        expectation = self.runner.lab.profile.expectation(self.wanted)
        assert expectation is not None, "only properties of the profile are chosen"
        return Result(scenario=self.wanted, expectation=expectation, verdict=verdict)

    def _held(self, first: Result) -> Result:
        reason = f"held for {self.held} {'launch' if self.held == 1 else 'launches'}"
        held = replace(first, verdict=replace(first.verdict, reason=reason), duration_s=self.took_s)
        return self._as_property(held)

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
        expected = (BrokenLaunchError, hypothesis.errors.UnsatisfiedAssumption)
        try:
            with seed_alone(), contextlib.suppress(BrokenLaunchError, hypothesis.errors.Unsatisfiable):
                hypothesis.seed(f"{self.runner.lab.seed}/{self.wanted.id}")(told(attempt))()
        except hypothesis.errors.FlakyFailure as flaky:
            # A tool may change its mind, but what a vein raises is an error of ours.
            if flaky.split(expected)[1] is not None:
                raise

    def _example(self, drawn: Drawn) -> None:
        import hypothesis

        if self.over is not None or (self.unjudged is not None and self.unjudged.verdict.cause in GIVEN_UP):
            return
        kind = "to shrink" if self.broken else "drawn"
        try:
            result = self._tried(drawn, kind)
        except hypothesis.errors.UnsatisfiedAssumption:
            raise
        except (Exception, TimeIsUp) as event:  # noqa: BLE001 - raised again when nothing is drawn any more
            # Hypothesis would take it for a failure, and look for a smaller one.
            self.over = event
            return
        hypothesis.assume(result.verdict.cause != "not-applicable")
        self._note(result)

    def _note(self, result: Result) -> None:
        """Keep what a drawn launch showed.

        Raises:
            BrokenLaunchError: it broke the demand; a lesser warning would end the search for such launches.
        """
        if _breaks(result) and (self.broken is None or _as_bad(result, self.broken)):
            self.broken = result
            raise BrokenLaunchError(result.verdict.reason)
        if result.status in AMISS:
            self.warned = self.warned or result
            return
        if result.status == "passed":
            self.passed = self.passed or result
            self.held += 1
        else:
            self.unjudged = self.unjudged or result
        self.findings |= {finding.id: finding for finding in result.findings}

    def _tried(self, mutations: Sequence[Spoilt], kind: str) -> Result:
        """What comes of one launch; each is by people whom nobody has seen before."""
        self.runner.go_on()
        self.sent += 1
        self.counts[kind] += 1
        scenario = with_mutations(self.wanted, mutations)
        with self.chance.undisturbed():
            tried = self.runner.try_scenario(replace(scenario, id=f"{scenario.id} {self.sent}"))
        self.took_s += tried.duration_s
        return _leniently(self.runner, tried)

    def _smallest(self, broken: Result) -> Result:
        """The failure with no lie that it does not need, sent once more; as far as it gets if the run ends before."""
        smallest = broken

        def still_fails(mutations: Sequence[Spoilt]) -> bool:
            nonlocal smallest
            tried = self._tried(mutations, "to shrink")
            if not _as_bad(tried, smallest):
                return False
            smallest = tried
            return True

        if self.over is None:
            with contextlib.suppress(TimeIsUp, ToolLost):
                mutations = minimal(broken.scenario.attempt.mutations, still_fails)
                smallest = self._repeated(smallest, self._tried(mutations, "to shrink"))
        return self._as_property(smallest)

    def _repeated(self, first: Result, again: Result) -> Result:
        """The one to tell of two results of the same launch."""
        if (again.status, _answer(again)) == (first.status, _answer(first)):
            return again
        text = f"answered differently when repeated: first {first.verdict.reason}; then {again.verdict.reason}"
        self.findings["flaky"] = Finding(id="flaky", text=text)
        return again if _as_bad(again, first) else first

    def _as_property(self, result: Result) -> Result:
        own = {finding.id: finding for finding in result.verdict.findings}
        verdict = replace(result.verdict, findings=tuple((self.findings | own).values()))
        return replace(result, scenario=with_mutations(self.wanted, result.scenario.attempt.mutations), verdict=verdict)


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
    complaints = tuple(text for name in result.scenario.checks if (text := checks()[name](seen)) is not None)
    verdict = judge(refused, seen, lab.profile, lab.reader.axes, complaints)
    return replace(result, verdict=verdict, timeline=() if verdict.status == "passed" else result.timeline)


def _breaks(result: Result) -> bool:
    """Whether a launch broke the demand itself, of which a status that is not the prescribed one is no part."""
    lesser = result.expectation.severity == "must" or any(f.id == "prescribed-status" for f in result.findings)
    return result.status == "failed" or (result.status == "warned" and not lesser)


def _as_bad(result: Result, known: Result) -> bool:
    """Whether a result breaks the property at least as badly as what is known."""
    return result.status in AMISS[: AMISS.index(known.status) + 1]


def _told_once(result: Result, bugs: dict[object, str]) -> Result:
    """The result, which says so if the same launch has shown the same bug before."""
    if result.status not in AMISS:
        return result
    bug = (result.scenario.mutations, result.scenario.role, _answer(result))
    first = bugs.setdefault(bug, result.scenario.id)
    if first == result.scenario.id:
        return result
    return replace(result, verdict=replace(result.verdict, reason=f"same as {first}: {result.verdict.reason}"))


def _answer(result: Result) -> tuple[object, ...]:
    seen = result.observation
    return () if seen is None else (seen.outcome, seen.klass, seen.type, seen.code, bool(seen.session))


def _chapter(chosen: int, counts: Mapping[str, int]) -> Chapter:
    drawn, shrunk = counts.get("drawn", 0), counts.get("to shrink", 0)
    lines = [f"{chosen} properties were held against {drawn} generated launches."]
    if shrunk:
        lines.append(f"{shrunk} more made the failures smaller.")
    data = {"properties": chosen, "launches": drawn, "to_shrink": shrunk}
    return Chapter(id=NAME, title="Generated launches", lines=tuple(lines), data=data)
