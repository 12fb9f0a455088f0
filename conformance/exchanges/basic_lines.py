"""The form of an LTI 1.1 launch line by line, each lie beside what an honest platform says."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from conformance.exchanges.legs import Line
from conformance.model import Attempt
from mockplatform import flow11
from mockplatform.lms import Platform
from mockplatform.model import BasicLaunch, Params
from mockplatform.mutation import NotApplicableError, through
from mockplatform.pending import PendingBasic
from mockplatform.telling.lines import compared

__all__ = ["basic_lines"]

_OF_THE_MOMENT: Final = ("oauth_nonce", "oauth_timestamp")
_SIGNATURE: Final = "oauth_signature"


def basic_lines(platform: Platform, attempt: Attempt, pending: PendingBasic) -> tuple[Line, ...]:
    """The address, if it is a lie, and the fields of the form; the signature is held against what was sent."""
    sent = pending.response
    honest_url, honest = sent.url, sent.fields
    if attempt.mutations:
        plain = _honest(platform, attempt, pending)
        spoken = tuple(pair for pair in sent.fields if pair[0] != _SIGNATURE)
        right = flow11.signed(replace(plain, params=spoken)).fields[-1:]
        honest_url, honest = plain.url, (*plain.params, *right)
    address = () if sent.url == honest_url else (Line(name="address", value=sent.url, was=honest_url),)
    return (*address, *compared(sent.fields, honest))


def _honest(platform: Platform, attempt: Attempt, pending: PendingBasic) -> BasicLaunch:
    """The launch without lies; what differs each time is as it was sent, unless a lie is about it."""
    launch, sent = pending.launch, dict(pending.response.fields)
    services = platform.basic_services(launch)
    plain = platform.honest_basic(launch, services, nonce=flow11.nonce(f"{launch.id} honest"))
    try:
        spoilt = through(
            flow11.signed(through(plain, attempt.mutations, pending.context)), attempt.mutations, pending.context
        )
    except NotApplicableError:
        return plain
    untouched = _of_the_moment(plain.params) & _of_the_moment(spoilt.fields)
    kept = {name: sent[name] for name, _ in untouched if name in sent}
    return replace(plain, params=tuple((name, kept.get(name, value)) for name, value in plain.params))


def _of_the_moment(params: Params) -> set[tuple[str, str]]:
    return {pair for pair in params if pair[0] in _OF_THE_MOMENT}
