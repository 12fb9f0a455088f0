"""Line items: which ones a tool may see, how they are told, made, changed and removed (AGS 2.0, section 3.2)."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mockplatform.json_members import Members
from mockplatform.model import Course, Registration
from mockplatform.opening import resource_link
from mockplatform.records import LineItem, PlacedLink
from mockplatform.service import ServiceError
from mockplatform.state import MAX_LINE_ITEMS

if TYPE_CHECKING:
    from mockplatform.lms import Platform

__all__ = [
    "bound_line_items",
    "changed_line_item",
    "is_tools",
    "keep_line_item",
    "line_item_of_link",
    "line_item_url",
    "line_items_url",
    "made_line_item",
    "number_told",
    "only_line_item",
    "remove_line_item",
    "told_line_item",
    "tools_line_items",
]

_DATES: Final = {"startDateTime": "AGS 3.2.12", "endDateTime": "AGS 3.2.13"}


def line_items_url(platform: Platform, course_id: str) -> str:
    """Where the line items of a course are listed and made (AGS 3.1)."""
    return f"{platform.url}/lti/courses/{quote(course_id, safe='')}/line-items"


def line_item_url(platform: Platform, item: LineItem, under: str = "") -> str:
    """The URL of a line item; a query that it has stays at its end (AGS 3.2.3, 3.3.1, 3.4.1).

    Args:
        under: what stands below it, such as `/results`.
    """
    query = platform.dialect.value("ags.line_item_query", "")
    place = f"{line_items_url(platform, item.course_id)}/{quote(item.id, safe='')}{under}"
    return f"{place}?{query}" if query else place


def tools_line_items(platform: Platform, course: Course, *, issuer: str, client_id: str) -> list[LineItem]:
    """The line items of a course that are a tool's: its own, and the platform's for links to it (AGS 1, 3.2)."""
    items = platform.state.line_items.page(group=course.id)
    return [item for item in items if is_tools(platform, course, item, issuer=issuer, client_id=client_id)]


def is_tools(platform: Platform, course: Course, item: LineItem, *, issuer: str, client_id: str) -> bool:
    """Whether a line item stands in the course and the tool may use it."""
    if item.course_id != course.id:
        return False
    if item.client_id:
        return item.is_owned_by(issuer=issuer, client_id=client_id)
    return bool(item.resource_link_id) and _is_tools_link(platform, course, item.resource_link_id, issuer, client_id)


def bound_line_items(
    platform: Platform, course: Course, link_id: str, *, issuer: str, client_id: str
) -> list[LineItem]:
    """Those of a tool's line items that are bound to a link (AGS 3.2.9)."""
    return [
        item
        for item in platform.state.line_items.page(group=course.id)
        if item.resource_link_id == link_id and is_tools(platform, course, item, issuer=issuer, client_id=client_id)
    ]


def line_item_of_link(platform: Platform, tool: Registration, course: Course, link: PlacedLink | None) -> LineItem:
    """The first of a tool's line items that are bound to a link, or one that the platform makes for it (AGS 4.3.1).

    Args:
        link: a placed one; None: the course's own.
    """
    link_id = link.id if link else platform.dialect.shape(resource_link(course, None, {})).id
    bound = bound_line_items(platform, course, link_id, issuer=tool.issuer, client_id=tool.client_id)
    if bound:
        return bound[0]
    label = link.title if link and link.title.strip() else "Submissions"
    return only_line_item(platform, tool, course.id, link_id, label=label, score_maximum=100)


def only_line_item(
    platform: Platform, tool: Registration, course_id: str, link_id: str, *, label: str, score_maximum: float
) -> LineItem:
    """The line item that the platform makes for a tool's link which has none; it is the tool's (AGS 4.3.1).

    Many tools share the course's own link, so a link alone does not tell whose it is.
    """
    # Always the same ids, so that of two who make it at once one finds that of the other.
    told = json.dumps([course_id, link_id, tool.issuer, tool.client_id])
    first = f"link-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    item = LineItem(
        id=first,
        course_id=course_id,
        client_id=tool.client_id,
        issuer=tool.issuer,
        label=label,
        score_maximum=score_maximum,
        resource_link_id=link_id,
    )
    items = platform.state.line_items
    for number in itertools.count(2):
        if items.add(item.id, item, group=course_id):
            break
        known = items.get(item.id) or item
        if _is_for(known, item):
            return known
        # Under this id there is one by now that was given to another link or tool.
        item = replace(item, id=f"{first}-{number}")
    return item


def told_line_item(platform: Platform, item: LineItem) -> dict[str, Any]:
    """A line item in its wire form (AGS 3.2.1)."""
    known = {
        "id": line_item_url(platform, item),
        "label": item.label,
        "scoreMaximum": number_told(item.score_maximum),
        "resourceId": item.resource_id,
        "tag": item.tag,
        "resourceLinkId": item.resource_link_id,
    }
    return {name: value for name, value in known.items() if value not in {"", None}} | dict(item.extra)


