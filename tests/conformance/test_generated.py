"""The phase `generated`: what it sends, what it makes of failures, and what it finds in the sample tool."""

from __future__ import annotations

import importlib
import logging
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from conformance.demo import demo_lab
from conformance.model import Observation, Profile, Result, Scenario, Verdict
from conformance.phases import Depth, Telling, generated
from conformance.profile import load_profile, profile_names
from conformance.report import Chapter
from conformance.runner import Options, Runner, TimeIsUp, ToolLost
from conformance.sample_tool.flaws.generated import FLAWS
from conformance.strategies.breaking import with_mutations
from conformance.target import Start
from conformance.veins import veins
from mockplatform.errors import UsageError
from mockplatform.mutation import bind
from tests.conformance.makers import make_profile, make_result

BROKEN = ("failed", "warned", "error")
CORE = load_profile("core")


class Scripted:
    """A runner whose tool is a function from the lies of a launch to an outcome."""

    def __init__(self, tool: Callable[[Scenario], str], profile: Profile = CORE, seed: int = 0) -> None:
        self.tool = tool
        self.sent: list[tuple[str, ...]] = []
        self.chances: list[float] = []
        self.left_for = ""
        self.lab = SimpleNamespace(seed=seed, run_id="run", profile=profile, reader=SimpleNamespace(axes=frozenset()))

    def brief(self) -> Scripted:
        return self

    def go_on(self) -> None:
        """Nothing is waited for."""

    def try_scenario(self, scenario: Scenario) -> Result:
        self.sent.append(scenario.mutations)
        self.chances.append(random.random())
        outcome = cast("Any", self.tool(scenario))
        expectation = self.lab.profile.expectation(scenario)
        if isinstance(outcome, Verdict):
            seen = Observation(outcome="rejected")
            return Result(scenario=scenario, expectation=expectation, verdict=outcome, observation=seen, duration_s=0.5)
        wanted = {answer.outcome for answer in expectation.answers}
        right = outcome in wanted or (outcome == "crashed" and wanted == {"rejected"})
        return Result(
            scenario=scenario,
            expectation=expectation,
            verdict=Verdict(status="passed" if right else "failed", axes={}, reason=f"it {outcome}"),
            observation=Observation(outcome=outcome, left_for=self.left_for),
            duration_s=0.5,
        )


def wanted(*names: str) -> list[Scenario]:
    known = {property_.id: property_ for property_ in generated.properties()}
    return [known[f"generated/{name}"] for name in names]


def told_by(runner: Scripted, *names: str, examples: int = 50) -> tuple[list[Result], list[Telling]]:
    told = list(generated.run(cast("Runner", runner), wanted(*names), Depth(examples=examples)))
    return [each for each in told if isinstance(each, Result)], told


class TestProperties:
    def test_each_says_what_it_is(self):
        """Each has an id of its own, a title, a reason, a requirement, and something to expect."""
        properties = generated.properties()
        assert len({property_.id for property_ in properties}) == len(properties) > 45
        for property_ in properties:
            assert property_.id.startswith("generated/")
            assert property_.title
            assert not property_.title.endswith(".")
            assert property_.why
            assert property_.requirement
            assert property_.expect
            assert property_.mutations == ()

    def test_each_flaw_is_guarded_and_each_guard_is_a_flaw(self):
        """What only generated launches find has a property that must find it."""
        guarded = {guard for property_ in generated.properties() for guard in property_.guards}
        assert guarded == {flaw.name for flaw in FLAWS}
        assert len(FLAWS) >= 9

    def test_a_vein_that_resembles_nothing_is_named(self):
        """A scenario that is no longer there is told with the vein that leans on it."""
        lost = replace(veins()["never-crashes"], exemplar="no/such-scenario")
        with pytest.raises(UsageError, match="the vein 'never-crashes' resembles 'no/such-scenario'"):
            lost.scenario()


