"""The twin of a broken launch: the same without a lie, which has to be accepted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from conformance.lab import Lab
from conformance.model import Observation, Scenario
from conformance.story import Told, honest, tell

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
        if seen.outcome == "launched" and scenario.attempt.action and scenario.faults:
            seen = self._granted(scenario, states)
        return seen

    def _launched(self, scenario: Scenario, registration: str) -> Observation:
        lab = self._lab
        lti = lab.lti if scenario.attempt.action else scenario.lti
        states = lab.honest_states(scenario.role)
        key = (registration, scenario.role, lti, *states)
        name = f"twin {' '.join(key)}"
        return self._once(key, scenario, lambda: honest(lab, name, scenario.role, registration, states, lti))

    def _granted(self, scenario: Scenario, states: tuple[str, ...]) -> Observation:
        """The action after an honest launch, with nothing armed."""
        key = ("action", scenario.attempt.action, scenario.role, scenario.registration)
        return self._once(key, scenario, lambda: tell(self._lab, replace(scenario, faults=()), states, "twin"))

    def _once(self, key: tuple[str, ...], scenario: Scenario, send: Callable[[], Told]) -> Observation:
        with self._lock:
            if key not in self._seen:
                told = send()
                if told.performed.visit.trouble_kind == "refused":
                    raise ToolLost(f"{told.seen.trouble} (noticed in {scenario.id})")
                self._seen[key] = told.seen
            return self._seen[key]
