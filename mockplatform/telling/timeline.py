"""The story of a launch: what each side has said, in order, and which parts of it were lies.

    told = story(platform, pending, exchanges_of(pending, platform.journal))

A lie is found by comparing what was sent with what the platform would have said without mutations, not by asking
the mutations: so the story also shows what two of them have made of each other.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mockplatform import flow
from mockplatform.lms import Platform
from mockplatform.model import AuthRequest, AuthResponse, Exchange, IdToken, Params
from mockplatform.pending import PendingLaunch
from mockplatform.records import Returned
from mockplatform.telling.curl import curl, curl_of
from mockplatform.telling.masking import masked_exchange, masked_params

__all__ = ["Leg", "Line", "Story", "TokenView", "compared", "exchanges_of", "honest_token", "story", "taken_apart"]

_WAY_BACK: Final = ("return", "deep_links")
_LAUNCH: Final = ("auth",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A parameter or a claim.

    Args:
        value: as it was sent; None: it was left out.
        was: what an honest platform says there, if that differs: empty text for nothing at all.
    """

    name: str
    value: str | None
    was: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token taken apart.

    Args:
        signature: what is known of it, in one sentence.
        trouble: why a part of it cannot be read, if so.
    """

    header: tuple[Line, ...]
    claims: tuple[Line, ...]
    signature: str
    fits: bool | None
    text: str
    trouble: str = ""


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


def story(
    platform: Platform, pending: PendingLaunch, exchanges: Sequence[Exchange], returned: Sequence[Returned] = ()
) -> Story:
    """The story of a launch from what the platform remembers of it and from its part of the journal."""
    exchanges = [masked_exchange(exchange) for exchange in exchanges]
    asked = next((one for one in exchanges if one.about.get("endpoint") in _LAUNCH), None)
    legs = [_login(platform, pending)]
    if pending.auth_request is not None:
        legs.append(_auth(platform, pending, pending.auth_request, asked))
        if pending.response is not None:
            legs.append(_response(platform, pending, pending.auth_request, pending.response))
    return Story(
        pending=pending,
        legs=tuple(legs),
        calls=tuple(_call(one) for one in exchanges if one.about.get("endpoint") not in (*_LAUNCH, *_WAY_BACK)),
        way_back=tuple(_call(one) for one in exchanges if one.about.get("endpoint") in _WAY_BACK),
        returned=tuple(returned),
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
        lines=_beside(login.url, honest.url, "address") + compared(login.params, honest.params),
        curl=curl(login.method, login.url, form=login.params),
    )


def _auth(platform: Platform, pending: PendingLaunch, request: AuthRequest, exchange: Exchange | None) -> Leg:
    params = tuple(request.params.items())
    again = curl("GET", f"{platform.url}/auth", form=params) if exchange is None else curl_of(exchange)
    return Leg(
        title="Authentication request: the tool sends the browser back",
        at_s=pending.asked_s,
        method="" if exchange is None else exchange.method,
        url=f"{platform.url}/auth",
        lines=compared(params, params),
        problems=pending.auth_problems,
        exchange=exchange,
        curl=again,
    )


def _response(platform: Platform, pending: PendingLaunch, request: AuthRequest, response: AuthResponse) -> Leg:
    token = pending.token
    honest = response
    if pending.mutations and token is not None:
        plain = flow.auth_response(request, token, storage_target=pending.launch.storage_target)
        honest = platform.dialect.shape(plain, pending.launch)
    shown = compared(masked_params(response.fields), masked_params(honest.fields))
    return Leg(
        title="Authentication response: the browser brings the tool what the platform says",
        at_s=pending.asked_s,
        method=response.method,
        url=response.url,
        lines=_beside(response.url, honest.url, "address") + shown,
        token=None if token is None else _token_view(platform, pending, request, dict(response.fields)),
        curl=curl(response.method, response.url, form=response.fields),
    )


def _call(exchange: Exchange) -> Leg:
    endpoint = exchange.about.get("endpoint", "")
    return Leg(
        title=endpoint.replace("_", " ") or exchange.url,
        at_s=exchange.at_s,
        method=exchange.method,
        url=exchange.url,
        exchange=exchange,
        curl=curl_of(exchange),
    )


def _beside(now: str, honest: str, name: str) -> tuple[Line, ...]:
    return () if now == honest else (Line(name=name, value=now, was=honest),)


def compared(now: Params, honest: Params) -> tuple[Line, ...]:
    """Parameters as they were sent, each with the honest value where that differs; a name may come twice."""
    left = list(honest)
    lines: list[Line] = []
    for pair in now:
        if pair in left:
            left.remove(pair)
            lines.append(Line(name=pair[0], value=pair[1]))
        else:
            lines.append(Line(name=pair[0], value=pair[1], was=""))
    for name, value in left:
        found = next((i for i, line in enumerate(lines) if line.name == name and line.was == ""), None)
        if found is None:
            lines.append(Line(name=name, value=None, was=value))
        else:
            lines[found] = replace(lines[found], was=value)
    return tuple(lines)


def honest_token(platform: Platform, pending: PendingLaunch, request: AuthRequest, *, now_s: float) -> IdToken:
    """The token that this launch would have had without its mutations."""
    dialect = platform.dialect
    kid = pending.kid or platform.keys.kid("platform")
    unknown = dialect.value("custom.unknown", "literal")
    return dialect.shape(flow.id_token(pending.launch, request, kid=kid, now_s=now_s, unknown=unknown), pending.launch)


def _token_view(
    platform: Platform, pending: PendingLaunch, request: AuthRequest, fields: Mapping[str, str]
) -> TokenView:
    text = fields.get("id_token") or (pending.token.text if pending.token else "")
    header, claims, trouble = taken_apart(text)
    said, claimed = _told(header), _told(claims)
    lies: tuple[tuple[Line, ...], tuple[Line, ...]] = (compared(said, said), compared(claimed, claimed))
    if pending.mutations:
        # The token was made a moment after the request came, perhaps in the next second: the likelier one counts.
        since = pending.asked_s or pending.begun_s
        honest = [honest_token(platform, pending, request, now_s=since + later) for later in (0, 1)]
        both = [(compared(said, _told(one.header)), compared(claimed, _told(one.claims))) for one in honest]
        lies = min(both, key=lambda pair: sum(line.was is not None for part in pair for line in part))
    fits = _fits(platform, text, header)
    return TokenView(header=lies[0], claims=lies[1], signature=_SIGNATURES[fits], fits=fits, text=text, trouble=trouble)


_SIGNATURES: Final[Mapping[bool | None, str]] = {
    True: "The signature fits the key of the platform that the header names.",
    False: "The signature does not fit the key of the platform.",
    None: "The header names no key with which this platform signs now.",
}


def taken_apart(text: str) -> tuple[Mapping[str, Any] | bytes, Mapping[str, Any] | bytes, str]:
    """Header and claims of a compact token, and what of them cannot be read (RFC 7515, section 3.1)."""
    parts = text.split(".")
    trouble = "" if len(parts) == 3 else f"it has {len(parts)} parts in place of 3"
    read: list[Mapping[str, Any] | bytes] = []
    for name, part in zip(("header", "payload"), (*parts, "")[:2], strict=True):
        content, problem = _read(part)
        read.append(content)
        trouble = trouble or (f"its {name} {problem}" if problem else "")
    return read[0], read[1], trouble


def _read(part: str) -> tuple[Mapping[str, Any] | bytes, str]:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return part.encode(), "is not Base64url"
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return raw, "is not JSON"
    return (value, "") if isinstance(value, dict) else (raw, "is no JSON object")


def _told(part: Mapping[str, Any] | bytes) -> Params:
    if isinstance(part, bytes):
        return (("as it stands", part.decode("utf-8", "replace")),)
    return tuple((name, _value(value)) for name, value in part.items())


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _fits(platform: Platform, text: str, header: Mapping[str, Any] | bytes) -> bool | None:
    kid = header.get("kid") if isinstance(header, Mapping) else None
    names = [name for name in ("platform", platform.key_set.now.signing) if platform.keys.kid(name) == kid]
    signed, _, signature = text.rpartition(".")
    if not names or not isinstance(header, Mapping):
        return None
    # RS256 makes the same signature each time (RFC 8017, section 8.2), so that it can be made anew to compare.
    made = platform.keys.signature("RS256", names[0], signed.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode() == signature
