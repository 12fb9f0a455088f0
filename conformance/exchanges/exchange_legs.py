"""HTTP exchanges as legs of a timeline; `told` makes of legs what a person reads, masked and then cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from conformance.exchanges.bodies import FORM, SHOWN, media_type
from conformance.exchanges.clearing import NOTHING, Clearing
from conformance.exchanges.legs import Leg, Line, Reply
from conformance.model import Observation
from mockplatform.model import Exchange, Params

__all__ = [
    "READ",
    "call_legs",
    "cut",
    "exchange_leg",
    "few",
    "header_lines",
    "hop",
    "legs_of",
    "lines_of",
    "reply_of",
    "told",
]

READ: Final = 2000
MOST: Final = 200
MOST_CALLS: Final = 25
"""How many calls of a tool are shown of the first ones, and as many of the last."""
_TOKEN_READ: Final = 200
"""As much is shown of a token that is taken apart beside it."""
_TELLING: Final = ("accept", "authorization", "content-type", "cookie")
"""The request headers by which launches and service calls succeed or fail."""
_TEXT: Final = ("text/", "application/json", "application/xml", "application/javascript", FORM)
_TEXT_SUFFIXES: Final = ("+json", "+xml")


def told(legs: Iterable[Leg], known: frozenset[str] = NOTHING, clearing: Clearing | None = None) -> tuple[Leg, ...]:
    """Legs without secrets, and cut to what a person reads.

    Args:
        known: secrets by their values.
        clearing: that of the report in which they are told.
    """
    clears = clearing or Clearing()
    return tuple(_short(clears.cleared(leg, known)) for leg in legs)


def _short(leg: Leg) -> Leg:
    limits = {"id_token": _TOKEN_READ} if leg.token else {}
    token = leg.token and replace(leg.token, header=_read(leg.token.header), claims=_read(leg.token.claims))
    reply = leg.reply and replace(leg.reply, headers=_read(leg.reply.headers), body=_cut_body(leg.reply.body))
    return replace(leg, url=cut(leg.url), lines=_read(leg.lines, limits), token=token, reply=reply)


def _read(lines: tuple[Line, ...], limits: dict[str, int] | None = None) -> tuple[Line, ...]:
    lengths = limits or {}
    return few(tuple(_cut_line(line, lengths.get(line.name, READ)) for line in lines))


def _cut_line(line: Line, length: int) -> Line:
    value, was = (text and cut(text, length) for text in (line.value, line.was))
    return line if (value, was) == (line.value, line.was) else replace(line, value=value, was=was)


def _cut_body(body: str) -> str:
    shown = cut(body)
    # What was kept of it may be a part itself; what is masked had a byte for each dot.
    is_part = shown != body and len(body.replace("•", "x").encode(errors="replace")) >= SHOWN
    return f"{shown} at least" if is_part else shown


def cut(text: str, length: int = READ) -> str:
    """A text as far as a person reads it."""
    return text if len(text) <= length else f"{text[:length]}… cut, {len(text) - length:,} characters more"


def few(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines as far as a person reads them."""
    return lines if len(lines) <= MOST else (*lines[:MOST], Line(name="…", value=f"{len(lines) - MOST:,} more"))


def legs_of(seen: Observation) -> tuple[Leg, ...]:
    """What the browser has sent, and then the tool, as far as an observation holds it; whole, with its secrets."""
    hops = (exchange_leg(exchange, hop(exchange)) for exchange in seen.exchanges)
    return (*hops, *call_legs(seen.calls))


def hop(exchange: Exchange) -> str:
    """What a request of the browser is, where nobody knows more of it."""
    return "The browser posts a form" if exchange.method == "POST" else "The browser goes on"


def exchange_leg(exchange: Exchange, title: str) -> Leg:
    """A request, what it carried, and what came back; whole, with its secrets."""
    return Leg(
        title=title,
        asker=exchange.asker,
        method=exchange.method,
        url=exchange.url,
        lines=(*header_lines(exchange), *_content(exchange)),
        reply=reply_of(exchange),
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
    return Reply(
        status=exchange.status,
        trouble=exchange.trouble,
        headers=lines_of(exchange.response_headers),
        body=_readable(exchange.response_body, exchange.response_headers),
        elapsed_s=exchange.elapsed_s,
    )


def header_lines(exchange: Exchange) -> tuple[Line, ...]:
    """The telling headers of a request."""
    return lines_of(tuple(pair for pair in exchange.request_headers if pair[0].lower() in _TELLING))


def lines_of(params: Params) -> tuple[Line, ...]:
    """Parameters or headers, none of them a lie."""
    return tuple(Line(name=name, value=value) for name, value in params)


def _content(exchange: Exchange) -> Iterator[Line]:
    """The body of a request: a form by its fields."""
    if not exchange.request_body:
        return
    if media_type(exchange.request_headers) == FORM:
        yield from lines_of(tuple(parse_qsl(exchange.request_body, keep_blank_values=True)))
    else:
        yield Line(name="body", value=_readable(exchange.request_body, exchange.request_headers))


def _readable(body: str, headers: Params) -> str:
    """A body that is text; of any other, how long it is and of what type."""
    kind = media_type(headers)
    binary = "\0" in body or "\ufffd" in body
    if not body or (kind.startswith(_TEXT) or kind.endswith(_TEXT_SUFFIXES) if kind else not binary):
        return body
    length = next((value for name, value in headers if name.lower() == "content-length" and value.isdecimal()), "")
    size = f"{int(length):,}" if length else f"about {len(body):,}"
    return f"{size} bytes of {kind or 'an unnamed type'}"
