from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest

from conformance.judge import OUTCOMES, Cell, judge
from conformance.model import Answer, Expectation, Outcome
from tests.conformance.makers import make_observation, make_profile, reject

OUTCOME_ONLY = make_profile(crash="refusal")
STRICT_CRASH = make_profile()
CODES = make_profile("code")
TYPES = make_profile("class", "type")
ALL_AXES = frozenset({"class", "type", "code"})
LAUNCHED = Answer(outcome="launched")

REFUSAL = Expectation(preferred=reject())
ACCEPTANCE = Expectation(preferred=LAUNCHED)
EITHER = Expectation(preferred=reject(), allowed=(LAUNCHED,))
EMAIL = Expectation(preferred=reject(klass="invalid", code=1006), allowed=(reject(klass="invalid", code=1007),))
EXPIRED = Expectation(
    preferred=reject(klass="security", type="TokenExpired", code=1001),
    allowed=(reject(klass="invalid", type="InvalidClaim", code=1001),),
)


def test_the_table_of_outcomes_is_this_one() -> None:
    """What each observed outcome is worth where it is wanted, written down a second time by hand."""
    wanted = {
        "launched": {
            "launched": "right",
            "rejected": "wrong",
            "crashed": "wrong",
            "hung": "wrong",
            "unclear": "unjudged",
        },
        "rejected": {
            "launched": "wrong",
            "rejected": "right",
            "crashed": "unclean",
            "hung": "wrong",
            "unclear": "unjudged",
        },
        "either": {
            "launched": "right",
            "rejected": "right",
            "crashed": "wrong",
            "hung": "wrong",
            "unclear": "unjudged",
        },
    }
    flat = {(want, seen): cell for want, row in wanted.items() for seen, cell in row.items()}

    assert flat == dict(OUTCOMES)


def test_the_table_has_a_cell_for_every_case() -> None:
    """No wanted and observed outcome is missing, and every kind of cell is used."""
    assert set(itertools.product(("launched", "rejected", "either"), get_args(Outcome))) == set(OUTCOMES)
    assert set(get_args(Cell)) == set(OUTCOMES.values())


@pytest.mark.parametrize(
    ("expectation", "outcome", "crash_is_refusal", "crash_is_failure"),
    [
        (ACCEPTANCE, "launched", "passed", "passed"),
        (ACCEPTANCE, "rejected", "failed", "failed"),
        (ACCEPTANCE, "crashed", "failed", "failed"),
        (ACCEPTANCE, "hung", "failed", "failed"),
        (ACCEPTANCE, "unclear", "error", "error"),
        (REFUSAL, "launched", "failed", "failed"),
        (REFUSAL, "rejected", "passed", "passed"),
        (REFUSAL, "crashed", "passed", "failed"),
        (REFUSAL, "hung", "failed", "failed"),
        (REFUSAL, "unclear", "error", "error"),
        (EITHER, "launched", "passed", "passed"),
        (EITHER, "rejected", "passed", "passed"),
        (EITHER, "crashed", "failed", "failed"),
        (EITHER, "hung", "failed", "failed"),
        (EITHER, "unclear", "error", "error"),
    ],
)
def test_the_status_of_each_of_the_15_cells(
    expectation: Expectation, outcome: Any, crash_is_refusal: str, crash_is_failure: str
) -> None:
    """Each cell becomes this status where a crash is a refusal, and that one where it is a failure."""
    seen = make_observation(outcome, trouble="some trouble")

    assert crash_is_refusal == judge(expectation, seen, OUTCOME_ONLY, ()).status
    assert crash_is_failure == judge(expectation, seen, STRICT_CRASH, ()).status


def test_the_preferred_code_passes() -> None:
    """The code that is wanted first passes on its axis."""
    verdict = judge(EMAIL, make_observation(code=1006), CODES, ALL_AXES)

    assert verdict.status == "passed"
    assert verdict.axes == {"outcome": "passed", "class": "unobserved", "type": "unobserved", "code": "passed"}
    assert verdict.reason == "rejected (1006): as expected"


def test_an_alternate_code_passes_and_is_marked() -> None:
    """An alternate is right, and the axes say that it was one."""
    verdict = judge(EMAIL, make_observation(code=1007, klass="invalid"), CODES, ALL_AXES)

    assert verdict.status == "passed"
    assert verdict.axes == {"outcome": "allowed", "class": "allowed", "type": "unobserved", "code": "allowed"}
    assert "alternate" in verdict.reason


