"""What every act checks of the texts that it is given: ids, URLs, numbers of seconds."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from mockplatform.errors import UsageError

__all__ = ["check_id", "check_offset", "check_url"]

_LONGEST_ID: Final = 255
_FURTHEST_S: Final = 10 * 365 * 86_400.0


def check_id(where: str, value: str, *, empty: str = "give an id of its own") -> None:
    """Make sure that a text can be an id: of a person, a deployment, a course (LTI Core 1.3, 5.3.6, 5.3.3, 5.4.1).

    Args:
        empty: what to do if there is none.

    Raises:
        UsageError: it is empty, too long, or has characters that cannot be seen.
    """
    if not value:
        raise UsageError(f"body: {where} is empty; {empty}")
    if len(value) > _LONGEST_ID:
        raise UsageError(f"body: {where} has {len(value)} characters, expected at most {_LONGEST_ID}")
    if not value.isprintable():
        raise UsageError(f"body: {where}: {value!r} has a character that cannot be seen; leave it out")


def check_url(where: str, url: str) -> None:
    """Make sure that a text is an http or https URL.

    Raises:
        UsageError: it is none.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    # What takes a URL apart leaves line breaks and tabs out; whoever sends it does not.
    if not usable or not url.isprintable() or " " in url:
        raise UsageError(
            f"body: {where}: {url!r} is no http or https URL; write one such as 'http://127.0.0.1:8000/lti'"
        )


def check_offset(offset_s: float) -> None:
    """Make sure that a clock can be ahead of the real one by so many seconds.

    Raises:
        UsageError: it would show no year that a calendar has.
    """
    if not -_FURTHEST_S <= offset_s <= _FURTHEST_S:
        raise UsageError(f"body: offset_s is {offset_s}, expected seconds, at most ten years, such as -3600")
