"""The launches of one scenario, told in order: who takes part, what is armed, and what was seen at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.arrange import arrange
from conformance.attempt import Performed, ask, perform
from conformance.browser import Browser
from conformance.lab import ROLES, Cast, Lab
from conformance.model import Attempt, Fault, Observation, Outcome, Role, Scenario

__all__ = ["FaultError", "Story", "Told", "honest", "read", "tell"]


KEY_CACHE_S = 301.0
"""Longer than libraries wait before they ask for a key set again; 30 and 300 s are common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A launch of a story, and what was observed of it."""

    story: Story
    performed: Performed
    seen: Observation
    armed: Mapping[str, int] = field(default_factory=dict)
    """How often each armed fault point was reached."""


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
    kid: str | None = None
    browsers: dict[str, Browser] = field(default_factory=dict)
    done: dict[str, Performed] = field(default_factory=dict)
    signed_in: set[str] = field(default_factory=set)
    """The browsers in which a launch of this story was accepted."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """How each launch ended, by its name."""

    def arrange(self, states: tuple[str, ...]) -> None:
        """Bring the tool into these states for the person and the course."""
        known = self.lab.registrations[self.registration]
        arrange(self.lab, states, person=self.cast.person, course=self.cast.course, registration=known)

    def send(self, attempt: Attempt) -> Told:
        """The next launch, observed."""
        lab = self.lab
        browser = self.browsers.setdefault(attempt.browser, lab.browser())
        already = len(browser.exchanges)
        launch = lab.platform.intend(
            lab.registrations[self.registration],
            person=self.cast.person if attempt.browser == "user" else self.cast.other,
            roles=ROLES[self.role],
            course=self.cast.course,
        )
        launch = replace(launch, id=lab.opaque(self.name, attempt.name, len(self.done)))
        performed = perform(lab, launch, attempt, browser, self.done, kid=self.kid)
        self.done[attempt.name] = performed
        seen = replace(
            read(lab, performed),
            auth_problems=performed.pending.auth_problems,
            auth_requests=self._auth_requests(),
            key_fetches=performed.key_fetches,
            canary_hits=performed.canary_hits,
            exchanges=tuple(browser.exchanges[already:]),
        )
        if seen.outcome == "launched":
            self.signed_in.add(attempt.browser)
        self.outcomes[attempt.name] = seen.outcome
        return Told(story=self, performed=performed, seen=seen)

    def _auth_requests(self) -> tuple[Mapping[str, str], ...]:
        """What the tool asked, once for each login: a launch that continues one has none of its own."""
        asked = (performed.pending.auth_request for performed in self.done.values())
        return tuple({id(request): request.params for request in asked if request is not None}.values())

    def session(self, browser: str) -> bool | None:
        """Whether the tool knows the person in a browser; None if that cannot be asked."""
        probe = self.lab.tool.observe.probe
        if probe is None or not self.lab.probe_works:
            return None
        return ask(self.lab, self.browsers[browser], probe.request, probe.headers) == probe.status

    def leftover_session(self, attempt: Attempt) -> bool | None:
        """The same after a refusal; None as well if an earlier launch of the story has left a session behind."""
        return None if attempt.browser in self.signed_in else self.session(attempt.browser)

    def keys_unasked(self, name: str) -> bool:
        """Whether a launch was refused by a tool that had not asked for the key set of this story."""
        return self.kid is not None and self.outcomes[name] != "launched" and self.done[name].key_fetches == 0

    def sequel(self) -> Story:
        """A story of the same people in the same browsers, in which nothing is spoilt."""
        return replace(self, name=f"{self.name} sequel", kid=None, browsers=dict(self.browsers), done={})


def read(lab: Lab, performed: Performed) -> Observation:
    """What a launch looks like now, by patterns that may have become void since it was sent."""
    seen = lab.reader.read(performed.visit)
    if seen.outcome != "launched" or performed.pending.response is not None:
        return seen
    # A login page that answers 2xx looks launched to a marker that asks for no more than that.
    early = "a page that looks launched came before the platform had sent its answer"
    return replace(seen, outcome="unclear", trouble=early)


def honest(lab: Lab, name: str, role: Role, registration: str, states: tuple[str, ...]) -> Told:
    """A launch without a lie by people whom nobody has seen before."""
    story = Story(lab=lab, name=name, role=role, registration=registration, cast=lab.cast(name))
    story.arrange(states)
    return story.send(Attempt(name="judged"))


class FaultError(Exception):
    """A driver could not arm or disarm its fault point."""


@contextlib.contextmanager
def _armed(lab: Lab, fault: Fault) -> Iterator[Any]:
    """What counts the hits of a fault point that fails for the block; drivers are the user's code and may break."""
    try:
        driver = lab.faults[fault.point](fault.mode)
        armed = driver.__enter__()
    except Exception as error:
        raise FaultError(f'the driver of "{fault.point}" could not arm it: {error}') from error
    try:
        if not hasattr(armed, "hits"):
            raise FaultError(f'the driver of "{fault.point}" yields nothing with `hits`, so nobody knows if it was met')
        yield armed
    finally:
        try:
            driver.__exit__(None, None, None)
        except Exception as error:
            raise FaultError(f'the driver of "{fault.point}" could not disarm it: {error}') from error


def tell(lab: Lab, scenario: Scenario, states: tuple[str, ...], take: str) -> Told:
    """All launches of a scenario, with its faults armed; the last one is judged."""
    name = f"{scenario.id} {take}"
    kid = f"{lab.platform.keys.kid('platform')[:16]}-{lab.opaque(name, 'kid')[:8]}" if scenario.rotates else None
    story = Story(
        lab=lab,
        name=name,
        role=scenario.role,
        registration=scenario.registration,
        cast=lab.cast(name),
        kid=kid,
    )
    story.arrange(states)
    with contextlib.ExitStack() as stack:
        armed = {f.point: stack.enter_context(_armed(lab, f)) for f in scenario.faults}
        for attempt in (*scenario.before, scenario.attempt):
            told = story.send(attempt)
            if story.keys_unasked(attempt.name) and lab.tool.rulings.get("allow_waits"):
                lab.pause(KEY_CACHE_S)
                told = story.send(attempt)
        if told.seen.outcome != "launched":
            told = replace(told, seen=replace(told.seen, session=story.leftover_session(scenario.attempt)))
        return replace(told, armed={point: fault.hits for point, fault in armed.items()})