@pytest.mark.parametrize("code", [1001, 1005, 1023, 1337])
def test_another_code_fails(code: int) -> None:
    """A refusal with a code that is neither preferred nor allowed is for another reason."""
    verdict = judge(EMAIL, make_observation(code=code), CODES, ALL_AXES)

    assert verdict.status == "failed"
    assert verdict.axes["code"] == "failed"
    assert verdict.axes["outcome"] == "passed"
    assert f"code is {code}, expected 1006" in verdict.reason


def test_a_wrong_type_fails_although_the_class_is_right() -> None:
    """Class and type are judged apart."""
    verdict = judge(EXPIRED, make_observation(klass="security", type="NonceReused"), TYPES, ALL_AXES)

    assert verdict.status == "failed"
    assert (verdict.axes["class"], verdict.axes["type"]) == ("passed", "failed")
    assert "type is NonceReused, expected TokenExpired" in verdict.reason


def test_a_wrong_class_fails_although_the_type_is_right() -> None:
    """A type in the wrong class is no right answer."""
    verdict = judge(EXPIRED, make_observation(klass="unknown", type="TokenExpired"), TYPES, ALL_AXES)

    assert verdict.status == "failed"
    assert (verdict.axes["class"], verdict.axes["type"]) == ("failed", "passed")


def test_halves_of_two_right_answers_are_no_right_answer() -> None:
    """The class of the preferred answer and the type of the alternate do not go together."""
    verdict = judge(EXPIRED, make_observation(klass="security", type="InvalidClaim"), TYPES, ALL_AXES)

    assert verdict.status == "failed"


def test_an_axis_that_the_profile_does_not_count_cannot_fail() -> None:
    """A wrong code under a profile of types is no failure, and neither is a wrong type under one of codes."""
    seen = make_observation(klass="security", type="TokenExpired", code=1024)

    assert judge(EXPIRED, seen, TYPES, ALL_AXES).status == "passed"
    assert judge(EMAIL, make_observation(code=1006, type="TokenExpired"), CODES, ALL_AXES).status == "passed"


def test_a_silent_channel_fails() -> None:
    """A configured channel that tells nothing in a refusal fails it."""
    verdict = judge(EMAIL, make_observation(), CODES, {"code"})

    assert verdict.status == "failed"
    assert verdict.axes["code"] == "failed"
    assert "no code (1006 expected)" in verdict.reason
    assert verdict.cause is None


def test_without_a_channel_the_axis_is_not_judged() -> None:
    """Where no channel could tell the axis, the refusal is skipped and not passed."""
    verdict = judge(EMAIL, make_observation(), CODES, {"class", "type"})

    assert (verdict.status, verdict.cause) == ("skipped", "not-observable")
    assert verdict.axes == {"outcome": "passed", "class": "unobserved", "type": "unobserved", "code": "unobserved"}


def test_one_silent_channel_is_enough_to_fail() -> None:
    """A class that could be read and was not fails, although the type is out of sight anyway."""
    assert judge(EXPIRED, make_observation(), TYPES, {"class"}).status == "failed"


def test_a_right_class_with_the_type_out_of_sight_is_not_judged() -> None:
    """What was read is right, the rest cannot be seen: skipped, for the preferred answer and for an alternate."""
    preferred = judge(EXPIRED, make_observation(klass="security"), TYPES, {"class"})
    alternate = judge(EXPIRED, make_observation(klass="invalid"), TYPES, {"class"})

    assert (preferred.status, preferred.cause) == ("skipped", "not-observable")
    assert (alternate.status, alternate.cause) == ("skipped", "not-observable")


def test_a_wrong_class_fails_although_the_type_is_out_of_sight() -> None:
    """One wrong axis is enough, whatever the others would have said."""
    assert judge(EXPIRED, make_observation(klass="unknown"), TYPES, {"class"}).status == "failed"


@pytest.mark.parametrize("observable", [(), ("code",), ("class", "type", "code")])
def test_a_launched_broken_launch_fails_even_if_nothing_can_be_read(observable: tuple[str, ...]) -> None:
    """Being let in needs no channel to be seen."""
    for profile in (CODES, TYPES, OUTCOME_ONLY):
        verdict = judge(EMAIL, make_observation("launched"), profile, observable)
        assert verdict.status == "failed"
        assert verdict.axes["outcome"] == "failed"
        assert verdict.reason == "the broken launch was let in"


