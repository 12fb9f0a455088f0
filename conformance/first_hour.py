"""Errors of the first hour, recognised and explained: why the launch failed on which all else stands.

Each of `DIAGNOSES` looks for one mistake at one stage. A new one is one function, in the place where it is likelier
than the next: what is sure stands before what only words suggest.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.exchanges.clearing import cleared
from conformance.lab import Lab
from conformance.mishaps import between, crash, frameworks, key_set, launch, login, stages
from conformance.mishaps.failure import Diagnosis, Failure
from conformance.mishaps.stages import Mishap, looks
from conformance.model import Observation
from mockplatform.model import Exchange

__all__ = ["DIAGNOSES", "Diagnosis", "Failure", "diagnose", "failure_of"]

_MOST_CALLS = 50
_COMPLETE_S = 0.2

DIAGNOSES: tuple[Mishap, ...] = (
    # Who leaves for another host has left, whatever happened there.
    *looks(stages.anywhere, between.redirects_to_https),
    *looks(stages.before_launch, login.other_platform, login.auth_request_to_another_path),
    # What the platform itself has noted is sure; what follows it may come of it.
    *looks(
        stages.anywhere,
        login.hints_lost,
        login.client_id_differs,
        login.redirect_uri_differs,
        login.auth_request_refused,
        between.certificate_not_trusted,
        between.speaks_plain_http,
        between.nobody_listens,
        between.connection_dropped,
        between.takes_too_long,
        between.runs_in_circles,
        between.begins_again,
        between.led_elsewhere,
    ),
    *looks(
        stages.launch,
        launch.error_and_launched,
        login.auth_request_flawed,
        key_set.wrong_key_set_url,
        launch.launched_unseen,
    ),
    # A server error shows everything that a program knows, so its words only help to say what to look at.
    *looks(stages.login_crash, crash.login_crashed),
    *looks(stages.launch_crash, crash.launch_crashed),
    *looks(stages.refused_launch, launch.cookie_lost),
    # A framework that lets nobody near the tool.
    *looks(stages.refusal, frameworks.host_refused, frameworks.csrf_in_the_way, frameworks.insists_on_https),
    *looks(
        stages.login,
        login.not_registered,
        login.wrong_login_path,
        login.cookie_page,
        login.login_answers_with_a_page,
        login.login_refused,
    ),
    *looks(
        stages.refused_launch,
        launch.no_cookie,
        launch.state_not_found,
        launch.deployment_unknown,
        key_set.loopback_blocked,
        launch.issuer_unknown,
        launch.wrong_launch_path,
        key_set.key_set_not_fetched,
        launch.clock_differs,
        key_set.signature_refused,
        launch.basic_signature,
    ),
    *looks(stages.launch, launch.launch_refused),
)
"""The likeliest first."""


def diagnose(failure: Failure) -> Diagnosis | None:
    """The likeliest cause; None for a launch that has worked, or that tells nothing."""
    if failure.seen.outcome == "launched":
        return None
    found = next((found for mishap in DIAGNOSES if (found := mishap.found_in(failure)) is not None), None)
    return None if found is None else _shown(cleared(found, failure.secrets))


def _shown(found: Diagnosis) -> Diagnosis:
    """Without what steers a terminal: it quotes the tool."""
    texts = {name: getattr(found, name) for name in ("happened", "remedy")}
    return replace(
        found, **{name: "".join(c if c.isprintable() else " " for c in text) for name, text in texts.items()}
    )


def failure_of(lab: Lab, seen: Observation) -> Failure:
    """The plain launch that was seen in a lab, with what the tool has asked of its platform."""
    failure = Failure(
        seen=seen, tool=lab.tool, lti=lab.lti, asked=_asked(lab), printed=lab.printed(), concealed=lab.concealed
    )
    if failure.has_crashed and failure.printed and not failure.raised:
        # Some servers answer before the exception has reached whoever writes it down.
        lab.pause(_COMPLETE_S)
        failure = replace(failure, printed=lab.printed())
    if failure.launch is not None and not (seen.key_fetches or failure.asked):
        # A tool may give up at the first line of an answer, which stands in the journal once it is complete.
        lab.pause(_COMPLETE_S)
        failure = replace(failure, asked=_asked(lab))
    return failure


def _asked(lab: Lab) -> tuple[Exchange, ...]:
    """What the tool has asked of the platform, the oldest first."""
    page = lab.platform.state.journal.page(limit=_MOST_CALLS, newest_first=True)
    return tuple(call for call in reversed(page) if call.asker == "tool")