class TestSending:
    NAMES = ("names-in-any-script", "kid-of-any-type", "never-crashes", "key-set-of-any-text")
    TEXTS = tuple(f"{claim}-of-any-text" for claim in ("issuer", "nonce", "deployment", "kid"))

    @staticmethod
    def correct(scenario: Scenario) -> str:
        return "launched" if all(e.preferred.outcome == "launched" for e in scenario.expect.values()) else "rejected"

    def test_the_same_seed_sends_the_same_launches(self):
        """Two runs with one seed differ in nothing, and another seed sends others."""
        runs = []
        for seed in (0, 0, 1):
            runner = Scripted(self.correct, seed=seed)
            told_by(runner, *self.NAMES, examples=15)
            runs.append(runner.sent)
        assert runs[0] == runs[1]
        assert runs[1] != runs[2]

    def test_what_the_user_has_loaded_changes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """A module with texts of its own, which Hypothesis would try by itself, leaves a seed's launches alone."""
        texts = [f"text{number}" for number in range(1000)]
        (tmp_path / "module_of_a_tool.py").write_text(f"TEXTS = {texts!r}", encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        before, after = (Scripted(self.correct) for _ in range(2))
        told_by(before, *self.TEXTS, examples=200)
        monkeypatch.setitem(sys.modules, "module_of_a_tool", importlib.import_module("module_of_a_tool"))
        told_by(after, *self.TEXTS, examples=200)
        assert before.sent == after.sent

    def test_it_is_counted_and_key_sets_get_a_fifth(self):
        """The chapter tells how many launches there were; those that spoil the key set are fewer."""
        runner = Scripted(self.correct)
        _, told = told_by(runner, "deployment-of-any-text", "key-set-of-any-text", examples=40)
        chapter = told[-1]
        assert isinstance(chapter, Chapter)
        assert chapter.data == {"properties": 2, "launches": 40 + 8, "to_shrink": 0}
        assert "48 generated launches" in chapter.lines[0]

    def test_chance_goes_on_from_launch_to_launch(self):
        """A tool in this process that draws its states by `random` never draws the same twice."""
        runner = Scripted(self.correct)
        told_by(runner, "deployment-of-any-text", examples=40)
        assert len(set(runner.chances)) == len(runner.chances) == 40

    def test_a_lost_tool_ends_it(self):
        """Nothing is sent to a tool that is gone, and nothing is shrunk."""

        def gone(_: Scenario) -> str:
            raise ToolLost("nobody answers")

        runner = Scripted(gone)
        with pytest.raises(ToolLost, match="nobody answers"):
            told_by(runner, "kid-of-any-text")
        assert len(runner.sent) == 1


class TestFailures:
    def test_a_failure_ends_as_small_as_it_can_be(self):
        """Of several lies only those are left that the bug needs, with their simplest values."""

        def fragile(scenario: Scenario) -> str:
            parts = {text.partition(".")[0] for text in scenario.mutations}
            return "hung" if {"header", "login"} <= parts else "rejected"

        (result,), told = told_by(Scripted(fragile), "never-crashes", examples=100)
        assert result.status == "failed"
        assert result.scenario.id == "generated/never-crashes"
        assert {text.partition(".")[0] for text in result.scenario.mutations} == {"header", "login"}
        assert len(result.scenario.mutations) == 2
        assert cast("Chapter", told[-1]).data["to_shrink"] > 0

    def test_the_same_bug_is_told_once(self):
        """A second property that ends with the same launch and the same answer says so."""
        first, second = (replace(veins()["version-of-any-text"], name=name) for name in ("one", "two"))
        both = [vein.scenario() for vein in (first, second)]
        runner = Scripted(lambda _: "launched")
        found = {"one": first, "two": second}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(generated, "veins", lambda: found)
            told = list(generated.run(cast("Runner", runner), both, Depth(examples=20)))
        results = [each for each in told if isinstance(each, Result)]
        assert [result.status for result in results] == ["failed", "failed"]
        assert results[0].scenario.mutations == results[1].scenario.mutations
        assert [result.verdict.reason for result in results] == ["it launched", "same as generated/one: it launched"]

    def test_an_answer_that_changes_is_flaky(self):
        """What fails only once is told with both answers."""
        outcomes = iter(["rejected", "rejected", "rejected", "launched"])
        (result,), _ = told_by(Scripted(lambda _: next(outcomes, "rejected")), "kid-of-any-text")
        assert result.status == "failed"
        (finding,) = [finding for finding in result.findings if finding.id == "flaky"]
        assert finding.text == "answered differently when repeated: first it launched; then it rejected"

    @pytest.mark.parametrize(("crash", "status"), [("refusal", "passed"), ("failure", "failed")])
    def test_a_crash_is_a_refusal_where_the_profile_says_so(self, crash: Any, status: str):
        """Where any answer is right, a crash fails only a profile that fails crashes; others get the finding."""
        profile = make_profile(crash=crash)
        (result,), _ = told_by(Scripted(lambda _: "crashed", profile), "never-crashes", examples=5)
        assert result.status == status
        assert ("unclean-refusal" in {finding.id for finding in result.findings}) == (crash == "refusal")


WARNED = Verdict(status="warned", axes={}, reason="another status")
KID = "kid-of-any-text"


def in_turn(*told: object, then: object) -> Callable[[Scenario], Any]:
    """A tool that answers so, one launch after the other; what is an exception is raised."""
    answers = iter(told)

    def tool(_: Scenario) -> object:
        answer = next(answers, then)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return tool


class TestWarnings:
    def test_a_warning_does_not_end_the_search_for_failures(self):
        """A tool that is warned of at first and lets somebody in later has failed."""
        (result,), _ = told_by(Scripted(in_turn(*[WARNED] * 10, then="launched")), KID)
        assert (result.status, result.verdict.reason) == ("failed", "it launched")

    def test_a_failure_is_not_replaced_by_a_warning(self):
        """What is only warned of while a failure is made smaller is not told in its place."""
        (result,), _ = told_by(Scripted(in_turn("rejected", "launched", then=WARNED)), KID)
        assert (result.status, result.verdict.reason) == ("failed", "it launched")
        assert "flaky" in {finding.id for finding in result.findings}

    def test_a_warning_is_told_if_nothing_fails(self):
        """All launches are sent, and the first that was warned of is the result."""
        runner = Scripted(in_turn("rejected", then=WARNED))
        (result,), told = told_by(runner, KID, examples=20)
        assert (result.status, result.verdict.reason) == ("warned", "another status")
        assert cast("Chapter", told[-1]).data["launches"] == 20
        assert result.scenario.mutations == runner.sent[1]

    def test_a_warning_of_what_ought_to_be_is_made_smaller(self):
        """Where nothing worse can come, a warning ends the drawing like a failure, and its values become simpler."""
        runner = Scripted(in_turn("rejected", then=WARNED))
        (result,), told = told_by(runner, "deployment-of-any-text")
        assert result.status == "warned"
        assert result.scenario.mutations == runner.sent[-1]
        data = cast("Chapter", told[-1]).data
        assert data["launches"] == 2
        assert data["to_shrink"] > 1


class TestBreakingOff:
    def test_an_error_of_ours_is_not_hidden(self):
        """What goes wrong once in the harness is no answer of the tool, and nothing is sent after it."""
        runner = Scripted(in_turn("rejected", RuntimeError("ours"), then="rejected"))
        with pytest.raises(RuntimeError, match="ours"):
            told_by(runner, KID)
        assert len(runner.sent) == 2

    def test_an_error_of_a_vein_is_not_hidden(self):
        """What goes wrong once while a launch is drawn is not taken for a tool that changes its mind."""
        vein, broken = veins()[KID], iter([ZeroDivisionError("in the vein")])

        def breaking(drawn: Any) -> Any:
            for error in broken:
                raise error
            return drawn

        (property_,), runner = wanted(KID), cast("Runner", Scripted(lambda _: "rejected"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(generated, "veins", lambda: {KID: lambda: vein().map(breaking)})
            with pytest.raises(ExceptionGroup) as caught:
                list(generated.run(runner, [property_], Depth(examples=20)))
        assert caught.value.subgroup(ZeroDivisionError) is not None

    @pytest.mark.parametrize("end", [TimeIsUp(), ToolLost("nobody answers")], ids=["time", "tool"])
    @pytest.mark.parametrize("shrunk", [0, 1, 5])
    def test_a_failure_is_told_although_the_run_ends(self, end: BaseException, shrunk: int):
        """What was found before time was up, or the tool gone, is the result, as small as it had become."""
        runner = Scripted(in_turn("rejected", "launched", *["launched"] * shrunk, then=end))
        told = generated.run(cast("Runner", runner), wanted(KID, "deployment-of-any-text"), Depth(examples=20))
        result = cast("Result", next(told))
        assert (result.status, result.scenario.id) == ("failed", f"generated/{KID}")
        assert result.scenario.mutations == runner.sent[1 + shrunk]
        with pytest.raises(type(end)):
            next(told)

    @pytest.mark.parametrize("end", [TimeIsUp(), ToolLost("nobody answers")], ids=["time", "tool"])
    def test_a_warning_is_told_although_the_run_ends(self, end: BaseException):
        """It is the same with a warning."""
        told = generated.run(cast("Runner", Scripted(in_turn(WARNED, then=end))), wanted(KID), Depth(examples=20))
        assert cast("Result", next(told)).status == "warned"

    def test_leaving_out_lies_ends_where_the_run_ends(self):
        """Time that is up while lies are left out keeps those that still fail."""
        runner = Scripted(in_turn("hung", then=TimeIsUp()))
        trial = generated.Trial(runner=cast("Runner", runner), wanted=wanted("never-crashes")[0], counts=Counter())
        texts = [
            bind(text, where="a test")
            for text in ("claims.expired(by_s=1)", "claims.expired(by_s=2)", "claims.expired(by_s=3)")
        ]
        first = make_result(scenario=with_mutations(trial.wanted, texts), status="failed")
        assert len(trial._smallest(first).scenario.mutations) == 2


class TestAnswers:
    def test_a_smaller_launch_may_fail_otherwise(self):
        """A launch with fewer lies is another launch: that its answer differs makes nothing flaky."""

        def tool(scenario: Scenario) -> str:
            return "hung" if len(scenario.mutations) > 1 else "crashed"

        runner = Scripted(tool, make_profile(crash="failure"))
        trial = generated.Trial(runner=cast("Runner", runner), wanted=wanted("never-crashes")[0], counts=Counter())
        texts = [bind(text, where="a test") for text in ("claims.expired(by_s=1)", "claims.expired(by_s=2)")]
        first = runner.try_scenario(with_mutations(trial.wanted, texts))
        smallest = trial._smallest(first)
        assert (smallest.verdict.reason, len(smallest.scenario.mutations)) == ("it crashed", 1)
        assert "flaky" not in {finding.id for finding in smallest.findings}
        assert runner.sent[-1] == runner.sent[-2]

    def test_a_crash_does_not_excuse_from_the_checks(self):
        """Where any answer is right, a tool that crashes and sends the person away has not refused well."""
        runner = Scripted(lambda _: "crashed", make_profile(crash="refusal"))
        runner.left_for = "evil.example"
        (result,), _ = told_by(runner, "login-to-any-target", examples=5)
        assert (result.status, result.verdict.reason) == ("warned", "the tool sent the person to evil.example")

    def test_what_held_says_how_often(self):
        """A result that passed counts its launches without those that do not apply, and their time."""
        away = Verdict(status="skipped", axes={}, reason="", cause="not-applicable")
        (result,), _ = told_by(Scripted(in_turn(away, away, then="rejected")), KID, examples=10)
        assert (result.status, result.verdict.reason) == ("passed", "held for 10 launches")
        assert result.duration_s == 12 * 0.5
        (result,), _ = told_by(Scripted(lambda _: "rejected"), KID, examples=1)
        assert (result.verdict.reason, result.duration_s) == ("held for 1 launch", 0.5)

    def test_what_never_applied_is_skipped(self):
        """No launch that counts is no proof."""
        away = Verdict(status="skipped", axes={}, reason="", cause="not-applicable")
        (result,), _ = told_by(Scripted(lambda _: cast("Any", away)), KID, examples=3)
        assert (result.status, result.verdict.cause) == ("skipped", "not-applicable")


def results_of(profile: str, flaw: str | None, chosen: Sequence[Scenario], examples: int) -> list[Result]:
    found = load_profile(profile)
    applying = [property_ for property_ in chosen if found.expectation(property_) is not None]
    with demo_lab(found, Start(seed=0), without=flaw) as lab:
        runner = Runner(lab, Options(strict=True))
        runner.plain_launch()
        told = list(generated.run(runner, applying, Depth(examples=examples)))
    return [each for each in told if isinstance(each, Result)]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """A tool that breaks down on purpose says so at length."""
    caplog.set_level(logging.CRITICAL)


@pytest.mark.parametrize("profile", profile_names())
def test_the_correct_tool_holds_every_property(profile: str):
    """None fails, and each was tried."""
    results = results_of(profile, None, generated.properties(), 3)
    assert [(r.scenario.id, r.verdict.reason, r.scenario.mutations) for r in results if r.status != "passed"] == []
    assert len(results) > 45


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.name)
def test_a_flaw_is_found_by_what_guards_it(flaw: Any):
    """The default number of examples is enough at seed 0, and one lie shows it."""
    guards = [property_ for property_ in generated.properties() if flaw.name in property_.guards]
    results = results_of(flaw.profile, flaw.name, guards, 100)
    assert [result.scenario.id for result in results if result.status in BROKEN] == [g.id for g in guards]
    assert {len(result.scenario.mutations) for result in results} == {1}
