"""An element of the page, chosen by a CSS selector: its attribute, or its text."""

from __future__ import annotations

from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from conformance.sighting import Page, Sighting, Words

__all__ = ["KIND", "RANK", "Settings", "axes", "read"]

KIND = "html"
RANK = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `kind = "html"`."""

    css: str
    """A CSS selector of the element; the first that it finds counts."""
    attr: str | None = None
    """The attribute that holds the error, if it is not the text."""

    def __post_init__(self) -> None:
        try:
            LexborHTMLParser("<p>").css_first(self.css)
        except SelectolaxError:
            raise ValueError(f"css {self.css!r} is not a CSS selector") from None


def axes(settings: Settings, words: Words) -> frozenset[str]:
    """A code, and whatever the tool's own words say."""
    return frozenset({"code"} | words.kinds)


def read(settings: Settings, page: Page, words: Words) -> Sighting | None:
    """The meaning of the element."""
    if b"<" not in page.body[:4000]:
        return None
    element = page.html.css_first(settings.css)
    if element is None:
        return None
    text = (element.attributes.get(settings.attr) or "") if settings.attr else element.text()
    if not text.strip():
        # A place for errors that is empty is on many good pages.
        return None
    return words.meaning(text) or words.search(text)
