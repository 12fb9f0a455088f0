"""The launches of one scenario, told in order: who takes part, what is armed, and what was seen at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.account import account_of
from conformance.actions import act, action_of
from conformance.arming import DisarmError, FaultError, armed_for, hits_of
from conformance.arrange import arrange
from conformance.attempt import Performed, perform, signed_in
from conformance.browser import Browser
from conformance.call_reading import asked_back_at
from conformance.checks import NOBODY, SIGHTING, sessions_apart
from conformance.driver import Armed
from conformance.filling import values_of
from conformance.lab import ROLES, Cast, Lab
from conformance.line import Line
from conformance.model import Attempt, LtiVersion, Observation, Outcome, Role, Scenario
from conformance.toolvalues import Action
from conformance.way_back import lost_on_return
from conformance.wire import misbehaving
from mockplatform.model import Course, Launch, Person
from mockplatform.opening import return_url

__all__ = ["DisarmError", "FaultError", "Story", "Told", "begin", "honest", "read", "tell"]


KEY_CACHE_S = 301.0
"""Longer than libraries wait before they ask for a key set again; 30 and 300 s are common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A launch of a story, and what was observed of it."""

    story: Story
    performed: Performed
    seen: Observation
    armed: Mapping[str, int | None] = field(default_factory=dict)
    """How often each armed fault point was reached; None where the driver cannot know."""
    met: Mapping[str, int] = field(default_factory=dict)
    """How often each fault of the platform's endpoints has acted."""
    attempt: Attempt = field(default_factory=Attempt)

    @property
    def is_early(self) -> bool:
        """Whether the platform still wants to be left alone by the tool (RFC 9110 10.2.3)."""
        now = self.story.lab.platform.clock()
        return any((asked_back_at(call) or now) > now for call in self.seen.calls)


