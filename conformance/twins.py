"""The twin of a broken launch: the same without a lie, which has to be accepted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from conformance.lab import Lab
from conformance.model import Attempt, Observation, Scenario
from conformance.story import Story, Told, tell

__all__ = ["ToolLost", "Twins"]


class ToolLost(Exception):  # noqa: N818 - an event of the run
    """Nobody answers at the tool's address any more."""


class Twins:
    """What the tool did with the twins of a run; one is sent once for all scenarios that share its arrangement."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._seen: dict[tuple[str, ...], Observation] = {}
        self._lock = threading.Lock()

    def of(self, scenario: Scenario, states: tuple[str, ...]) -> Observation:
        """What became of a scenario's twin; of several platforms that take part, the tool has to know each.

        Raises:
            ToolLost: nobody answers.
        """
        others = {attempt.registration for attempt in scenario.before} | ({"second"} & set(scenario.needs))
        seen = self._launched(scenario, scenario.registration)
        for registration in sorted(others - {"", scenario.registration}):
            if seen.outcome == "launched":
                seen = self._launched(scenario, registration)
        if seen.outcome == "launched" and scenario.attempt.action and (scenario.faults or scenario.serviced):
            seen = self._granted(scenario, states)
        return seen

    def _launched(self, scenario: Scenario, registration: str) -> Observation:
        """What became of an honest launch of the scenario's own kind."""
        lti = self._lab.lti if scenario.attempt.action else scenario.lti
        judged = Attempt(name="judged", lti=lti, message=scenario.attempt.message)
        states = self._lab.honest_states(scenario.role)
        key = (registration, scenario.role, lti, judged.message, *states)

        def send() -> Told:
            name = f"twin {' '.join(key)}"
            cast = self._lab.cast(name)
            story = Story(lab=self._lab, name=name, role=scenario.role, registration=registration, cast=cast, lti=lti)
            story.arrange(states)
            return story.send(judged)

        return self._once(key, scenario, send)

    def _granted(self, scenario: Scenario, states: tuple[str, ...]) -> Observation:
        """The action after an honest launch, with nothing armed."""
        key = ("action", scenario.attempt.action, scenario.role, scenario.registration)
        # An action that is a lie in itself, such as an edit by nobody, is not told here: its launches are what is.
        before = tuple(replace(attempt, mutations=()) for attempt in scenario.before)
        plain = replace(scenario, faults=(), wire=(), quirks={}, crowd=0, before=before)
        return self._once(key, scenario, lambda: tell(self._lab, plain, states, "twin"))

    def _once(self, key: tuple[str, ...], scenario: Scenario, send: Callable[[], Told]) -> Observation:
        with self._lock:
            if key not in self._seen:
                told = send()
                if told.performed.visit.trouble_kind == "refused":
                    raise ToolLost(f"{told.seen.trouble} (noticed in {scenario.id})")
                self._seen[key] = told.seen
            return self._seen[key]
