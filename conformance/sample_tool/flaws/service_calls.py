"""Flaws of calls to services: what the platform refuses, where tokens go, and lists that come in pages."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Final
from urllib.parse import urljoin

from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, replace
from conformance.sample_tool.services import calls, groups, paging, roster
from conformance.sample_tool.services.documents import text
from conformance.sample_tool.services.model import Call, Errand, Pages

__all__ = ["FLAWS"]

OFTEN: Final = 8
LONG_S: Final = 100_000
LITERAL_NEXT = re.compile(r'^<([^>]*)>; rel="next"')


def any_json(call: Call) -> Call:
    """Asks for JSON, whatever its media type."""
    return dataclasses.replace(call, headers={**call.headers, "Accept": "application/json"})


async def renewed_for_ever(call: Call) -> Call:
    """Asks for another token as long as the last one is refused."""
    for _ in range(OFTEN):
        call = await calls.renewed(call)
    return call


async def at_once_again(call: Call) -> Call:
    """Asks a busy platform again without a pause."""
    return await calls.sent(call) if call.answer.status in (429, 503) else call


async def patient(call: Call) -> Call:
    """Waits as long as the platform wants, if that is the rest of the day."""
    told = next(iter(call.answer.all("retry-after")), "")
    if call.answer.status == 429 and told.isdigit():
        await call.tool.pause(min(int(told), LONG_S))
        return await calls.sent(call)
    return call


async def followed(call: Call) -> Call:
    """Follows redirects with all its headers."""
    answered = await calls.sent(call)
    places = answered.answer.all("location")
    if answered.answer.status not in range(300, 400) or not places:
        return answered
    return await calls.sent(dataclasses.replace(answered, url=urljoin(call.url, places[0])))


def answer_as_json(call: Call) -> Call:
    """Reads the answer as if every platform sent JSON."""
    if call.expects != "nothing":
        json.loads(call.answer.body).copy()
    return call


async def unanswered(call: Call) -> Call:
    """Lets the client library's exceptions pass."""
    return dataclasses.replace(call, answer=await call.tool.send(call.method, call.url, call.headers, call.content))


def visited_again(pages: Pages) -> Pages:
    """Counts pages, and does not compare them."""
    return dataclasses.replace(pages, visited=(*pages.visited, pages.url))


def first_page(pages: Pages) -> Pages:
    """Has never seen a list with a second page."""
    return dataclasses.replace(pages, url="")


def literal_next(pages: Pages) -> Pages:
    """Knows one way to write a link."""
    found = (match for value in pages.call.answer.all("link") if (match := LITERAL_NEXT.match(value)))
    match = next(found, None)
    return dataclasses.replace(pages, url=match[1] if match else "")


def joined_next(pages: Pages) -> Pages:
    """Reads the first link header only."""
    answer = pages.call.answer
    first = dataclasses.replace(answer, headers=tuple(pair for pair in answer.headers if pair[0].lower() == "link")[:1])
    return dataclasses.replace(pages, url=paging.next_link(dataclasses.replace(pages.call, answer=first)))


def taken_as_listed(pages: Pages) -> Pages:
    """Goes through what is listed as if it were a list."""
    call = pages.call
    listed = call.document[pages.member] if pages.member else call.document
    return dataclasses.replace(pages, items=(*pages.items, *[{**entry} for entry in listed]))


def offered_somehow(errand: Errand) -> Errand:
    """Takes any claim for an offer."""
    return errand


def any_version(errand: Errand) -> Errand:
    """Takes the roster of any version."""
    offer = {name: value for name, value in errand.offer.roster.items() if name != "service_versions"}
    return roster.offered(dataclasses.replace(errand, offer=dataclasses.replace(errand.offer, roster=offer)))


def named(errand: Errand) -> Errand:
    """Counts on everybody's name."""
    for member in errand.items:
        text(member, "name")[0].upper()
    return errand


