from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import scenarios as shipped
from conformance.catalogue import select
from conformance.demo import demo_lab
from conformance.model import Result, Scenario
from conformance.profile import load_profile
from conformance.runner import Options, Runner, ToolLost
from conformance.target import Start
from tests.conformance.makers import scenarios_of
from tests.conformance.miniatures import CLOCK_S, Miniature, lab_of
from tests.conformance.running import (
    CODES,
    EXPIRED,
    FAULTY,
    LENIENT,
    NO_MAIL,
    PLAIN,
    THREE,
    Fault,
    results_of,
    statuses,
    table,
    tried,
)


class TestSideBySide:
    def many(self, folder: Path) -> tuple[Scenario, ...]:
        names = ["a", "b", "c", "d", "e", "f"]
        text = "".join(table(name, "mutations = ['claims.expired']", "expect.any.code = 1001") for name in names)
        text += "".join(FAULTY.replace('"faulty"', f'"fault-{name}"') for name in names[:3])
        return scenarios_of(folder, text)

    def test_exclusive_ones_never_run_beside_others(self, tmp_path: Path) -> None:
        """While one with a fault is tried, no other is under way."""
        fault = Fault()
        beside: list[set[str]] = []
        under_way: set[str] = set()
        lock = threading.Lock()

        class Recording(Runner):
            def try_scenario(self, scenario: Scenario) -> Result:
                with lock:
                    under_way.add(scenario.id)
                    beside.extend(set(under_way) for _ in range(1) if any("fault" in id_ for id_ in under_way))
                try:
                    return super().try_scenario(scenario)
                finally:
                    with lock:
                        under_way.remove(scenario.id)

        with lab_of(Miniature(fault.rule), faults={"class.create": fault}, profile=CODES) as lab:
            runner = Recording(lab, Options(jobs=4))
            runner.plain_launch()
            results = list(runner.run(self.many(tmp_path)))

        assert beside == [{"own/fault-a"}, {"own/fault-b"}, {"own/fault-c"}]
        assert {result.status for result in results} == {"passed"}
        assert len(results) == 9

    def test_the_others_do_run_side_by_side(self, tmp_path: Path) -> None:
        """Four at a time: each waits until all four have begun."""
        barrier = threading.Barrier(4, timeout=60)

        class Meeting(Runner):
            def try_scenario(self, scenario: Scenario) -> Result:
                barrier.wait()
                return super().try_scenario(scenario)

        found = [s for s in self.many(tmp_path) if not s.exclusive][:4]
        with lab_of(Miniature(), profile=CODES) as lab:
            assert len(list(Meeting(lab, Options(jobs=4)).run(found))) == 4

    @pytest.mark.parametrize("jobs", [2, 4])
    def test_the_verdicts_are_those_of_one_after_the_other(self, tmp_path: Path, jobs: int) -> None:
        """Every scenario has the same result, the exclusive ones too."""

        def run(jobs: int) -> dict[str, tuple[str, str]]:
            fault = Fault(code=1013)
            with lab_of(Miniature(fault.rule), faults={"class.create": fault}, profile=CODES) as lab:
                results, _ = results_of(lab, self.many(tmp_path), jobs=jobs)
            return {name: (result.status, result.verdict.reason) for name, result in results.items()}

        alone = run(1)
        assert alone == run(jobs)
        assert [status for status, _ in alone.values()] == ["passed"] * 6 + ["failed"] * 3

    @pytest.mark.parametrize("profile_name", ["core", "class"])
    def test_the_sample_tool_gets_the_same_verdicts(self, profile_name: str) -> None:
        """Over a part of the shipped catalogue with key sets and faults, with a flaw that fails some."""
        profile = load_profile(profile_name)
        chosen = select(shipped(), profile, ("time/*", "keys/*", "product/*", "nonce/*"))

        def run(jobs: int) -> dict[str, str]:
            with demo_lab(profile, Start(seed=0, clock=lambda: CLOCK_S)) as lab:
                results, _ = results_of(lab, chosen, jobs=jobs)
            return statuses(results)

        assert run(1) == run(4)
        assert any(scenario.exclusive for scenario in chosen)


