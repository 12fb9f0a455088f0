"""Long stories, judged step by step; and the shortest story that still shows what was found.

Nothing here draws anything: what is sent next is decided by a machine, or by a reader of a report.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.arrange import ArrangementFailedError, missing_states
from conformance.chance import OwnChance, StoriesOver
from conformance.checks import checks, sessions_apart
from conformance.evidence import keys_unasked, skip, unasked, unproven
from conformance.exchanges.exchange_legs import legs_of
from conformance.judge import judge
from conformance.lab import Lab
from conformance.model import (
    AXES,
    Attempt,
    Axis,
    Finding,
    Grade,
    LtiVersion,
    Observation,
    Outcome,
    Result,
    Role,
    Scenario,
    Verdict,
)
from conformance.runner import Runner, TimeIsUp, ToolLost
from conformance.sequences.seeing import LET_IN, REFUSED, advice, shown
from conformance.sequences.shortening import shortest, spoils_keys, story_of
from conformance.sequences.world import MUST_LAUNCH, World
from conformance.story import Story, Told, begin, honest, tell
from mockplatform.mutation import NotApplicableError

__all__ = ["AREA", "Complaint", "Sequences", "as_text", "role_of"]

AREA = "sequences"
LTI: LtiVersion = "1.3"
WORST_FIRST = ("failed", "error", "warned")
"""What a complaint can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A story whose last step is not as a property demands."""

    steps: tuple[Attempt, ...]
    rotates: bool
    verdict: Verdict
    seen: Observation

    @property
    def rank(self) -> tuple[int, int]:
        """Of two complaints the one with the lower rank tells more: the graver, and then the shorter."""
        return WORST_FIRST.index(self.verdict.status), len(self.steps)


@dataclass(kw_only=True)
class Sequences:
    """What a number of long stories are judged by, and what they have shown.

    Args:
        wanted: the properties that are judged, by name.
    """

    runner: Runner
    wanted: Mapping[str, Scenario]
    role: Role
    second: bool
    """Whether the tool lets somebody in from the second platform."""
    complaints: dict[str, Complaint] = field(default_factory=dict)
    """The gravest story against each property, and the shortest of these."""
    judged: Counter[str] = field(default_factory=Counter)
    blind: Counter[str] = field(default_factory=Counter)
    """How often a property was at stake and nobody could see what it is about."""
    silent: Counter[str] = field(default_factory=Counter)
    """How often the tool refused without having asked for the keys that it would have needed."""
    told: list[tuple[str, ...]] = field(default_factory=list)
    """Each story, as it was sent."""
    over: StoriesOver | TimeIsUp | None = None
    """Why nothing more is sent."""

    def __post_init__(self) -> None:
        self._takes = itertools.count(1)
        self.chance = OwnChance(seed=f"{self.lab.seed}/{self.lab.run_id}/{AREA}")
        probe = self.lab.tool.observe.probe
        self.accounts = probe is not None and probe.account is not None and self.lab.probe_works

    @property
    def lab(self) -> Lab:
        """Where all this takes place."""
        return self.runner.lab

    def story(self, *, rotates: bool) -> Story:
        """A new story of people whom nobody knows yet, in its turn.

        Args:
            rotates: whether it may spoil the key set.

        Raises:
            TimeIsUp: nothing more is to be begun.
        """
        self.runner.go_on()
        base = next(iter(self.wanted.values()))
        watched = (sessions_apart.__name__,) if self.accounts else ()
        scenario = replace(base, id=AREA, attempt=Attempt(), role=self.role, rotates=rotates, checks=watched, needs=())
        story = begin(self.lab, scenario, f"story {next(self._takes)}")
        story.arrange(self.lab.honest_states(self.role))
        return story

    def note(self, steps: Sequence[Attempt], demanded: str | None, told: Told) -> None:
        """Judge the last step of a story.

        Raises:
            ToolLost: nobody answers any more.
        """
        attempt, story = steps[-1], told.story
        if told.performed.visit.trouble_kind == "refused":
            self._check_alive(told.seen)
            return
        if demanded in MUST_LAUNCH and story.keys_unasked(attempt.name):
            self.silent[demanded] += 1
            return
        seen = told.seen
        if REFUSED in self.wanted and seen.outcome == "rejected":
            seen = replace(seen, session=story.leftover_session(attempt))
        for name in _about(demanded, attempt, seen.outcome):
            if name in self.wanted and not _untold(attempt, told):
                self._note(name, tuple(steps), story, seen)

    def _note(self, name: str, steps: tuple[Attempt, ...], story: Story, seen: Observation) -> None:
        counter = self.judged if shown(name, steps[-1], seen) else self.blind
        counter[name] += 1
        verdict = self._verdict(name, seen)
        if verdict.status not in WORST_FIRST:
            return
        complaint = Complaint(steps=steps, rotates=story.kid is not None, verdict=verdict, seen=seen)
        known = self.complaints.get(name)
        if known is None or complaint.rank < known.rank:
            self.complaints[name] = complaint

    def _verdict(self, name: str, seen: Observation) -> Verdict:
        wanted, lab = self.wanted[name], self.lab
        expectation = lab.profile.expectation(wanted)
        assert expectation is not None, "properties are selected for the profile"
        if name != REFUSED:
            # Whether a refusal leaves a session is a property of its own.
            seen = replace(seen, session=None)
        complaints = tuple(c for check in wanted.checks if (c := checks()[check](seen)) is not None)
        return judge(expectation, seen, lab.profile, lab.reader.axes, complaints)

    def _check_alive(self, seen: Observation) -> None:
        lab = self.lab
        try:
            told = honest(lab, f"{AREA} alive", self.role, "main", lab.honest_states(self.role), LTI)
        except ArrangementFailedError as failure:
            raise ToolLost(f"{failure} (noticed in {AREA})") if failure.lost else failure from None
        if told.performed.visit.trouble_kind == "refused":
            raise ToolLost(f"{seen.trouble} (noticed in {AREA})")

    def result(self, name: str) -> Result:
        """What has come of a property.

        Raises:
            ToolLost: nobody answers any more.
        """
        wanted = self.wanted[name]
        expectation = self.lab.profile.expectation(wanted)
        assert expectation is not None, "properties are selected for the profile"
        complaint = self.complaints.get(name)
        if complaint is None:
            return Result(scenario=wanted, expectation=expectation, verdict=self._unbroken(name))
        scenario = self._shortest(name, complaint)
        result = self.runner.try_scenario(scenario)
        if result.status in WORST_FIRST:
            return result
        text = f"in a long story: {complaint.verdict.reason}; sent once more, the story ended otherwise"
        verdict = replace(complaint.verdict, findings=(Finding(id="flaky", text=text),))
        seen = complaint.seen
        return Result(
            scenario=scenario, expectation=expectation, verdict=verdict, observation=seen, timeline=legs_of(seen)
        )

    def unrepeated(self, name: str) -> Result:
        """What was seen of a property that was broken, with the story as it was: nothing can be sent any more."""
        wanted, complaint = self.wanted[name], self.complaints[name]
        expectation = self.lab.profile.expectation(wanted)
        assert expectation is not None, "properties are selected for the profile"
        text = "the run ended before the story could be sent again, so it is as long as it was"
        verdict = replace(complaint.verdict, findings=(Finding(id="not-repeated", text=text),))
        states = self.lab.honest_states(self.role)
        scenario = story_of(wanted, complaint.steps, self.role, states, rotates=complaint.rotates)
        seen = complaint.seen
        return Result(
            scenario=scenario, expectation=expectation, verdict=verdict, observation=seen, timeline=legs_of(seen)
        )

    @property
    def _stories(self) -> int:
        return sum(bool(story) for story in self.told)

    def _unbroken(self, name: str) -> Verdict:
        if self.judged[name]:
            count = f"{self.judged[name]} step{'s' if self.judged[name] > 1 else ''}"
            graded: dict[Axis, Grade] = {"outcome": "passed"}
            reason = f"held in {count} of {self._stories} stories"
            return Verdict(status="passed", axes={a: graded.get(a, "unobserved") for a in AXES}, reason=reason)
        if self.blind[name]:
            return skip("not-observable", advice(name, self.lab))
        if self.silent.total():
            return unasked()
        return skip("not-judged", f"none of {self._stories} stories came to a step that shows it; try more examples")

    def _shortest(self, name: str, complaint: Complaint) -> Scenario:
        """The shortest story that still breaks the property, or as it was if no shorter one does."""
        wanted, states, rotates = self.wanted[name], self.lab.honest_states(self.role), complaint.rotates

        def fails(steps: Sequence[Attempt], *, rotates: bool = rotates) -> bool:
            shorter = story_of(wanted, steps, self.role, states, rotates=rotates)
            return self._still_fails(name, shorter, complaint.rank)

        steps = complaint.steps
        with contextlib.suppress(TimeIsUp):
            steps = shortest(steps, fails)
            if rotates and not spoils_keys(steps):
                rotates = not fails(steps, rotates=False)
        return story_of(wanted, steps, self.role, states, rotates=rotates)

    def _still_fails(self, name: str, scenario: Scenario, rank: tuple[int, int]) -> bool:
        """Whether a story breaks the property as gravely, for the reason that the property is about."""
        self.runner.go_on()
        lab = self.lab
        expectation = lab.profile.expectation(scenario)
        try:
            told = tell(lab, scenario, lab.honest_states(self.role), f"shorter {next(self._takes)}")
        except NotApplicableError:
            return False
        except ArrangementFailedError as failure:
            if failure.lost:
                raise ToolLost(f"{failure} (noticed in {scenario.id})") from None
            return False
        if expectation is None or keys_unasked(told) or unproven(scenario, expectation, told) is not None:
            return False
        world, story = World(), told.story
        for attempt in scenario.before:
            begun = story.done[attempt.name].auth_request is not None
            world.note(attempt, story.outcomes[attempt.name], begun=begun)
        if name not in _about(world.demand(scenario.attempt), scenario.attempt, told.seen.outcome):
            return False
        status = self._verdict(name, told.seen).status
        return status in ("failed", "warned") and WORST_FIRST.index(status) <= rank[0]


def role_of(lab: Lab) -> Role:
    """In which role an honest launch can be arranged; the first if in none."""
    roles: tuple[Role, ...] = ("instructor", "student")
    return next((role for role in roles if not missing_states(lab, lab.honest_states(role))), roles[0])


def _about(demanded: str | None, attempt: Attempt, outcome: Outcome) -> tuple[str, ...]:
    """The properties that a step is about."""
    ended = attempt.finish and not attempt.action
    after = {"rejected": (REFUSED,), "launched": (LET_IN,)}.get(outcome, ()) if ended else ()
    return after if demanded is None else (demanded, *after)


def _untold(attempt: Attempt, told: Told) -> bool:
    """Whether the lie of a step was never told, since the login before it was not continued."""
    lies = bool(attempt.mutations) or attempt.login != "fresh"
    return lies and told.performed.response is None


def as_text(step: Attempt) -> str:
    """A step in one line."""
    parts = {
        "lies": " ".join(map(str, step.mutations)),
        "login": step.login if step.login != "fresh" else "",
        "platform": step.registration,
        "action": step.action,
        "copies": step.copies if step.copies > 1 else "",
        "open": "" if step.finish else "yes",
    }
    told = ", ".join(f"{name}: {value}" for name, value in parts.items() if value)
    return f"{step.person} in {step.browser}" + (f" ({told})" if told else "")
