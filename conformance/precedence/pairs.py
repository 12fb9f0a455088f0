"""Two faults put into one launch.

Two checks make one launch if nothing in one takes away what the other needs. The launch is a scenario as well, which
expects the answer to either fault, or to the first where that is forced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from conformance.model import Answer, Attempt, Expectation, Profile, Scenario
from conformance.precedence import AREA, Check
from conformance.profile import load_profile, profile_names
from mockplatform.mutation import Spoilt

__all__ = ["Apart", "Pair", "combined", "following", "paired", "preferring", "refused_under", "twice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two checks that one launch fails."""

    first: Check
    second: Check
    scenario: Scenario

    @property
    def names(self) -> tuple[str, str]:
        """The names of the two."""
        return self.first.name, self.second.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Two checks that no launch fails both, and why."""

    names: tuple[str, str]
    reason: str


def combined(found: Sequence[Check]) -> tuple[tuple[Pair, ...], tuple[Apart, ...]]:
    """All twos of the checks: those that make one launch, and those that do not."""
    pairs: list[Pair] = []
    apart: list[Apart] = []
    for first, second in combinations(found, 2):
        made = paired(first, second)
        pairs.append(made) if isinstance(made, Pair) else apart.append(made)
    return tuple(pairs), tuple(apart)


def paired(first: Check, second: Check) -> Pair | Apart:
    """One launch that fails both checks, or why there is none."""
    reason = _clash(first, second)
    if reason:
        return Apart(names=(first.name, second.name), reason=reason)
    one, other = first.scenario, second.scenario
    # What was chosen for one of the two only is right for both; what was chosen for neither is as it was.
    role = (other if "role" in second.own and "role" not in first.own else one).role
    states = other.states if "states" in second.own and "states" not in first.own else one.states
    attempt = replace(one.attempt, mutations=(*one.attempt.mutations, *other.attempt.mutations))
    scenario = replace(
        one,
        id=f"{AREA}/{first.name}+{second.name}",
        title=f"{first.title}, and {second.title}",
        why="",
        requirement=tuple(dict.fromkeys((*one.requirement, *other.requirement))),
        attempt=attempt,
        role=role,
        states=states,
        registration="attributes" if "attributes" in (one.registration, other.registration) else one.registration,
        needs=tuple(sorted({*one.needs, *other.needs})),
        # What stands behind a check that refuses is not reached.
        faults=tuple(replace(fault, must_fire=False) for fault in (*one.faults, *other.faults)),
        checks=(),
        guards=(),
        aliases=(),
        rulings=(),
        rotates=one.rotates or other.rotates,
        expect=_either(one, other),
    )
    return Pair(first=first, second=second, scenario=scenario)


def _clash(first: Check, second: Check) -> str:
    one, other = first.scenario, second.scenario
    points = {fault.point for fault in one.faults} & {fault.point for fault in other.faults}
    homes = {one.registration, other.registration}
    home_of_own = {check.scenario.registration for check in (first, second) if "registration" in check.own}
    reasons = {
        "the faults exclude each other": second.name in first.excludes or first.name in second.excludes,
        "one is a longer story": any(_is_long(check.scenario) for check in (first, second)),
        "both need the same part of the back end to fail": bool(points),
        "they need different roles": {"role"} <= first.own & second.own and one.role != other.role,
        "they need different states": {"states"} <= first.own & second.own and one.states != other.states,
        "they need different registrations": len(homes) > 1 and (bool(home_of_own) or "second" in homes),
        "no profile counts both as faults": not _either(one, other),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _is_long(scenario: Scenario) -> bool:
    attempt = scenario.attempt
    plain = not scenario.before and attempt.login == "fresh" and not attempt.action and attempt.copies == 1
    plain = plain and not scenario.wire
    return not plain or attempt.lti != "1.3" or attempt.message != "resource_link"


def _refusals(scenario: Scenario, profile: str) -> tuple[Answer, ...]:
    """The refusals that are right under a profile, or for those that inherit from `any`."""
    wanted = scenario.expect.get("any") if profile == "any" else load_profile(profile).expectation(scenario)
    return tuple(answer for answer in (wanted.answers if wanted else ()) if answer.outcome == "rejected")


def refused_under(scenario: Scenario, profile: Profile) -> bool:
    """Whether a scenario is a fault under a profile, where some refusal of it is right."""
    wanted = profile.expectation(scenario)
    return wanted is not None and any(answer.outcome == "rejected" for answer in wanted.answers)


def _either(one: Scenario, other: Scenario) -> Mapping[str, Expectation]:
    """The answers to either fault, under the profiles in which both are faults."""
    expected: dict[str, Expectation] = {}
    for name in ("any", *profile_names()):
        first, second = _refusals(one, name), _refusals(other, name)
        if first and second:
            preferred, *allowed = dict.fromkeys((*first, *second))
            expected[name] = Expectation(preferred=preferred, allowed=tuple(allowed))
    return expected


def preferring(pair: Pair, first: str) -> Mapping[str, Expectation]:
    """What is expected where only one of the two may be told."""
    one = (pair.first if first == pair.first.name else pair.second).scenario
    answers = {name: _refusals(one, name) for name in pair.scenario.expect}
    return {name: Expectation(preferred=told[0], allowed=told[1:]) for name, told in answers.items()}


def twice(scenario: Scenario, login: Sequence[Spoilt] = ()) -> Scenario:
    """The same launch by other people, its lies told the other way round and its login sent another way."""
    attempt = replace(scenario.attempt, mutations=(*reversed(scenario.attempt.mutations), *login))
    return replace(scenario, id=f"{scenario.id} again", attempt=attempt)


def following(scenario: Scenario) -> Scenario:
    """The real token of a login that is answered with a forged one first."""
    forged = replace(scenario.attempt, name="forged")
    return replace(
        scenario,
        id=f"{scenario.id} then honest",
        before=(forged,),
        attempt=Attempt(name="judged", login="forged"),
        expect={"any": Expectation(preferred=Answer(outcome="launched"))},
    )
