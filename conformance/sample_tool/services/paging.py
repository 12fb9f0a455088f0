"""The steps of one page of a list, and the way from a page to the next (RFC 8288)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin

from conformance.sample_tool.following import take
from conformance.sample_tool.services.model import Call, Pages
from conformance.sample_tool.services.refusals import malformed, too_large

__all__ = ["MOST_PAGES", "bounded", "every_page", "fetched", "limited", "listed", "next_link", "onward", "unvisited"]

MOST_PAGES: Final = 200
LINK = re.compile(r"\s*<([^>]*)>((?:\s*;\s*[^\s=;,\"]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)\s*(?:,|$)")
RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))", re.IGNORECASE)


async def every_page(pages: Pages) -> Pages:
    """The list with all its entries."""
    steps = pages.call.plan.page
    pages = replace(pages, url=pages.call.url)
    while pages.url:
        pages = await take(pages, steps)
    return pages


def unvisited(pages: Pages) -> Pages:
    """The pages lead on, and never back."""
    if pages.url in pages.visited:
        raise malformed(pages.call.ref, "pages that lead in a circle")
    return replace(pages, visited=(*pages.visited, pages.url))


def bounded(pages: Pages) -> Pages:
    """The pages end some time."""
    if len(pages.visited) > MOST_PAGES:
        raise malformed(pages.call.ref, "pages without an end")
    return pages


async def fetched(pages: Pages) -> Pages:
    """The page is asked for at the address that the last one has named, as it stands (AGS 3.2.4, NRPS 2.4.2)."""
    call = replace(pages.call, url=pages.url, document=None)
    return replace(pages, call=await take(call, call.plan.call))


def listed(pages: Pages) -> Pages:
    """The page holds a list of objects."""
    call = pages.call
    found = call.document.get(pages.member) if pages.member else call.document
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise malformed(call.ref, call.service)
    return replace(pages, items=(*pages.items, *found))


def limited(pages: Pages) -> Pages:
    """The list is not longer than the tool is willing to read at once."""
    if pages.most is not None and len(pages.items) > pages.most:
        raise too_large(pages.call.ref, f"more than {pages.most}")
    return pages


def onward(pages: Pages) -> Pages:
    """The page says where the next one is, or is the last (RFC 8288 3)."""
    return replace(pages, url=next_link(pages.call))


def next_link(call: Call) -> str:
    """The address of the page after this answer; empty if there is none."""
    found = (
        address for value in call.answer.all("link") for address, relations in _links(value) if "next" in relations
    )
    address = next(found, None)
    return "" if address is None else urljoin(call.url, address)


def _links(value: str) -> Iterator[tuple[str, list[str]]]:
    """Each link of a header with its relations."""
    for match in LINK.finditer(value):
        relation = RELATION.search(match[2])
        yield match[1], (relation[1] or relation[2] or "").lower().split() if relation else []
