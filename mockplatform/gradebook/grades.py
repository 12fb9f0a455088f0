"""The gradebook of a course as the people of the platform see it, and what they change in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mockplatform.errors import UsageError
from mockplatform.gradebook.line_items import keep_line_item
from mockplatform.gradebook.scores import result_score
from mockplatform.lms import Platform
from mockplatform.model import Course, Person
from mockplatform.records import LineItem, Score
from mockplatform.roster import member

__all__ = ["Cell", "Gradebook", "Row", "add_line_item", "check_line_item", "gradebook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a person has in a line item.

    Args:
        result: on the scale of the line item; None: nothing yet, or nothing any more.
    """

    score: Score
    result: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A person with what stands in the gradebook, by the line item's id."""

    person: Person
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradebook:
    """The gradebook of a course.

    Args:
        total: how many people it has; `rows` may be a part of them.
    """

    course: Course
    line_items: tuple[LineItem, ...]
    rows: tuple[Row, ...]
    total: int


def gradebook(platform: Platform, course_id: str, *, offset: int = 0, limit: int = 200) -> Gradebook:
    """What everybody has in each line item: whoever has launched from the course, then whoever else has a score.

    Raises:
        UsageError: there is no such course.
    """
    course = _course(platform, course_id)
    items = tuple(platform.state.line_items.page(group=course_id))
    cells: dict[str, dict[str, Cell]] = {}
    for enrolment in platform.state.enrolments.page(group=course_id):
        cells[enrolment.person.sub] = {}
    for item in items:
        for score in platform.state.scores.page(group=item.id):
            cells.setdefault(score.user_id, {})[item.id] = Cell(score=score, result=result_score(item, score))
    shown = list(cells)[offset : offset + limit]
    rows = tuple(Row(person=_person(platform, course, user_id), cells=cells[user_id]) for user_id in shown)
    return Gradebook(course=course, line_items=items, rows=rows, total=len(cells))


def add_line_item(
    platform: Platform,
    course_id: str,
    *,
    label: str,
    score_maximum: float,
    client_id: str = "",
    issuer: str = "",
    resource_link_id: str = "",
    resource_id: str = "",
    tag: str = "",
) -> LineItem:
    """A new line item that the platform makes by itself (AGS 4.3.1).

    Args:
        client_id: the tool that owns it; empty: the platform, for the tool of the link.
        resource_link_id: the link that it is bound to; empty: none, so without an owner no tool sees it (AGS 3.2.9).
        issuer: as whom the platform is known to that tool; empty: not known.

    Raises:
        UsageError: there is no such course, or no column of a gradebook can be like this.
    """
    _course(platform, course_id)
    item = LineItem(
        id=platform.new_id(),
        course_id=course_id,
        client_id=client_id,
        issuer=issuer,
        label=label,
        score_maximum=score_maximum,
        resource_link_id=resource_link_id,
        resource_id=resource_id,
        tag=tag,
    )
    check_line_item(item)
    keep_line_item(platform, item)
    return item


def check_line_item(item: LineItem) -> None:
    """Make sure that a column of a gradebook can be like this.

    Raises:
        UsageError: it has no name or no maximum.
    """
    if not item.label.strip():
        raise UsageError("label: it is blank; give the line item a name (AGS 3.2.7)")
    if not 0 < item.score_maximum < float("inf"):
        raise UsageError(f"score_maximum: {item.score_maximum} is no number above 0; give such as 100 (AGS 3.2.8)")


def _course(platform: Platform, course_id: str) -> Course:
    course = platform.course(course_id)
    if course is None:
        raise UsageError(f"course {course_id!r}: there is none; take the id of one that the platform lists")
    return course


def _person(platform: Platform, course: Course, user_id: str) -> Person:
    known = member(platform, course, user_id)
    return known.person if known is not None else Person(sub=user_id, given_name="", family_name="", email="")
