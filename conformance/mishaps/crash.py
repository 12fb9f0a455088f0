"""Mistakes of the first hour that end in a server error. Pure.

A server error shows everything that a program knows, so its words make no diagnosis: what is sure is the crash. What
the text of the exception says of a setting is told beside it, as what may be why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from conformance.mishaps.failure import UNAVAILABLE, Diagnosis, Failure
from conformance.mishaps.key_set import key_set_not_fetched, signature_refused, speaks_of_keys
from conformance.mishaps.launch import (
    basic_signature,
    clock_differs,
    deployment_unknown,
    how_lost,
    issuer_unknown,
    lost_cookies,
    no_cookie,
    state_not_found,
)
from conformance.mishaps.login import not_registered

__all__ = ["launch_crashed", "login_crashed"]

_OF_THE_PROGRAM = (
    r"\b(?:argument|attribute|column|constraint|database|import|migration|module|relation|schema|table|template)s?\b"
)
"""What speaks of these is about the program or its database, whatever else it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A setting that the text of an exception may name, and the mistake whose remedy it then is."""

    thing: str
    mishap: Callable[[Failure], Diagnosis | None]


def _keys(failure: Failure) -> Diagnosis | None:
    """What to do about keys hangs on the version of LTI, and on whether they were fetched."""
    if not speaks_of_keys(failure):
        return None
    return basic_signature(failure) or key_set_not_fetched(failure) or signature_refused(failure)


def _state(failure: Failure) -> Diagnosis | None:
    return no_cookie(failure) or state_not_found(failure)


_IN_THE_LOGIN = (_Named(thing="the platform", mishap=not_registered),)
_IN_THE_LAUNCH = (
    _Named(thing="the deployment", mishap=deployment_unknown),
    _Named(thing="the token's times", mishap=clock_differs),
    _Named(thing="keys or a signature", mishap=_keys),
    _Named(thing="who launches", mishap=issuer_unknown),
    _Named(thing="state or session", mishap=_state),
)


def login_crashed(failure: Failure) -> Diagnosis:
    """A server error before the authentication request."""
    remedy = f"See its log; often it looks up an issuer, here {failure.tool.issuer}, that is not registered."
    if failure.raised:
        remedy = "Mend what raised that; the whole traceback is in its log."
    if failure.status in UNAVAILABLE:
        remedy = "See its log, and that of a proxy in front of it."
    return Diagnosis(
        id="login-crashed",
        happened=f"The tool {failure.crash} in the login: {failure.status}, {failure.quote}.{_raised(failure)}",
        remedy=f"{remedy}{_told(failure, _IN_THE_LOGIN)}",
    )


def launch_crashed(failure: Failure) -> Diagnosis:
    """A server error after the platform's answer."""
    keys = f" It had not fetched {failure.platform_url}/jwks by then." if failure.has_left_keys_alone else ""
    cookies = "".join(f" {how_lost(cookie, failure)}." for cookie in lost_cookies(failure))
    happened = f"The tool {failure.crash} in the launch: {failure.status}, {failure.quote}.{_raised(failure)}"
    return Diagnosis(
        id="launch-crashed",
        happened=f"{happened}{keys}{cookies}",
        remedy=f"See its log.{_told(failure, _IN_THE_LAUNCH)}",
    )


def _raised(failure: Failure) -> str:
    """What the tool has printed of the exception; empty where its answer shows as much, or nothing is known."""
    if not failure.raised or failure.raised in failure.said:
        return ""
    return f" The last exception in its log is {failure.quoted(failure.raised)}."


def _as_raised(failure: Failure) -> Failure:
    """The failure as if the tool had answered with the exception that it printed, which is what tells more."""
    if not failure.raised:
        return failure
    shown = replace(failure.last, response_body=failure.raised)
    return replace(failure, seen=replace(failure.seen, exchanges=(*failure.steps[:-1], shown)))


def _told(failure: Failure, settings: tuple[_Named, ...]) -> str:
    """What to do about the first setting that the text names; empty if it names none."""
    failure = _as_raised(failure)
    # What stands in front of a tool knows nothing of its settings.
    if failure.status in UNAVAILABLE or failure.says(_OF_THE_PROGRAM):
        return ""
    named = ((setting.thing, setting.mishap(failure)) for setting in settings)
    return next((f" Its text names {thing}, which may be why. {found.remedy}" for thing, found in named if found), "")
