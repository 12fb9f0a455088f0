"""The gradebook: line items and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mockplatform.control.contract import Ask, ConflictError, Listing, Page, act, found, listed
from mockplatform.control.groups.courses import course_of
from mockplatform.errors import UsageError
from mockplatform.gradebook.grades import check_line_item
from mockplatform.gradebook.line_items import line_item_url, remove_line_item
from mockplatform.lms import Platform
from mockplatform.records import LineItem, Score

__all__: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLineItem:
    """A column of the gradebook; without a `client_id` it is the platform's own, for the tool of its link.

    With neither a `client_id` nor a `resource_link_id` it is the teacher's own: no tool lists, reads or scores it.

    Args:
        id: made up unless given.
        issuer: of the registration that the `client_id` is of; without it the client id alone tells.
    """

    id: str = ""
    label: str
    score_maximum: float
    client_id: str = ""
    resource_id: str = ""
    tag: str = ""
    resource_link_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    issuer: str = ""

    def __post_init__(self) -> None:
        if self.score_maximum <= 0:
            raise ValueError(f"score_maximum is {self.score_maximum:g}, expected more than 0 (AGS 3.2.8)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A line item with its scores, and its URL on the wire."""

    url: str
    line_item: LineItem
    scores: tuple[Score, ...]


@act("GET", "/tenants/{tenant}/courses/{course}/gradebook")
def get_gradebook(ask: Ask, query: Page) -> Listing[Column]:
    """The columns of a course with the last score of everybody."""
    platform = ask.platform
    page = listed(platform.state.line_items, query, group=course_of(platform, ask.path["course"]).id)
    return Listing(items=tuple(_column(platform, item) for item in page.items), total=page.total)


@act("POST", "/tenants/{tenant}/courses/{course}/line-items", status=201)
def add_line_item(ask: Ask, body: NewLineItem) -> Column:
    """Add a column."""
    platform, course = ask.platform, course_of(ask.platform, ask.path["course"])
    item = LineItem(
        id=body.id or platform.new_id(),
        course_id=course.id,
        client_id=body.client_id,
        label=body.label,
        score_maximum=body.score_maximum,
        resource_id=body.resource_id,
        tag=body.tag,
        resource_link_id=body.resource_link_id,
        extra=body.extra,
        issuer=body.issuer,
    )
    check_line_item(item)
    if not platform.state.line_items.add(item.id, item, group=course.id):
        raise ConflictError(f"line item {item.id!r} is there already; change that one")
    return _column(platform, item)


@act("PUT", "/tenants/{tenant}/line-items/{item}")
def change_line_item(ask: Ask, body: NewLineItem) -> Column:
    """Put another definition in the place of a column's; its id and course stay."""
    platform, before = ask.platform, _item(ask)
    if body.id not in ("", before.id):
        raise UsageError(f"body: id: expected {before.id!r}, as in the path")
    after = replace(
        before,
        label=body.label,
        score_maximum=body.score_maximum,
        client_id=body.client_id,
        resource_id=body.resource_id,
        tag=body.tag,
        resource_link_id=body.resource_link_id,
        extra=body.extra,
        # Whose it is does not change with a definition that says nothing of it.
        issuer=body.issuer or (before.issuer if body.client_id == before.client_id else ""),
    )
    check_line_item(after)
    return _column(platform, _there(platform.state.line_items.change(after.id, lambda _: after), after.id))


@act("GET", "/tenants/{tenant}/line-items/{item}")
def get_line_item(ask: Ask) -> Column:
    """One column with its scores."""
    return _column(ask.platform, _item(ask))


@act("DELETE", "/tenants/{tenant}/line-items/{item}")
def remove_line_item_and_scores(ask: Ask) -> None:
    """Take a column with its scores away."""
    remove_line_item(ask.platform, _item(ask))


@act("DELETE", "/tenants/{tenant}/line-items/{item}/scores")
def clear_scores(ask: Ask) -> None:
    """Take every score of a column away."""
    scores, item = ask.platform.state.scores, _item(ask)
    for score in scores.page(group=item.id):
        scores.pop(score.key)


def _item(ask: Ask) -> LineItem:
    name = ask.path["item"]
    return _there(ask.platform.state.line_items.get(name), name)


def _there(item: LineItem | None, name: str) -> LineItem:
    return found(item, f"there is no line item {name!r}; GET …/gradebook lists all")


def _column(platform: Platform, item: LineItem) -> Column:
    scores = platform.state.scores.page(group=item.id)
    return Column(url=line_item_url(platform, item), line_item=item, scores=tuple(scores))
