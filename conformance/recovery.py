"""What has to work after a refusal: the same person's honest launch, and the tool at all."""

from __future__ import annotations

from dataclasses import replace

from conformance.exchanges.clearing import cleared
from conformance.exchanges.known_secrets import witnessed
from conformance.lab import Lab
from conformance.model import Attempt, Expectation, Finding, Observation, Scenario, Status, Verdict
from conformance.story import Told, honest
from conformance.twins import ToolLost

__all__ = ["check_alive", "recovered"]


def recovered(
    lab: Lab, scenario: Scenario, expectation: Expectation, told: Told, verdict: Verdict
) -> tuple[Verdict, Told]:
    """The verdict after an honest launch of the same person, and that launch: a refusal must not lock anybody out.

    Raises:
        ToolLost: nobody answers any more.
    """
    sequel = told.story.sequel()
    sequel.arrange(lab.honest_states(scenario.role))
    again = sequel.send(Attempt(name="recovery", lti=sequel.lti, message=scenario.attempt.message))
    repeated = scenario.attempt.action and (scenario.faults or scenario.serviced) and not told.is_early
    if again.seen.outcome == "launched" and repeated:
        again = sequel.send(replace(scenario.attempt, name="recovered action"))
    if again.seen.outcome == "launched":
        return verdict, again
    if scenario.rotates and again.performed.key_fetches == 0:
        text = "after a spoilt key set the tool did not fetch the honest one for the next launch"
        return replace(verdict, findings=(*verdict.findings, Finding(id="key-cache", text=text))), again
    if again.performed.visit.trouble_kind == "refused":
        check_alive(lab, again.seen, scenario)
    # Masked before it is cut: the rest of a secret does not look like one.
    message = cleared(again.seen.message, lab.secrets | witnessed(again.seen))
    shown = message[:160] or again.seen.trouble or again.seen.outcome
    reason = f"refused as it should be, but afterwards the same person cannot launch: {shown}"
    status: Status = "failed" if expectation.severity == "must" else "warned"
    return replace(verdict, status=status, reason=reason, cause="no-recovery"), again


def check_alive(lab: Lab, seen: Observation, scenario: Scenario) -> None:
    """Make sure that somebody still answers at the tool's address.

    Raises:
        ToolLost: nobody does.
    """
    told = honest(lab, "alive", "instructor", "main", lab.honest_states("instructor"), lab.lti)
    if told.performed.visit.trouble_kind == "refused":
        raise ToolLost(f"{seen.trouble} (noticed in {scenario.id})")
