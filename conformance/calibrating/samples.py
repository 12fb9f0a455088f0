"""An answer of the tool, with what is known about the launch that it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from conformance.browser import Visit
from conformance.errors import ErrorClass
from conformance.observe import page_of
from conformance.sighting import Page
from conformance.tool_text import writable

__all__ = ["Evidence", "Sample", "Sign", "fragments", "plain"]

Sign = tuple[str, str]
"""Something that a page has: its kind, and what it is."""

MOST_ELEMENTS = 4000
MOST_PATHS = 500
LONGEST_TEXT = 160
MOST_TEXT = 20_000
# Three digits in a row are an id of something, which another launch or build has not.
_IDENTIFIER = re.compile(r"(?!.*\d{3})[A-Za-z_][A-Za-z0-9_-]*")
_GAP = "\0"
_UNREAD = frozenset({"script", "style", "noscript", "template", "meta", "link", "svg"})
_HEADINGS = frozenset({"title", "h1", "h2"})
_FRAME = "nav, header, footer, aside"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Where one launch ended.

    Args:
        label: the launch in a few words, or the id of the scenario that is behind it.
        said: what the launch told about person, course and itself, which a page may repeat.
        role: of the person, where it is a good launch.
        aside: what the tool told beside the page, by the place: in the address to which it led, and in cookies.
        type, klass: what the catalogue expects of a right tool; None for a good launch.
    """

    label: str
    visit: Visit
    said: tuple[str, ...] = ()
    role: str = ""
    aside: Mapping[str, str] = field(default_factory=dict)
    type: str | None = None
    klass: ErrorClass | None = None

    @cached_property
    def page(self) -> Page:
        """The page as extractors see it."""
        return page_of(self.visit)

    @property
    def answered(self) -> bool:
        """Whether it ended on a page of the tool."""
        return self.visit.response is not None

    @property
    def moved(self) -> bool:
        """Whether the tool led the person on: what the platform posts is no GET, and its address says nothing."""
        return self.answered and self.visit.request.method == "GET"

    @property
    def is_html(self) -> bool:
        """Whether the page may have elements."""
        return b"<" in self.page.body[:4000]

    @cached_property
    def signs(self) -> Mapping[Sign, None]:
        """What the page has that another launch could have as well, in its order."""
        if not self.answered:
            return {("end", self.visit.trouble_kind or "sent back to the platform"): None}
        found: dict[Sign, None] = {("status", f"{(self.page.status or 0) // 100}xx"): None}
        if self.moved:
            found |= dict.fromkeys(_places(self.page.url))
        found |= dict.fromkeys(("json", path) for path, _ in self.members)
        if not self.members:
            found |= dict.fromkeys(_elements(self) if self.is_html else _lines(self))
        return found

    @cached_property
    def members(self) -> Sequence[tuple[str, Any]]:
        """The scalars of a JSON answer with their paths."""
        return tuple(_members(self.page.data)) if isinstance(self.page.data, dict | list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Good launches, and broken ones that were refused."""

    good: tuple[Sample, ...]
    refused: tuple[Sample, ...]


def plain(text: str) -> str:
    """The text in one line without control characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def fragments(text: str, said: Sequence[str]) -> Iterator[str]:
    """The parts of a text between what the launch has said, addresses, and what looks like a number or an id.

    What a tool file could not hold is left out as well.
    """
    text = text[:MOST_TEXT]
    for told in sorted(filter(None, said), key=len, reverse=True):
        text = text.replace(told, f" {_GAP} ")
    # Word by word: a page of one endless word must cost no more than another.
    words = (_GAP if _is_chance(word) or not writable(word) else word for word in text.split())
    for part in " ".join(words).split(_GAP):
        worded = part.strip(" ,.;:!?-–—()[]{}<>\"'/|#=")
        if sum(map(str.isalpha, worded)) >= 3 and len(worded) <= LONGEST_TEXT:
            yield worded


def _is_chance(word: str) -> bool:
    return "://" in word or any(map(str.isdigit, word))


def _places(url: str) -> Iterator[Sign]:
    """The path and every path above it: pages of different courses share the beginning."""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    for length in range(1, len(parts) + 1):
        yield "url", "/" + "/".join(parts[:length])


def _elements(sample: Sample) -> Iterator[Sign]:
    page = sample.page.html
    frames = {node.mem_id for frame in page.css(_FRAME) for node in (frame, *frame.css("*"))}
    for node in page.css("*")[:MOST_ELEMENTS]:
        if node.tag in _UNREAD:
            continue
        framed = "framed " if node.mem_id in frames else ""
        kind = "heading" if node.tag in _HEADINGS else "text"
        for part in fragments(node.text(deep=False), sample.said):
            yield framed + kind, part
        attributes = node.attributes
        if _IDENTIFIER.fullmatch(attributes.get("id") or ""):
            yield framed + "id", f"{node.tag}#{attributes['id']}"
        for name in (attributes.get("class") or "").split():
            if _IDENTIFIER.fullmatch(name):
                yield framed + "class", f"{node.tag}.{name}"


def _lines(sample: Sample) -> Iterator[Sign]:
    for line in sample.page.text[:100_000].splitlines():
        for part in fragments(line, sample.said):
            yield "text", part


def _members(body: Any) -> Iterator[tuple[str, Any]]:
    """Scalars with their paths, as `extractors.json_body` writes them; what it could not reach is left out."""
    waiting, told = [("$", body)], 0
    while waiting and told < MOST_PATHS:
        path, value = waiting.pop(0)
        if isinstance(value, dict):
            names = [name for name in value if re.fullmatch(r"[^.\[\]]+", name) and plain(name) == name]
            waiting += [(f"{path}.{name}", value[name]) for name in names[:MOST_PATHS]]
        elif isinstance(value, list):
            waiting += [(f"{path}[{index}]", item) for index, item in enumerate(value[:5])]
        elif path != "$" and value is not None:
            told += 1
            yield path, value
