"""From scenarios to results: one scenario after the other, or several side by side.

Each scenario is: skip or arrange → twin → launches → probe → recovery → judge. A failure is repeated once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from conformance.arrange import ArrangementFailedError, missing_states
from conformance.attempt import signed_in
from conformance.checks import checks
from conformance.driver import OutOfReachError
from conformance.evidence import keys_unasked, lacking, skip, unaccepted, unasked, unheard, unjudged, unproven
from conformance.exchanges.exchange_legs import legs_of
from conformance.exchanges.legs import Leg
from conformance.judge import judge
from conformance.lab import Lab
from conformance.mishaps.failure import Failure
from conformance.model import Expectation, Finding, Observation, Result, Role, Scenario
from conformance.observe import page_of
from conformance.pace import Pace
from conformance.plain_findings import plain_findings
from conformance.recovery import check_alive, recovered
from conformance.statuses import AMISS, RED
from conformance.story import DisarmError, FaultError, Told, honest, read, tell
from conformance.strictness import strictly
from conformance.takes import Take, both
from conformance.timeline import timeline_of
from conformance.twins import ToolLost, Twins
from mockplatform.mutation import NotApplicableError

__all__ = ["Options", "PlainLaunchFailed", "Runner", "TimeIsUp", "ToolLost"]


class PlainLaunchFailed(Exception):  # noqa: N818 - an event of the run
    """The honest launch does not work, so that no refusal would prove anything."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.trouble or f"outcome {observation.outcome}, status {observation.status_code}")
        self.observation = observation


class TimeIsUp(BaseException):
    """The run has to end now; no `Exception`, which a generator of launches would take for a failing one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run goes about it."""

    jobs: int = 1
    strict: bool = False
    fail_fast: bool = False
    max_time_s: float | None = None
    rate: float | None = None
    """Scenarios begun per second, at most."""
    repeat_failures: bool = True
    recovery: bool = True
    """Whether an honest launch has to work after each refusal."""
    timelines: bool = True
    """Whether it is told what went over the wire, where it did not come out as it should."""


