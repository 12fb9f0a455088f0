"""Content items that become links of a course, and columns of its gradebook (Deep Linking 2.0, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from mockplatform.messages.deep_linking import settings as settings_of
from mockplatform.model import Launch, ResourceLink
from mockplatform.records import LineItem, PlacedLink

if TYPE_CHECKING:
    from mockplatform.lms import Platform

__all__ = ["placed"]

_KEPT: Final = ("gradesReleased", "submissionReview")


def placed(platform: Platform, launch: Launch, items: Sequence[Mapping[str, Any]]) -> tuple[PlacedLink, ...]:
    """The links that stand in the course of the request from now on, one for each item.

    Args:
        items: as they were returned, without a mistake.
    """
    with_columns = settings_of(launch).get("accept_lineitem") is not False
    links = tuple(_placed(platform, launch, item, with_column=with_columns) for item in items)
    for link in links:
        platform.state.links.put(link.id, link, group=link.course_id)
    return links


def _placed(platform: Platform, launch: Launch, item: Mapping[str, Any], *, with_column: bool) -> PlacedLink:
    # A link has the form of id that this platform gives its links, from now on.
    link_id = platform.dialect.shape(ResourceLink(id=platform.new_id(), title="")).id
    opens_tool = item["type"] == "ltiResourceLink"
    column = _column(platform, launch, item, link_id) if opens_tool and with_column and "lineItem" in item else None
    return PlacedLink(
        id=link_id,
        course_id=launch.course.id,
        client_id=launch.registration.client_id,
        issuer=launch.registration.issuer,
        deployment_id=launch.deployment_id,
        type=item["type"],
        title=_text(item, "title") or _text(item, "url") or item["type"],
        text=_text(item, "text"),
        url=_text(item, "url"),
        custom=item.get("custom", {}) if opens_tool else {},
        line_item_id="" if column is None else column.id,
        item=item,
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    """A member, if it is a text; an item of the tool's own type may have anything."""
    found = item.get(name)
    return found if isinstance(found, str) else ""


def _column(platform: Platform, launch: Launch, item: Mapping[str, Any], link_id: str) -> LineItem:
    """The line item of a link, put into the gradebook (DL 3.2; AGS 3.2)."""
    wanted = item["lineItem"]
    column = LineItem(
        id=platform.new_id(),
        course_id=launch.course.id,
        client_id=launch.registration.client_id,
        issuer=launch.registration.issuer,
        label=wanted.get("label") or item.get("title") or "Untitled",
        score_maximum=wanted["scoreMaximum"],
        resource_id=wanted.get("resourceId", ""),
        tag=wanted.get("tag", ""),
        resource_link_id=link_id,
        extra={name: wanted[name] for name in _KEPT if name in wanted} | dict(item.get("submission", {})),
    )
    platform.state.line_items.put(column.id, column, group=column.course_id)
    return column
