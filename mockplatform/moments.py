"""Dates with a time and a zone, as services exchange them (ISO 8601; AGS 3.2.12, 3.4.9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["Moment", "MomentError", "ZoneMissingError", "moment_of"]

Moment = tuple[int, str]
"""Whole seconds since the epoch, and the digits after them without trailing zeros; compares as time does."""

_FORM = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,30}))?)?"
    r"(?:(Z)|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
)
_MOST_HOURS = 23
_MOST_MINUTES = 59
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MomentError(ValueError):
    """A text that is no such date, and what is wrong with it."""


class ZoneMissingError(MomentError):
    """A text that is such a date, but for its zone."""


def moment_of(text: str, *, precise: bool) -> Moment:
    """The moment that a text names.

    Args:
        precise: whether digits after the seconds are needed.

    Raises:
        MomentError: it names none.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise MomentError("expected a date and time of ISO 8601, such as 2026-03-09T18:54:36.736Z")
    *numbers, digits, utc, sign, hours, minutes = found.groups()
    if precise and digits is None:
        raise MomentError("it has no fractions of a second; write such as 36.736 instead of 36")
    if int(hours or 0) > _MOST_HOURS or int(minutes or 0) > _MOST_MINUTES:
        offset = f"{sign}{hours}:{minutes or '00'}"
        raise MomentError(f"there is no such time zone: {offset}, expected one from -23:59 to +23:59")
    try:
        ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-ahead if sign == "-" else ahead)
        year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise MomentError(f"there is no such time: {error}") from error
    if utc is None and sign is None:
        raise ZoneMissingError("it has no time zone; end it with Z or such as +00:00")
    return ((moment - _EPOCH) // timedelta(seconds=1), (digits or "").rstrip("0"))
