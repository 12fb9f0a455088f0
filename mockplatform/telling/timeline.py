"""The story of a launch: what each side has said, in order, and which parts of it were lies.

    told = story(platform, pending, exchanges_of(pending, platform.journal))

A lie is found by comparing what was sent with what the platform would have said without mutations, not by asking
the mutations: so the story also shows what two of them have made of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mockplatform import flow
from mockplatform.lms import Platform
from mockplatform.model import AuthRequest, AuthResponse, Exchange
from mockplatform.mutation import NotApplicableError, Spoilt
from mockplatform.pending import PendingLaunch
from mockplatform.records import Returned
from mockplatform.telling.curl import curl, curl_of
from mockplatform.telling.lines import Line, shown
from mockplatform.telling.masking import masked_exchange, masked_params
from mockplatform.telling.rehearsal import idle_lies
from mockplatform.telling.token_views import TokenView, token_view

__all__ = ["Commands", "Leg", "Story", "exchanges_of", "story"]

_WAY_BACK: Final = ("return", "deep_links")
_LAUNCH: Final = ("auth",)

Commands = Literal["masked", "whole"]

_COMMANDS: Final[Mapping[Commands, Callable[[Exchange], str]]] = {
    "masked": lambda exchange: curl_of(masked_exchange(exchange)),
    "whole": curl_of,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One thing that was said."""

    title: str
    at_s: float | None = None
    method: str = ""
    url: str = ""
    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()
    token: TokenView | None = None
    exchange: Exchange | None = None
    curl: str = ""

    @property
    def has_lies(self) -> bool:
        """Whether anything of it differs from what an honest platform says."""
        token = (*self.token.header, *self.token.claims) if self.token else ()
        return any(line.was is not None for line in (*self.lines, *token))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A launch and everything that belongs to it, secrets masked."""

    pending: PendingLaunch
    legs: tuple[Leg, ...]
    calls: tuple[Leg, ...]
    """What the tool has asked for afterwards: keys, access tokens, services."""
    way_back: tuple[Leg, ...]
    returned: tuple[Returned, ...]
    idle: tuple[Spoilt, ...] = ()
    """The lies that changed nothing."""


def story(
    platform: Platform,
    pending: PendingLaunch,
    exchanges: Sequence[Exchange],
    returned: Sequence[Returned] = (),
    *,
    commands: Commands = "masked",
) -> Story:
    """The story of a launch from what the platform remembers of it and from its part of the journal.

    Args:
        commands: whether the commands that send something again hold its secrets, so that they work.
    """
    again = _COMMANDS[commands]
    asked = next((one for one in exchanges if one.about.get("endpoint") in _LAUNCH), None)
    legs = [_login(platform, pending)]
    if pending.auth_request is not None:
        legs.append(_auth(platform, pending, pending.auth_request, asked))
        if pending.response is not None:
            legs.append(_response(platform, pending, pending.auth_request, pending.response, commands))
    return Story(
        pending=pending,
        legs=tuple(legs),
        calls=tuple(_call(one, again) for one in exchanges if one.about.get("endpoint") not in (*_LAUNCH, *_WAY_BACK)),
        way_back=tuple(_call(one, again) for one in exchanges if one.about.get("endpoint") in _WAY_BACK),
        returned=tuple(returned),
        idle=_idle(platform, pending),
    )


def exchanges_of(
    pending: PendingLaunch, journal: Iterable[Exchange], *, until_s: float | None = None
) -> list[Exchange]:
    """What of the journal belongs to a launch: named as its own, or said by its tool in its time.

    Args:
        journal: the oldest first.
        until_s: when the next launch of the same tool began; what comes later is that one's.
    """
    return [exchange for exchange in journal if _belongs(exchange, pending, until_s)]


def _belongs(exchange: Exchange, pending: PendingLaunch, until_s: float | None) -> bool:
    launch, about = pending.launch, exchange.about
    if about.get("launch"):
        return about["launch"] in (pending.key, launch.id)
    if exchange.at_s < pending.begun_s or (until_s is not None and exchange.at_s >= until_s):
        return False
    mine = about.get("client_id", launch.registration.client_id) == launch.registration.client_id
    here = about.get("course", launch.course.id) == launch.course.id
    return mine and here and about.get("endpoint") != "auth"


def _login(platform: Platform, pending: PendingLaunch) -> Leg:
    login, launch = pending.login, pending.launch
    honest = platform.dialect.shape(flow.login_request(launch), launch) if pending.mutations else login
    return Leg(
        title="Login request: the platform sends the browser to the tool",
        at_s=pending.begun_s,
        method=login.method,
        url=login.url,
        lines=_beside(login.url, honest.url, "address") + shown(login.params, honest.params),
        curl=curl(login.method, login.url, form=login.params),
    )


def _auth(platform: Platform, pending: PendingLaunch, request: AuthRequest, exchange: Exchange | None) -> Leg:
    params = tuple(request.params.items())
    exchange = None if exchange is None else masked_exchange(exchange)
    again = curl("GET", f"{platform.url}/auth", form=params) if exchange is None else curl_of(exchange)
    return Leg(
        title="Authentication request: the tool sends the browser back",
        at_s=pending.asked_s,
        method="" if exchange is None else exchange.method,
        url=f"{platform.url}/auth",
        lines=shown(params, params),
        problems=pending.auth_problems,
        exchange=exchange,
        curl=again,
    )


def _response(
    platform: Platform, pending: PendingLaunch, request: AuthRequest, response: AuthResponse, commands: Commands
) -> Leg:
    token = pending.token
    honest = response
    if pending.mutations and token is not None:
        plain = flow.auth_response(request, token, storage_target=pending.launch.storage_target)
        honest = platform.dialect.shape(plain, pending.launch)
    fields = response.fields if commands == "whole" else masked_params(response.fields)
    return Leg(
        title="Authentication response: the browser brings the tool what the platform says",
        at_s=pending.asked_s,
        method=response.method,
        url=response.url,
        lines=_beside(response.url, honest.url, "address") + shown(response.fields, honest.fields),
        token=None if token is None else token_view(platform, pending, request, dict(response.fields)),
        curl=curl(response.method, response.url, form=fields),
    )


def _call(said: Exchange, command: Callable[[Exchange], str]) -> Leg:
    exchange = masked_exchange(said)
    endpoint = exchange.about.get("endpoint", "")
    return Leg(
        title=endpoint.replace("_", " ") or exchange.url,
        at_s=exchange.at_s,
        method=exchange.method,
        url=exchange.url,
        exchange=exchange,
        curl=command(said),
    )


def _idle(platform: Platform, pending: PendingLaunch) -> tuple[Spoilt, ...]:
    try:
        return idle_lies(platform, pending.launch, pending.mutations, pending.context)
    except (NotApplicableError, LookupError, TypeError, ValueError, AttributeError):
        # What cannot be told any more, since a launch before it is forgotten, did change something.
        return ()


def _beside(now: str, honest: str, name: str) -> tuple[Line, ...]:
    return () if now == honest else (Line(name=name, value=now, was=honest),)
