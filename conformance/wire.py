"""What the platform does wrong during a story: armed at its endpoints, and taken away again on every way out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.filling import filled
from conformance.lab import Lab
from conformance.model import Scenario, Wire
from mockplatform.records import WireFault

__all__ = ["ArmedWire", "asks_for_tokens", "misbehaving", "told"]

ABSENT: Final = "{absent}"


class ArmedWire:
    """The faults of a story's platform, as far as they are armed."""

    def __init__(self, lab: Lab, faults: tuple[Wire, ...]) -> None:
        self._lab = lab
        self._waiting = list(faults)
        self._armed: list[tuple[Wire, WireFault]] = []

    def arm(self, attempt: str) -> None:
        """Arm what begins with this attempt, and with the first of all what begins with none.

        Raises:
            UsageError: the platform has no such endpoint, verb or setting.
        """
        for fault in [fault for fault in self._waiting if fault.since in ("", attempt)]:
            self._waiting.remove(fault)
            known = self._lab.platform.faults.arm(
                endpoint=fault.endpoint,
                verb=fault.verb,
                settings=told(filled(fault.settings, {"elsewhere": self._lab.elsewhere})),
                method=fault.method,
                nth=fault.nth,
                times=fault.times,
            )
            self._armed.append((fault, known))

    def hits(self) -> Mapping[str, int]:
        """How often each has acted, by how it is written."""
        now = {fault.id: fault.hits for fault in self._lab.platform.faults.all()}
        return {str(fault): now.get(known.id, 0) for fault, known in self._armed}

    def disarm(self) -> None:
        """Take all of them away."""
        for _, known in self._armed:
            self._lab.platform.faults.disarm(known.id)


def told(value: Any) -> Any:
    """The value with null for `{absent}`: TOML has no word for it."""
    if isinstance(value, Mapping):
        return {name: told(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [told(member) for member in value]
    return None if value == ABSENT else value


def asks_for_tokens(scenario: Scenario) -> bool:
    """Whether the tool has to ask for a token in a story: those that it has kept are void then.

    A token that is good would spare it the token endpoint, and so whatever is to happen or to be seen there.
    """
    spoilt = any(fault.endpoint == "token" for fault in scenario.wire)
    return spoilt or "token" in scenario.about or any(name.startswith("token.") for name in scenario.quirks)


@contextlib.contextmanager
def misbehaving(lab: Lab, scenario: Scenario) -> Iterator[ArmedWire]:
    """The platform speaks in the block as the scenario says."""
    platform, wire = lab.platform, ArmedWire(lab, scenario.wire)
    if not scenario.serviced:
        yield wire
        return
    usual = platform.settings.quirks
    if asks_for_tokens(scenario):
        platform.state.grants.clear()
    if scenario.quirks:
        platform.change_settings(quirks={**usual, **scenario.quirks})
    try:
        yield wire
    finally:
        wire.disarm()
        if scenario.quirks:
            platform.change_settings(quirks=usual)
