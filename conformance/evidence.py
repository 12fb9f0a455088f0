"""What a scenario needs before it can be tried, and what its story has to show before an answer proves anything.

A refusal counts only if the lie was told, the fault was met and the honest launches before it were accepted.
"""

from __future__ import annotations

from conformance.arrange import missing_states
from conformance.lab import Lab
from conformance.model import Scenario, Verdict
from conformance.story import Told
from mockplatform.model import LoginRequest

__all__ = ["keys_unasked", "lacking", "skip", "unasked", "unjudged", "unproven"]

_ADVICE = {
    "attributes": "register the tool with configured attribute names and give [platform.attributes]",
    "second": "register the tool with a second platform and give [platform.second]",
}


def lacking(lab: Lab, scenario: Scenario, states: tuple[str, ...]) -> Verdict | None:
    """Why the scenario cannot be tried with this tool file, as a skip with advice."""
    for need in scenario.needs:
        kind, _, point = need.partition(":")
        if kind == "fault":
            if point not in lab.faults:
                return skip("missing-fault-point", f'bind the fault point "{point}" in [faults] of the tool file')
        elif need not in lab.registrations:
            return skip("missing-capability", _ADVICE[need])
    missing = missing_states(lab, states) or missing_states(lab, lab.honest_states(scenario.role))
    if missing:
        names = ", ".join(missing)
        return skip("missing-arrangement", f"the state {names} is needed: add it to [arrange] of the tool file")
    return None


def unproven(scenario: Scenario, told: Told) -> Verdict | None:
    """The verdict on a story that proves nothing, whatever the tool answered; None if it can be judged."""
    return _unreached(told) or _unaccepted(scenario, told) or _unsent(scenario, told) or _unfired(told)


def keys_unasked(told: Told) -> bool:
    """Whether a launch was refused by a tool that had not asked for the key set that it would have needed.

    Many libraries ask again only 30 or 300 s after the last time, so such a refusal says nothing yet.
    """
    return any(told.story.keys_unasked(name) for name in told.story.done)


def unasked() -> Verdict:
    """The verdict on a story in which the tool did not ask for the key set."""
    reason = (
        "the tool did not ask for the key set again, so it never saw what was published; many libraries ask only "
        "30 or 300 s after the last time, and allow_waits = true in [rulings] waits for that"
    )
    return skip("key-cache", reason)


def skip(cause: str, reason: str) -> Verdict:
    """The verdict on a scenario that was not tried."""
    return Verdict(status="skipped", axes={}, reason=reason, cause=cause)


def unjudged(cause: str, reason: str) -> Verdict:
    """The verdict on a scenario that was tried and proves nothing."""
    return Verdict(status="error", axes={}, reason=reason, cause=cause)


def _unreached(told: Told) -> Verdict | None:
    """Nobody listened for a moment: that is no crash by this launch, and no refusal of it."""
    if told.performed.visit.trouble_kind != "refused":
        return None
    return unjudged("unreachable", f"the launch did not reach the tool: {told.seen.trouble}")


def _unaccepted(scenario: Scenario, told: Told) -> Verdict | None:
    """A honest launch earlier in the story that was turned away."""
    if scenario.faults or scenario.states is not None:
        return None
    for attempt in scenario.before:
        honest = attempt.finish and attempt.login == "fresh" and attempt.browser == "user" and not attempt.mutations
        seen = told.story.outcomes.get(attempt.name)
        if honest and seen != "launched":
            return unjudged("control-failed", f"the honest launch '{attempt.name}' before it was not accepted: {seen}")
    return None


def _unsent(scenario: Scenario, told: Told) -> Verdict | None:
    """The honest login was turned away, so that the lie behind it was never told."""
    stages = {spoilt.mutation.stage for spoilt in scenario.attempt.mutations}
    lies = bool(stages) or scenario.attempt.login not in ("fresh", "none")
    if not lies or LoginRequest in stages or scenario.faults or told.performed.pending.response is not None:
        return None
    reason = f"the honest login before the spoilt part was not continued: {told.seen.trouble or told.seen.outcome}"
    return unjudged("not-sent", reason)


def _unfired(told: Told) -> Verdict | None:
    """An armed fault that nobody reached."""
    for point, hits in told.armed.items():
        if hits == 0:
            reason = f'the fault point "{point}" was armed and never reached, so the answer says nothing about it'
            return unjudged("fault-not-armed", reason)
    return None
