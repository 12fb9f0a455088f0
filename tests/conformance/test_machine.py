"""Long stories: what they demand, what is found by them in flawed tools, and what is posted at the same moment."""

from __future__ import annotations

import builtins
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance import machine as machine_module
from conformance.arrange import ArrangementFailedError
from conformance.catalogue import select
from conformance.chance import OwnChance
from conformance.demo import demo_lab
from conformance.lab import Lab
from conformance.machine import LaunchMachine, run_machine
from conformance.model import Attempt, Outcome, Result, Status, Verdict
from conformance.phases import Depth, sequences
from conformance.profile import load_profile, profile_names
from conformance.runner import Options, Runner, ToolLost
from conformance.sample_tool.flaws.sequences import FLAWS
from conformance.sequences.judging import Complaint, Sequences
from conformance.sequences.shortening import shortest
from conformance.sequences.world import AGAIN, EXPIRED, FORGED, NONCE, OUTAGE, ROTATED, STATE, World
from conformance.strategies import lazily
from conformance.target import Start
from conformance.transport import Request, Response, TransportTrouble
from mockplatform.errors import UsageError
from mockplatform.mutation import bind
from tests.conformance.makers import make_observation

CORE = load_profile("core")
BROKEN = ("failed", "warned", "error")
FEW = Depth(examples=18)
URL = "http://127.0.0.1:9555/"


def property_(name: str) -> Any:
    return next(wanted for wanted in sequences.properties() if wanted.id == f"sequences/{name}")


def attempt(name: str, *lies: str, **how: Any) -> Attempt:
    return Attempt(name=name, mutations=tuple(bind(lie, where="test") for lie in lies), **({"person": "person"} | how))


def told(*steps: tuple[Attempt, Outcome]) -> World:
    """What a story has led to in which every login reached the platform."""
    world = World()
    for step, outcome in steps:
        world.note(step, outcome, begun=True)
    return world


FIRST: tuple[Attempt, Outcome] = (attempt("first"), "launched")
TAB: tuple[Attempt, Outcome] = (attempt("tab", finish=False), "rejected")
STRANGER: tuple[Attempt, Outcome] = (attempt("stranger", browser="other", finish=False), "rejected")


CASES: list[tuple[tuple[tuple[Attempt, Outcome], ...], Attempt, str | None]] = [
    ((), attempt("now"), "honest-launches-work"),
    ((), attempt("now", copies=20), "one-winner"),
    ((), attempt("now", finish=False), None),
    ((), attempt("now", EXPIRED), "spoilt-launches-refused"),
    ((), attempt("now", OUTAGE), None),
    ((FIRST,), attempt("now", OUTAGE), "keys-held"),
    ((FIRST,), attempt("now", *ROTATED), "keys-rotated"),
    ((FIRST,), attempt("now", AGAIN, login="first"), "one-session-per-launch"),
    ((FIRST,), attempt("now", AGAIN, login="first", browser="other"), "state-of-its-browser"),
    ((FIRST,), attempt("now", login="first"), "login-once"),
    ((FIRST,), attempt("now", NONCE), "nonce-once"),
    ((FIRST,), attempt("now", STATE), "login-once"),
    ((FIRST,), attempt("now", login="first", copies=20), None),
    ((TAB,), attempt("now", login="tab"), "honest-launches-work"),
    ((TAB,), attempt("now", login="tab", copies=20), "one-winner"),
    ((TAB,), attempt("now", login="tab", browser="other"), "state-of-its-browser"),
    ((TAB,), attempt("now", login="tab", registration="second"), "platforms-stay-apart"),
    ((TAB,), attempt("now", NONCE), None),
    ((TAB, FIRST), attempt("now", login="tab"), "tabs-side-by-side"),
    ((TAB, FIRST), attempt("now", login="tab", copies=20), None),
    ((TAB, STRANGER), attempt("now", login="tab"), "honest-launches-work"),
    ((STRANGER,), attempt("now", NONCE), "nonce-of-its-browser"),
    ((STRANGER,), attempt("now", STATE), "state-of-its-browser"),
    (
        (TAB, (attempt("bad", FORGED, login="tab"), "rejected")),
        attempt("now", login="tab"),
        "forged-tokens-spend-nothing",
    ),
    ((TAB, (attempt("bad", EXPIRED, login="tab"), "rejected")), attempt("now", login="tab"), None),
    ((TAB, (attempt("bad", login="tab", browser="other"), "rejected")), attempt("now", login="tab"), None),
    ((TAB, (attempt("out", action="log_out"), "launched")), attempt("now", login="tab"), None),
    ((FIRST, (attempt("out", action="log_out"), "launched")), attempt("now", login="first"), "login-once"),
    ((TAB, (attempt("mix", NONCE), "rejected")), attempt("now", login="tab"), None),
]


