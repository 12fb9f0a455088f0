"""The rules by which a request is taken for a session probe, one function each. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.calibrating.drafting import Probed
from conformance.toolvalues import Probe

__all__ = ["Asked", "ended", "kept", "usual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that succeeded after each good launch, and what else answered it.

    Args:
        alone: the status without any launch; None: there was no answer.
        held: after how many refused launches it succeeded.
        refused: how many refused launches there are.
    """

    probe: Probe
    alone: int | None
    held: int
    refused: int

    @property
    def told(self) -> str:
        """What was seen, for the comment in the tool file."""
        return f"it answers {self.probe.status} after each, and {self.alone or 'nothing'} without"


def kept(asked: Asked) -> Probed:
    """By the rule for a request that a person has named."""
    found = f"Found: kept from before; {asked.told}"
    return Probed(probe=asked.probe, found=found, is_kept=True) if _refuses_half(asked) else Probed()


def ended(asked: Asked) -> Probed:
    """By the rule for the page to which launches themselves have led."""
    found = f"Found: the page where good launches ended; {asked.told}"
    return Probed(probe=asked.probe, found=found) if _refuses_half(asked) else Probed()


def _refuses_half(asked: Asked) -> bool:
    """Whether it fails after half of the refused launches at least."""
    return asked.held * 2 <= asked.refused


def usual(asked: Asked) -> Probed:
    """By the rule for an address that nobody has named: what some refusals open may be no sign of a session at all."""
    among = f"after {asked.held} of {asked.refused} refused launches it answers {asked.probe.status}"
    if asked.alone is None or asked.held:
        return Probed(unsure=f"{asked.probe.request} may be one: {asked.told}, but {among}")
    return Probed(probe=asked.probe, found=f"Found: a usual address; {asked.told}; {among}")
