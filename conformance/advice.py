"""What a right tool answers to a launch with given mutations, for whoever launches it by hand.

The catalogue knows: a scenario whose judged launch has exactly these mutations says so for each profile.

>>> [(one.type, one.code) for one in expected(["claims.expired(by_s=3600)"]) if one.profile == "class"]
[('TokenExpired', 1001)]
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.catalogue import scenarios
from conformance.errors import ErrorClass, codes, types
from conformance.model import Answer, Outcome, Profile, Scenario
from conformance.profile import load_profile, profile_names
from mockplatform.errors import UsageError
from mockplatform.mutation import bind

__all__ = ["Advice", "answers", "expected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The answer that a profile prefers.

    Args:
        error_class, type, code: of the canonical error; None where nothing is demanded.
        title: what went wrong, in one sentence, or of a launch that succeeds what it shows.
        scenario: the id of the scenario that says so.
    """

    profile: str
    outcome: Outcome
    error_class: ErrorClass | None
    type: str | None
    code: int | None
    title: str
    scenario: str


def expected(mutation_names: Sequence[str]) -> Sequence[Advice]:
    """The answers to a launch with exactly these mutations, in the order of the profiles; none if nobody knows.

    Args:
        mutation_names: with their parameters as they are written, such as `claims.expired(by_s=60)`, or without. Where
            no scenario has these very parameters, the others count if they all expect the same.
    """
    if not mutation_names:
        return ()
    exact = _exactly().get(_key(_whole(text) for text in mutation_names), ())
    if exact:
        return tuple(_first(exact))
    return tuple(_agreed(_roughly().get(_key(text.partition("(")[0] for text in mutation_names), ())))


@functools.cache
def answers() -> Mapping[str, tuple[str, ...]]:
    """Types and codes of the errors that the profiles prefer for each mutation, wherever it stands alone."""
    found: dict[str, dict[str, None]] = {}
    profiles = [load_profile(name) for name in profile_names()]
    for names, known in _roughly().items():
        if len(names) != 1:
            continue
        told = found.setdefault(names[0], {})
        for scenario, profile in itertools.product(known, profiles):
            expectation = profile.expectation(scenario)
            if expectation is not None:
                answer = expectation.preferred
                told |= {str(word): None for word in (answer.type, answer.code) if word is not None}
    return {name: tuple(sorted(words, key=lambda word: (word.isdigit(), word))) for name, words in found.items()}


_Found = Mapping[tuple[str, ...], tuple[Scenario, ...]]


def _key(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(texts))


@functools.cache
def _whole(text: str) -> str:
    """A mutation with every parameter, those that were left to their defaults as well; what is none stays as it is."""
    try:
        spoilt = bind(text, where="advice")
    except UsageError:
        return text
    defaults = {name: parameter.default for name, parameter in spoilt.mutation.parameters.items()}
    arguments = sorted((defaults | dict(spoilt.arguments)).items())
    return f"{spoilt.mutation.name}({', '.join(f'{name}={value!r}' for name, value in arguments)})"


@functools.cache
def _exactly() -> _Found:
    """Scenarios by the mutations of their judged launch, parameters and all."""
    found: dict[tuple[str, ...], tuple[Scenario, ...]] = {}
    for scenario in scenarios():
        key = _key(_whole(text) for text in scenario.mutations)
        found[key] = (*found.get(key, ()), scenario)
    return found


@functools.cache
def _roughly() -> _Found:
    """Scenarios by the names of the mutations of their judged launch."""
    found: dict[tuple[str, ...], tuple[Scenario, ...]] = {}
    for scenario in scenarios():
        key = _key(spoilt.mutation.name for spoilt in scenario.attempt.mutations)
        found[key] = (*found.get(key, ()), scenario)
    return found


def _first(known: Sequence[Scenario]) -> Iterator[Advice]:
    """What the plainest scenario says for each profile."""
    ordered = sorted(known, key=_strangeness)
    for profile in map(load_profile, profile_names()):
        found = (_of(scenario, profile) for scenario in ordered)
        yield from itertools.islice((advice for advice in found if advice is not None), 1)


def _agreed(known: Sequence[Scenario]) -> Iterator[Advice]:
    """What all of the scenarios say for each profile, as far as they say the same."""
    for first in _first(known):
        others = (_of(scenario, load_profile(first.profile)) for scenario in known)
        if all(other is None or _answer(other) == _answer(first) for other in others):
            yield first


def _answer(advice: Advice) -> tuple[object, ...]:
    return advice.outcome, advice.error_class, advice.type, advice.code


def _strangeness(scenario: Scenario) -> int:
    """How far a scenario is from one launch by somebody of whom nothing is arranged: the plainest comes first."""
    return len(scenario.before) + 2 * len(scenario.faults) + len(scenario.states or ())


def _of(scenario: Scenario, profile: Profile) -> Advice | None:
    expectation = profile.expectation(scenario)
    if expectation is None:
        return None
    answer = expectation.preferred
    return Advice(
        profile=profile.name,
        outcome=answer.outcome,
        error_class=answer.klass,
        type=answer.type,
        code=answer.code,
        title=_title(answer, scenario),
        scenario=scenario.id,
    )


def _title(answer: Answer, scenario: Scenario) -> str:
    """The cause of the error that is named most exactly; of what has none, what the scenario is about."""
    if answer.type in types():
        return types()[str(answer.type)].cause
    if answer.code in codes():
        return codes()[int(answer.code or 0)].cause
    return scenario.title