class Runner:
    """Tries scenarios in a lab; remembers the twins that were accepted."""

    def __init__(self, lab: Lab, options: Options, twins: Twins | None = None) -> None:
        self.lab = lab
        self.options = options
        self.findings: list[Finding] = []
        self.auth_problems: Sequence[str] = ()
        """What is wrong with the authentication request of the plain launch, whatever came of it."""
        self._twins = twins or Twins(lab)
        self._stop = threading.Event()
        self._pace = Pace(options.rate)
        self._began = time.monotonic()
        self.role: Role = "instructor"

    def brief(self) -> Runner:
        """A runner for launches by the thousand: neither a repetition nor a recovery, and the same twins."""
        options = replace(self.options, repeat_failures=False, recovery=False)
        runner = Runner(self.lab, options, self._twins)
        runner._pace, runner._began = self._pace, self._began
        return runner

    def go_on(self) -> None:
        """Wait for the turn of the next story of a phase.

        Raises:
            TimeIsUp: nothing more is to be begun.
        """
        if self._over():
            raise TimeIsUp
        self._pace.wait()

    def plain_launch(self) -> bool:
        """Send the launch on which everything else stands, and calibrate the reading by its page.

        False: no state that an honest launch needs under this profile can be arranged, so nothing was sent.

        Raises:
            PlainLaunchFailed: the tool does not accept it.
            ToolLost: nobody answers while it is arranged.
        """
        lab = self.lab
        roles: tuple[Role, ...] = ("instructor", "student")
        role = next((r for r in roles if not missing_states(lab, lab.honest_states(r))), None)
        if role is None:
            return False
        self.role = role
        try:
            told = honest(self.lab, "plain", role, "main", lab.honest_states(role), lab.lti)
        except ArrangementFailedError as failure:
            if failure.lost:
                raise ToolLost(str(failure)) from None
            raise
        seen = told.seen
        self.auth_problems = seen.auth_problems
        # The page must not be read with patterns that it voids itself.
        self.findings += lab.reader.calibrate(page_of(told.performed.visit))
        session = told.story.session("user")
        facts = {name: getattr(seen, name) for name in ("exchanges", "auth_problems", "auth_requests", "key_fetches")}
        seen = replace(read(lab, told.performed), session=session, **facts)
        if seen.outcome != "launched":
            raise PlainLaunchFailed(seen)
        self.findings += plain_findings(Failure(seen=seen, tool=lab.tool, lti=lab.lti))
        self._check_probe(found=bool(seen.session))
        return True

    def _check_probe(self, *, found: bool) -> None:
        """A probe is believed if it tells a browser after a good launch from one that was never there."""
        lab = self.lab
        probe = lab.tool.observe.probe
        untested = "so sessions after a refusal were not tested"
        if probe is None:
            text = f"no probe is configured ([observe] probe), {untested}"
            self.findings.append(Finding(id="no-probe", text=text))
            return
        problem = "" if found else "no session after a good launch"
        if found and signed_in(lab, lab.browser(), probe):
            problem = "a session in a browser that has never launched"
        if problem:
            lab.probe_works = False
            self.findings.append(Finding(id="probe-void", text=f"the probe finds {problem}, {untested}"))

    def run(
        self, scenarios: Sequence[Scenario], settle: Callable[[Result], Result] = lambda result: result
    ) -> Iterator[Result]:
        """A result for each scenario as they come in; then the exclusive ones, one at a time, those spoiling keys last.

        Args:
            settle: has the last word on a result, before it can stop the run.

        Raises:
            ToolLost: the tool is gone; what was yielded so far stands.
        """
        shared = [s for s in scenarios if not self.lab.alone(s)]
        exclusive = sorted((s for s in scenarios if self.lab.alone(s)), key=lambda scenario: scenario.rotates)
        if self.options.jobs > 1:
            yield from self._side_by_side(shared, settle)
        for scenario in exclusive if self.options.jobs > 1 else (*shared, *exclusive):
            if self._over():
                return
            self._pace.wait()
            result = settle(self.try_scenario(scenario))
            yield result
            if self.options.fail_fast and result.status == "failed":
                return

    def _side_by_side(self, scenarios: Sequence[Scenario], settle: Callable[[Result], Result]) -> Iterator[Result]:
        def task(scenario: Scenario) -> Result | None:
            if self._over():
                return None
            self._pace.wait()
            return settle(self.try_scenario(scenario))

        lost: ToolLost | None = None
        with ThreadPoolExecutor(self.options.jobs, thread_name_prefix="lti-job") as pool:
            futures: list[Future[Result | None]] = [pool.submit(task, scenario) for scenario in scenarios]
            try:
                for future in as_completed(futures):
                    try:
                        result = future.result()
                    except ToolLost as event:
                        # What the others have found out is kept, though nothing new begins.
                        lost = event
                        self._stop.set()
                        continue
                    if result is None:
                        continue
                    yield result
                    if self.options.fail_fast and result.status == "failed":
                        self._stop.set()
            except BaseException:
                self._stop.set()
                raise
        if lost is not None:
            raise lost

    def _over(self) -> bool:
        limit = self.options.max_time_s
        return self._stop.is_set() or (limit is not None and time.monotonic() - self._began > limit)

    def try_scenario(self, scenario: Scenario) -> Result:
        """The result of one scenario.

        Raises:
            ToolLost: nobody answers at the tool's address.
        """
        began = time.perf_counter()
        expectation = self.lab.profile.expectation(scenario)
        assert expectation is not None, "select() keeps only scenarios of the profile"
        take = self._once(scenario, expectation, "1")
        # Before anything else is said: keys, clock and journal are still those of the launch.
        timeline = self._timeline(take)
        verdict = take.verdict
        if verdict.status in AMISS and self.options.repeat_failures:
            verdict = both(take, self._once(scenario, expectation, "2"))
        result = Result(
            scenario=scenario,
            expectation=expectation,
            verdict=verdict,
            observation=take.seen,
            duration_s=time.perf_counter() - began,
            timeline=timeline,
            known=self.lab.secrets,
        )
        return strictly(result) if self.options.strict else result

    def _timeline(self, take: Take) -> tuple[Leg, ...]:
        """What was said on the wire, where it did not come out as it should."""
        if take.verdict.status in ("passed", "skipped") or not self.options.timelines:
            return ()
        if not take.told:
            return () if take.seen is None else legs_of(take.seen)
        return tuple(leg for told in take.told for leg in timeline_of(self.lab, told))

    def _once(self, scenario: Scenario, expectation: Expectation, name: str) -> Take:
        states = self._states(scenario)
        missing = lacking(self.lab, scenario, states)
        if missing is not None:
            return Take(verdict=missing)
        try:
            twin = self._twins.of(scenario, states)
            if twin.outcome != "launched":
                reason = f"its honest twin was not accepted: {twin.trouble or twin.message or twin.outcome}"
                return Take(verdict=unjudged("control-failed", reason), seen=twin)
            told = tell(self.lab, scenario, states, name)
            if keys_unasked(told) and not self.lab.tool.rulings.get("allow_waits"):
                return Take(verdict=unasked(), seen=told.seen)
            return self._judged(scenario, expectation, told)
        except NotApplicableError as error:
            return Take(verdict=skip("not-applicable", str(error)))
        except OutOfReachError as error:
            return Take(verdict=skip("missing-fault-mode", str(error)))
        except DisarmError as error:
            return Take(verdict=unjudged("fault-not-disarmed", str(error)))
        except FaultError as error:
            return Take(verdict=unjudged("fault-not-armed", str(error)))
        except ArrangementFailedError as failure:
            if failure.lost:
                raise ToolLost(f"{failure} (noticed in {scenario.id})") from None
            return Take(verdict=unjudged("arrangement-failed", str(failure)))

    def _judged(self, scenario: Scenario, expectation: Expectation, told: Told) -> Take:
        lab, seen = self.lab, told.seen
        if told.performed.visit.trouble_kind == "refused":
            check_alive(lab, seen, scenario)
        if (proves_nothing := unproven(scenario, expectation, told)) is not None:
            blamed = unaccepted(scenario, told) if proves_nothing.cause == "control-failed" else None
            return Take(verdict=proves_nothing, seen=seen, told=(told if blamed is None else told.story.again(blamed),))
        complaints = tuple(c for name in scenario.checks if (c := checks()[name](seen)) is not None)
        verdict = judge(expectation, seen, lab.profile, lab.reader.axes, complaints)
        if verdict.status == "passed" and (silence := unheard(scenario, expectation, told)) is not None:
            return Take(verdict=silence, seen=seen, told=(told,))
        refused = seen.outcome != "launched" and verdict.status not in RED
        if not (refused and self.options.recovery):
            return Take(verdict=verdict, seen=seen, told=(told,))
        verdict, afterwards = recovered(lab, scenario, expectation, told, verdict)
        blames = (told, afterwards) if verdict.cause == "no-recovery" else (told,)
        return Take(verdict=verdict, seen=seen, told=blames)

    def _states(self, scenario: Scenario) -> tuple[str, ...]:
        given = self.lab.honest_states(scenario.role)
        return given if scenario.states is None or not given else scenario.states
