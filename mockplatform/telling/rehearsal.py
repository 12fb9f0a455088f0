"""Lies tried on a launch that nobody sees: whether they find their place, and which of them change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from mockplatform import flow, flow11
from mockplatform.keys import sign
from mockplatform.lms import Platform
from mockplatform.model import AuthRequest, BasicLaunch, IdToken, Launch, SignedLaunch, Stage
from mockplatform.mutation import Context, Spoilt, through

__all__ = ["honest_token", "idle_lies"]

AnyStage = TypeVar("AnyStage", bound=Stage)


def honest_token(platform: Platform, launch: Launch, request: AuthRequest, *, kid: str, now_s: float) -> IdToken:
    """The token that a launch has without lies, as this platform says it."""
    unknown = platform.dialect.value("custom.unknown", "literal")
    return platform.dialect.shape(flow.id_token(launch, request, kid=kid, now_s=now_s, unknown=unknown), launch)


def idle_lies(platform: Platform, launch: Launch, spoilts: Sequence[Spoilt], context: Context) -> tuple[Spoilt, ...]:
    """The lies after which what is sent is the same as before them.

    Raises:
        NotApplicableError: a lie finds no place.
    """
    idle: list[Spoilt] = []
    if any(spoilt.mutation.stage in (BasicLaunch, SignedLaunch) for spoilt in spoilts):
        plain = platform.honest_basic(launch, platform.basic_services(launch), nonce=flow11.nonce(launch.id))
        _told(flow11.signed(_told(plain, spoilts, context, idle)), spoilts, context, idle)
        return tuple(idle)
    shape, (key, kid) = platform.dialect.shape, platform.key_set.signing_key()
    login = shape(flow.login_request(launch), launch)
    asked = AuthRequest(
        params={**dict(login.params), "redirect_uri": launch.target_link_uri, "state": "s", "nonce": "n"}
    )
    _told(login, spoilts, context, idle)
    token = replace(honest_token(platform, launch, asked, kid=kid, now_s=platform.clock()), key=key)
    signed = _told(sign(_told(token, spoilts, context, idle), platform.keys), spoilts, context, idle)
    answer = flow.auth_response(asked, signed, storage_target=launch.storage_target)
    _told(shape(answer, launch), spoilts, context, idle)
    return tuple(idle)


def _told(value: AnyStage, spoilts: Sequence[Spoilt], context: Context, idle: list[Spoilt]) -> AnyStage:
    """The value after every lie of its stage; those that left it as it was are added to the idle ones."""
    for spoilt in spoilts:
        if spoilt.mutation.stage is not type(value):
            continue
        after = through(value, (spoilt,), context)
        # The order of members is not a part of equality, nor is the difference between 1 and true.
        if after == value and repr(after) == repr(value):
            idle.append(spoilt)
        value = after
    return value
