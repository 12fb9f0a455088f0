"""Which tool makes a request, as far as the request tells before its endpoint has looked at it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from mockplatform.keys import members_of
from mockplatform.lms import Platform

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

__all__ = ["caller"]

_READ_BYTES = 1 << 20
_CONSUMER_KEY = re.compile(r'oauth_consumer_key="([^"]*)"')


async def caller(platform: Platform, scope: Scope, receive: Receive) -> tuple[str, Receive]:
    """The client id of whoever makes a request, empty if it does not tell, and the request's body to be read again.

    Nothing is verified: this only chooses whom a fault is for.
    """
    messages = [await receive()]
    while messages[-1].get("more_body") and sum(len(part.get("body", b"")) for part in messages) < _READ_BYTES:
        messages.append(await receive())
    waiting = list(reversed(messages))

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body = b"".join(part.get("body", b"") for part in messages).decode("utf-8", "replace")
    sent = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        sent |= dict(parse_qsl(body))
    found = (*_by_header(platform, headers.get("authorization", "")), *_by_parameters(platform, sent))
    return next(filter(None, found), ""), again


def _by_header(platform: Platform, authorization: str) -> Iterator[str]:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        grant = platform.state.grants.get(rest.strip())
        yield grant.client_id if grant else ""
    key = _CONSUMER_KEY.search(rest)
    if key is not None:
        yield from (tool.client_id for tool in platform.registrations if tool.consumer_key == unquote(key[1]))


def _by_parameters(platform: Platform, sent: Mapping[str, str]) -> Iterator[str]:
    yield sent.get("client_id", "")
    for name in ("client_assertion", "JWT"):
        yield _issuer_of(sent.get(name, ""))
    pending = platform.launches.get(sent.get("lti_message_hint", ""))
    yield pending.launch.registration.client_id if pending else ""


def _issuer_of(token: str) -> str:
    """Who says that it made a JWT (RFC 7519, section 4.1.1); tools name themselves by their client id."""
    claims = members_of([*token.split("."), ""][1])
    issuer = claims.get("iss") if claims else None
    return issuer if isinstance(issuer, str) else ""