@pytest.mark.parametrize(("before", "step", "demanded"), CASES)
def test_what_a_step_must_lead_to(
    before: Sequence[tuple[Attempt, Outcome]], step: Attempt, demanded: str | None
) -> None:
    """A step is held to what the catalogue demands of it, and to nothing where that is open."""
    assert told(*before).demand(step) == demanded


def test_every_property_has_a_step_that_is_about_it_or_follows_from_all() -> None:
    """Two properties are about all steps, and each of the others about a kind of step."""
    names = {wanted.id.partition("/")[2] for wanted in sequences.properties()}
    assert names - {demanded for _, _, demanded in CASES} == {"no-session-after-refusal", "sessions-stay-apart"}


def held(lab: Lab, depth: Depth, *names: str) -> dict[str, Result]:
    runner = Runner(lab, Options(strict=True, repeat_failures=False))
    runner.plain_launch()
    chosen = [property_(name) for name in names] or select(sequences.properties(), lab.profile)
    results = [found for found in sequences.run(runner, chosen, depth) if isinstance(found, Result)]
    assert [found.scenario.id for found in results if found.status != "skipped"]
    return {found.scenario.id.partition("/")[2]: found for found in results}


@pytest.mark.parametrize("name", profile_names())
def test_the_correct_tool_holds_under_every_profile(name: str) -> None:
    """No long story breaks the correct tool."""
    with demo_lab(load_profile(name), Start(seed=0)) as lab:
        results = held(lab, FEW)
    assert {key: found.verdict.reason for key, found in results.items() if found.status in BROKEN} == {}
    assert len(results) == len(sequences.properties())


@pytest.mark.parametrize("flaw", FLAWS[::4], ids=lambda flaw: flaw.name)
def test_a_flaw_is_shown_by_a_short_story(flaw: Any) -> None:
    """What guards it notices it, as selftest proves of all flaws, and each story fails again when it is sent anew."""
    guarding = {wanted.id for wanted in sequences.properties() if flaw.name in wanted.guards}
    with demo_lab(CORE, Start(seed=0), without=flaw.name) as lab:
        results = held(lab, Depth())
        broken = [found for found in results.values() if found.status in BROKEN]
        assert {found.scenario.id for found in broken} == guarding
    assert max(len(found.scenario.before) for found in broken) <= 3
    for without, statuses in ((flaw.name, {"failed", "warned"}), (None, {"passed"})):
        # Somewhere else: the tool knows the people of this story by now.
        with demo_lab(CORE, Start(seed=1), without=without) as lab:
            assert {Runner(lab, Options()).try_scenario(found.scenario).status for found in broken} <= statuses


def texts(seed: int) -> list[tuple[str, ...]]:
    wanted = {"honest-launches-work": property_("honest-launches-work")}
    with demo_lab(CORE, Start(seed=seed)) as lab:
        told_ = Sequences(runner=Runner(lab, Options()), wanted=wanted, role="instructor", second=True)
        run_machine(LaunchMachine, told_, examples=9)
    return told_.told


def test_the_same_seed_tells_the_same_stories() -> None:
    """Stories depend on the seed and on nothing else."""
    first = texts(5)
    assert first == texts(5)
    assert first != texts(6)
    assert any(len(story) > 5 for story in first)


def test_without_a_second_platform_and_accounts_the_rest_is_tried() -> None:
    """What the tool file lacks is skipped with advice, and no story uses it."""
    with demo_lab(CORE, Start(seed=0)) as lab:
        tool = lab.tool
        probe = replace(tool.observe.probe, account=None)  # type: ignore[type-var]
        observe = replace(tool.observe, probe=probe)
        lab.tool = replace(tool, platform=replace(tool.platform, second=None), observe=observe)
        lab.registrations = {name: known for name, known in lab.registrations.items() if name != "second"}
        results = held(lab, FEW)
    skipped = {name for name, found in results.items() if found.status == "skipped"}
    assert skipped >= {"platforms-stay-apart", "sessions-stay-apart"}
    assert results["platforms-stay-apart"].verdict.cause == "missing-capability"
    assert results["honest-launches-work"].status == "passed"


