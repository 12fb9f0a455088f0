from __future__ import annotations

import pytest

from conformance.advice import answers, expected
from conformance.catalogue import scenarios
from conformance.errors import codes, types
from conformance.model import Scenario
from conformance.profile import load_profile, profile_names
from mockplatform.mutation import mutations


def test_an_expired_token() -> None:
    """The canonical error of an expired token is told for each profile that has a scenario for it."""
    found = {advice.profile: advice for advice in expected(["claims.expired(by_s=3600)"])}

    assert set(found) == set(profile_names())
    assert (found["ltix"].outcome, found["ltix"].error_class, found["ltix"].type) == (
        "rejected",
        "security",
        "TokenExpired",
    )
    assert found["class"].code == 1001
    assert found["ltix"].title == types()["TokenExpired"].cause


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["no.such_thing"],
        ["claims.without(name='never-heard-of')"],
        ["claims.expired(", "("],
        ["claims.expired"] * 3,
    ],
)
def test_nothing_is_known_of_other_lies(names: list[str]) -> None:
    """Without a scenario for exactly these lies nothing is said."""
    assert expected(names) == ()


def test_every_scenario_is_found_by_its_lies() -> None:
    """What is told of a scenario's lies is what a scenario with these very lies prefers."""
    alike: dict[tuple[str, ...], list[Scenario]] = {}
    for scenario in scenarios():
        alike.setdefault(tuple(sorted(scenario.mutations)), []).append(scenario)
    for scenario in scenarios():
        for advice in expected(scenario.mutations):
            profile = load_profile(advice.profile)
            same = alike[tuple(sorted(scenario.mutations))]
            preferred = [e.preferred for other in same if (e := profile.expectation(other)) is not None]
            told = [(answer.outcome, answer.klass, answer.type, answer.code) for answer in preferred]
            assert (advice.outcome, advice.error_class, advice.type, advice.code) in told, scenario.id
            assert advice.type is None or advice.type in types()
            assert advice.code is None or advice.code in codes()
            assert advice.title


def test_lies_in_any_order_and_with_defaults() -> None:
    """Neither the order of the lies nor a parameter that is spelt out although it is the default changes the advice."""
    scenario = next(s for s in scenarios() if len(s.mutations) > 1 and expected(s.mutations))
    name, known = next(
        (name, known)
        for name, known in mutations().items()
        if known.parameters
        and all(p.default is not p.empty for p in known.parameters.values())
        and expected([name])
        and any(other.mutations == (name,) for other in scenarios())
    )
    spelt = ", ".join(f"{p.name}={p.default!r}" for p in known.parameters.values())

    assert expected(tuple(reversed(scenario.mutations))) == expected(scenario.mutations)
    assert expected([f"{name}({spelt})"]) == expected([name])


def test_other_parameters_count_only_where_all_agree() -> None:
    """A claim that no scenario leaves out says nothing, since others differ; an expiry is always one error."""
    assert expected(["claims.without(claim='never-heard-of')"]) == ()
    assert {advice.type for advice in expected(["claims.expired(by_s=86400)"])} == {"TokenExpired"}


def test_the_answers_to_each_lie() -> None:
    """Of a lie that some scenario tells alone the types and codes of all right answers are known."""
    known = answers()

    assert {"TokenExpired", "1001"} <= set(known["claims.expired"])
    assert any("1006" in words for words in known.values())
    assert set(known) <= set(mutations())
    for name, words in known.items():
        of_one = {str(word) for advice in expected([name]) for word in (advice.type, advice.code) if word}
        assert of_one <= set(words), name
