"""Which of two faults is told: the laws of the order, and the order of the sample tool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.catalogue import select
from conformance.demo import demo_lab
from conformance.hiding import Said, alike, circle, fits, ranks, said, teller, tells
from conformance.inquiry import Inquiry
from conformance.model import Fault, Profile, Result
from conformance.phases import Depth, precedence
from conformance.precedence import Check, Rule, checks, known_rules, ordered
from conformance.precedence.pairs import Apart, Pair, combined, following, paired, preferring, twice
from conformance.precedence.rules import ruled_on
from conformance.precedence.survey import Case, Heard, Survey, edges
from conformance.profile import load_profile
from conformance.report import Chapter
from conformance.runner import Options, Runner
from conformance.sample_tool import (
    FLAWS,
    login,
    message,
    product,
    protocol,
    trust,
    values,
)
from conformance.sample_tool.flaws import precedence as two_faults
from conformance.sample_tool.steps import plan_of
from conformance.specimen import Specimen, mixture, specimen
from conformance.target import Start
from mockplatform.mutation import bind
from tests.conformance.makers import make_observation, make_profile, make_scenario, reject

CODES = make_profile("code")

STEPS: dict[str, Any] = {
    "login-parameters": login.parameters,
    "client-id": login.client_id,
    "registration": login.registration,
    "registrations-unreadable": login.registration,
    "platform-error": protocol.oidc_error,
    "token-present": protocol.id_token_present,
    "state": protocol.state,
    "shape": protocol.shape,
    "algorithm": protocol.algorithm,
    "critical": protocol.critical,
    "token-type": protocol.typ,
    "kid": protocol.kid,
    "keys": protocol.key,
    "kid-unknown": protocol.key,
    "signature": protocol.signature,
    "issuer": trust.issuer,
    "audience": trust.audience,
    "authorised-party": trust.azp,
    "expiry": trust.expiry,
    "issue-time": trust.issued_at,
    "not-before": trust.not_before,
    "nonce": trust.nonce,
    "version": message.version,
    "message-type": message.message_type,
    "deployment": message.deployment,
    "target-link": message.target_link,
    "resource-link": message.resource_link,
    "user": message.subject,
    "roles": message.roles,
    "email-name": message.attribute_names,
    "course-name": message.attribute_names,
    "person-name": message.attribute_names,
    "email": values.email,
    "email-value": values.email,
    "course": values.course_id,
    "course-value": values.course_id,
    "name": values.name,
    "person-value": values.person_id,
    "course-title": values.title,
    "no-roles": values.role_list,
    "zoom-unreadable": product.zoom_auth,
    "zoom-missing": product.zoom_auth,
    "course-link": product.course_link,
    "course-link-of-student": product.course_link,
    "class-missing": product.course_link,
    "meeting-defaults": product.new_class,
    "new-class": product.new_class,
    "deferred": product.deferred,
    "enrolment": product.enrolment,
    "enrolment-of-student": product.enrolment,
    "class": product.show_class,
}
"""The step of the sample tool that refuses each fault; where two share one, its own order decides."""

WITHIN_A_STEP = ("email-name", "course-name", "person-name", "meeting-defaults", "new-class")

ENOUGH = (
    *("state", "keys", "signature", "audience", "authorised-party", "expiry", "nonce", "version", "user", "email-name"),
    *("course-title", "name", "email", "no-roles", "zoom-missing", "class-missing", "course-link", "new-class"),
)
"""The checks with which each flaw shows."""

NOT_TOGETHER = {
    # An error comes without a token.
    "platform-error + token-present": "one",
    # There is one thing, and two lies about it.
    "login-parameters + registration": "neither",
    "kid + kid-unknown": "neither",
    "roles + no-roles": "neither",
    "email-name + email-value": "neither",
    "course-name + course-value": "neither",
    "person-name + person-value": "neither",
    # Both reckon from the date of the token.
    "expiry + issue-time": "neither",
    "expiry + not-before": "neither",
    "issue-time + not-before": "neither",
}
"""The twos of lies that get in each other's way, and how."""


def rule(**changes: Any) -> Rule:
    known: dict[str, Any] = {
        "name": "own",
        "kind": "order",
        "title": "Own",
        "why": "Because.",
        "requirement": ("ORDER-01",),
    }
    return Rule(**(known | changes))


