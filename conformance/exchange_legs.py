"""HTTP exchanges as legs of a timeline: masked, and cut to what a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from conformance.browser import FORM, SHOWN
from conformance.legs import Leg, Line, Reply
from mockplatform.model import Exchange, Params
from mockplatform.telling.masking import masked, masked_exchange, masked_headers, masked_params

__all__ = [
    "READ",
    "call_legs",
    "cut",
    "exchange_leg",
    "few",
    "header_lines",
    "masked_header_lines",
    "masked_lines",
    "reply_of",
]

READ: Final = 2000
MOST: Final = 200
MOST_CALLS: Final = 25
"""How many calls of a tool are shown of the first ones, and as many of the last."""
_TELLING: Final = ("accept", "authorization", "content-type", "cookie")
"""The request headers by which launches and service calls succeed or fail."""
_TEXT: Final = ("text/", "application/json", "application/xml", "application/javascript", FORM)
_TEXT_SUFFIXES: Final = ("+json", "+xml")


def exchange_leg(exchange: Exchange, title: str) -> Leg:
    """A request, what it carried, and what came back."""
    known = masked_exchange(exchange)
    return Leg(
        title=title,
        asker=exchange.asker,
        method=exchange.method,
        url=cut(known.url),
        lines=(*header_lines(exchange), *_content(exchange, known)),
        reply=_reply(exchange, known),
    )


def call_legs(calls: Sequence[Exchange]) -> Iterator[Leg]:
    """What the tool has asked of the platform; of very many calls the first and the last."""
    left_out = max(0, len(calls) - 2 * MOST_CALLS)
    for number, call in enumerate(calls):
        if left_out and number == MOST_CALLS:
            yield Leg(title=f"{left_out:,} more calls of the tool", asker="harness")
        if left_out == 0 or not MOST_CALLS <= number < MOST_CALLS + left_out:
            endpoint, attempt = call.about.get("endpoint", ""), call.about.get("attempt", "")
            during = f", during '{attempt}'" if attempt else ""
            yield exchange_leg(call, f"The tool asks: {endpoint.replace('_', ' ') or 'the platform'}{during}")


def reply_of(exchange: Exchange) -> Reply:
    """What came back to a request."""
    return _reply(exchange, masked_exchange(replace(exchange, request_body="")))


def _reply(exchange: Exchange, known: Exchange) -> Reply:
    return Reply(
        status=known.status,
        trouble=known.trouble,
        headers=few(masked_header_lines(exchange.response_headers)),
        body=_readable(known.response_body, known.response_headers),
        elapsed_s=known.elapsed_s,
    )


def header_lines(exchange: Exchange) -> tuple[Line, ...]:
    """The telling headers of a request, masked."""
    return tuple(line for line in masked_header_lines(exchange.request_headers) if line.name.lower() in _TELLING)


def masked_header_lines(headers: Params) -> tuple[Line, ...]:
    """Headers with those masked that prove who somebody is."""
    return tuple(Line(name=name, value=cut(value)) for name, value in masked_headers(headers))


def masked_lines(params: Params) -> tuple[Line, ...]:
    """Parameters with the secrets among them masked."""
    lines = (
        Line(name=name, value=cut(masked(value) if name == "oauth_signature" else value))
        for name, value in masked_params(params)
    )
    return few(tuple(lines))


def cut(text: str, length: int = READ) -> str:
    """A text as far as a person reads it."""
    return text if len(text) <= length else f"{text[:length]}… cut, {len(text) - length:,} characters more"


def few(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines as far as a person reads them."""
    return lines if len(lines) <= MOST else (*lines[:MOST], Line(name="…", value=f"{len(lines) - MOST:,} more"))


def _content(exchange: Exchange, known: Exchange) -> Iterator[Line]:
    """The body of a request: a form by its fields."""
    if not exchange.request_body:
        return
    if _kind(exchange.request_headers) == FORM:
        yield from masked_lines(tuple(parse_qsl(exchange.request_body, keep_blank_values=True)))
    else:
        yield Line(name="body", value=_readable(known.request_body, known.request_headers))


def _readable(body: str, headers: Params) -> str:
    """A body that is text, cut; of any other, how long it is and of what type."""
    kind = _kind(headers)
    binary = "\0" in body or "\ufffd" in body
    if not body or (kind.startswith(_TEXT) or kind.endswith(_TEXT_SUFFIXES) if kind else not binary):
        shown = cut(body)
        # What was kept of it may be a part itself.
        return shown if shown == body or len(body.encode(errors="replace")) < SHOWN else f"{shown} at least"
    length = next((value for name, value in headers if name.lower() == "content-length" and value.isdecimal()), "")
    size = f"{int(length):,}" if length else f"about {len(body):,}"
    return f"{size} bytes of {kind or 'an unnamed type'}"


def _kind(headers: Params) -> str:
    found = next((value for name, value in headers if name.lower() == "content-type"), "")
    return found.partition(";")[0].strip().lower()