def test_without_a_probe_no_refusal_shows_that_nobody_is_signed_in() -> None:
    """A property of sessions is skipped with advice where no session can be asked for."""
    with demo_lab(CORE, Start(seed=0)) as lab:
        lab.tool = replace(lab.tool, observe=replace(lab.tool.observe, probe=None))
        lab.probe_works = False
        results = held(lab, FEW, "no-session-after-refusal", "honest-launches-work")
    verdict = results["no-session-after-refusal"].verdict
    assert (verdict.status, verdict.cause) == ("skipped", "not-observable")
    assert "[observe] probe" in verdict.reason


def test_an_account_that_is_never_found_shows_nothing() -> None:
    """Sessions do not count as apart where the probe names no account after any launch."""
    with demo_lab(CORE, Start(seed=0)) as lab:
        probe = replace(lab.tool.observe.probe, account="$.nothing.here")  # type: ignore[type-var]
        lab.tool = replace(lab.tool, observe=replace(lab.tool.observe, probe=probe))
        results = held(lab, FEW, "sessions-stay-apart", "honest-launches-work")
    verdict = results["sessions-stay-apart"].verdict
    assert (verdict.status, verdict.cause) == ("skipped", "not-observable")
    assert "$.nothing.here" in verdict.reason


def test_the_gravest_complaint_is_kept() -> None:
    """A long story that fails says more than a short one that only ought to have ended otherwise."""

    def complaint(status: Status, length: int) -> Complaint:
        steps = tuple(attempt(f"step {n}") for n in range(length))
        verdict = Verdict(status=status, axes={}, reason="")
        return Complaint(steps=steps, rotates=False, verdict=verdict, seen=make_observation())

    ordered = [complaint("failed", 2), complaint("failed", 7), complaint("error", 1), complaint("warned", 1)]
    assert sorted((ordered[n] for n in (3, 1, 2, 0)), key=lambda found: found.rank) == ordered


def test_what_had_failed_is_told_when_the_tool_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure that is known stands though nobody answers any more, and the run is told so after it."""
    genuine = machine_module.run_machine

    def gone_after(*arguments: Any, **more: Any) -> None:
        genuine(*arguments, **more)
        raise ToolLost("nobody answers")

    monkeypatch.setattr(machine_module, "run_machine", gone_after)
    chosen = [property_("spoilt-launches-refused"), property_("honest-launches-work")]
    with demo_lab(CORE, Start(seed=0), without="expiry-forgiven-in-a-session") as lab:
        told_ = sequences.run(Runner(lab, Options()), chosen, Depth(examples=45))
        found = next(told_)
        assert isinstance(found, Result)
        with pytest.raises(ToolLost):
            next(told_)
    assert (found.scenario.id, found.status) == ("sequences/spoilt-launches-refused", "failed")
    assert [finding.id for finding in found.verdict.findings] == ["not-repeated"]
    assert found.timeline


@pytest.mark.parametrize("lost", [False, True])
def test_a_tool_that_cannot_be_arranged_ends_the_stories_once(monkeypatch: pytest.MonkeyPatch, *, lost: bool) -> None:
    """Hypothesis does not look for a smaller story, and the report says what could not be arranged."""
    asked = []

    def story(self: Sequences, *, rotates: bool) -> None:
        asked.append((self, rotates))
        raise ArrangementFailedError("arrange.zoom_authorised: no", lost=lost)

    monkeypatch.setattr(Sequences, "story", story)
    with demo_lab(CORE, Start(seed=0)) as lab:
        told_ = sequences.run(Runner(lab, Options()), [property_("honest-launches-work")], FEW)
        if lost:
            with pytest.raises(ToolLost, match="zoom_authorised"):
                list(told_)
        else:
            (result,) = (found for found in told_ if isinstance(found, Result))
            assert (result.status, result.verdict.cause) == ("error", "arrangement-failed")
    assert len(asked) == 1


def test_an_unknown_lie_in_a_rule_of_somebody_else_is_said_at_once() -> None:
    """A step that names no mutation is the user's own mistake, and no story to be shrunk."""
    from hypothesis.stateful import rule

    sent_before: list[int] = []

    class Mistaken(LaunchMachine):
        @rule()
        def lie(self) -> None:
            sent_before.append(sum(map(len, judged.told)) + len(self.steps))
            self.step("claims.no_such_lie")

    wanted = {"honest-launches-work": property_("honest-launches-work")}
    with demo_lab(CORE, Start(seed=0)) as lab:
        judged = Sequences(runner=Runner(lab, Options()), wanted=wanted, role="instructor", second=False)
        with pytest.raises(UsageError, match="no_such_lie"):
            run_machine(Mistaken, judged, examples=9)
    assert len(set(sent_before)) == 1, "nothing is sent afterwards"


