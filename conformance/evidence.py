"""What a scenario needs before it can be tried, and what its story has to show before an answer proves anything.

A refusal counts only if the lie was told, the fault was met and the honest launches before it were accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from conformance.actions import action_of
from conformance.arrange import missing_states
from conformance.faults import fault_points, reachable
from conformance.lab import Lab
from conformance.line import ASKED_BY, LATE_S
from conformance.model import Attempt, Expectation, Fault, Scenario, Status, Verdict
from conformance.story import Told
from conformance.wire import asks_for_tokens
from mockplatform.model import LoginRequest

__all__ = ["keys_unasked", "lacking", "skip", "unaccepted", "unasked", "unheard", "unjudged", "unproven"]

FAILURE = 400
ADVICE = {
    "attributes": (
        "register the tool with configured attribute names and give [platform.attributes], for LTI 1.1 with a "
        "consumer_key and consumer_secret of its own"
    ),
    "second": "register the tool with a second platform and give [platform.second]",
    "accounts": 'say in [observe] where the probe\'s answer names the account: probe = { account = "$.id", … }',
    "deep_linking": (
        'say that the tool lets a teacher pick things to link to: put "deep_linking" into [capabilities] services'
    ),
    "nrps": 'say that the tool reads rosters: put "nrps" into [capabilities] services',
    "ags": 'say that the tool sends grades: put "ags" into [capabilities] services',
    "groups": 'say that the tool reads groups: put "groups" into [capabilities] services',
    "keys": "say where the tool publishes its keys, with which it signs what it sends: jwks_url in [tool]",
    "1.3": 'the tool is not launched by LTI 1.3: give login_url and launch_url, and "1.3" in lti_versions',
    "1.1": 'give lti11_launch_url, consumer_key and consumer_secret, and "1.1" in [capabilities] lti_versions',
}


def lacking(lab: Lab, scenario: Scenario, states: tuple[str, ...]) -> Verdict | None:
    """Why the scenario cannot be tried with this tool file, as a skip with advice."""
    # Who does not use a service at all need not be told how to describe its request.
    for need in sorted(scenario.needs, key=lambda need: need.startswith("action:")):
        kind, _, name = need.partition(":")
        if kind == "action" and action_of(lab.tool, name) is None:
            return skip("missing-action", f"describe the request that does it as [actions.{name}] of the tool file")
        if kind in ADVICE and not _has(lab, kind, scenario):
            return skip("missing-capability", ADVICE[kind])
    unbound = next((advice for fault in scenario.faults if (advice := _unbound(lab, fault))), None)
    if unbound is not None:
        return unbound
    along = (state for attempt in scenario.before for state in attempt.states)
    missing = missing_states(lab, (*states, *along)) or missing_states(lab, lab.honest_states(scenario.role))
    if missing:
        names = ", ".join(missing)
        return skip("missing-arrangement", f"the state {names} is needed: add it to [arrange] of the tool file")
    return None


def _has(lab: Lab, need: str, scenario: Scenario) -> bool:
    """Whether the tool file gives what a scenario needs."""
    if need == "attributes" and scenario.lti == "1.1" and need in lab.registrations:
        return lab.registrations[need].speaks_lti11
    if need in ("1.1", "1.3"):
        return lab.tool.speaks(need)
    if need in ("deep_linking", "nrps", "ags", "groups"):
        return need in lab.tool.capabilities.services
    if need == "keys":
        return bool(lab.tool.tool.jwks_url or lab.tool.tool.jwks)
    if need == "accounts":
        probe = lab.tool.observe.probe
        return probe is not None and probe.account is not None and bool(lab.probe_works)
    return need in lab.registrations


def _unbound(lab: Lab, fault: Fault) -> Verdict | None:
    """Why a fault cannot be provoked, with what to bind instead."""
    able = [kind for kind, modes in reachable(fault_points()[fault.point]).items() if fault.mode in modes]
    drivers = ", ".join(kind for kind in able if kind != "natural")
    shown = f"`lti-conformance explain {fault.point}` shows how"
    if fault.point not in lab.faults:
        return skip(
            "missing-fault-point",
            f'no launch provokes this by itself: bind the fault point "{fault.point}" in [faults] of the tool file '
            f"to one of the drivers {drivers}; {shown}",
        )
    if fault.mode not in lab.faults[fault.point].modes:
        return skip(
            "missing-fault-mode",
            f'the driver that "{fault.point}" is bound to has no mode "{fault.mode}"; {drivers} can have it; {shown}',
        )
    return None


def unproven(scenario: Scenario, expectation: Expectation, told: Told) -> Verdict | None:
    """The verdict on a story that proves nothing, whatever the tool answered; None if it can be judged."""
    return (
        _unreached(told)
        or _token_kept(scenario, told)
        or _unaccepted(scenario, told)
        or _unsent(scenario, told)
        or _unaccounted(scenario, told)
        or _unfired(scenario, told)
        or _uncounted(scenario, expectation, told)
    )


def unheard(scenario: Scenario, expectation: Expectation, told: Told) -> Verdict | None:
    """The verdict on a story that would be passed although what it is about was not heard; None if it was heard.

    A fault that was met is proof of its own where a refusal is a right answer to it.
    """
    if not scenario.serviced:
        return None
    met = {fault.endpoint for fault in scenario.wire if told.met.get(str(fault))}
    heard = {str(call.about.get("endpoint")) for call in told.seen.calls} | met
    heard |= {"deep_links"} if told.seen.answers else set()
    granted = [attempt for attempt in (scenario.attempt, *scenario.before) if attempt.action in ASKED_BY]
    granted = [attempt for attempt in granted if told.story.outcomes.get(attempt.name) == "launched"]
    tried = bool(met) and any(answer.outcome == "rejected" for answer in expectation.answers)
    silent = next((attempt for attempt in granted if not tried and not _asked(attempt, met, told)), None)
    if silent is None:
        missing = next((endpoint for endpoint in scenario.about if endpoint not in heard), None)
        reason = f'the tool never asked the platform\'s endpoint "{missing}", so nothing can be said of it'
        return None if missing is None else skip("unasked", reason)
    endpoint = ASKED_BY[silent.action]
    reason = (
        f"the action {silent.action} was granted, but the tool did not ask the platform's endpoint "
        f'"{endpoint}" with success before it answered, nor in the {LATE_S:g} s after that'
    )
    if endpoint not in scenario.about:
        return skip("unasked", f"{reason}; it may have kept what it shows, so nothing can be said of this")
    status: Status = "failed" if expectation.severity == "must" else "warned"
    return Verdict(status=status, axes={}, reason=reason, cause="unasked")


def _asked(attempt: Attempt, met: Collection[str], told: Told) -> bool:
    """Whether the platform has heard, and not refused by itself, what an action of the tool asks of it."""
    endpoint = ASKED_BY[attempt.action]
    if endpoint == "deep_links":
        return any(answer.attempt == attempt.name and answer.claims for answer in told.seen.answers)
    calls = (call for call in told.seen.calls if call.about.get("attempt") == attempt.name)
    answered = ((call.about, call.status or 0) for call in calls if call.about.get("endpoint") == endpoint)
    return endpoint in met or any(0 < status < FAILURE or "fault" in about for about, status in answered)


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
    attempt = unaccepted(scenario, told)
    if attempt is None:
        return None
    seen = told.story.outcomes.get(attempt.name)
    return unjudged("control-failed", f"the honest launch '{attempt.name}' before it was not accepted: {seen}")


def unaccepted(scenario: Scenario, told: Told) -> Attempt | None:
    """An honest launch earlier in the story that was turned away, although all was arranged for it."""
    for attempt in _undisturbed(scenario):
        arranged = bool(attempt.states) or (attempt.browser == "user" and scenario.states is None)
        honest = attempt.finish and attempt.login == "fresh" and arranged and not attempt.mutations
        if honest and told.story.outcomes.get(attempt.name) != "launched":
            return attempt
    return None


def _unaccounted(scenario: Scenario, told: Told) -> Verdict | None:
    """A launch of which nobody knows in which account it ended, where that is the question."""
    if "accounts" not in scenario.needs:
        return None
    blind = [name for name, outcome in told.story.outcomes.items() if outcome == "launched"]
    blind = [name for name in blind if name not in told.story.accounts]
    if not blind:
        return None
    reason = f"after the launch '{blind[0]}' the probe showed no account, so nobody can tell in which one it ended"
    return unjudged("control-failed", reason)


def _undisturbed(scenario: Scenario) -> Iterator[Attempt]:
    """The attempts before the judged one that were sent while no fault was armed."""
    for attempt in scenario.before:
        if any(fault.since in ("", attempt.name) for fault in scenario.faults):
            return
        yield attempt


def _unsent(scenario: Scenario, told: Told) -> Verdict | None:
    """The honest login was turned away, so that the lie behind it was never told."""
    stages = {spoilt.mutation.stage for spoilt in scenario.attempt.mutations}
    lies = bool(stages) or scenario.attempt.login not in ("fresh", "none")
    if not lies or LoginRequest in stages or scenario.faults or told.performed.response is not None:
        return None
    reason = f"the honest login before the spoilt part was not continued: {told.seen.trouble or told.seen.outcome}"
    return unjudged("not-sent", reason)


def _token_kept(scenario: Scenario, told: Told) -> Verdict | None:
    """A tool that shows a withdrawn token and asks for no other: nothing can be said of its token requests."""
    calls = told.seen.calls
    asked = {call.about.get("registered") for call in calls if call.about.get("endpoint") == "token"}
    # A fault is the scenario's own affair, and of a token that was over the platform still knows whose it is.
    withdrawn = [call for call in calls if call.status == 401 and not call.about.keys() & {"fault", "client_id"}]
    refused = {call.about.get("registered") for call in withdrawn}
    about_this = any(fault.verb == "unauthorized" for fault in scenario.wire) and not asks_for_tokens(scenario)
    if refused <= asked or about_this:
        return None
    reason = (
        "the tool went on with an access token that the platform had withdrawn, and asked for no other one "
        "(`services/token-refused-once`); its token requests can be tried when it has been started anew"
    )
    return skip("token-kept", reason)


def _unfired(scenario: Scenario, told: Told) -> Verdict | None:
    """An armed fault that nobody reached, as far as anybody can know."""
    needed = {fault.point for fault in scenario.faults if fault.must_fire}
    for point, hits in told.armed.items():
        if point not in needed:
            continue
        if hits == 0:
            reason = f'the fault point "{point}" was armed and never reached, so the answer says nothing about it'
            return unjudged("fault-not-armed", reason)
    for fault in scenario.wire:
        if fault.must_fire and told.met.get(str(fault)) == 0:
            reason = (
                f'the platform was to misbehave ("{fault}") and was never asked, so the answer says nothing about it'
            )
            return unjudged("fault-not-armed", reason)
    return None


def _uncounted(scenario: Scenario, expectation: Expectation, told: Told) -> Verdict | None:
    """A launch that went through beside a fault whose driver cannot count.

    The honest twin was accepted, so that a refusal can only come from the fault; a launch shows nothing.
    """
    blind = [f.point for f in scenario.faults if f.must_fire and told.armed.get(f.point, 0) is None]
    if not blind or set(told.story.outcomes.values()) != {"launched"}:
        return None
    reason = (
        f'the driver of "{blind[0]}" cannot count, and the launch went through as if nothing had failed: '
        "either the tool never came there or it takes no notice; a driver that counts would tell"
    )
    right = any(answer.outcome == "launched" for answer in expectation.answers)
    return skip("fault-unproven", reason) if right else unjudged("fault-not-armed", reason)