@pytest.mark.parametrize("outcome", ["rejected", "crashed"])
def test_a_session_after_a_refusal_fails(outcome: Any) -> None:
    """Refused in words and signed in all the same, also where the refusal is a crash."""
    verdict = judge(REFUSAL, make_observation(outcome, session=True, trouble="x"), OUTCOME_ONLY, ALL_AXES)

    assert verdict.status == "failed"
    assert verdict.axes["outcome"] == "failed"
    assert "live session" in verdict.reason


def test_a_session_fails_even_if_code_and_class_are_right() -> None:
    """The right code does not excuse a session."""
    assert judge(EMAIL, make_observation(code=1006, session=True), CODES, ALL_AXES).status == "failed"


@pytest.mark.parametrize("session", [None, False])
def test_no_session_or_none_asked_for_is_no_failure(session: bool | None) -> None:
    """A probe that found nothing, or that was not sent, leaves the verdict alone."""
    assert judge(REFUSAL, make_observation(session=session), OUTCOME_ONLY, ()).status == "passed"


def test_a_session_after_an_accepted_launch_is_as_it_should_be() -> None:
    """Only a refusal must leave no session."""
    assert judge(ACCEPTANCE, make_observation("launched", session=True), OUTCOME_ONLY, ()).status == "passed"
    assert judge(EITHER, make_observation("launched", session=True), OUTCOME_ONLY, ()).status == "passed"


def test_a_crash_counts_as_a_refusal_with_a_finding() -> None:
    """Where the profile says so a crash passes, and the finding says that it was unclean."""
    verdict = judge(REFUSAL, make_observation("crashed", trouble="status 500"), OUTCOME_ONLY, ())

    assert verdict.status == "passed"
    assert [finding.id for finding in verdict.findings] == ["unclean-refusal"]
    assert "status 500" in verdict.reason


def test_a_crash_does_not_pass_where_a_code_counts() -> None:
    """A profile may count a crash as a refusal and still want its code."""
    lenient = make_profile("code", crash="refusal")

    silent = judge(EMAIL, make_observation("crashed", trouble="x"), lenient, {"code"})
    hidden = judge(EMAIL, make_observation("crashed", trouble="x"), lenient, ())

    assert (silent.status, hidden.status) == ("failed", "skipped")
    assert [finding.id for finding in silent.findings] == ["unclean-refusal"]


def test_a_crash_fails_where_the_profile_says_so() -> None:
    """Elsewhere a crash is a failure, with what was seen of it."""
    verdict = judge(REFUSAL, make_observation("crashed", trouble="status 502"), STRICT_CRASH, ())

    assert (verdict.status, verdict.findings) == ("failed", ())
    assert "status 502" in verdict.reason


@pytest.mark.parametrize("severity", ["should", "may"])
def test_what_is_no_must_only_warns(severity: Any) -> None:
    """Every way to fail becomes a warning below MUST."""
    expectation = Expectation(preferred=reject(code=1006), severity=severity)
    seen = [
        make_observation("launched"),
        make_observation("hung"),
        make_observation("crashed"),
        make_observation(code=1007),
        make_observation(),
        make_observation(code=1006, session=True),
    ]

    assert [judge(expectation, s, CODES, {"code"}).status for s in seen] == ["warned"] * 6
    assert judge(expectation, make_observation(code=1006), CODES, {"code"}, ("a complaint",)).status == "warned"


@pytest.mark.parametrize(
    ("outcome", "status_code", "wanted"),
    [
        ("rejected", 401, "passed"),
        ("rejected", 400, "warned"),
        ("rejected", None, "warned"),
        ("crashed", 500, "warned"),
        ("crashed", None, "warned"),
    ],
)
def test_a_prescribed_status(outcome: Any, status_code: int | None, wanted: str) -> None:
    """Where the standard names 401, another status warns, and a crash is not better off than a clean refusal."""
    expectation = Expectation(preferred=reject(status=401))
    verdict = judge(expectation, make_observation(outcome, status_code=status_code, trouble="x"), OUTCOME_ONLY, ())

    assert wanted == verdict.status
    assert ("prescribed-status" in [finding.id for finding in verdict.findings]) == (wanted == "warned")
    assert "None" not in verdict.reason


def test_a_wrong_code_weighs_more_than_a_wrong_status() -> None:
    """The status is looked at only where the answer is right."""
    expectation = Expectation(preferred=reject(code=1001, status=401))

    assert judge(expectation, make_observation(code=1006), CODES, ALL_AXES).status == "failed"


