"""What comes back from a deep linking request: looked at in full, placed in the course if it is right, and kept.

received = await receive(platform, (("JWT", "eyJ…"),))
received.returned.problems
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from mockplatform.claims import DEEP_LINKING_PREFIX
from mockplatform.deep_links.claims import CHECKS, Response, items_of
from mockplatform.deep_links.items import Problem
from mockplatform.deep_links.placing import placed
from mockplatform.messages.deep_linking import settings as settings_of
from mockplatform.model import Launch, Params, Registration
from mockplatform.oauth.tool_keys import ToolTokenError, unverified, verified
from mockplatform.records import PlacedLink, Returned, Used
from mockplatform.state import MAX_LINE_ITEMS, MAX_LINKS

if TYPE_CHECKING:
    from mockplatform.lms import Platform

__all__ = ["Received", "receive"]

FIELD: Final = "JWT"
MAX_PROBLEMS: Final = 100
MAX_LAUNCHES: Final = 200
"""So many of the last launches may be the one that a response without a known id in its data belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A response, and what has become of it."""

    returned: Returned
    launch: Launch | None = None
    links: tuple[PlacedLink, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What is known of a response so far."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    registration: Registration | None = None
    launch: Launch | None = None
    problems: list[Problem] = field(default_factory=list)


async def receive(platform: Platform, fields: Params, *, query: Params | None = None) -> Received:
    """Take a response: its links are in the course if it has no mistake that is refused (DL 4.5; SEC 5.2.3).

    Args:
        fields: those of the form.
        query: the parameters of the address it was posted to; None: nobody knows it.
    """
    reading = await _read(platform, fields)
    if query is not None and reading.launch is not None:
        reading.problems.extend(_lost(reading.launch, query))
    refused = [problem.text for problem in reading.problems if problem.severity == "refuse"]
    links: tuple[PlacedLink, ...] = ()
    if not refused and reading.launch is not None:
        links = placed(platform, reading.launch, items_of(reading.claims))
    launch, registration = reading.launch, reading.registration
    returned = Returned(
        id=platform.new_id(),
        launch_id=launch.id if launch else "",
        course_id=launch.course.id if launch else "",
        client_id=registration.client_id if registration else "",
        at_s=platform.clock(),
        problems=tuple(refused[:MAX_PROBLEMS]),
        notes=tuple(problem.text for problem in reading.problems if problem.severity == "note")[:MAX_PROBLEMS],
        claims=reading.claims,
        placed=tuple(link.id for link in links),
    )
    platform.state.returned.put(returned.id, returned, group=returned.launch_id)
    return Received(returned=returned, launch=launch, links=links)


async def _read(platform: Platform, fields: Params) -> _Reading:
    reading = _Reading()
    texts = [value for name, value in fields if name == FIELD]
    if len(texts) != 1:
        reading.problems.append(Problem(text=_unreadable(len(texts), fields)))
        return reading
    try:
        reading.claims = unverified(texts[0], what=FIELD)
    except ToolTokenError as error:
        reading.problems.append(Problem(text=error.problem))
        return reading
    reading.claims, illegible = _legible(reading.claims)
    reading.problems.extend(illegible)
    reading.registration = _registration(platform, reading.claims)
    if reading.registration is None:
        told = f"iss is {reading.claims.get('iss')!r}, which is the client_id of no tool here (SEC 5.2.2)"
        reading.problems.append(Problem(text=told))
        return reading
    try:
        await verified(platform, reading.registration, texts[0], what=FIELD)
    except ToolTokenError as error:
        reading.problems.append(Problem(text=error.problem))
    reading.launch = _launch(platform, reading.registration, reading.claims)
    response = Response(
        claims=reading.claims,
        registration=reading.registration,
        launch=reading.launch,
        audience=platform.dialect.value("deep_linking.audience", "") or reading.registration.issuer,
        now_s=platform.clock(),
    )
    reading.problems.extend(problem for check in CHECKS for problem in check(response))
    reading.problems.extend(_too_many(platform, reading.claims))
    if not any(problem.severity == "refuse" for problem in reading.problems):
        reading.problems.extend(_used(platform, reading.registration, reading.claims))
    return reading


def _unreadable(count: int, fields: Params) -> str:
    if count:
        return f"the form has {count} fields {FIELD}, expected one (SEC 5.2.1)"
    found = ", ".join(dict.fromkeys(_legibly(name) for name, _ in fields)) or "none"
    return f"the form has no field {FIELD}; it has {found}. Post the response as {FIELD}, URL-encoded (SEC 5.2.1)"


def _legible(claims: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """The claims in a form that can be kept and shown, and a problem if they had to be changed for that."""
    legible: Mapping[str, Any] = _legibly(claims)
    if legible == claims:
        return claims, ()
    told = (
        "a claim has half a character (a lone surrogate), the character U+0000, or a number that is none"
        " (RFC 8259, sections 6 and 8.2)"
    )
    return legible, (Problem(text=told),)


def _legibly(value: Any) -> Any:
    """A JSON value with a question mark for each character that cannot be kept, and texts for numbers that are none."""
    if isinstance(value, Mapping):
        return {_legibly(name): _legibly(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_legibly(member) for member in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "?")
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else value


def _registration(platform: Platform, claims: Mapping[str, Any]) -> Registration | None:
    """The tool that has this client_id, with the issuer that the response is for if there are several."""
    found = [tool for tool in platform.registrations if tool.client_id == claims.get("iss")]
    named = claims.get("aud")
    audience = named if isinstance(named, list) else [named]
    return next((tool for tool in found if tool.issuer in audience), found[0] if found else None)


def _launch(platform: Platform, registration: Registration, claims: Mapping[str, Any]) -> Launch | None:
    """The request that is answered: the one that has sent this data, or else the tool's last one that sent none."""
    data = claims.get(DEEP_LINKING_PREFIX + "data")
    # The usual data begins with the id of its launch.
    first = platform.launches.get(data.partition(".")[0]) if isinstance(data, str) else None
    if first is not None and _sent(first.launch) == data:
        return first.launch
    recent = [pending.launch for pending in platform.launches.page(limit=MAX_LAUNCHES, newest_first=True)]
    asked = [launch for launch in recent if launch.message == "deep_linking"]
    same = [launch for launch in asked if data is not None and _sent(launch) == data]
    own = (launch for launch in same if launch.registration.key == registration.key)
    without = (launch for launch in asked if _sent(launch) is None and launch.registration.key == registration.key)
    # Two tools may have been sent the same data, where somebody chose it; only without its own is it another's.
    return next(own, None) or next(iter(same), None) or next(without, None)


