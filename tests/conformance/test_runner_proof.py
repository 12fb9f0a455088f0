from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.model import Observation
from conformance.runner import Options, Runner
from conformance.toolvalues import Arrangement, Launched, Observe
from mockplatform.errors import UsageError
from tests.conformance.makers import make_profile, make_tool, scenarios_of
from tests.conformance.miniatures import Miniature, lab_of, refused, welcome
from tests.conformance.running import (
    EXPIRED,
    FAULTY,
    PLAIN,
    Fault,
    results_of,
    statuses,
    table,
    tried,
)


class TestProof:
    def test_a_failing_twin_is_an_error_and_no_pass(self, tmp_path: Path) -> None:
        """Students are always refused, so a student's refusal says nothing."""

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            roles = claims["https://purl.imsglobal.org/spec/lti/claim/roles"]
            return refused(1001) if "Learner" in str(roles) else welcome(tool, claims)

        text = EXPIRED + table(
            "student", 'role = "student"', "mutations = ['claims.expired']", "expect.any.code = 1001"
        )
        results = tried(Miniature(rule), tmp_path, text)

        assert statuses(results) == {"expired": "passed", "student": "error"}
        assert results["student"].verdict.cause == "control-failed"
        assert "its honest twin was not accepted" in results["student"].verdict.reason

    def test_the_twin_is_sent_once_for_all_that_share_it(self, tmp_path: Path) -> None:
        """Three instructors' scenarios, one twin."""
        tool = Miniature()
        tried(tool, tmp_path)

        # plain, twin, then the judged one and the recovery of two refusals, and one that is accepted.
        assert len(tool.launches) == 1 + 1 + 2 + 2 + 1

    def test_a_refused_login_proves_nothing_about_the_token(self, tmp_path: Path) -> None:
        """The lie stands in the token, and the token was never sent."""
        calls = itertools.count()
        tool = Miniature()
        tool.login = lambda t: refused(1001) if next(calls) == 2 else t.continue_login(t.logins[-1])
        (only,) = tried(tool, tmp_path, EXPIRED).values()

        assert (only.status, only.verdict.cause) == ("error", "not-sent")

    def test_a_refused_login_is_the_answer_to_a_spoilt_login(self, tmp_path: Path) -> None:
        """There the lie has been told."""
        tool = Miniature()
        tool.login = lambda t: t.continue_login(t.logins[-1]) if "iss" in t.logins[-1] else refused(1001)
        text = table("no-issuer", "mutations = ['login.without(name=\"iss\")']", "expect.any.code = 1001")
        (only,) = tried(tool, tmp_path, text).values()

        assert only.status == "passed"

    def test_an_earlier_honest_launch_must_have_been_accepted(self, tmp_path: Path) -> None:
        """Otherwise its nonce may still be good, and the refusal of the second says nothing."""
        calls = itertools.count()
        text = table(
            "again",
            'before = [{ name = "first" }]',
            'login = "first"',
            'mutations = ["response.sent_again"]',
            "expect.any = { code = 1001 }",
        )

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            return refused(1001) if next(calls) == 2 else welcome(tool, claims)

        (only,) = tried(Miniature(rule), tmp_path, text).values()

        assert (only.status, only.verdict.cause) == ("error", "control-failed")
        assert "'first'" in only.verdict.reason

    def test_a_lie_that_cannot_be_told_is_skipped(self, tmp_path: Path) -> None:
        """The first mutation takes away what the second needs."""
        text = table(
            "twice",
            "mutations = ['payload.text(text=\"[]\")', 'claims.without(claim=\"sub\")']",
            "expect.any.code = 1001",
        )
        (only,) = tried(Miniature(), tmp_path, text).values()

        assert (only.status, only.verdict.cause) == ("skipped", "not-applicable")

    @pytest.mark.parametrize(
        ("lines", "cause", "advice"),
        [
            (('registration = "attributes"',), "missing-capability", "[platform.attributes]"),
            (('mutations = ["claims.of_second_platform"]',), "missing-capability", "[platform.second]"),
            (('faults = [{ point = "class.read" }]',), "missing-fault-point", '"class.read" in [faults]'),
        ],
    )
    def test_a_missing_capability_is_a_skip_with_advice(
        self, tmp_path: Path, lines: Sequence[str], cause: str, advice: str
    ) -> None:
        """Nothing is sent, and the reason says what the tool file has to give."""
        tool = Miniature()
        with lab_of(tool) as lab:
            results, _ = results_of(lab, scenarios_of(tmp_path, table("x", *lines, "expect.any = {}")), plain=False)

        assert (results["x"].status, results["x"].verdict.cause) == ("skipped", cause)
        assert advice in results["x"].verdict.reason
        assert (results["x"].observation, tool.logins) == (None, [])

    def test_a_missing_arrangement_is_a_skip_with_advice(self, tmp_path: Path) -> None:
        """A profile may need a state for every honest launch."""
        profile = make_profile(states={"instructor": ("zoom_authorised",)})
        (only,) = tried(Miniature(), tmp_path, EXPIRED, profile=profile).values()

        assert (only.status, only.verdict.cause) == ("skipped", "missing-arrangement")
        assert "the state zoom_authorised is needed: add it to [arrange]" in only.verdict.reason