def made_line_item(platform: Platform, course: Course, members: Members, *, issuer: str, client_id: str) -> LineItem:
    """A new line item of a tool, not yet kept (AGS 3.2.5).

    Raises:
        ServiceError: the body is no definition of one, or names a link that is not the tool's, or there is no room.
    """
    if platform.state.line_items.count() >= MAX_LINE_ITEMS:
        raise ServiceError(
            403,
            "limit_exceeded",
            f"this platform has {MAX_LINE_ITEMS} line items and takes no more; delete some (AGS 3.2.3)",
        )
    # The platform gives it its id, whatever the tool calls it.
    members.value("id")
    link_id = members.text("resourceLinkId", "AGS 3.2.9")
    item = LineItem(
        id=platform.new_id(),
        course_id=course.id,
        client_id=client_id,
        issuer=issuer,
        resource_link_id=link_id,
        **_definition(members),
    )
    if link_id and not _is_tools_link(platform, course, link_id, issuer, client_id):
        raise ServiceError(
            404,
            "invalid_request",
            f"resourceLinkId is {link_id!r}, which is no link of this tool in this course;"
            " send the resource_link id of a launch, or none (AGS 3.2.9)",
        )
    return item


def changed_line_item(platform: Platform, item: LineItem, members: Members) -> LineItem:
    """A line item as a complete new definition has it, not yet kept (AGS 3.2.6).

    Raises:
        ServiceError: the body is no definition, or changes what may not change.
    """
    url = line_item_url(platform, item)
    given = members.value("id")
    if given is not None and given != url:
        members.wrong("id", f"{url}, or none: it never changes", "AGS 3.2.6")
    link_id = members.text("resourceLinkId", "AGS 3.2.9")
    if link_id and link_id != item.resource_link_id:
        members.wrong("resourceLinkId", f"{item.resource_link_id!r}: it never changes", "AGS 3.2.6")
    return replace(item, **_definition(members))


def keep_line_item(platform: Platform, item: LineItem) -> None:
    """Put a line item into the gradebook."""
    platform.state.line_items.put(item.id, item, group=item.course_id)


def remove_line_item(platform: Platform, item: LineItem) -> None:
    """Take a line item with its scores out of the gradebook."""
    state = platform.state
    state.line_items.pop(item.id)
    for score in state.scores.page(group=item.id):
        state.scores.pop(score.key)
    link = state.links.get(item.resource_link_id) if item.resource_link_id else None
    if link is not None and link.line_item_id == item.id:
        state.links.change(link.id, lambda known: replace(known, line_item_id=""))


def number_told(number: float) -> float:
    """A number as people write it: 60, not 60.0."""
    return int(number) if float(number).is_integer() else number


def _definition(members: Members) -> dict[str, Any]:
    """The fields of a record that a tool defines (AGS 3.2.7 to 3.2.14).

    Raises:
        ServiceError: something in them is wrong.
    """
    label = members.text("label", "AGS 3.2.7", required=True)
    score_maximum = members.positive("scoreMaximum", "AGS 3.2.8", required=True)
    resource_id = members.text("resourceId", "AGS 3.2.10")
    tag = members.text("tag", "AGS 3.2.11")
    kept: dict[str, Any] = {}
    for name, section in _DATES.items():
        if members.moment(name, section, precise=False) is not None:
            kept[name] = members.value(name)
    released = members.value("gradesReleased")
    if isinstance(released, bool):
        kept["gradesReleased"] = released
    elif released is not None:
        members.wrong("gradesReleased", "true or false", "AGS 3.2.14")
    review = members.value("submissionReview")
    if isinstance(review, dict) and isinstance(review.get("reviewableStatus", []), list):
        kept["submissionReview"] = review
    elif review is not None:
        members.wrong("submissionReview", "an object with an array reviewableStatus", "Submission Review 1.0")
    kept |= members.extensions()
    members.close()
    return {
        "label": label,
        "score_maximum": score_maximum,
        "resource_id": resource_id,
        "tag": tag,
        "extra": kept,
    }


def _is_for(item: LineItem, wanted: LineItem) -> bool:
    """Whether a line item is that of the same tool and link."""
    same_link = (item.course_id, item.resource_link_id) == (wanted.course_id, wanted.resource_link_id)
    return same_link and item.is_owned_by(issuer=wanted.issuer, client_id=wanted.client_id)


def _is_tools_link(platform: Platform, course: Course, link_id: str, issuer: str, client_id: str) -> bool:
    """Whether a link stands in the course and leads to the tool: a placed one, or the course's own, which all share."""
    placed = platform.state.links.get(link_id)
    if placed is not None:
        return (placed.course_id, placed.issuer, placed.client_id) == (course.id, issuer, client_id)
    own = resource_link(course, None, {})
    return link_id in {own.id, platform.dialect.shape(own).id}
