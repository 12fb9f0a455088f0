"""Broken launches that say what the answer must be: those of the catalogue, and drawn ones that resemble them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.catalogue import scenarios
from conformance.model import Attempt, Profile, Scenario
from conformance.profile import load_profile
from conformance.strategies.lazily import st
from mockplatform.errors import UsageError
from mockplatform.model import KeySet
from mockplatform.mutation import Spoilt

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["Broken", "broken_launches", "with_mutations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A broken launch, and the scenario that says what it is and what must be answered to it."""

    scenario: Scenario

    @property
    def mutations(self) -> tuple[Spoilt, ...]:
        """Its lies."""
        return self.scenario.attempt.mutations

    def __repr__(self) -> str:
        return f"<{self.scenario.id}: {', '.join(map(str, self.mutations))}>"

    def _repr_pretty_(self, printer: Any, _cycle: object) -> None:
        """How Hypothesis shows it: as it shows itself, and not field by field."""
        printer.text(repr(self))


def with_mutations(scenario: Scenario, mutations: Sequence[Spoilt]) -> Scenario:
    """The scenario with these lies in place of its own."""
    return replace(
        scenario,
        attempt=replace(scenario.attempt, mutations=tuple(mutations)),
        rotates=any(spoilt.mutation.stage is KeySet for spoilt in mutations),
    )


def broken_launches(
    *, error: str | None = None, code: int | None = None, profile: str | None = None
) -> SearchStrategy[Broken]:
    """Launches that have to be refused, each of which is the plain launch but for its `mutations`.

    Args:
        error: only those whose refusal is of this type, such as `TokenExpired`.
        code: only those whose refusal has this code.
        profile: as this profile, a name or a path, expects it; otherwise those that every profile has refused.

    Raises:
        UsageError: no such launch is refused like that.
    """
    from conformance.veins import veins

    known = None if profile is None else load_profile(profile)
    asked = Asked(error=error, code=code, profile=known)
    fixed = [Broken(scenario=s) for s in scenarios() if s.attempt.mutations and _alone(s) and asked.by(s)]
    drawn = [_of(vein, s) for vein in veins().values() if _alone(s := vein.scenario()) and asked.by(s)]
    if not fixed and not drawn:
        raise UsageError(f"broken_launches({asked}): no launch by itself is refused like that; {_advice(asked)}")
    return st.one_of([*drawn, *([st.sampled_from(fixed)] if fixed else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a launch has to be refused to be drawn."""

    error: str | None
    code: int | None
    profile: Profile | None

    def by(self, scenario: Scenario) -> bool:
        """Whether a scenario has its launch refused like this."""
        mine = None if self.profile is None else self.profile.expectation(scenario)
        counted = list(scenario.expect.values()) if self.profile is None else [mine] if mine else []
        answers = [answer for each in counted for answer in each.answers]
        if not answers or any(answer.outcome == "launched" for answer in answers):
            return False
        return any(
            self.error in (None, each.preferred.type) and self.code in (None, each.preferred.code) for each in counted
        )

    def __str__(self) -> str:
        name = self.profile and self.profile.name
        given = {"error": self.error, "code": self.code, "profile": name}
        return ", ".join(f"{key}={value!r}" for key, value in given.items() if value is not None)


def _advice(asked: Asked) -> str:
    if asked.profile is None:
        return 'not under every profile: give one, such as profile="class"'
    return "`lti-conformance list` shows what each scenario expects"


def _of(vein: Callable[[], SearchStrategy[tuple[Spoilt, ...]]], scenario: Scenario) -> SearchStrategy[Broken]:
    # What `map` makes is shown as the call that made it, and what is shown here is the launch.
    return vein().flatmap(lambda mutations: st.just(Broken(scenario=with_mutations(scenario, mutations))))


def _alone(scenario: Scenario) -> bool:
    """Whether a scenario is one launch by itself, from the plain registration."""
    attempt = scenario.attempt
    plain = Attempt(name=attempt.name, mutations=attempt.mutations)
    alone = not scenario.before and not scenario.faults and scenario.states is None and scenario.registration == "main"
    return alone and scenario.role == "instructor" and attempt == plain and set(scenario.needs) <= {"1.3"}
