"""The body of a service request as a JSON object whose members are checked one by one, every mistake noted.

members = Members(json_object(call.body))
label = members.text("label", "AGS 3.2.7", required=True)
kept = members.extensions()
members.close()                              # raises if anything was wrong
members.advice                               # what is not wrong and would better be otherwise
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from mockplatform.moments import Moment, MomentError, moment_of
from mockplatform.service import ServiceError
from mockplatform.strict_json import strict_json

__all__ = ["Members", "json_object"]

_LARGEST = 1e12
_SMALLEST = 1e-9
_SHOWN = 60
_SHOWN_NAMES = 5
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""An escaped U+0000; after an even number of backslashes, as each two of them are one that is meant."""


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, read strictly (RFC 8259).

    Raises:
        ServiceError: it is none, or has numbers or texts that not everybody can read.
    """
    try:
        value = strict_json(body)
        told = json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        raise ServiceError(400, "invalid_request", f"the body is no JSON in UTF-8 (RFC 8259): {error}") from error
    if not isinstance(value, dict):
        raise ServiceError(400, "invalid_request", "the body is JSON, but no object; send {…}")
    if _NUL.search(told):
        raise ServiceError(400, "invalid_request", "a text of the body has the character U+0000; leave it out")
    return value


class Members:
    """The members of an object: each is asked for by its name, and what is wrong is gathered."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self._asked: set[str] = set()
        self.problems: list[str] = []
        self.advice: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._body

    def wrong(self, name: str, expected: str, section: str) -> None:
        """Note that a member is not what it should be."""
        value = self._body.get(name)
        if name not in self._body:
            was = "missing"
        else:
            shown = json.dumps(value, ensure_ascii=False)
            was = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        self.problems.append(f"{name} is {was}, expected {expected} ({section})")

    def value(self, name: str) -> Any:
        """A member as it was sent; None if it was not."""
        self._asked.add(name)
        return self._body.get(name)

    def text(self, name: str, section: str, *, required: bool = False) -> str:
        """A member that is a text, if it is there; one that is required may not be blank."""
        value = self.value(name)
        if required and not (isinstance(value, str) and value.strip()):
            self.wrong(name, "a text that is not blank", section)
        elif not required and not isinstance(value, str | None):
            self.wrong(name, "a text", section)
        return value if isinstance(value, str) else ""

    def number(self, name: str, section: str) -> float | None:
        """A member that is a number of 0 or more, if it is there; a text that looks like one is none."""
        return self._number(name, section, f"a number from 0 to {_LARGEST:g}", 0.0)

    def positive(self, name: str, section: str, *, required: bool = False) -> float | None:
        """A member that is a number above 0."""
        expected = f"a number above 0, from {_SMALLEST:g} to {_LARGEST:g}"
        if required and self.value(name) is None:
            self.wrong(name, expected, section)
        return self._number(name, section, expected, _SMALLEST)

    def _number(self, name: str, section: str, expected: str, least: float) -> float | None:
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= _LARGEST:
            self.wrong(name, expected, section)
            return None
        return value

    def one_of(self, name: str, section: str, known: Collection[str]) -> str:
        """A member that is one of some words."""
        value = self.value(name)
        if not isinstance(value, str) or value not in known:
            self.wrong(name, f"one of {', '.join(known)}", section)
            return ""
        return value

    def moment(self, name: str, section: str, *, precise: bool, required: bool = False) -> Moment | None:
        """A member that is a date with a time and a zone."""
        value = self.value(name)
        if not required and (value is None or value == ""):
            return None
        if not isinstance(value, str):
            self.wrong(name, "a date and time of ISO 8601 with a zone", section)
            return None
        try:
            return moment_of(value, precise=precise)
        except MomentError as error:
            self.problems.append(f"{name} is {value[:_SHOWN]!r}: {error} ({section})")
            return None

    def extensions(self) -> dict[str, Any]:
        """The extensions among the members that nobody has asked for: those named by a URL (AGS 3.1.2).

        What else there is, is ignored as any reader of JSON would, and is worth a note.
        """
        others = {name: value for name, value in self._body.items() if name not in self._asked}
        found = {name: value for name, value in others.items() if _is_url(name)}
        strange = [name[:_SHOWN] for name in others if name not in found]
        if strange:
            more = f" and {len(strange) - _SHOWN_NAMES} more" if len(strange) > _SHOWN_NAMES else ""
            self.advice.append(
                f"{', '.join(map(repr, strange[:_SHOWN_NAMES]))}{more}: ignored, as the standard has no such member;"
                " an extension is named by a URL of its own (AGS 3.1.2)"
            )
        return found

    def close(self) -> None:
        """The end of the checks.

        Raises:
            ServiceError: something was wrong.
        """
        if self.problems:
            raise ServiceError(400, "invalid_request", "; ".join(self.problems))


def _is_url(name: str) -> bool:
    try:
        parts = urlsplit(name)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
