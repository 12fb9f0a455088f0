"""What the members of a content item may be (Deep Linking 2.0, section 3).

A check gives sentences about a value under a name; none: the value is good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from mockplatform.moments import MomentError, ZoneMissingError, moment_of
from mockplatform.texts import url_problem

__all__ = [
    "Check",
    "Member",
    "date",
    "is_web_address",
    "kind",
    "lacks_zone",
    "listed",
    "media_type",
    "misfits",
    "positive",
    "record",
    "text",
    "texts",
    "truth",
    "url",
    "whole_number",
]

Check = Callable[[str, Any], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object."""

    check: Check
    required: bool = False


_KINDS: Final = {bool: "a truth value", str: "a text", list: "an array", dict: "an object", type(None): "null"}
_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "gif": "image/gif",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
_SHOWN = 80
_LARGEST = 1e15


def misfits(item: Mapping[str, Any], members: Mapping[str, Member], *, within: str = "") -> Iterator[str]:
    """What is wrong with the members of an object, one sentence each.

    Args:
        within: what stands before their names.
    """
    for name, member in members.items():
        if name in item:
            yield from member.check(within + name, item[name])
        elif member.required:
            yield f"{within}{name} is missing"


def record(**members: Member) -> Check:
    """An object with such members."""

    def check(name: str, value: Any) -> Iterator[str]:
        if isinstance(value, Mapping):
            yield from misfits(value, members, within=f"{name}.")
        else:
            yield _expected(name, "an object", value)

    return check


def text(name: str, value: Any) -> Iterator[str]:
    """A text."""
    if not isinstance(value, str):
        yield _expected(name, "a text", value)


def texts(name: str, value: Any) -> Iterator[str]:
    """An object whose values are texts; null is none (CORE 5.4.6)."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from text(f"{name}.{key}", member)
    else:
        yield _expected(name, "an object", value)


def listed(name: str, value: Any) -> Iterator[str]:
    """An array of texts."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        yield _expected(name, "an array of texts", value)


def truth(name: str, value: Any) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield _expected(name, "true or false", value)


def whole_number(name: str, value: Any) -> Iterator[str]:
    """A number of pixels."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        yield _expected(name, "a whole number", value)


def positive(name: str, value: Any) -> Iterator[str]:
    """A number above zero (DL 3.2: scoreMaximum)."""
    # Some whole numbers are too large for anything but a comparison.
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < _LARGEST:
        yield _expected(name, "a number above 0", value)


def date(name: str, value: Any) -> Iterator[str]:
    """A date and time of ISO 8601, which may lack its zone."""
    if not isinstance(value, str) or not isinstance(_misread(value), ZoneMissingError | None):
        yield _expected(name, "a date and time of ISO 8601 such as 2027-01-31T12:00:00Z", value)


def lacks_zone(value: Any) -> bool:
    """Whether a date and time does not say where on earth it is meant."""
    return isinstance(value, str) and isinstance(_misread(value), ZoneMissingError)


def _misread(text: str) -> MomentError | None:
    """Why a text is no date and time with a zone; None if it is."""
    try:
        moment_of(text, precise=False)
    except MomentError as error:
        return error
    return None


def url(name: str, value: Any) -> Iterator[str]:
    """A whole address of the web."""
    if not isinstance(value, str) or not is_web_address(value):
        yield _expected(name, "a whole http or https URL", value)


def is_web_address(value: str) -> bool:
    """Whether a browser may be led there: a whole http or https URL."""
    return url_problem(value) is None


def media_type(address: Any) -> str:
    """The media type that the end of an address tells; empty: it tells none."""
    if not isinstance(address, str) or not is_web_address(address):
        return ""
    return _MEDIA_TYPES.get(urlsplit(address).path.rpartition(".")[2].lower(), "")


def kind(value: Any) -> str:
    """What a value of JSON is, in a word."""
    return _KINDS.get(type(value), "a number")


def _expected(name: str, wanted: str, value: Any) -> str:
    # A number too large for a float is still shown; one with thousands of digits cannot be.
    found = repr(value[:_SHOWN]) if isinstance(value, str) else kind(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST:
        found = repr(value)
    return f"{name} is {found}, expected {wanted}"