def check(name: str, code: int = 1001, **changes: Any) -> Check:
    story = {key: changes.pop(key) for key in ("role", "states", "registration", "faults", "before") if key in changes}
    expect = {"any": make_scenario().expect["any"].__class__(preferred=reject(code=code))}
    scenario = make_scenario(f"area/{name}", expect=expect, **story)
    return Check(name=name, title=name, group="group", scenario=scenario, **changes)


def heard(code: int | None, *again: int | None, outcome: Any = "rejected", **facts: Any) -> Heard:
    seen = make_observation(outcome, code=code, **facts)
    later = said(make_observation(outcome, code=again[0], **facts)) if again else None
    return Heard(scenario=make_scenario(), observation=seen, said=said(seen), again=later)


def case(first: Check, second: Check, alone: dict[str, Heard], together: Heard) -> Case:
    pair = paired(first, second)
    assert isinstance(pair, Pair)
    together = replace(together, scenario=pair.scenario)
    return Case(pair=pair, heard=together, first=alone[first.name], second=alone[second.name])


def surveyed(*together: Heard, profile: Profile = CODES, observable: Sequence[str] = ("code",)) -> Survey:
    """Checks a, b and c, of the codes 1001, 1002 and 1003, in pairs: a + b, a + c, b + c."""
    found = [check(name, code) for name, code in zip("abc", (1001, 1002, 1003), strict=True)]
    alone = {each.name: heard(1001 + number, 1001 + number) for number, each in enumerate(found)}
    twos = zip(combinations(found, 2), together, strict=False)
    cases = tuple(case(*two, alone, answer) for two, answer in twos)
    return Survey(profile=profile, observable=observable, alone=alone, cases=cases)


def result(survey: Survey, wanted: Sequence[tuple[str, str]] = (), **changes: Any) -> Result:
    return ruled_on(rule(**changes), frozenset(wanted), survey, "nothing was")


class TestTheFile:
    def test_each_check_is_a_scenario_of_the_catalogue_that_stands_for_itself(self) -> None:
        """Names, titles and scenarios are there once, and no story has a launch before."""
        found = checks()
        for part in ([c.name for c in found], [c.title for c in found], [c.scenario.id for c in found]):
            assert len(set(part)) == len(part)
        assert [c.name for c in found if c.scenario.before] == []

    def test_each_rule_is_a_property_of_some_profile(self) -> None:
        """A rule has a sentence of its own, an id and a part in a profile; what it orders are checks."""
        for each in known_rules():
            assert each.property.id == f"precedence/{each.name}"
            assert any(load_profile(name).expectation(each.property) for name in ("core", "class", "ltix"))
            assert bool(each.order) == (each.kind in ("order", "independent", "nonce"))
            assert not each.order or ordered(each, checks())

    def test_the_rules_of_order_do_not_contradict_each_other(self) -> None:
        """All that is forced fits one order."""
        found = checks()
        assert circle({edge for each in known_rules() if each.kind == "order" for edge in ordered(each, found)}) == ()

    def test_rules_and_flaws_know_each_other(self) -> None:
        """Each guard is a flaw, and each flaw of two faults is guarded."""
        guards = {guard for each in known_rules() for guard in each.guards}
        assert guards == {flaw.name for flaw in two_faults.FLAWS}
        assert guards <= set(FLAWS)


