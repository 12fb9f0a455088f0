"""What a course must be, wherever it was written: in a file, a form, the control API, a state document."""

from __future__ import annotations

from typing import Final

from mockplatform.model import Course
from mockplatform.texts import check_id

__all__ = ["LARGEST_CROWD", "check_course"]

LARGEST_CROWD: Final = 1_000_000
"""No course has as many members; more could not be told on one page, as a platform without pages has to."""


def check_course(course: Course, *, where: str = "") -> None:
    """Make sure that a course can be launched from and asked for.

    Args:
        where: what stands before the names of its members.

    Raises:
        ValueError: its id can be none, or its crowd is out of range.
    """
    check_id(f"{where}id", course.id)
    if not 0 <= course.crowd <= LARGEST_CROWD:
        raise ValueError(f"{where}crowd is {course.crowd}, expected a number from 0 to {LARGEST_CROWD}")
