"""What a launch opens: the link of the course, where it leads, and where a review of submissions leads instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mockplatform.model import Course, Message, Registration, ResourceLink
from mockplatform.records import LineItem, PlacedLink
from mockplatform.variables import DATES

__all__ = ["resource_link", "return_url", "review_of", "target_link_uri"]


def review_of(message: Message, item: LineItem | None) -> Mapping[str, Any]:
    """Where the review of a line item differs from the launch of its link (Submission Review 1.0; AGS 2.0)."""
    review = item.extra.get("submissionReview") if item is not None and message == "submission_review" else None
    return review if isinstance(review, dict) else {}


def resource_link(course: Course, link: PlacedLink | None, review: Mapping[str, Any]) -> ResourceLink:
    """The link that was clicked; without one the course's own link to the tool."""
    custom = _texts(review.get("custom"))
    if link is None:
        return ResourceLink(id=f"link-{course.id}", title="Open the tool", custom=custom)
    return ResourceLink(
        id=link.id, title=link.title, description=link.text, custom={**link.custom, **custom}, dates=_dates(link.item)
    )


def target_link_uri(
    registration: Registration, message: Message, link: PlacedLink | None, review: Mapping[str, Any]
) -> str:
    """Where the tool shall lead the person (CORE 5.3.4; DL 3.2: the URL of a link that the tool has returned)."""
    if message == "deep_linking" and registration.deep_linking_url:
        return registration.deep_linking_url
    wanted = review.get("url")
    if isinstance(wanted, str) and wanted:
        return wanted
    return link.url if link is not None and link.url else registration.launch_url


def return_url(platform_url: str, launch_id: str) -> str:
    """Where the tool sends the person when it is done with a launch (CORE 5.4.4)."""
    # A query shows whether a tool keeps it.
    return f"{platform_url}/return?launch={quote(launch_id)}"


def _texts(members: Any) -> dict[str, str]:
    found = members if isinstance(members, Mapping) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _dates(item: Mapping[str, Any]) -> dict[str, str]:
    named = ((name, *name.split(".")) for name in DATES)
    return {name: _texts(item.get(span))[end] for name, span, end in named if end in _texts(item.get(span))}
