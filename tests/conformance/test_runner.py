from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.model import Expectation
from conformance.runner import Options, PlainLaunchFailed, Runner
from conformance.toolvalues import Launched, Probe
from tests.conformance.makers import make_profile, make_scenario, reject, scenarios_of
from tests.conformance.miniatures import CLOCK_S, Miniature, lab_of, launched, refused, welcome
from tests.conformance.running import (
    CODES,
    EXPIRED,
    LENIENT,
    THREE,
    results_of,
    statuses,
    table,
    tried,
)


def test_a_right_tool_passes(tmp_path: Path) -> None:
    """Refusals with their codes, a launch that works, and nothing to remark."""
    with lab_of(Miniature(), profile=CODES) as lab:
        results, findings = results_of(lab, scenarios_of(tmp_path, THREE))

    assert statuses(results) == {"expired": "passed", "no-mail": "passed", "plain": "passed"}
    assert findings == []
    assert [result.findings for result in results.values()] == [(), (), ()]
    seen = results["expired"].observation
    assert seen is not None
    assert (seen.outcome, seen.code, seen.session, seen.status_code) == ("rejected", 1001, False, 400)
    assert [exchange.url.partition("?")[0].rsplit("/", 1)[1] for exchange in seen.exchanges] == ["login", "launch"]


class TestPlainLaunch:
    @pytest.mark.parametrize(
        ("rule", "outcome"),
        [
            (lambda *_: refused(1001), "rejected"),
            (lambda *_: (500, "oops", {}), "crashed"),
            (lambda *_: (200, "Hello", {}), "rejected"),
            (lambda *_: launched(**{"lti-error": "code=1006"}), "unclear"),
        ],
        ids=["refuses", "crashes", "another page", "contradicts itself"],
    )
    def test_a_tool_that_does_not_accept_it_is_not_tried_further(self, rule: Any, outcome: str) -> None:
        """A tool that refuses or crashes on everything would otherwise pass every refusal."""
        with lab_of(Miniature(rule)) as lab, pytest.raises(PlainLaunchFailed) as raised:
            Runner(lab, Options()).plain_launch()

        assert raised.value.observation.outcome == outcome
        assert len(raised.value.observation.exchanges) == 2

    def test_a_login_page_is_no_launch(self) -> None:
        """A page of 200 before the platform was asked looks launched where 2xx is all that is wanted."""
        tool = Miniature(login=lambda _: (200, "<p>Please continue by script</p>", {}))
        with lab_of(tool, launched=Launched(), probe=None) as lab, pytest.raises(PlainLaunchFailed) as raised:
            Runner(lab, Options()).plain_launch()

        assert raised.value.observation.outcome == "unclear"
        assert "before the platform had sent its answer" in raised.value.observation.trouble

    def test_the_text_patterns_are_calibrated_by_its_page(self) -> None:
        """A pattern that matches the good page is void before anything is judged by it."""
        tool = Miniature(lambda *_: launched("Welcome, number 2024"))
        with lab_of(tool, error=({"kind": "text", "pattern": r"number (\d+)"},), probe=None) as lab:
            runner = Runner(lab, Options())
            runner.plain_launch()

        assert [finding.id for finding in runner.findings] == ["void-text-pattern", "no-probe"]
        assert lab.reader.axes == set()


class TestProbe:
    def test_without_a_probe_the_run_says_so(self, tmp_path: Path) -> None:
        """Sessions after refusals were not looked for, and that is a finding once."""
        with lab_of(Miniature(), probe=None) as lab:
            results, findings = results_of(lab, scenarios_of(tmp_path, THREE))

        assert [finding.id for finding in findings] == ["no-probe"]
        assert results["expired"].observation is not None
        assert results["expired"].observation.session is None

    def test_a_probe_that_never_finds_a_session_is_void(self, tmp_path: Path) -> None:
        """Its silence after a refusal would prove nothing."""
        with lab_of(Miniature(), probe=Probe(request="GET /me", status=204)) as lab:
            results, findings = results_of(lab, scenarios_of(tmp_path, THREE))

        assert [finding.id for finding in findings] == ["probe-void"]
        assert "no session after a good launch" in findings[0].text
        assert set(statuses(results).values()) == {"passed"}

    def test_a_probe_that_always_finds_a_session_is_void(self, tmp_path: Path) -> None:
        """Otherwise every refusal would be blamed for a session that is none."""
        with lab_of(Miniature(), probe=Probe(request="POST /login", status=302)) as lab:
            results, findings = results_of(lab, scenarios_of(tmp_path, THREE))

        assert [finding.id for finding in findings] == ["probe-void"]
        assert "never launched" in findings[0].text
        assert set(statuses(results).values()) == {"passed"}

    def test_a_session_made_before_the_checks_fails(self, tmp_path: Path) -> None:
        """The refusal is right in words, and the browser is signed in all the same."""

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            status, text, headers = welcome(tool, claims)
            return status, text, {**headers, **tool.session()}

        results = tried(Miniature(rule), tmp_path)

        assert statuses(results) == {"expired": "failed", "no-mail": "failed", "plain": "passed"}
        assert "live session" in results["expired"].verdict.reason

    def test_a_session_of_a_crash_fails_where_crashes_count_as_refusals(self, tmp_path: Path) -> None:
        """500 and signed in is no refusal."""

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            status, text, headers = welcome(tool, claims)
            return (200, text, headers) if status == 200 else (500, "oops", tool.session())

        results = tried(Miniature(rule), tmp_path, profile=LENIENT)

        assert statuses(results) == {"expired": "failed", "no-mail": "failed", "plain": "passed"}

    def test_the_session_of_an_earlier_launch_is_not_held_against_the_refusal(self, tmp_path: Path) -> None:
        """The person was let in rightly before the answer was sent again."""
        text = table(
            "again",
            'before = [{ name = "first" }]',
            'login = "first"',
            'mutations = ["response.sent_again"]',
            "expect.any = { code = 1001 }",
        )
        results = tried(Miniature(), tmp_path, text)

        assert statuses(results) == {"again": "passed"}


