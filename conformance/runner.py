"""From scenarios to results: one scenario after the other, or several side by side.

Each scenario is: skip or arrange → twin → launches → probe → recovery → judge. A failure is repeated once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from conformance.arrange import missing_states
from conformance.checks import checks
from conformance.judge import judge
from conformance.lab import Lab
from conformance.model import Attempt, Expectation, Finding, Observation, Result, Scenario, Status, Verdict
from conformance.observe import page_of
from conformance.story import Told, honest, tell
from mockplatform.mutation import NotApplicableError

__all__ = ["Options", "PlainLaunchFailed", "Runner", "ToolLost"]


class ToolLost(Exception):  # noqa: N818 - an event of the run
    """Nobody answers at the tool's address any more."""


class PlainLaunchFailed(Exception):  # noqa: N818 - an event of the run
    """The honest launch does not work, so that no refusal would prove anything."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.trouble or f"outcome {observation.outcome}, status {observation.status_code}")
        self.observation = observation


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


class Runner:
    """Tries scenarios in a lab; remembers the twins that were accepted."""

    def __init__(self, lab: Lab, options: Options) -> None:
        self.lab = lab
        self.options = options
        self.findings: list[Finding] = []
        self._twins: dict[tuple[str, ...], Observation] = {}
        self._twin_lock = threading.Lock()
        self._stop = threading.Event()

    def plain_launch(self) -> None:
        """Send the launch on which everything else stands, and calibrate the reading by its page.

        Raises:
            PlainLaunchFailed: the tool does not accept it.
        """
        lab = self.lab
        states = lab.profile.states.get("instructor", ())
        if missing_states(lab, states):
            return
        told = honest(self.lab, "plain", "instructor", "main", states)
        seen = told.seen
        # The page must not be read with patterns that it voids itself.
        self.findings += lab.reader.calibrate(page_of(told.performed.visit))
        session = told.story.session("user")
        seen = replace(lab.reader.read(told.performed.visit), exchanges=seen.exchanges, session=session)
        if seen.outcome != "launched":
            raise PlainLaunchFailed(seen)
        if lab.probe_works and not seen.session:
            lab.probe_works = False
            text = "the probe finds no session after a good launch, so sessions after a refusal were not tested"
            self.findings.append(Finding(id="probe-void", text=text))
        elif lab.tool.observe.probe is None:
            text = "no probe is configured ([observe] probe), so sessions after a refusal were not tested"
            self.findings.append(Finding(id="no-probe", text=text))

    def run(self, scenarios: Sequence[Scenario]) -> Iterator[Result]:
        """A result for each scenario, as they come in; exclusive ones last, one at a time.

        Raises:
            ToolLost: the tool is gone; what was yielded so far stands.
        """
        shared = [s for s in scenarios if not s.exclusive]
        exclusive = [s for s in scenarios if s.exclusive]
        began = time.monotonic()
        pace = _Pace(self.options.rate)
        for result in self._side_by_side(shared, pace, began) if self.options.jobs > 1 else ():
            yield result
        for scenario in exclusive if self.options.jobs > 1 else (*shared, *exclusive):
            if self._over(began):
                return
            pace.wait()
            result = self.try_scenario(scenario)
            yield result
            if self.options.fail_fast and result.status == "failed":
                return

    def _side_by_side(self, scenarios: Sequence[Scenario], pace: _Pace, began: float) -> Iterator[Result]:
        def task(scenario: Scenario) -> Result | None:
            if self._stop.is_set() or self._over(began):
                return None
            pace.wait()
            return self.try_scenario(scenario)

        with ThreadPoolExecutor(self.options.jobs, thread_name_prefix="lti-job") as pool:
            futures: list[Future[Result | None]] = [pool.submit(task, scenario) for scenario in scenarios]
            try:
                for future in as_completed(futures):
                    result = future.result()
                    if result is None:
                        continue
                    yield result
                    if self.options.fail_fast and result.status == "failed":
                        self._stop.set()
            finally:
                self._stop.set()
                pool.shutdown(cancel_futures=True)

    def _over(self, began: float) -> bool:
        limit = self.options.max_time_s
        return self._stop.is_set() or (limit is not None and time.monotonic() - began > limit)

    def try_scenario(self, scenario: Scenario) -> Result:
        """The result of one scenario.

        Raises:
            ToolLost: nobody answers at the tool's address.
        """
        began = time.perf_counter()
        expectation = self.lab.profile.expectation(scenario)
        assert expectation is not None, "select() keeps only scenarios of the profile"
        verdict, seen = self._once(scenario, expectation, "1")
        if verdict.status in ("failed", "warned") and self.options.repeat_failures:
            again, seen_again = self._once(scenario, expectation, "2")
            verdict, seen = _both(verdict, seen, again, seen_again)
        if self.options.strict and verdict.status == "warned":
            verdict = replace(verdict, status="failed")
        return Result(
            scenario=scenario,
            expectation=expectation,
            verdict=verdict,
            observation=seen,
            duration_s=time.perf_counter() - began,
        )

    def _once(self, scenario: Scenario, expectation: Expectation, take: str) -> tuple[Verdict, Observation | None]:
        lab = self.lab
        states = self._states(scenario)
        lacking = self._lacking(scenario, states)
        if lacking is not None:
            return lacking, None
        twin = self._twin(scenario)
        if twin.outcome != "launched":
            reason = f"its honest twin was not accepted: {twin.trouble or twin.message or twin.outcome}"
            return Verdict(status="error", axes={}, reason=reason, cause="control-failed"), twin
        try:
            told = tell(self.lab, scenario, states, take)
        except NotApplicableError as error:
            return Verdict(status="skipped", axes={}, reason=str(error), cause="not-applicable"), None
        if told.seen.trouble and told.performed.visit.trouble_kind == "refused":
            self._check_alive(told.seen)
        unfired = _unfired(scenario, expectation, told)
        if unfired is not None:
            return unfired, told.seen
        complaints = tuple(c for name in scenario.checks if (c := checks()[name](told.seen)) is not None)
        verdict = judge(expectation, told.seen, lab.profile, lab.reader.axes, complaints)
        if told.seen.outcome in ("rejected", "crashed", "hung") and verdict.status == "passed":
            verdict = self._recovered(scenario, expectation, told, verdict)
        return verdict, told.seen

    def _states(self, scenario: Scenario) -> tuple[str, ...]:
        given = self.lab.profile.states.get(scenario.role, ())
        return given if scenario.states is None or not given else scenario.states

    def _lacking(self, scenario: Scenario, states: tuple[str, ...]) -> Verdict | None:
        """Why the scenario cannot be tried with this tool file, as a skip with advice."""
        lab = self.lab
        advice = {
            "attributes": "register the tool with configured attribute names and give [platform.attributes]",
            "second": "register the tool with a second platform and give [platform.second]",
            "waits": "it waits for the tool's key cache; allow it with allow_waits = true in [rulings]",
        }
        for need in scenario.needs:
            kind, _, point = need.partition(":")
            if kind == "fault":
                if point not in lab.faults:
                    return _skip("missing-fault-point", f'bind the fault point "{point}" in [faults] of the tool file')
            elif not (need in lab.registrations or (need == "waits" and lab.tool.rulings.get("allow_waits"))):
                return _skip("missing-capability", advice[need])
        missing = missing_states(lab, states) or missing_states(lab, lab.profile.states.get(scenario.role, ()))
        if missing:
            names = ", ".join(missing)
            return _skip("missing-arrangement", f"the state {names} is needed: add it to [arrange] of the tool file")
        return None

    def _twin(self, scenario: Scenario) -> Observation:
        """The scenario's launch without a lie, sent once for all that share its arrangement."""
        states = self.lab.profile.states.get(scenario.role, ())
        key = (scenario.registration, scenario.role, *states)
        with self._twin_lock:
            if key not in self._twins:
                told = honest(self.lab, "twin " + " ".join(key), scenario.role, scenario.registration, states)
                self._twins[key] = told.seen
            return self._twins[key]

    def _recovered(self, scenario: Scenario, expectation: Expectation, told: Told, verdict: Verdict) -> Verdict:
        """The verdict after an honest launch of the same person: a refusal must not lock anybody out."""
        states = self.lab.profile.states.get(scenario.role, ())
        sequel = told.story.sequel()
        sequel.arrange(states)
        again = sequel.send(Attempt(name="recovery"))
        if again.seen.outcome == "launched":
            return verdict
        if scenario.rotates and again.performed.key_fetches == 0:
            text = "after a spoilt key set the tool did not fetch the honest one for the next launch"
            return replace(verdict, findings=(*verdict.findings, Finding(id="key-cache", text=text)))
        reason = f"refused as it should be, but afterwards the same person cannot launch: {again.seen.message[:160]}"
        status: Status = "failed" if expectation.severity == "must" else "warned"
        return replace(verdict, status=status, reason=reason, cause="no-recovery")

    def _check_alive(self, seen: Observation) -> None:
        told = honest(self.lab, "alive", "instructor", "main", self.lab.profile.states.get("instructor", ()))
        if told.performed.visit.trouble_kind == "refused":
            raise ToolLost(seen.trouble)