FLAWS: Final = (
    Flaw(
        name="media-type-unnamed",
        why="JSON is JSON to the tool, and platforms answer 406 to whoever asks for that.",
        profile="core",
        changes=(replace(calls.accept, by=any_json),),
        fails="services",
    ),
    Flaw(
        name="denial-as-outage",
        why="Whatever is not 2xx counts as an outage, so that nobody looks at the permissions.",
        profile="ltix",
        changes=(drop(calls.allowed),),
    ),
    Flaw(
        name="token-renewed-for-ever",
        why="A refused token is replaced as often as it is refused.",
        profile="core",
        changes=(replace(calls.renewed, by=renewed_for_ever),),
    ),
    Flaw(
        name="pause-ignored",
        why="A busy platform is asked again at once, which keeps it busy.",
        profile="core",
        changes=(replace(calls.waited, by=at_once_again),),
    ),
    Flaw(
        name="pause-without-end",
        why="The person waits before a blank page for as long as the platform has named.",
        profile="core",
        changes=(replace(calls.waited, by=patient),),
    ),
    Flaw(
        name="failures-unread",
        why="What is not refused has worked: the status of an answer is not looked at.",
        profile="ltix",
        changes=(drop(calls.succeeded),),
    ),
    Flaw(
        name="service-outage-crash",
        why="Nobody has tried what happens when a service does not answer.",
        profile="ltix",
        changes=unexpected(replace(calls.sent, by=unanswered)),
    ),
    Flaw(
        name="service-answer-crash",
        why="Answers are read by `response.json()` and never looked at before.",
        profile="ltix",
        changes=unexpected(insert(answer_as_json, before=calls.document)),
    ),
    Flaw(
        name="redirects-followed",
        why="The client library follows redirects, and takes the token along.",
        profile="core",
        changes=(replace(calls.sent, by=followed),),
    ),
    Flaw(
        name="token-to-any-host",
        why="The token goes wherever an address in an answer leads.",
        profile="core",
        changes=(drop(calls.same_host),),
    ),
    Flaw(
        name="first-page-only",
        why="Courses in tests are small, so nobody has seen a second page.",
        profile="core",
        changes=(replace(paging.onward, by=first_page),),
    ),
    Flaw(
        name="links-by-letters",
        why="The header is read by a pattern that knows one platform's spelling.",
        profile="core",
        changes=(replace(paging.onward, by=literal_next),),
    ),
    Flaw(
        name="first-link-header",
        why="Of several headers of one name the client library gives the first.",
        profile="core",
        changes=(replace(paging.onward, by=joined_next),),
    ),
    Flaw(
        name="pages-in-a-circle",
        why="A next page that has been read before is read again.",
        profile="core",
        changes=(replace(paging.unvisited, by=visited_again),),
    ),
    Flaw(
        name="pages-unbounded",
        why="Pages without members never reach the limit, and there may be any number of them.",
        profile="core",
        changes=(drop(paging.bounded),),
    ),
    Flaw(
        name="list-unchecked",
        why="What is listed is gone through as if it were a list of objects.",
        profile="ltix",
        changes=unexpected(replace(paging.listed, by=taken_as_listed)),
    ),
    Flaw(
        name="roster-without-limit",
        why="The whole roster is read into memory, and some courses are a whole school.",
        profile="ltix",
        changes=(drop(paging.limited),),
    ),
    Flaw(
        name="roster-offer-unread",
        why="The address of the roster is built by the tool, or read without a look.",
        profile="ltix",
        changes=(replace(roster.offered, by=offered_somehow),),
    ),
    Flaw(
        name="roster-version-unread",
        why="The version of the service is never looked at.",
        profile="ltix",
        changes=(replace(roster.offered, by=any_version),),
    ),
    Flaw(
        name="roster-needs-names",
        why="Members are listed by the first letter of their names, and platforms may send none.",
        profile="core",
        changes=unexpected(insert(named, before=roster.shown)),
    ),
    Flaw(
        name="member-id-unchecked",
        why="A member without an id is kept under no id, together with all the others.",
        profile="ltix",
        changes=(drop(roster.readable),),
    ),
    Flaw(
        name="groups-offer-unread",
        why="The address of the groups is read without a look.",
        profile="ltix",
        changes=(replace(groups.offered, by=offered_somehow),),
    ),
)
