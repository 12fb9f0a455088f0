from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import scenarios as shipped
from conformance.catalogue import select
from conformance.demo import demo_lab
from conformance.lab import Lab
from conformance.model import Expectation, Finding, Observation, Result, Scenario
from conformance.profile import load_profile
from conformance.runner import Options, PlainLaunchFailed, Runner, ToolLost
from conformance.target import Start
from conformance.toolfile import Arrangement, Launched, Observe, Probe
from mockplatform.errors import UsageError
from tests.conformance.makers import make_profile, make_scenario, make_tool, reject, scenarios_of
from tests.conformance.miniatures import CLOCK_S, Miniature, lab_of, launched, refused, welcome

HEAD = 'title = "T"\nwhy = "W."\nrequirement = ["SEC-5.1.3-09"]\n'
CODES = make_profile("code")
LENIENT = make_profile(crash="refusal")


def table(name: str, *lines: str) -> str:
    return f'[[scenario]]\nname = "{name}"\n{HEAD}' + "".join(f"{line}\n" for line in lines)


EXPIRED = table("expired", 'mutations = ["claims.expired"]', "expect.any = { code = 1001 }")
NO_MAIL = table("no-mail", "mutations = ['claims.without(claim=\"email\")']", "expect.any = { code = 1006 }")
PLAIN = table("plain", 'expect.any = { outcome = "launched" }')
THREE = EXPIRED + NO_MAIL + PLAIN
FAULTY = table("faulty", 'faults = [{ point = "class.create" }]', "expect.any = { code = 1014 }")


class Fault:
    """A fault point: while it is armed the rule behind it refuses, unless nobody asks."""

    def __init__(self, code: int = 1014) -> None:
        self.code = code
        self.hits = 0
        self.mode: str | None = None
        self.told: list[str] = []

    @contextlib.contextmanager
    def __call__(self, mode: str) -> Iterator[Fault]:
        self.mode = mode
        self.told.append(f"armed {mode}")
        try:
            yield self
        finally:
            self.mode = None
            self.told.append("disarmed")

    def rule(self, tool: Miniature, claims: Mapping[str, Any]) -> Any:
        """Refuses while it is armed."""
        if self.mode is None:
            return welcome(tool, claims)
        self.hits += 1
        return refused(self.code)


def results_of(
    lab: Lab, found: Sequence[Scenario], *, plain: bool = True, settle: Any = None, **options: Any
) -> tuple[dict[str, Result], list[Finding]]:
    runner = Runner(lab, Options(**options))
    if plain:
        runner.plain_launch()
    run = runner.run(found, settle) if settle else runner.run(found)
    return {result.scenario.id.removeprefix("own/"): result for result in run}, runner.findings


def tried(
    app: Any, folder: Path, text: str = THREE, *, options: Mapping[str, Any] | None = None, **lab_options: Any
) -> dict[str, Result]:
    lab_options.setdefault("profile", CODES)
    with lab_of(app, **lab_options) as lab:
        return results_of(lab, scenarios_of(folder, text), **(options or {}))[0]


def statuses(results: Mapping[str, Result]) -> dict[str, str]:
    return {name: result.status for name, result in results.items()}


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
            "mutations = ['claims.payload(text=\"[]\")', 'claims.without(claim=\"sub\")']",
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
        with (
            lab_of(Miniature(), faults=countless) as lab,
            pytest.raises(UsageError, match=r'faults\."class\.create".*no `hits`'),
        ):
            results_of(lab, scenarios_of(tmp_path, FAULTY))

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
        text = EXPIRED.replace("1001", "1006") + f'severity = "{severity}"\n'
        text = text.replace("expect.any", f'severity = "{severity}"\nexpect.any').rpartition("severity")[0]
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


def test_a_scenario_outside_the_profile_is_a_mistake_of_the_caller() -> None:
    """`select` keeps only those of the profile."""
    with lab_of(Miniature()) as lab, pytest.raises(AssertionError):
        Runner(lab, Options()).try_scenario(make_scenario(expect={"class": Expectation(preferred=reject())}))