class TestArranging:
    PROFILE = make_profile("code", states={"instructor": ("zoom_authorised",)})

    def arranged_by(self, target: Any) -> Any:
        observe = Observe(launched=Launched(text="Welcome"), error=({"kind": "header"},))
        return make_tool(observe=observe, arrange={"zoom_authorised": Arrangement(target=target)})

    def test_a_callback_gets_what_it_asks_for(self, tmp_path: Path) -> None:
        """By the names of its parameters, before each launch that needs the state."""
        told: list[tuple[str, str]] = []
        tool = self.arranged_by(lambda email, context_id: told.append((email, context_id)))
        results = tried(Miniature(), tmp_path, EXPIRED, profile=self.PROFILE, tool=tool)

        assert statuses(results) == {"expired": "passed"}
        # The plain launch, the twin, the judged launch and the recovery of the same person.
        assert len(told) == 4
        assert told[2] == told[3]
        assert len(set(told)) == 3

    def test_one_that_fails_in_the_middle_is_an_error_of_its_scenario(self, tmp_path: Path) -> None:
        """The others go on."""
        calls = itertools.count()

        def target() -> None:
            if next(calls) == 2:
                raise KeyError("no such\nperson")

        results = tried(Miniature(), tmp_path, EXPIRED + PLAIN, profile=self.PROFILE, tool=self.arranged_by(target))

        assert statuses(results) == {"expired": "error", "plain": "passed"}
        assert results["expired"].verdict.cause == "arrangement-failed"
        assert "arrange.zoom_authorised" in results["expired"].verdict.reason

    def test_one_that_fails_at_once_is_a_fault_of_the_tool_file(self) -> None:
        """Nothing can be tried."""

        def target() -> None:
            raise ValueError("no database")

        told = r"arrange\.zoom_authorised.*ValueError: no database"
        with (
            lab_of(Miniature(), profile=self.PROFILE, tool=self.arranged_by(target)) as lab,
            pytest.raises(UsageError, match=told),
        ):
            Runner(lab, Options()).plain_launch()

    @pytest.mark.parametrize("status", [302, 404, 500])
    def test_a_request_that_is_not_answered_by_2xx_has_not_arranged(self, status: int) -> None:
        """A redirect to a sign-in page arranges nothing."""
        miniature = Miniature(login=lambda _: (status, "", {"location": "/login"}))
        arrange = {"zoom_authorised": Arrangement(request="POST /login", json={"email": "{email}"})}
        told = f"POST /login answered {status}; a state is arranged by a 2xx answer"
        with (
            lab_of(miniature, profile=self.PROFILE, tool=make_tool(arrange=arrange)) as lab,
            pytest.raises(UsageError, match=told),
        ):
            Runner(lab, Options()).plain_launch()


