"""Links: what came back from deep linking, and what was placed in courses."""

from __future__ import annotations

from mockplatform.control.contract import Ask, Listing, Page, act, found, listed
from mockplatform.control.groups.courses import course_of
from mockplatform.records import PlacedLink, Returned

__all__: list[str] = []


@act("GET", "/tenants/{tenant}/courses/{course}/links")
def list_links(ask: Ask, query: Page) -> Listing[PlacedLink]:
    """The links that stand in a course."""
    return listed(ask.platform.state.links, query, group=course_of(ask.platform, ask.path["course"]).id)


@act("DELETE", "/tenants/{tenant}/links/{link}")
def remove_link(ask: Ask) -> None:
    """Take a link out of its course; its line item stays."""
    found(ask.platform.state.links.pop(ask.path["link"]), f"there is no link {ask.path['link']!r}")


@act("GET", "/tenants/{tenant}/returned")
def list_returned(ask: Ask, query: Page) -> Listing[Returned]:
    """What tools have returned from deep linking, with what was wrong with it."""
    return listed(ask.platform.state.returned, query)
