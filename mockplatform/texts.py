"""What a text must be to serve as an id or as a URL, wherever it was written: in a file, a form, the control API."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

__all__ = ["check_id", "check_opaque_id", "url_problem"]

_LONGEST_ID: Final = 255
_STEPS: Final = (".", "..")
"""Parts of a path that clients leave out before they ask (RFC 3986, section 5.2.4)."""


def check_id(where: str, value: str) -> None:
    """Make sure that a text can be an id that URLs have in their path: of a person, a course (CORE 5.3.6, 5.4.1).

    Raises:
        ValueError: it is empty, too long, has characters that cannot be seen, or is lost in the path of a URL.
    """
    check_opaque_id(where, value)
    if value in _STEPS:
        raise ValueError(f"{where} is {value!r}, which is lost in the path of a URL; give another one")


def check_opaque_id(
    where: str, value: str, *, longest: int = _LONGEST_ID, empty: str = "give an id of its own"
) -> None:
    """Make sure that a text can be an id that is said in messages and parameters only: of a deployment (CORE 5.3.3).

    Args:
        longest: how many characters it may have; OAuth sets client ids no limit (RFC 6749, 2.2).
        empty: what to do if there is none.

    Raises:
        ValueError: it is empty, too long, or has characters that cannot be seen.
    """
    if not value:
        raise ValueError(f"{where} is empty; {empty}")
    if len(value) > longest:
        raise ValueError(f"{where} has {len(value)} characters, expected at most {longest}")
    if not value.isprintable():
        raise ValueError(f"{where}: {value!r} has a character that cannot be seen; leave it out")


def url_problem(url: str) -> str | None:
    """What makes a text no http or https URL, if anything."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    # What takes a URL apart leaves line breaks and tabs out; whoever sends it does not.
    if usable and url.isprintable() and " " not in url:
        return None
    return f"{url!r} is no http or https URL; write one such as 'http://127.0.0.1:8000/lti/launch'"