class TestEndingEarly:
    @pytest.mark.parametrize("jobs", [1, 4])
    def test_fail_fast_stops_at_the_first_failure(self, tmp_path: Path, jobs: int) -> None:
        """What is under way is finished, and nothing new begins, exclusive ones neither."""
        text = "".join(table(f"n{n:02}", "mutations = ['claims.expired']", "expect.any.code = 1006") for n in range(30))
        fault = Fault()
        with lab_of(Miniature(fault.rule), profile=CODES, faults={"class.create": fault}) as lab:
            results, _ = results_of(lab, scenarios_of(tmp_path, text + FAULTY), jobs=jobs, fail_fast=True)

        assert "failed" in statuses(results).values()
        assert len(results) == 1 if jobs == 1 else len(results) < 30
        assert fault.told == []

    def test_fail_fast_does_not_stop_at_what_is_settled(self, tmp_path: Path) -> None:
        """A failure that is waived does not end the run."""

        def settle(result: Result) -> Result:
            from dataclasses import replace

            return replace(result, verdict=replace(result.verdict, status="waived"))

        text = EXPIRED.replace("1001", "1006") + PLAIN
        with lab_of(Miniature(), profile=CODES) as lab:
            results, _ = results_of(lab, scenarios_of(tmp_path, text), fail_fast=True, settle=settle)

        assert statuses(results) == {"expired": "waived", "plain": "waived"}

    @pytest.mark.parametrize("jobs", [1, 4])
    def test_the_time_is_over(self, tmp_path: Path, jobs: int) -> None:
        """No scenario begins after it."""
        with lab_of(Miniature(), profile=CODES) as lab:
            results, _ = results_of(lab, scenarios_of(tmp_path, THREE), jobs=jobs, max_time_s=-1.0)

        assert results == {}

    @pytest.mark.parametrize("jobs", [1, 4])
    def test_a_tool_that_is_gone_ends_the_run_and_keeps_the_results(self, tmp_path: Path, jobs: int) -> None:
        """What was found out before stands, and the event names the scenario that noticed it."""
        text = "".join(table(f"n{n}", "mutations = ['claims.expired']", "expect.any.code = 1001") for n in range(9))
        kept: list[Result] = []
        # Plain launch: login, launch, two probes. Twin: two. Each scenario: login, launch, probe, login, launch.
        with lab_of(Miniature(), profile=CODES, unplugged_after=4 + 2 + 5 * 5 + 1) as lab:
            runner = Runner(lab, Options(jobs=jobs))
            runner.plain_launch()
            run = runner.run(scenarios_of(tmp_path, text))
            with pytest.raises(ToolLost, match=r"nobody answers.* \(noticed in own/n\d\)"):
                _collect(run, kept)

        assert {result.status for result in kept} <= {"passed"}
        if jobs == 1:
            assert [result.scenario.id for result in kept] == [f"own/n{n}" for n in range(5)]

    def test_a_tool_that_was_gone_for_a_moment_is_an_error_of_one_scenario(self, tmp_path: Path) -> None:
        """A launch that never arrived is no refusal, though crashes count as such here."""
        miniature = Miniature()
        with lab_of(miniature, profile=LENIENT) as lab:
            runner = Runner(lab, Options())
            runner.plain_launch()
            lab.transport = _Absent(lab.transport, at=2)
            results = {r.scenario.id: r for r in runner.run(scenarios_of(tmp_path, EXPIRED + NO_MAIL))}

        assert statuses(results) == {"own/expired": "error", "own/no-mail": "passed"}
        assert results["own/expired"].verdict.cause == "unreachable"

    def test_a_tool_that_is_gone_at_the_twin_is_lost(self, tmp_path: Path) -> None:
        """It is no control that failed."""
        with lab_of(Miniature(), unplugged_after=4) as lab:
            runner = Runner(lab, Options())
            runner.plain_launch()
            with pytest.raises(ToolLost):
                list(runner.run(scenarios_of(tmp_path, EXPIRED)))


def _collect(run: Iterator[Result], kept: list[Result]) -> None:
    for result in run:
        kept.append(result)  # noqa: PERF402 - what came before the exception has to be there


class _Absent:
    """A transport that reaches nobody for one request."""

    def __init__(self, transport: Any, at: int) -> None:
        self._transport = transport
        self._numbers = itertools.count()
        self._at = at

    def send(self, request: Any) -> Any:
        from conformance.transport import TransportTrouble

        if next(self._numbers) == self._at:
            raise TransportTrouble("refused", "nobody answers")
        return self._transport.send(request)


class TestSeverity:
    @pytest.mark.parametrize(
        ("severity", "strict", "status"),
        [
            ("must", False, "failed"),
            ("should", False, "warned"),
            ("should", True, "failed"),
            ("may", False, "warned"),
            ("may", True, "warned"),
        ],
    )
    def test_strict_fails_a_broken_should_and_no_may(
        self, tmp_path: Path, severity: str, status: str, *, strict: bool
    ) -> None:
        """A broken MUST fails, a broken SHOULD warns unless strict, and a MAY only informs."""
        text = EXPIRED.replace("1001", "1006").replace("mutations", f'severity = "{severity}"\nmutations')
        (only,) = tried(Miniature(), tmp_path, text, options={"strict": strict}).values()

        assert only.status == status

    def test_strict_leaves_what_is_right_alone(self, tmp_path: Path) -> None:
        """Only warnings become failures."""
        assert set(statuses(tried(Miniature(), tmp_path, options={"strict": True})).values()) == {"passed"}


class TestSameLaunches:
    def launches(self, folder: Path, seed: int) -> tuple[list[Any], list[Any]]:
        tool = Miniature()
        with lab_of(tool, profile=CODES, seed=seed) as lab:
            results_of(lab, scenarios_of(folder, THREE))
        return tool.launches, tool.logins

    def test_the_same_seed_gives_the_same_launches(self, tmp_path: Path) -> None:
        """People, courses, hints and times are the same once more."""
        assert self.launches(tmp_path, 5) == self.launches(tmp_path, 5)

    def test_another_seed_gives_other_people(self, tmp_path: Path) -> None:
        """Nobody of one run takes part in the other."""

        def people(launches: list[Any]) -> set[Any]:
            course = "https://purl.imsglobal.org/spec/lti/claim/context"
            return {value for c in launches for value in (c["sub"], c.get("email"), c[course]["id"])} - {None}

        first, second = self.launches(tmp_path, 5)[0], self.launches(tmp_path, 6)[0]

        assert people(first) & people(second) == set()

    def test_stories_do_not_share_people(self, tmp_path: Path) -> None:
        """Each scenario has its own; only a recovery has those of its refusal."""
        launches, _ = self.launches(tmp_path, 5)
        subs = [claims["sub"] for claims in launches]

        # plain, twin, expired and its recovery, no-mail and its recovery, plain again.
        assert subs[2] == subs[3]
        assert subs[4] == subs[5]
        assert len(set(subs)) == 5
