"""Errors of the first hour, recognised and explained: why the launch failed on which all else stands.

Each of `DIAGNOSES` looks for one mistake. A new one is one function, in the place where it is likelier than the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.clearing import cleared
from conformance.lab import Lab
from conformance.mishaps import between, launch, login
from conformance.mishaps.failure import Diagnosis, Failure
from conformance.model import Observation
from mockplatform.model import Exchange

__all__ = ["DIAGNOSES", "Diagnosis", "Failure", "diagnose", "failure_of"]

_MOST_CALLS = 50
_COMPLETE_S = 0.2

DIAGNOSES: tuple[Callable[[Failure], Diagnosis | None], ...] = (
    # Who leaves for another host has left, whatever happened there.
    between.redirects_to_https,
    login.other_platform,
    login.auth_request_to_another_path,
    login.hints_lost,
    # What the platform itself has noted is sure; what follows it may come of it.
    login.client_id_differs,
    login.redirect_uri_differs,
    login.auth_request_refused,
    between.certificate_not_trusted,
    between.nobody_listens,
    between.connection_dropped,
    between.takes_too_long,
    between.runs_in_circles,
    between.led_elsewhere,
    # A framework that lets nobody near the tool.
    between.host_refused,
    between.csrf_in_the_way,
    between.insists_on_https,
    # The login.
    login.not_registered,
    login.wrong_login_path,
    login.login_crashed,
    login.cookie_page,
    login.login_answers_with_a_page,
    login.login_refused,
    # The launch.
    launch.wrong_launch_path,
    launch.error_and_launched,
    launch.launched_unseen,
    launch.cookie_lost,
    launch.no_cookie,
    launch.state_not_found,
    launch.deployment_unknown,
    launch.key_set_unreached,
    launch.clock_differs,
    launch.signature_refused,
    launch.issuer_unknown,
    launch.basic_signature,
    login.auth_request_flawed,
    launch.launch_crashed,
    launch.launch_refused,
)
"""The likeliest first."""


def diagnose(failure: Failure) -> Diagnosis | None:
    """The likeliest cause; None for a launch that has worked, or that tells nothing."""
    if failure.seen.outcome == "launched":
        return None
    found = next((found for look in DIAGNOSES if (found := look(failure)) is not None), None)
    return None if found is None else _shown(cleared(found))


def _shown(found: Diagnosis) -> Diagnosis:
    """Without what steers a terminal: it quotes the tool."""
    texts = {name: getattr(found, name) for name in ("happened", "remedy")}
    return replace(
        found, **{name: "".join(c if c.isprintable() else " " for c in text) for name, text in texts.items()}
    )


def failure_of(lab: Lab, seen: Observation) -> Failure:
    """The plain launch that was seen in a lab, with what the tool has asked of its platform."""
    failure = Failure(seen=seen, tool=lab.tool, lti=lab.lti, asked=_asked(lab))
    if failure.launch is not None and not (seen.key_fetches or failure.asked):
        # A tool may give up at the first line of an answer, which stands in the journal once it is complete.
        lab.pause(_COMPLETE_S)
        failure = replace(failure, asked=_asked(lab))
    return failure


def _asked(lab: Lab) -> tuple[Exchange, ...]:
    """What the tool has asked of the platform, the oldest first."""
    page = lab.platform.state.journal.page(limit=_MOST_CALLS, newest_first=True)
    return tuple(call for call in reversed(page) if call.asker == "tool")