def _sent(launch: Launch) -> Any:
    """The data of a deep linking request; None: it had none, or it is another message."""
    return settings_of(launch).get("data") if launch.message == "deep_linking" else None


def _lost(launch: Launch, query: Params) -> Iterator[Problem]:
    """The address of the request has a query, which belongs to it (DL 2.3)."""
    address = str(settings_of(launch).get("deep_link_return_url", ""))
    lost = [name for name, value in parse_qsl(address.partition("?")[2]) if (name, value) not in query]
    if lost:
        told = f"deep_link_return_url has lost {', '.join(lost)} of its query; post to the whole address (DL 2.3)"
        yield Problem(text=told, severity="note")


def _too_many(platform: Platform, claims: Mapping[str, Any]) -> Iterator[Problem]:
    """No link or line item may vanish for a new one."""
    items = [item for item in items_of(claims) if isinstance(item, Mapping)]
    columns = sum("lineItem" in item for item in items)
    state = platform.state
    for added, table, most, name in (
        (len(items), state.links, MAX_LINKS, "links"),
        (columns, state.line_items, MAX_LINE_ITEMS, "line items"),
    ):
        if added and table.count() + added > most:
            told = f"{added} more {name} are too many, this platform keeps {most}; remove some, or reset it"
            yield Problem(text=told)


def _used(platform: Platform, registration: Registration, claims: Mapping[str, Any]) -> tuple[Problem, ...]:
    """A nonce is good for one message; only one that is right in all else uses it up (SEC 5.2.3)."""
    if platform.state.nonces.add(f"{registration.client_id} {claims['nonce']}", Used()):
        return ()
    return (Problem(text="nonce has been used before: send each response once, with a nonce of its own (SEC 5.2.3)"),)