class TestFaults:
    def test_a_fault_that_is_met_is_judged(self, tmp_path: Path) -> None:
        """Armed around the launch only: the twin and the recovery work."""
        fault = Fault()
        results = tried(Miniature(fault.rule), tmp_path, FAULTY, faults={"class.create": fault})

        assert statuses(results) == {"faulty": "passed"}
        assert (fault.hits, fault.told) == (1, ["armed error", "disarmed"])

    def test_one_that_is_never_reached_is_an_error(self, tmp_path: Path) -> None:
        """Whatever the tool answered, it says nothing about the fault; a right answer neither."""
        fault = Fault()
        welcoming = tried(Miniature(), tmp_path, FAULTY, faults={"class.create": fault})

        def guess(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            return refused(1014) if fault.mode else welcome(tool, claims)

        guessing = tried(Miniature(guess), tmp_path, FAULTY, faults={"class.create": fault})

        for results in (welcoming, guessing):
            assert (results["faulty"].status, results["faulty"].verdict.cause) == ("error", "fault-not-armed")

    def test_it_is_disarmed_when_the_launch_raises(self, tmp_path: Path) -> None:
        """A defect of the harness itself must not leave the tool broken."""
        fault = Fault()
        (scenario,) = scenarios_of(tmp_path, FAULTY)
        with lab_of(Miniature(fault.rule), faults={"class.create": fault}) as lab:
            runner = Runner(lab, Options())
            runner.plain_launch()
            lab.reader.read = _raise_when(lambda: fault.mode is not None, lab.reader.read)  # type: ignore[method-assign]
            with pytest.raises(RuntimeError, match="a defect"):
                list(runner.run([scenario]))

        assert fault.told == ["armed error", "disarmed"]

    def test_what_has_no_count_of_hits_is_refused(self, tmp_path: Path) -> None:
        """Nobody could tell whether it was met."""
        countless = {"class.create": lambda _: contextlib.nullcontext(object())}
        [result] = tried(Miniature(), tmp_path, FAULTY, faults=countless).values()

        assert (result.status, result.verdict.cause) == ("error", "fault-not-armed")
        assert 'the driver of "class.create" yields nothing with `hits`' in result.verdict.reason

    @pytest.mark.parametrize("hits", [-1, 0.5, float("nan"), "3", True, [1]])
    def test_a_count_that_is_none_is_refused(self, tmp_path: Path, hits: Any) -> None:
        """Whatever is no number of hits proves none."""
        odd = {"class.create": lambda _: contextlib.nullcontext(SimpleNamespace(hits=hits))}
        [result] = tried(Miniature(), tmp_path, FAULTY, faults=odd).values()

        assert (result.status, result.verdict.cause) == ("error", "fault-not-armed")
        assert "expected a whole number" in result.verdict.reason

    def test_a_driver_that_ends_the_process_ends_its_scenario(self, tmp_path: Path) -> None:
        """The run goes on."""

        def leaves(_: str) -> None:
            raise SystemExit(5)

        [result] = tried(Miniature(), tmp_path, FAULTY, faults={"class.create": leaves}).values()

        assert (result.status, result.verdict.cause) == ("error", "fault-not-armed")

    def test_a_driver_that_breaks_is_an_error_of_its_scenario(self, tmp_path: Path) -> None:
        """The driver is the user's code: what it raises ends one scenario and not the run."""

        def breaks(_: str) -> None:
            raise RuntimeError("no such table")

        [result] = tried(Miniature(), tmp_path, FAULTY, faults={"class.create": breaks}).values()

        assert (result.status, result.verdict.cause) == ("error", "fault-not-armed")
        assert "could not arm it: RuntimeError: no such table" in result.verdict.reason

    def test_two_faults_must_both_be_met(self, tmp_path: Path) -> None:
        """The second one was armed as well."""
        met, idle = Fault(), Fault()
        text = table(
            "both", 'faults = [{ point = "class.create" }, { point = "class.read", mode = "empty" }]', "expect.any = {}"
        )
        results = tried(Miniature(met.rule), tmp_path, text, faults={"class.create": met, "class.read": idle})

        assert results["both"].verdict.cause == "fault-not-armed"
        assert '"class.read"' in results["both"].verdict.reason
        assert idle.told == ["armed empty", "disarmed"]


def _raise_when(condition: Any, read: Any) -> Any:
    def reading(visit: Any) -> Observation:
        if condition():
            raise RuntimeError("a defect")
        observation: Observation = read(visit)
        return observation

    return reading
