"""Calls that a tool makes behind its answer: they may come when the next attempt has already begun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urljoin

from conformance.call_reading import calls_of, next_pages, place
from conformance.model import Observation
from mockplatform.model import Exchange

__all__ = ["is_late"]


def is_late(call: Exchange, seen: Observation) -> bool:
    """Whether a call may be left over from an earlier attempt: it goes on with what that one had begun.

    A tool that does its work behind its answer may still be at that of one person when another asks for theirs. What
    the attempt in which the call came has begun there itself is no earlier attempt's.
    """
    before = replace(seen, calls=_before(call, seen.calls))
    theirs = [other for other in _there(call, before) if other.about.get("client_id") == call.about.get("client_id")]
    own = list(_own(call, seen))
    if not own or not any(_is_of_its_own(other) for other in theirs):
        return False
    wanted, asked = place(call.url), [place(other.url) for other in own]
    if call.method != "GET":
        return wanted not in asked
    if not _leads_to(wanted, _own(call, before)):
        return True
    # Both lists go on at this page, which each reads once.
    return wanted in asked and _leads_to(wanted, theirs) and wanted not in [place(other.url) for other in theirs]


def _before(call: Exchange, calls: Sequence[Exchange]) -> tuple[Exchange, ...]:
    return tuple(calls[: next(position for position, other in enumerate(calls) if other is call)])


def _there(call: Exchange, seen: Observation) -> list[Exchange]:
    """The calls of the same endpoint."""
    return calls_of(seen, str(call.about.get("endpoint")))


def _own(call: Exchange, seen: Observation) -> Iterator[Exchange]:
    """What the attempt in which a call came has asked at the same endpoint with a token of its own."""
    attempt = call.about.get("attempt")
    return (o for o in _there(call, seen) if o.about.get("attempt") == attempt and _is_of_its_own(o))


def _is_of_its_own(call: Exchange) -> bool:
    """Whether a call shows a token of the registration in whose name it is made."""
    return call.about.get("client_id") is not None and call.about.get("client_id") == call.about.get("registered")


def _leads_to(wanted: tuple[object, ...], pages: Iterator[Exchange] | Sequence[Exchange]) -> bool:
    """Whether a list goes on at a place after one of these pages."""
    return any(place(urljoin(page.url, following)) == wanted for page in pages for following in next_pages(page))
