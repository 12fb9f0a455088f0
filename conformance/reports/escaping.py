"""Texts that a tool has said, made fit for a format. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

__all__ = ["clipped", "fenced", "legible", "markdown_link", "markdown_text", "printable", "web_address"]

# What XML 1.0 section 2.2 or HTML forbids or discourages, halves of surrogate pairs, and what turns a text's direction.
_ILLEGIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
# Within a word an underscore is no markup.
_MARKUP = re.compile(r"[\\`*\[\]~$#&<>|]|(?<![^\W_])_|_(?![^\W_])")
# Only at the start of a line do these begin a list, a heading or a rule.
_OPENING = re.compile(r"^(\d*)([-+=.)])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_SHORTEST_FENCE = 3


def legible(text: str) -> str:
    r"""The text with an escape such as `\x1b` for each character that a file or a reader cannot hold."""
    return _ILLEGIBLE.sub(lambda found: _escape(ord(found[0])), text)


def printable(text: str) -> str:
    """The text on one line, without anything that would steer a terminal."""
    letters = (" " if letter.isspace() else letter for letter in text)
    return "".join(letter if letter.isprintable() else _escape(ord(letter)) for letter in letters)


def _escape(number: int) -> str:
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def clipped(text: str, most: int) -> str:
    """The text, cut to this many UTF-16 code units, the unit in which formats of the web count."""
    # No character is less than one unit, so what stands behind need not be looked at.
    units = text[: most + 1].encode("utf-16-le", "replace")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"


def markdown_text(text: str) -> str:
    """The text on one line, with nothing that Markdown or HTML would read as markup."""
    line = " ".join(legible(text).split())
    safe = _MARKUP.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)
    return _OPENING.sub(r"\1\\\2", safe)


def markdown_link(text: str, address: str) -> str:
    """The text, as a link if the address is one of the web."""
    target = web_address(address)
    return f"[{markdown_text(text)}](<{target}>)" if target else markdown_text(text)


def fenced(text: str, language: str = "") -> str:
    """The text as a code block whose fence is longer than any run of backticks in it."""
    told = legible(text)
    runs = [len(run) for run in re.findall("`+", told)]
    fence = "`" * max(_SHORTEST_FENCE, *(run + 1 for run in runs), 0)
    return f"{fence}{language}\n{told}\n{fence}"


def web_address(address: str) -> str:
    """The address as a URI reference allows it; empty if it does not lead into the web."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return quote(parts.geturl().encode("utf-8", "replace"), safe=":/?#@!$&'()*+,;=%-._~")
