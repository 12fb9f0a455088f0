"""The journal: every exchange with the wire endpoints of a tenant."""

from __future__ import annotations

from mockplatform.control.contract import Ask, Listing, Page, act, listed
from mockplatform.model import Exchange

__all__: list[str] = []


@act("GET", "/tenants/{tenant}/journal")
def list_journal(ask: Ask, query: Page) -> Listing[Exchange]:
    """What was said on the wire, the oldest first unless asked otherwise."""
    return listed(ask.platform.state.journal, query)


@act("DELETE", "/tenants/{tenant}/journal")
def clear_journal(ask: Ask) -> None:
    """Begin an empty journal."""
    ask.platform.state.journal.clear()