class TestPairs:
    def test_a_pair_has_the_lies_of_both_and_expects_either_answer(self) -> None:
        """The first answer is preferred; faults need not fire, since one may hide the other."""
        known = {each.name: each for each in checks()}
        made = paired(known["version"], known["zoom-unreadable"])
        assert isinstance(made, Pair)
        assert made.scenario.mutations == known["version"].scenario.mutations
        assert [(fault.point, fault.must_fire) for fault in made.scenario.faults] == [("zoom_auth.read", False)]
        expected = load_profile("class").expectation(made.scenario)
        assert expected is not None
        assert [answer.code for answer in expected.answers] == [1021, 1008]
        forced = preferring(made, "zoom-unreadable")
        assert {answer.code for answer in forced["class"].answers} == {1008}

    def test_a_pair_under_no_profile_is_none(self) -> None:
        """Under `ltix` nobody without a name is refused, so there is no second fault to tell."""
        known = {each.name: each for each in checks()}
        made = paired(known["version"], known["name"])
        assert isinstance(made, Pair)
        assert load_profile("ltix").expectation(made.scenario) is None

    @pytest.mark.parametrize(
        ("first", "second", "reason"),
        [
            ({"excludes": frozenset({"b"})}, {}, "the faults exclude each other"),
            ({}, {"excludes": frozenset({"a"})}, "the faults exclude each other"),
            ({"before": (make_scenario().attempt,)}, {}, "one is a longer story"),
            (
                {"faults": (Fault(point="class.read"),)},
                {"faults": (Fault(point="class.read"),)},
                "both need the same part of the back end to fail",
            ),
            (
                {"own": frozenset({"role"})},
                {"own": frozenset({"role"}), "role": "student"},
                "they need different roles",
            ),
            (
                {"own": frozenset({"states"})},
                {"own": frozenset({"states"}), "states": ()},
                "they need different states",
            ),
            (
                {"own": frozenset({"registration"})},
                {"registration": "attributes"},
                "they need different registrations",
            ),
        ],
    )
    def test_what_cannot_be_told_together_says_why(self, first: Any, second: Any, reason: str) -> None:
        """It is no matter which comes first."""
        one, other = check("a", **first), check("b", **second)
        assert paired(one, other) == Apart(names=("a", "b"), reason=reason)
        assert paired(other, one) == Apart(names=("b", "a"), reason=reason)

    def test_what_one_of_the_two_needs_is_right_for_both(self) -> None:
        """Role, states and registration are those of the check that cares."""
        teacher, student = check("a"), check("b", role="student", states=(), own=frozenset({"role", "states"}))
        named = check("c", registration="attributes")
        for one, other in ((teacher, student), (student, teacher), (named, student)):
            made = paired(one, other)
            assert isinstance(made, Pair)
            assert (made.scenario.role, made.scenario.states) == ("student", ())
        assert isinstance(made, Pair)
        assert made.scenario.registration == "attributes"

    def test_every_pair_is_made_or_has_a_reason(self) -> None:
        """No two checks are forgotten, and most make a launch."""
        found = checks()
        pairs, apart = combined(found)
        assert len(pairs) + len(apart) == len(found) * (len(found) - 1) // 2
        assert len(pairs) > 0.9 * (len(pairs) + len(apart))
        assert len({pair.scenario.id for pair in pairs}) == len(pairs)

    def test_told_twice_is_the_same_in_another_order(self) -> None:
        """The lies come the other way round, and those of the login last."""
        lies = tuple(bind(text, where="test") for text in ("claims.without(claim='sub')", "response.state_altered"))
        story = make_scenario(attempt=replace(make_scenario().attempt, mutations=lies))
        by_get = bind("login.by(method='GET')", where="test")
        assert twice(story, [by_get]).attempt.mutations == (*reversed(lies), by_get)
        assert twice(story).id != story.id

    def test_the_real_token_follows_the_forged_one(self) -> None:
        """It answers the same login, and is let in."""
        after = following(make_scenario())
        assert [attempt.name for attempt in after.before] == ["forged"]
        assert (after.attempt.login, after.attempt.mutations) == ("forged", ())
        assert after.expect["any"].preferred.outcome == "launched"


class TestWhoIsTold:
    def test_what_differs_from_launch_to_launch_says_nothing(self) -> None:
        """Ids, addresses and numbers in a message are left aside."""
        one, other = (
            said(make_observation(message=f"Sorry user-{n} of {n}@example.org, see https://x.example/{n}: no role"))
            for n in (1, 2)
        )
        assert one == other
        assert "no role" in one.message

    @pytest.mark.parametrize(
        ("answer", "told"), [(1001, "first"), (1002, "second"), (1003, "neither"), (None, "neither")]
    )
    def test_an_answer_is_that_of_one_alone(self, answer: int | None, told: str) -> None:
        """Which one follows from the answers to each alone."""
        given_answers = (heard(answer).said, heard(1001).said, heard(1002).said)
        assert tells(*given_answers, CODES) == told
        assert teller(*given_answers, wordy=True) == told

    def test_words_count_where_nothing_else_differs(self) -> None:
        """They do only if they are the same each time."""
        first, second = (heard(1001, message=words).said for words in ("bad state", "bad nonce"))
        assert teller(first, first, second, wordy=True) == "first"
        assert teller(first, first, second, wordy=False) == "both"
        assert teller(heard(1001, message="bad").said, first, second, wordy=True) == "both"

    def test_another_status_of_the_same_error_is_no_other_answer(self) -> None:
        """Type and code say whose it is."""
        answer, first, second = heard(1001, status_code=422).said, heard(1001).said, heard(1002).said
        assert teller(answer, first, second, wordy=False) == "first"

    def test_a_profile_counts_what_it_counts(self) -> None:
        """Under one without codes each refusal is like the other, and a crash is one if it says so."""
        bare = make_profile(crash="refusal")
        assert tells(heard(1002).said, heard(1001).said, heard(1002).said, bare) == "both"
        assert fits(heard(None, outcome="crashed").said, reject(code=1001), bare)
        assert not fits(heard(None, outcome="crashed").said, reject(), CODES)

    def test_equal_answers_are_alike(self) -> None:
        """Checks are grouped by what is said, and one alone is no group."""
        answers = {"a": Said(outcome="rejected"), "b": Said(outcome="crashed"), "c": Said(outcome="rejected")}
        assert alike(answers) == (("a", "c"),)


