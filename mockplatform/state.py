"""The tables of one tenant of the platform."""

from __future__ import annotations

from typing import Final

from mockplatform.model import Course, Exchange, Person, Registration
from mockplatform.records import (
    Enrolment,
    Grant,
    Group,
    GroupSet,
    Invitation,
    KeptKeys,
    KeyLife,
    LineItem,
    PersonChange,
    PlacedLink,
    Returned,
    Score,
    Settings,
    Used,
    WireFault,
)
from mockplatform.store import Kind, Store

__all__ = ["MAX_LINE_ITEMS", "MAX_LINKS", "SETTINGS", "State"]

SETTINGS: Final = "settings"
"""The key under which a tenant's only record of settings lies."""

MAX_JOURNAL = 2000
MAX_ENROLMENTS = 20_000
MAX_PERSON_CHANGES = 20_000
MAX_LINE_ITEMS = 10_000
MAX_LINKS = 10_000
"""So many line items and links a tool may fill a tenant with; the next one is refused, as none may vanish unasked."""


class State:
    """All that a tenant has to remember, but for its launches."""

    def __init__(self, store: Store, tenant: str) -> None:
        self.store = store
        self.tenant = tenant
        self.settings = store.table(Kind("settings", Settings), tenant)
        self.registrations = store.table(Kind("registrations", Registration), tenant)
        """By `Registration.key`."""
        self.people = store.table(Kind("people", Person), tenant)
        """By `sub`."""
        self.person_changes = store.table(Kind("person_changes", PersonChange, MAX_PERSON_CHANGES), tenant)
        """Who was last added, changed or removed, by `sub`."""
        self.courses = store.table(Kind("courses", Course), tenant)
        self.enrolments = store.table(Kind("enrolments", Enrolment, MAX_ENROLMENTS), tenant)
        """Whoever launched from a course, or was put there; grouped by the course's id."""
        self.answered = store.table(Kind("answered", Used, 10_000), tenant)
        """The ids of launches that have had their token, so that of two workers one gives it."""
        self.grants = store.table(Kind("grants", Grant, 10_000), tenant)
        """By the token."""
        self.assertions = store.table(Kind("assertions", Used, 10_000), tenant)
        """The `jti` values of client assertions, with the client's id before them."""
        self.consumer_nonces = store.table(Kind("consumer_nonces", Used, 10_000), tenant)
        """The nonces of requests signed by OAuth 1, with the consumer key before them."""
        self.tool_keys = store.table(Kind("tool_keys", KeptKeys, 1000), tenant)
        """By the URL where the tool publishes them."""
        self.line_items = store.table(Kind("line_items", LineItem), tenant)
        """Grouped by the course's id."""
        self.scores = store.table(Kind("scores", Score), tenant)
        """By line item and person; grouped by the line item's id."""
        self.links = store.table(Kind("links", PlacedLink), tenant)
        """Grouped by the course's id."""
        self.returned = store.table(Kind("returned", Returned, 2000), tenant)
        """Grouped by the launch's id."""
        self.nonces = store.table(Kind("nonces", Used, 10_000), tenant)
        """The nonces of messages from tools, with the client's id before them (SEC 5.2.3)."""
        self.groups = store.table(Kind("groups", Group), tenant)
        """Grouped by the course's id."""
        self.group_sets = store.table(Kind("group_sets", GroupSet), tenant)
        """Grouped by the course's id."""
        self.invitations = store.table(Kind("invitations", Invitation, 1000), tenant)
        """By the token."""
        self.faults = store.table(Kind("faults", WireFault), tenant)
        self.key_life = store.table(Kind("key_life", KeyLife), tenant)
        """The only record lies under the key that `mockplatform.key_life` names."""
        self.journal = store.table(Kind("journal", Exchange, MAX_JOURNAL), tenant)

    def note(self, exchange: Exchange, key: str) -> None:
        """Put an exchange into the journal under a key that nobody else has."""
        self.journal.put(key, exchange)
