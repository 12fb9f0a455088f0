"""Lists in pages: which part a request is for, and the `Link` header that leads on (RFC 8288; AGS 3.2.4, NRPS 2.4.2).

part = part_of(call, page_size=platform.dialect.value("nrps.page_size", 100))
shown = everything[part.start : part.end]
return Reply(json=shown, headers=link_header(page_links(call, part, len(everything))))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mockplatform.model import Params
from mockplatform.service import Call, ServiceError

__all__ = ["Part", "link_header", "once", "page_links", "part_of"]

_PLACE = "bookmark"
"""The query parameter that says where a page starts. Its value is nothing that a tool should build by itself."""
_MARK = "p"
_LONGEST_NUMBER = 9
"""Digits: Python refuses to read very long numbers, and no list is that long."""
_MOST = 10**_LONGEST_NUMBER
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a list that a page shows.

    Args:
        size: how much it may hold; None: all that is left.
    """

    start: int = 0
    size: int | None = None

    @property
    def end(self) -> int | None:
        """Where the next part starts."""
        return None if self.size is None else self.start + self.size


def once(call: Call, name: str) -> str:
    """The value of a query parameter, empty if it is not there.

    Raises:
        ServiceError: it is there twice.
    """
    values = [value for given, value in call.query if given == name]
    if len(values) > 1:
        raise ServiceError(400, "invalid_request", f"the parameter {name} stands in the query twice; send it once")
    return values[0] if values else ""


def part_of(call: Call, *, page_size: int) -> Part:
    """The part that a request is for: as large as its `limit` says, and no larger than the platform's pages.

    Args:
        page_size: how much the platform puts on a page; 0: as much as there is.

    Raises:
        ServiceError: `limit` is no number above 0, or the page is none that the platform has named.
    """
    limit = once(call, "limit")
    if limit and not (limit.isascii() and limit.isdigit() and limit.strip("0")):
        raise ServiceError(400, "invalid_request", f"limit is {limit[:_SHOWN]!r}, expected a whole number above 0")
    place = once(call, _PLACE)
    if place and not (place.startswith(_MARK) and _is_number(place[len(_MARK) :])):
        raise ServiceError(
            400, "invalid_request", f"{_PLACE} is {place!r}, which no page has named; follow the URL of rel=next as is"
        )
    wanted = int(limit or 0) if len(limit) <= _LONGEST_NUMBER else _MOST
    sizes = [size for size in (wanted, page_size) if size > 0]
    return Part(start=int(place[len(_MARK) :] or 0), size=min(sizes) if sizes else None)


def page_links(call: Call, part: Part, total: int) -> Mapping[str, str]:
    """URLs of the other pages by their relation; none if everything stands on one.

    Args:
        total: how long the whole list is, filters applied.
    """
    if part.size is None or (not part.start and total <= part.size):
        return {}
    last = max(total - 1, 0) // part.size * part.size
    places = {"next": part.start + part.size, "prev": part.start - part.size, "first": 0, "last": last}
    if places["next"] >= total:
        del places["next"]
    if part.start == 0:
        del places["prev"]
    return {relation: _at(call.url, max(place, 0)) for relation, place in places.items()}


def link_header(links: Mapping[str, str]) -> Params:
    """The `Link` header for URLs by relation; nothing if there are none (RFC 8288, section 3)."""
    if not links:
        return ()
    return (("link", ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items())),)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def _at(url: str, place: int) -> str:
    """The same request, filters and all, for the page that starts there."""
    path, _, query = url.partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != _PLACE]
    if place:
        kept.append(f"{_PLACE}={_MARK}{place}")
    return f"{path}?{'&'.join(kept)}" if kept else path
