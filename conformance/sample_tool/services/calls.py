"""The steps of one request to a service, from its address to the document in the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from conformance.sample_tool.following import take
from conformance.sample_tool.forms import origin
from conformance.sample_tool.services import documents
from conformance.sample_tool.services.model import Call, TokenRequest
from conformance.sample_tool.services.refusals import denied, malformed, unreachable
from conformance.sample_tool.services.tokens import has_token

__all__ = [
    "LONGEST_PAUSE_S",
    "accept",
    "allowed",
    "bearer",
    "content_type",
    "document",
    "renewed",
    "same_host",
    "same_scheme",
    "sent",
    "succeeded",
    "token_for",
    "waited",
]

LONGEST_PAUSE_S: Final = 10
"""Somebody is looking at a page that does not come."""
EXPECTED: Final = {"object": dict, "list": list}


def same_host(call: Call) -> Call:
    """The token is shown to the host that the launch has named, and to no other (RFC 6750 5.2)."""
    if origin(call.url) is None or urlsplit(call.url).hostname != urlsplit(call.home).hostname:
        raise malformed(call.ref, "address on another host")
    return call


def same_scheme(call: Call) -> Call:
    """A token that came over TLS does not go on without it (RFC 6750 5.2)."""
    if urlsplit(call.home).scheme == "https" and urlsplit(call.url).scheme != "https":
        raise malformed(call.ref, "address without TLS")
    return call


async def bearer(call: Call) -> Call:
    """The request shows a token of the tool's own registration (RFC 6750 2.1)."""
    return await with_token(call, renew=False)


def accept(call: Call) -> Call:
    """The request names the media type that the answer has to be of (AGS 3.2.1, NRPS 2.4)."""
    return replace(call, headers={**call.headers, "Accept": call.accept})


def content_type(call: Call) -> Call:
    """The request says of which media type it is, if it carries anything (AGS 3.4.2)."""
    return replace(call, headers={**call.headers, "Content-Type": call.content_type}) if call.content_type else call


async def sent(call: Call) -> Call:
    """The platform answers."""
    try:
        return replace(call, answer=await call.tool.send(call.method, call.url, call.headers, call.content))
    except OSError as error:
        raise unreachable(call.ref, call.service) from error


async def renewed(call: Call) -> Call:
    """A token that is refused is asked for anew, once (SEC 7.1.1, RFC 6750 3.1)."""
    return await sent(await with_token(call, renew=True)) if call.answer.status == 401 else call


async def waited(call: Call) -> Call:
    """A platform that is busy is asked once more when it has said so, if that is soon (RFC 9110 10.2.3)."""
    if call.answer.status not in (429, 503):
        return call
    seconds = pause_of(call)
    if seconds is None:
        return call
    await call.tool.pause(seconds)
    return await sent(call)


def allowed(call: Call) -> Call:
    """The platform lets the tool in (RFC 6750 3.1)."""
    if call.answer.status in (401, 403):
        raise denied(call.ref, f"{call.service}, status {call.answer.status}")
    return call


def succeeded(call: Call) -> Call:
    """The platform has done what was asked."""
    if not 200 <= call.answer.status < 300:
        raise unreachable(call.ref, f"{call.service}, status {call.answer.status}")
    return call


def document(call: Call) -> Call:
    """The answer can be understood."""
    if call.expects == "nothing":
        return call
    try:
        found = documents.read_json(call.answer.body)
    except ValueError:
        raise malformed(call.ref, call.service) from None
    if not isinstance(found, EXPECTED[call.expects]):
        raise malformed(call.ref, call.service)
    return replace(call, document=found)


async def with_token(call: Call, *, renew: bool) -> Call:
    """The call with a token in its head, a fresh one if the last was refused."""
    asked = await token_for(call, renew=renew)
    assert asked.token is not None, "the last step of a token request keeps one"
    return replace(call, headers={**call.headers, "Authorization": f"Bearer {asked.token.text}"})


async def token_for(call: Call, *, renew: bool) -> TokenRequest:
    """The token request that a call needs."""
    request = TokenRequest(
        tool=call.tool,
        integration=call.integration,
        deployment_id=call.deployment_id,
        scopes=call.scopes,
        now=call.tool.clock(),
        renew=renew,
    )
    return await take(request, call.plan.token, until=has_token)


def pause_of(call: Call) -> float | None:
    """How long the platform wants to be left alone; None if it does not say, or too long for a person to wait."""
    told = next(iter(call.answer.all("retry-after")), "")
    if not (told.isascii() and told.isdigit()) or len(told) > len(str(LONGEST_PAUSE_S)):
        return None
    return float(told) if int(told) <= LONGEST_PAUSE_S else None