class TestWrongTools:
    def test_one_that_accepts_everything_fails_every_refusal(self, tmp_path: Path) -> None:
        """And passes what it should accept."""
        results = tried(Miniature(lambda tool, _: launched(**tool.session())), tmp_path)

        assert statuses(results) == {"expired": "failed", "no-mail": "failed", "plain": "passed"}
        assert results["expired"].verdict.reason == "the broken launch was let in"

    @pytest.mark.parametrize(("profile", "status"), [(LENIENT, "passed"), (make_profile(), "failed")])
    def test_one_that_crashes_on_every_broken_launch(self, tmp_path: Path, profile: Any, status: str) -> None:
        """An unclean refusal, or a failure, as the profile has it."""

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            answer = welcome(tool, claims)
            return answer if answer[0] == 200 else (500, "Internal Server Error", {})

        results = tried(Miniature(rule), tmp_path, profile=profile)

        assert statuses(results) == {"expired": status, "no-mail": status, "plain": "passed"}
        unclean = [finding.id for finding in results["expired"].findings]
        assert unclean == (["unclean-refusal"] if status == "passed" else [])

    def test_one_code_for_everything_is_found_out(self, tmp_path: Path) -> None:
        """Refused, but for another reason."""

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            answer = welcome(tool, claims)
            return answer if answer[0] == 200 else refused(1001)

        results = tried(Miniature(rule), tmp_path)

        assert statuses(results) == {"expired": "passed", "no-mail": "failed", "plain": "passed"}
        assert "code is 1001, expected 1006" in results["no-mail"].verdict.reason

    def test_one_that_locks_people_out_after_a_refusal_fails(self, tmp_path: Path) -> None:
        """The same person must be able to launch afterwards."""
        locked: set[str] = set()

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            answer = refused(1001) if claims["sub"] in locked else welcome(tool, claims)
            if answer[0] != 200:
                locked.add(claims["sub"])
            return answer

        results = tried(Miniature(rule), tmp_path)

        assert statuses(results) == {"expired": "failed", "no-mail": "failed", "plain": "passed"}
        assert results["expired"].verdict.cause == "no-recovery"
        assert "afterwards the same person cannot launch: Sorry" in results["expired"].verdict.reason

    def test_a_lockout_counts_even_if_the_code_cannot_be_judged(self, tmp_path: Path) -> None:
        """What cannot be seen of the refusal does not excuse what can."""
        locked: set[str] = set()

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            answer = refused(1001) if claims["sub"] in locked else welcome(tool, claims)
            if answer[0] != 200:
                locked.add(claims["sub"])
            return answer[0], answer[1], {}

        kept = tried(Miniature(rule), tmp_path, EXPIRED, error=(), probe=None)
        free = tried(Miniature(lambda t, c: (*welcome(t, c)[:2], {})), tmp_path, EXPIRED, error=(), probe=None)

        assert (kept["expired"].status, kept["expired"].verdict.cause) == ("failed", "no-recovery")
        assert (free["expired"].status, free["expired"].verdict.cause) == ("skipped", "not-observable")

    def test_one_that_answers_otherwise_the_second_time_is_flaky(self, tmp_path: Path) -> None:
        """The failure stands, and the finding tells both answers."""
        seen: list[object] = []

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            answer = welcome(tool, claims)
            if answer[0] == 200:
                return answer
            seen.append(claims)
            return refused(1006 if len(seen) == 1 else 1001)

        (only,) = tried(Miniature(rule), tmp_path, EXPIRED).values()

        assert only.status == "failed"
        assert [finding.id for finding in only.findings] == ["flaky"]
        assert "first refused, but for another reason" in only.findings[0].text
        assert "then rejected (1001): as expected" in only.findings[0].text

    def test_one_that_fails_the_same_way_twice_is_not_flaky(self, tmp_path: Path) -> None:
        """The repetition confirms it, with other people."""
        tool = Miniature(lambda tool, _: launched(**tool.session()))
        (only,) = tried(tool, tmp_path, EXPIRED).values()

        assert (only.status, only.findings) == ("failed", ())
        broken = [claims for claims in tool.launches if claims["exp"] < CLOCK_S]
        assert len({claims["sub"] for claims in broken}) == len(broken) == 2


def test_a_scenario_outside_the_profile_is_a_mistake_of_the_caller() -> None:
    """`select` keeps only those of the profile."""
    with lab_of(Miniature()) as lab, pytest.raises(AssertionError):
        Runner(lab, Options()).try_scenario(make_scenario(expect={"class": Expectation(preferred=reject())}))