def test_complaints_of_checks_fail_a_right_answer() -> None:
    """A check that does not hold fails the scenario with its sentence."""
    for expectation, seen in ((REFUSAL, make_observation()), (ACCEPTANCE, make_observation("launched"))):
        verdict = judge(expectation, seen, OUTCOME_ONLY, (), ("the nonce is short", "the state is short"))
        assert verdict.status == "failed"
        assert verdict.reason == "the nonce is short; the state is short"


def test_a_complaint_fails_a_crash_that_counts_as_a_refusal() -> None:
    """A tool that fetched the attacker's keys and crashed then has fetched them."""
    verdict = judge(REFUSAL, make_observation("crashed", trouble="x"), OUTCOME_ONLY, (), ("keys were fetched",))

    assert (verdict.status, verdict.reason) == ("failed", "keys were fetched")


@pytest.mark.parametrize("expectation", [REFUSAL, ACCEPTANCE, EITHER, EMAIL])
def test_what_is_unclear_is_an_error_and_never_a_pass(expectation: Expectation) -> None:
    """Nobody can judge it, so it says why."""
    seen = make_observation("unclear", trouble="status 204, and neither was recognised", code=1006)
    verdict = judge(expectation, seen, CODES, ALL_AXES)

    assert (verdict.status, verdict.cause) == ("error", "unclear")
    assert verdict.reason == "status 204, and neither was recognised"


def test_a_refusal_must_match_an_alternate_that_refuses() -> None:
    """Where launching is allowed as well, a refusal still needs the right code."""
    expectation = Expectation(preferred=LAUNCHED, allowed=(reject(code=1024),))

    assert judge(expectation, make_observation("launched"), CODES, ALL_AXES).status == "passed"
    assert judge(expectation, make_observation(code=1024), CODES, ALL_AXES).status == "passed"
    assert judge(expectation, make_observation(code=1006), CODES, ALL_AXES).status == "failed"
    assert judge(expectation, make_observation(), CODES, ()).status == "skipped"


def test_an_alternate_that_demands_no_type_is_met_by_any() -> None:
    """An axis left open by an alternate is open, and its class still counts."""
    expectation = Expectation(
        preferred=reject(klass="security", type="KidNotFound"), allowed=(reject(klass="unknown"),)
    )

    assert judge(expectation, make_observation(klass="unknown", type="InvalidJson"), TYPES, ALL_AXES).status == "passed"
    assert judge(expectation, make_observation(klass="unknown"), TYPES, ALL_AXES).status == "passed"
    assert judge(expectation, make_observation(klass="invalid", type="InvalidJson"), TYPES, ALL_AXES).status == "failed"


def test_a_refused_good_launch_says_what_the_tool_said() -> None:
    """The reason shows status and message of a refusal that should not be."""
    shown = judge(ACCEPTANCE, make_observation(status_code=403, message="Go away"), OUTCOME_ONLY, ()).reason
    returned = judge(ACCEPTANCE, make_observation(status_code=None, message="Go away"), OUTCOME_ONLY, ()).reason

    assert shown == "a launch that has to work was refused with status 403, saying: Go away"
    assert returned == "a launch that has to work was refused, saying: Go away"


AXIS_VALUES = [
    {"klass": klass, "type": type_, "code": code, "session": session}
    for klass in (None, "security", "invalid")
    for type_ in (None, "TokenExpired", "InvalidClaim", "NonceReused")
    for code in (None, 1001, 1006)
    for session in (None, True)
]


@pytest.mark.parametrize(
    "profile", [OUTCOME_ONLY, CODES, TYPES, make_profile("class", "type", "code", crash="refusal")]
)
@pytest.mark.parametrize("observable", [(), ("code",), ("class",), ("class", "type", "code")])
def test_a_pass_is_earned_on_every_counted_axis(profile: Any, observable: tuple[str, ...]) -> None:
    """Over all observations: whatever passes was refused without a session and fits one right answer throughout."""
    for outcome, values in itertools.product(get_args(Outcome), AXIS_VALUES):
        seen = make_observation(outcome, trouble="x", **values)
        verdict = judge(EXPIRED, seen, profile, observable)
        fits = any(
            all(
                {"class": answer.klass, "type": answer.type, "code": answer.code}[axis] == seen.axis(axis)
                for axis in profile.axes
                if axis != "outcome"
            )
            for answer in EXPIRED.answers
        )
        refused = outcome == "rejected" or (outcome == "crashed" and profile.crash == "refusal")
        assert (verdict.status == "passed") == (refused and fits and not seen.session)
        if outcome == "launched":
            assert verdict.status == "failed"