@dataclass(kw_only=True)
class Story:
    """People who launch one after the other, from browsers that keep their cookies.

    Args:
        kid: the fresh key id that signs every launch of a story which spoils the key set.
    """

    lab: Lab
    name: str
    role: Role
    registration: str
    cast: Cast
    lti: LtiVersion = "1.3"
    kid: str | None = None
    accounted: bool = False
    """Whether it matters in which account each launch ends."""
    browsers: dict[str, Browser] = field(default_factory=dict)
    done: dict[str, Performed] = field(default_factory=dict)
    launches: dict[str, list[Launch]] = field(default_factory=dict)
    """What was launched in each browser, in its order."""
    signed_in: set[str] = field(default_factory=set)
    """The browsers in which a launch of this story was accepted."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """How each launch ended, by its name."""
    seen: dict[str, Observation] = field(default_factory=dict)
    """What was observed of each attempt, by its name."""
    accounts: dict[str, str] = field(default_factory=dict)
    watched: bool = False
    """Whether it is noted after each step who is signed in where."""
    inside: dict[str, str] = field(default_factory=dict)
    """Who was let in last, by browser."""
    known_keys: set[str] = field(default_factory=set)
    """The launches that were signed by a key by which somebody had been let in."""
    line: Line | None = None
    """What the tool says to the platform, where that is the question."""

    def arrange(self, states: tuple[str, ...]) -> None:
        """Bring the tool into these states for the person and the course."""
        self._arrange(states, self.cast.person, self.registration, self.lti)

    def _arrange(self, states: tuple[str, ...], person: Person, registration: str, lti: LtiVersion) -> None:
        known = self.lab.registrations[registration]
        arrange(self.lab, states, person=person, course=self.cast.course, registration=known, lti=lti)

    def send(self, attempt: Attempt) -> Told:
        """The next launch or action, observed."""
        lab = self.lab
        if self.line is not None:
            self.line.listen(attempt.name, lab.registrations[attempt.registration or self.registration].client_id)
        browser = self.browsers.setdefault(attempt.browser, lab.browser())
        already = len(browser.exchanges)
        self._arrange(attempt.states, self._who(attempt), attempt.registration or self.registration, attempt.lti)
        if self.kid is not None and "launched" in self.outcomes.values() and not _newly_signed(attempt):
            self.known_keys.add(attempt.name)
        action = action_of(lab.tool, attempt.action) if attempt.action else None
        performed = self._launched(attempt, browser) if action is None else self._acted(action, attempt, browser)
        self.done[attempt.name] = performed
        seen = read(lab, performed) if action is None else lab.reader.read(performed.visit, action.granted)
        if self.line is not None:
            if seen.outcome == "launched":
                self.line.wait(attempt.action)
            performed, seen = self.line.heard(performed, seen)
            self.done[attempt.name] = performed
        if seen.outcome == "launched" and action is None:
            self.signed_in.add(attempt.browser)
            if self.accounted and (account := account_of(lab, browser)) is not None:
                self.accounts[attempt.name] = account
        if self.watched and attempt.finish:
            self._look_around(attempt, launched=seen.outcome == "launched" and action is None)
        seen = replace(
            seen,
            auth_problems=performed.auth_problems,
            auth_requests=self._auth_requests(),
            key_fetches=performed.key_fetches,
            canary_hits=performed.canary_hits,
            let_in=performed.let_in,
            accounts=dict(self.accounts),
            person_id=self._who(attempt).sub,
            lost=lost_on_return(performed.visit, self._told_ways(attempt, of_launch=action is None)),
            exchanges=tuple(browser.exchanges[already:]),
        )
        self.outcomes[attempt.name] = seen.outcome
        self.seen[attempt.name] = seen
        return Told(story=self, performed=performed, seen=seen, attempt=attempt)

    def again(self, attempt: Attempt) -> Told:
        """An attempt that was sent before, as it was told then."""
        return Told(story=self, performed=self.done[attempt.name], seen=self.seen[attempt.name], attempt=attempt)

    def _told_ways(self, attempt: Attempt, *, of_launch: bool) -> Sequence[Launch]:
        """The launches that may have told the tool the way back; an action follows from any in its browser."""
        known = self.launches.get(attempt.browser, [])
        return known[-1:] if of_launch else known

    def _look_around(self, attempt: Attempt, *, launched: bool) -> None:
        """Note for every browser whom it belongs to by rights and which account is signed in there."""
        if launched:
            who = "person" if self._who(attempt) is self.cast.person else "other"
            self.inside[attempt.browser] = f"{who} of {attempt.registration or self.registration}"
        for name, browser in self.browsers.items():
            if name in self.inside or name == attempt.browser:
                who = self.inside.get(name, NOBODY)
                place = SIGHTING.format(step=attempt.name, browser=name, who=who)
                self.accounts[place] = account_of(self.lab, browser) or ""

    def _launched(self, attempt: Attempt, browser: Browser) -> Performed:
        lab = self.lab
        launch = lab.platform.intend(
            lab.registrations[attempt.registration or self.registration],
            person=self._who(attempt),
            roles=ROLES[attempt.role or self.role],
            course=self.cast.course,
            message=attempt.message,
        )
        launch_id = lab.opaque(self.name, attempt.name, len(self.done))
        launch = replace(launch, id=launch_id, return_url=return_url(lab.platform.url, launch_id))
        self.launches.setdefault(attempt.browser, []).append(launch)
        return perform(lab, launch, attempt, browser, self.done, kid=self.kid)

    def _acted(self, action: Action, attempt: Attempt, browser: Browser) -> Performed:
        known = self.lab.registrations[attempt.registration or self.registration]
        return act(self.lab, action, browser, values_of(self._who(attempt), self.cast.course, known, self.lti))

    def _who(self, attempt: Attempt) -> Person:
        first = attempt.browser == "user" if not attempt.person else attempt.person == "person"
        return self.cast.person if first else self.cast.other

    def _auth_requests(self) -> tuple[Mapping[str, str], ...]:
        """What the tool asked, once for each login: a launch that continues one has none of its own."""
        asked = (performed.auth_request for performed in self.done.values())
        return tuple({id(request): request.params for request in asked if request is not None}.values())

    def session(self, browser: str) -> bool | None:
        """Whether the tool knows the person in a browser; None if that cannot be asked."""
        probe = self.lab.tool.observe.probe
        if probe is None or not self.lab.probe_works:
            return None
        return signed_in(self.lab, self.browsers[browser], probe)

    def leftover_session(self, attempt: Attempt) -> bool | None:
        """The same after a refusal; None as well if an earlier launch of the story has left a session behind."""
        return None if attempt.browser in self.signed_in else self.session(attempt.browser)

    def keys_unasked(self, name: str) -> bool:
        """Whether a launch was refused by a tool that had not asked for the key set that it would have needed."""
        if self.kid is None or name in self.known_keys:
            return False
        return self.outcomes[name] != "launched" and self.done[name].key_fetches == 0

    def sequel(self) -> Story:
        """A story of the same people in the same browsers, in which nothing is spoilt."""
        line = None if self.line is None else Line(self.lab)
        return replace(
            self,
            name=f"{self.name} sequel",
            kid=None,
            browsers=dict(self.browsers),
            done={},
            seen={},
            launches={name: list(known) for name, known in self.launches.items()},
            accounts={},
            line=line,
            cast=replace(self.cast, course=_uncrowded(self.cast.course)),
        )


def _uncrowded(course: Course) -> Course:
    """The course; of a crowded one another, in which nobody else takes part."""
    return replace(course, id=f"{course.id}-after", crowd=0) if course.crowd else course


def _newly_signed(attempt: Attempt) -> bool:
    """Whether a launch is signed by another key than those before."""
    return any(spoilt.mutation.name == "header.signed_by" for spoilt in attempt.mutations)


def read(lab: Lab, performed: Performed) -> Observation:
    """What a launch looks like now, by patterns that may have become void since it was sent."""
    seen = lab.reader.read(performed.visit)
    if seen.outcome != "launched" or performed.response is not None:
        return seen
    # A login page that answers 2xx looks launched to a marker that asks for no more than that.
    early = "a page that looks launched came before the platform had sent its answer"
    return replace(seen, outcome="unclear", trouble=early)


def honest(lab: Lab, name: str, role: Role, registration: str, states: tuple[str, ...], lti: LtiVersion) -> Told:
    """A launch without a lie by people whom nobody has seen before."""
    story = Story(lab=lab, name=name, role=role, registration=registration, cast=lab.cast(name), lti=lti)
    story.arrange(states)
    return story.send(Attempt(name="judged", lti=lti))


def begin(lab: Lab, scenario: Scenario, take: str) -> Story:
    """The story of a scenario, with nothing told yet."""
    name = f"{scenario.id} {take}"
    cast = lab.cast(name)
    kid = f"{lab.platform.keys.kid('platform')[:16]}-{lab.opaque(name, 'kid')[:8]}" if scenario.rotates else None
    return Story(
        lab=lab,
        name=name,
        role=scenario.role,
        registration=scenario.registration,
        cast=replace(cast, course=replace(cast.course, crowd=scenario.crowd)) if scenario.crowd else cast,
        # What is no launch belongs to the one before it.
        lti=lab.lti if scenario.attempt.action else scenario.lti,
        kid=kid,
        accounted="accounts" in scenario.needs,
        watched=sessions_apart.__name__ in scenario.checks,
        line=Line(lab) if scenario.serviced else None,
    )


def tell(lab: Lab, scenario: Scenario, states: tuple[str, ...], take: str) -> Told:
    """All launches of a scenario, with its faults armed; the last one is judged.

    Raises:
        FaultError: a fault point could not be armed or disarmed.
        OutOfReachError: the driver of a fault point has no way to do what the scenario asks.
    """
    story = begin(lab, scenario, take)
    story.arrange(states)
    armed: dict[str, Armed] = {}
    hits: dict[str, int | None] = {}
    with contextlib.ExitStack() as stack:
        wire = stack.enter_context(misbehaving(lab, scenario))
        for attempt in (*scenario.before, scenario.attempt):
            wire.arm(attempt.name)
            for fault in scenario.faults:
                if fault.point not in armed and fault.since in ("", attempt.name):
                    armed[fault.point] = stack.enter_context(armed_for(story, fault))
            told = story.send(attempt)
            if story.keys_unasked(attempt.name) and lab.tool.rulings.get("allow_waits"):
                lab.pause(KEY_CACHE_S)
                told = story.send(attempt)
            # One that fails so many times has to be met by the first launch under it; later ones are to find it over.
            brief = {fault.point for fault in scenario.faults if fault.times is not None and fault.point in hits}
            hits |= {point: hits_of(point, fault) for point, fault in armed.items() if point not in brief}
        met = wire.hits()
    # With everything working again: a tool that cannot look a session up would seem to have none.
    if told.seen.outcome != "launched":
        told = replace(told, seen=replace(told.seen, session=story.leftover_session(scenario.attempt)))
    return replace(told, armed=hits, met=met)