def test_a_tool_that_draws_by_chance_repeats_nothing() -> None:
    """Chance goes on from one example to the next though it is started anew for each, and nothing of that is left."""
    before, chance = random.getstate(), OwnChance(seed="here")
    try:
        drawn, left = [], []
        for _ in range(3):
            random.seed(0)
            with chance.undisturbed():
                drawn.append(random.getrandbits(64))
            left.append(random.getrandbits(64))
    finally:
        random.setstate(before)
    assert (len(set(drawn)), len(set(left))) == (3, 1)


def test_a_tool_that_keeps_keys_too_long_is_not_judged_by_them() -> None:
    """A refusal by a tool that did not ask for the keys is no failure of a long story."""
    with demo_lab(CORE, Start(seed=0), without="keys-never-refetched") as lab:
        results = held(lab, FEW, "keys-held", "keys-rotated", "honest-launches-work")
    assert (results["keys-held"].status, results["keys-held"].verdict.cause) == ("skipped", "key-cache")
    assert results["keys-rotated"].status == "skipped"
    assert results["honest-launches-work"].status == "passed"


def test_a_tool_that_goes_away_ends_the_stories() -> None:
    """When nobody answers any more, the run is told so, and Hypothesis does not try to explain it."""
    with demo_lab(CORE, Start(seed=0)) as lab:
        lab.transport = Gone()
        runner = Runner(lab, Options())
        with pytest.raises(ToolLost):
            list(sequences.run(runner, [property_("honest-launches-work")], FEW))


class Gone:
    def send(self, request: Request) -> Response:
        raise TransportTrouble("refused", f"nobody answers at {request.url}")


def test_a_rule_of_somebody_else_may_fail() -> None:
    """A rule that raises ends the run as in any other machine, with its own error."""
    from hypothesis.stateful import rule

    class Strict(LaunchMachine):
        @rule()
        def never(self) -> None:
            raise ValueError("a rule of my own")

    wanted = {"honest-launches-work": property_("honest-launches-work")}
    with demo_lab(CORE, Start(seed=0)) as lab:
        judged = Sequences(runner=Runner(lab, Options()), wanted=wanted, role="instructor", second=False)
        with pytest.raises(ValueError, match="a rule of my own"):
            run_machine(Strict, judged, examples=9)


def test_without_hypothesis_there_is_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra that is missing is named, and the properties can be listed all the same."""
    lazily.hypothesis_or_advice.cache_clear()
    genuine = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "hypothesis":
            raise ImportError(name)
        return genuine(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert len(sequences.properties()) > 10
    with demo_lab(CORE, Start(seed=0)) as lab, pytest.raises(UsageError, match=r"lti-conformance\[hypothesis\]"):
        list(sequences.run(Runner(lab, Options()), sequences.properties(), FEW))


class TestShortening:
    def test_what_is_not_needed_goes(self) -> None:
        """The fewest steps stay, in one browser, by one person, from one platform, and without open tabs."""
        steps = (
            attempt("a", browser="third"),
            attempt("b", browser="other", registration="second", person="other", finish=False),
            attempt("c", browser="other", registration="second", person="other", login="b"),
            attempt("d", FORGED),
            attempt("e", AGAIN, login="c", browser="other", registration="second", person="other"),
        )

        def fails(told_: Sequence[Attempt]) -> bool:
            # The answer that is sent again was let in.
            return told_[-1].login != "fresh" and AGAIN in map(str, told_[-1].mutations)

        assert shortest(steps, fails) == (attempt("c"), attempt("e", AGAIN, login="c"))

    def test_a_login_is_not_left_out_while_somebody_continues_it(self) -> None:
        """Of a story that needs all its steps nothing goes."""
        steps = (attempt("a", finish=False), attempt("b", finish=False), attempt("c", login="a"))
        assert shortest(steps, lambda told_: len(told_) == 3) == steps
