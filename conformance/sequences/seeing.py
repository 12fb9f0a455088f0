"""Whether a step of a long story shows what the properties of sessions are about, and what to configure if not."""

from __future__ import annotations

from conformance.checks import SIGHTING
from conformance.lab import Lab
from conformance.model import Attempt, Observation

__all__ = ["LET_IN", "REFUSED", "advice", "shown"]

REFUSED, LET_IN = "no-session-after-refusal", "sessions-stay-apart"


def shown(name: str, attempt: Attempt, seen: Observation) -> bool:
    """Whether anybody could see what a property is about: of some that is a session, or whose it is."""
    if name not in (REFUSED, LET_IN) or (name == REFUSED and seen.session is not None):
        return True
    place = SIGHTING.format(step=attempt.name, browser=attempt.browser, who="")
    return any(account and where.startswith(place) for where, account in seen.accounts.items())


def advice(name: str, lab: Lab) -> str:
    """Why no step has shown a session or an account, and what to configure."""
    probe = lab.tool.observe.probe
    if probe is None:
        return (
            'nobody could ask for sessions: name a request that shows them as [observe] probe = { request = "GET …" }'
        )
    if not lab.probe_works:
        return "the request of [observe] probe does not tell who has a session from who has none; name another one"
    if probe.account is None:
        return (
            "each refusal came to a browser with a session of earlier; [observe] probe.account would show whose it is "
            "afterwards"
        )
    what = "launch" if name == LET_IN else "refusal in a browser with a session of earlier"
    return f"after no {what} [observe] probe.account ({probe.account}) found anything in the probe's answer; correct it"