class _Pace:
    """Holds scenarios back so that no more than `rate` begin in a second."""

    def __init__(self, rate: float | None) -> None:
        self._gap_s = 1 / rate if rate else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next scenario may begin."""
        if not self._gap_s:
            return
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._next)
            self._next = begin + self._gap_s
        threading.Event().wait(begin - now)


def _skip(cause: str, reason: str) -> Verdict:
    return Verdict(status="skipped", axes={}, reason=reason, cause=cause)


def _unfired(scenario: Scenario, expectation: Expectation, told: Told) -> Verdict | None:
    """An armed fault that nobody reached proves nothing, whatever the tool answered."""
    for point, hits in told.armed.items():
        if hits == 0:
            reason = f'the fault point "{point}" was armed and never reached, so the answer says nothing about it'
            return Verdict(status="error", axes={}, reason=reason, cause="fault-not-armed")
    spoils = any(name.startswith("key_set.") for name in scenario.mutations)
    if spoils and expectation.preferred.outcome == "rejected" and told.performed.key_fetches == 0:
        if told.seen.outcome == "launched":
            return None
        reason = "the tool did not fetch the key set during this launch, so its answer says nothing about it"
        return _skip("fault-not-armed", reason)
    return None


def _both(
    first: Verdict, seen: Observation | None, again: Verdict, seen_again: Observation | None
) -> tuple[Verdict, Observation | None]:
    """A failure and its repetition: the failure stands, and a different second answer is worth saying."""
    assert seen is not None
    if seen_again is not None and _answer(seen) == _answer(seen_again) and first.status == again.status:
        return first, seen
    text = f"answered differently when repeated: first {first.reason}; then {again.reason}"
    return replace(first, findings=(*first.findings, Finding(id="flaky", text=text))), seen


def _answer(seen: Observation) -> tuple[object, ...]:
    return (seen.outcome, seen.klass, seen.type, seen.code)
