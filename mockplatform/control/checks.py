"""What every act checks of the texts that it is given: ids, URLs, numbers of seconds."""

from __future__ import annotations

from typing import Final

from mockplatform import course_checks, texts
from mockplatform.errors import UsageError
from mockplatform.model import Course

__all__ = ["check_course", "check_id", "check_offset", "check_url"]

_FURTHEST_S: Final = 10 * 365 * 86_400.0


def check_id(where: str, value: str) -> None:
    """Make sure that a text of the body can be an id.

    Raises:
        UsageError: it is empty, too long, or has characters that cannot be seen.
    """
    try:
        texts.check_id(where, value)
    except ValueError as error:
        raise UsageError(f"body: {error}") from None


def check_course(course: Course) -> None:
    """Make sure that a course of the body can be launched from and asked for.

    Raises:
        UsageError: its id can be none, or its crowd is out of range.
    """
    try:
        course_checks.check_course(course)
    except ValueError as error:
        raise UsageError(f"body: {error}") from None


def check_url(where: str, url: str) -> None:
    """Make sure that a text of the body is an http or https URL.

    Raises:
        UsageError: it is none.
    """
    problem = texts.url_problem(url)
    if problem is not None:
        raise UsageError(f"body: {where}: {problem}")


def check_offset(offset_s: float) -> None:
    """Make sure that a clock can be ahead of the real one by so many seconds.

    Raises:
        UsageError: it would show no year that a calendar has.
    """
    if not -_FURTHEST_S <= offset_s <= _FURTHEST_S:
        raise UsageError(f"body: offset_s is {offset_s}, expected seconds, at most ten years, such as -3600")