def of_order(order: Sequence[str]) -> set[tuple[str, str]]:
    """What a tool shows that checks in this order."""
    return set(combinations(order, 2))


class TestOrder:
    @given(st.permutations("abcdefgh"))
    @settings(deadline=None)
    def test_the_inferred_order_is_the_order(self, order: Sequence[str]) -> None:
        """Whatever the order of a tool's checks, it is found again, and has no circle."""
        shown = of_order(order)
        assert ranks("abcdefgh", shown) == tuple((name,) for name in order)
        assert circle(shown) == ()

    @given(st.permutations("abcdefgh"), st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7))))
    @settings(deadline=None)
    def test_pairs_that_cannot_be_told_leave_ties(self, order: Sequence[str], unseen: Any) -> None:
        """What is known stays true in the ranks, and every check has one."""
        hidden = {(order[a], order[b]) for a, b in unseen}
        shown = of_order(order) - hidden
        rank = {name: number for number, names in enumerate(ranks("abcdefgh", shown)) for name in names}
        assert set(rank) == set("abcdefgh")
        assert all(rank[first] < rank[second] for first, second in shown)

    @given(st.permutations("abcdefgh"), st.integers(0, 6))
    @settings(deadline=None)
    def test_a_pair_the_wrong_way_round_is_a_circle(self, order: Sequence[str], place: int) -> None:
        """As soon as two checks lie between, the way back is found, and is as short as can be."""
        first, last = order[0], order[-1]
        shown = of_order(order) - {(first, last)} | {(last, first)}
        way = circle(shown)
        assert len(way) == 3
        assert {first, last} <= set(way)
        assert all(edge in shown for edge in zip(way, (*way[1:], way[0]), strict=True))
        assert place <= len(order)

    def test_a_circle_has_one_rank(self) -> None:
        """What comes before and after it keeps its place."""
        shown = {("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("d", "e"), ("a", "e")}
        assert ranks("abcde", shown) == (("a",), ("b", "c", "d"), ("e",))


class TestRules:
    def test_one_of_the_two(self) -> None:
        """A third code, a launch and a crash break the rule; the answer to either, or an allowed one, does not."""
        assert result(surveyed(heard(1001), heard(1003), heard(1002)), kind="one-of-the-two").status == "passed"
        for strange in (heard(1007), heard(None), heard(None, outcome="launched"), heard(1001, outcome="crashed")):
            told = result(surveyed(strange), kind="one-of-the-two")
            assert (told.status, told.scenario.id) == ("failed", "precedence/own")
            assert "a + b" in told.verdict.reason

    def test_what_happened_once_is_told_by_another_rule(self) -> None:
        """An answer that is right the second time is no third answer, but a changing one."""
        once = surveyed(heard(1007, 1001))
        assert result(once, kind="one-of-the-two").status == "passed"
        assert result(once, kind="same-answer-twice").status == "failed"

    def test_a_session_after_two_faults_is_one_too_many(self) -> None:
        """It counts only if neither fault alone leaves one."""
        assert result(surveyed(heard(1001, session=True)), kind="one-of-the-two").status == "failed"

    def test_forced_order(self) -> None:
        """The second told is a failure, or a warning if the rule says SHOULD; the first told is right."""
        late = surveyed(heard(1002))
        assert result(late, [("a", "b")]).status == "failed"
        assert result(late, [("a", "b")], severity="should").status == "warned"
        assert result(late, [("b", "a")], order=(("b", "a"),)).status == "passed"
        told = result(late, [("a", "b")])
        assert [answer.code for answer in told.expectation.answers] == [1001]

    def test_what_a_profile_does_not_count_is_a_finding(self) -> None:
        """Under one that counts the outcome alone the rule passes and says what was seen."""
        told = result(surveyed(heard(1002), profile=make_profile()), [("a", "b")], order=(("a", "b"),))
        assert told.status == "passed"
        assert [finding.id for finding in told.findings] == ["precedence-own"]

    def test_what_nobody_can_see_is_skipped(self) -> None:
        """Codes count and no channel tells them; or no pair could be sent."""
        blind = result(surveyed(heard(1001), observable=()), [("a", "b")], order=(("a", "b"),))
        assert (blind.status, blind.verdict.cause) == ("skipped", "not-observable")
        unsent = result(surveyed(), [("a", "b")], order=(("a", "b"),))
        assert (unsent.status, unsent.verdict.cause) == ("skipped", "no-pair")
        assert "nothing was" in unsent.verdict.reason

    def test_what_is_let_in_fails_however_little_can_be_seen(self) -> None:
        """The outcome is always seen."""
        survey = surveyed(heard(None, outcome="launched"), observable=())
        assert result(survey, kind="one-of-the-two").status == "failed"

    def test_a_circle(self) -> None:
        """Three checks that hide one another in turn break the rule, unless the order is forced and told there."""
        round_and_round = surveyed(heard(1001), heard(1003), heard(1002))
        assert edges(round_and_round) == {("a", "b"), ("b", "c"), ("c", "a")}
        told = result(round_and_round, kind="no-circle")
        assert told.status == "failed"
        assert "a hides b hides c hides a" in told.verdict.reason
        forced = replace(round_and_round, forced=frozenset({("a", "c")}))
        assert result(forced, kind="no-circle").status == "passed"

    def test_an_answer_that_depends_on_the_second_fault(self) -> None:
        """It has to be the one to the first alone."""
        order = (("a", "b"),)
        assert result(surveyed(heard(1001)), [("a", "b")], kind="independent", order=order).status == "passed"
        assert result(surveyed(heard(1002)), [("a", "b")], kind="independent", order=order).status == "failed"

    def test_a_nonce_that_a_forgery_spends(self) -> None:
        """The real token is let in after a forged one, and has to be after one with a second fault."""
        good, bad = heard(None, outcome="launched"), heard(1001)
        for forged, after, status in ((good, good, "passed"), (good, bad, "failed"), (bad, bad, "skipped")):
            survey = replace(surveyed(), forged=forged, afterwards={("a", "b"): after})
            assert result(survey, [("a", "b")], kind="nonce", order=(("a", "b"),)).status == status


@dataclass(frozen=True)
class Ran:
    """What the phase told of the sample tool under a profile."""

    results: list[Result]
    chapter: Chapter
    honest: dict[str, Specimen]


@pytest.fixture(scope="module", params=["class", "ltix"])
def ran(request: Any) -> Ran:
    """All rules, held against the correct tool."""
    with demo_lab(load_profile(request.param), Start(seed=0)) as lab:
        runner = Runner(lab, Options())
        runner.plain_launch()
        chosen = select(precedence.properties(), lab.profile)
        told = list(precedence.run(runner, chosen, Depth()))
        honest = {name: specimen(lab, name) for name in ("main", "attributes")}
    results = [each for each in told if isinstance(each, Result)]
    assert [each.scenario.id for each in results] == [each.id for each in chosen]
    (chapter,) = [each for each in told if isinstance(each, Chapter)]
    return Ran(results, chapter, honest)


class TestTheSampleTool:
    def test_it_keeps_to_all_rules(self, ran: Ran) -> None:
        """No rule is broken, skipped or doubted."""
        assert [(each.scenario.id, each.verdict.reason) for each in ran.results if each.status != "passed"] == []
        assert [finding for each in ran.results for finding in each.findings] == []

    def test_the_inferred_order_is_its_plan(self, ran: Ran) -> None:
        """For each two checks that can be told apart, the one whose step comes first hides the other."""
        plan = plan_of("class")
        steps = [*plan.login, *plan.launch]
        place = {
            name: (steps.index(step), WITHIN_A_STEP.index(name) if name in WITHIN_A_STEP else 0)
            for name, step in STEPS.items()
        }
        hides = {(first, second) for first, second in ran.chapter.data["hides"]}
        assert len(hides) > 300
        assert {(a, b) for a, b in hides if place[a] >= place[b]} == set()

    def test_almost_every_pair_is_told_apart(self, ran: Ran) -> None:
        """What is not has one and the same answer, whichever fault it is."""
        assert ran.chapter.data["pairs"] - len(ran.chapter.data["hides"]) < 8
        assert ["critical", "token-type", "signature"] in ran.chapter.data["indistinct"]

    def test_the_order_has_each_check_once(self, ran: Ran) -> None:
        """The numbered lines and the data say the same."""
        named = [name for rank in ran.chapter.data["order"] for name in rank]
        assert len(set(named)) == len(named)
        assert ran.chapter.lines[0] == "1. login-parameters"
        assert sum(line.startswith("left out: ") for line in ran.chapter.lines) == len(ran.chapter.data["left_out"])

    def test_lies_go_together_whichever_comes_first(self, ran: Ran) -> None:
        """The few that do not are known."""
        apart: dict[str, str] = {}
        for pair in combined(checks())[0]:
            one, other = (each.scenario.attempt.mutations for each in (pair.first, pair.second))
            honest = ran.honest[pair.scenario.registration]
            mixed = mixture(one, other, honest)
            assert mixed == mixture(other, one, honest)
            if mixed != "both":
                apart[" + ".join(pair.names)] = mixed
        assert apart == NOT_TOGETHER


def test_every_check_has_its_step() -> None:
    """The order of the sample tool is known for all of them."""
    assert set(STEPS) == {each.name for each in checks()}


@pytest.mark.parametrize("flaw", two_faults.FLAWS, ids=lambda flaw: str(flaw.name))
def test_a_flaw_of_two_faults_is_noticed_by_its_guards_alone(flaw: Any) -> None:
    """The rules that name it are broken, and no other."""
    profile = load_profile(flaw.profile)
    rules = [each for each in known_rules() if profile.expectation(each.property) is not None]
    with demo_lab(profile, Start(seed=0), without=flaw.name) as lab:
        runner = Runner(lab, Options())
        runner.plain_launch()
        told = list(precedence.tellings(Inquiry(runner, rules, [c for c in checks() if c.name in ENOUGH])))
    broken = {each.scenario.id for each in told if isinstance(each, Result) and each.status in ("failed", "warned")}
    assert broken == {each.property.id for each in rules if flaw.name in each.guards}
    assert broken


def test_a_broken_rule_carries_the_story_that_breaks_it() -> None:
    """Its scenario has the rule's id and the two lies, and expects the answer that is right."""
    flaw = FLAWS["message-read-unverified"]
    wanted = next(each for each in known_rules() if each.name == "signature-before-claims")
    with demo_lab(load_profile(flaw.profile), Start(seed=0), without=flaw.name) as lab:
        runner = Runner(lab, Options())
        runner.plain_launch()
        found = [each for each in checks() if each.name in ("signature", "version", "user")]
        (told, *_) = precedence.tellings(Inquiry(runner, [wanted], found))
        assert isinstance(told, Result)
        assert told.scenario.mutations == tuple(m for c in found[:2] for m in c.scenario.mutations)
        assert (told.scenario.id, told.scenario.why) == (wanted.property.id, wanted.why)
        again = runner.brief().try_scenario(told.scenario)
    assert {answer.code for answer in told.expectation.answers} == {1001}
    assert (told.status, again.status) == ("failed", "failed")
    assert told.timeline


def test_a_tool_that_lets_a_fault_in_has_no_place_for_it_in_the_order() -> None:
    """The pairs of that fault are left out, and a rule about nothing else is skipped."""
    wanted = next(each for each in known_rules() if each.name == "state-before-keys")
    with demo_lab(load_profile("core"), Start(seed=0), without="state-unchecked") as lab:
        runner = Runner(lab, Options())
        runner.plain_launch()
        (told,) = precedence.tellings(Inquiry(runner, [wanted]))
    assert isinstance(told, Result)
    assert (told.status, told.verdict.cause) == ("skipped", "no-pair")
    assert "«state»: alone it was not refused" in told.verdict.reason


def test_what_the_catalogue_left_behind_is_not_met_again() -> None:
    """People whom the catalogue has brought in are not those of the single faults; each result says what it took."""
    wanted = next(each for each in known_rules() if each.name == "roles-before-class")
    found = [each for each in checks() if each.name in ("no-roles", "class-missing")]
    with demo_lab(load_profile("class"), Start(seed=0)) as lab:
        runner = Runner(lab, Options())
        assert [each.status for each in runner.run([each.scenario for each in found])] == ["passed", "passed"]
        told, _ = precedence.tellings(Inquiry(runner, [wanted], found))
    assert isinstance(told, Result)
    assert (told.status, told.verdict.reason) == ("passed", "pairs of faults that keep to it: 1")
    assert told.duration_s > 0
