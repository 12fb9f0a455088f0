"""What a platform keeps beside its launches: settings, access tokens, grades, links and groups.

Every record is a frozen dataclass of JSON values, so that any store can keep it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mockplatform.model import Course, Message, Person

__all__ = [
    "Enrolment",
    "Grant",
    "Group",
    "GroupSet",
    "Invitation",
    "KeptKeys",
    "KeyLife",
    "LineItem",
    "ListedKey",
    "PersonChange",
    "PlacedLink",
    "Returned",
    "Score",
    "Settings",
    "Used",
    "WireFault",
    "enrolment_key",
    "score_key",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a tenant behaves; changed as a whole."""

    title: str = ""
    offset_s: float = 0.0
    """How far its clock is ahead of the real one."""
    flavour: str = "neutral"
    quirks: Mapping[str, Any] = field(default_factory=dict)
    """Single quirks on top of the flavour."""
    on_problem: Literal["refuse", "note"] = "refuse"
    services: tuple[str, ...] = ()
    """The services that launches name, by the names of the modules in `mockplatform.services`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """That something has been used that may be used once, such as the `jti` of an assertion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKeys:
    """The key set of a tool, as it was when it was fetched (SEC 6.3)."""

    jwks: Mapping[str, Any]
    fetched_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An access token and what it opens (RFC 6749, section 5.1)."""

    token: str = field(repr=False)
    client_id: str
    issuer: str
    scopes: tuple[str, ...]
    expires_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """That a person takes part in a course (NRPS 2.0, section 2.2)."""

    course: Course
    person: Person
    roles: tuple[str, ...]
    status: Literal["Active", "Inactive", "Deleted"] = "Active"
    changed_s: float = 0.0

    @property
    def key(self) -> str:
        """What tells it from every other enrolment of a platform."""
        return enrolment_key(self.course.id, self.person.sub)


def enrolment_key(course_id: str, sub: str) -> str:
    """The key of an enrolment that may not be there."""
    return _of_two(course_id, sub)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChange:
    """That somebody whom the platform knows was added, changed or removed: courses may have no enrolment to tell it."""

    sub: str
    was: Person | None
    """The person as who took part before; None: never took part in the own roles."""
    changed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A column of the gradebook (AGS 2.0, section 3.2)."""

    id: str
    course_id: str
    client_id: str
    """The tool that owns it; empty: the platform's own, for the tool of its link, or without a link for none."""
    label: str
    score_maximum: float
    resource_id: str = ""
    tag: str = ""
    resource_link_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Members as they were sent that the platform does not act on: dates, `gradesReleased`, extensions."""
    issuer: str = ""
    """As whom the platform is known to the tool that owns it; empty: not known, so the client id alone tells."""

    def is_owned_by(self, *, issuer: str, client_id: str) -> bool:
        """Whether the tool of a registration made it, and not the platform or another tool."""
        return bool(self.client_id) and self.client_id == client_id and self.issuer in ("", issuer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The last score of a person in a line item (AGS 2.0, section 3.4)."""

    line_item_id: str
    user_id: str
    timestamp: str
    activity_progress: str
    grading_progress: str
    score_given: float | None = None
    score_maximum: float | None = None
    comment: str = ""
    scoring_user_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells it from every other score of a platform."""
        return score_key(self.line_item_id, self.user_id)


def score_key(line_item_id: str, user_id: str) -> str:
    """The key of a score that may not be there."""
    return _of_two(line_item_id, user_id)


def _of_two(first: str, second: str) -> str:
    # An id may have blanks in it: none of the first one is left, so that it ends at the first blank.
    return f"{first.replace('%', '%25').replace(' ', '%20')} {second}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLink:
    """A content item that a tool has returned and that now stands in a course (Deep Linking 2.0, section 3)."""

    id: str
    course_id: str
    client_id: str
    issuer: str
    deployment_id: str
    type: str
    title: str
    text: str = ""
    url: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    line_item_id: str = ""
    item: Mapping[str, Any] = field(default_factory=dict)
    """The item as it was returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back from a deep linking request (Deep Linking 2.0, section 4.5)."""

    id: str
    launch_id: str
    course_id: str
    client_id: str
    at_s: float
    problems: tuple[str, ...]
    claims: Mapping[str, Any] = field(default_factory=dict)
    placed: tuple[str, ...] = ()
    """The ids of the links that it has put into the course."""
    notes: tuple[str, ...] = ()
    """What is wrong with it and yet no reason to refuse it."""
    message: Message = "deep_linking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """That a tool may register itself, once (LTI Dynamic Registration 1.0, section 3.1)."""

    token: str = field(repr=False)
    url: str = field(repr=False)
    """The address of the tool that the browser opens, with where the configuration is, and the token."""
    expires_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSet:
    """A way of dividing a course into groups (Course Groups 1.0)."""

    id: str
    course_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of a course (Course Groups 1.0)."""

    id: str
    course_id: str
    name: str
    tag: str = ""
    set_id: str = ""
    members: tuple[str, ...] = ()
    """By `sub`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFault:
    """What an endpoint on the wire does wrong, to which of its requests, and how often it did."""

    id: str
    endpoint: str
    """The name of its route; `*`: every one."""
    verb: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    method: str = ""
    """Empty: every one."""
    client_id: str = ""
    """Only requests of this tool; empty: everybody's."""
    nth: int = 1
    """The first of these requests that is answered so."""
    times: int | None = None
    """How many are answered so; None: all that follow."""
    calls: int = 0
    """How many of these requests there were."""
    hits: int = 0
    """How many of them were answered so."""

    def concerns(self, endpoint: str, method: str) -> bool:
        """Whether it is about requests of this kind."""
        return self.endpoint in ("*", endpoint) and self.method in ("", method)

    @property
    def is_due(self) -> bool:
        """Whether the last request that was counted is one to be answered so."""
        return self.nth <= self.calls and (self.times is None or self.calls < self.nth + self.times)

    @property
    def is_used_up(self) -> bool:
        """Whether no request that is still to come is answered so."""
        return self.times is not None and self.calls >= self.nth + self.times - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """One entry of the key set that a platform publishes."""

    key: str = "platform"
    """Its name in the key ring; empty: `members` are all of it."""
    kid_of: str = ""
    """The key of the ring under whose id it is listed; empty: its own."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """Members that it has beside those of the key, or otherwise than the key."""
    has_private_half: bool = False
    after: int = 0
    """How many times the set was asked for before it is listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLife:
    """Which key a platform signs with and which ones it publishes, by their names in the key ring (SEC 6.3)."""

    signing: str = "platform"
    kid_of: str = ""
    """The key whose id its tokens name; empty: that of the one that signs."""
    listed: tuple[ListedKey, ...] = (ListedKey(),)
    without: tuple[str, ...] = ()
    """Members that no published key has."""
    decoys: int = 0
    """How many keys that nobody has stand before the others."""
    max_age_s: int | None = None
    """What the answer says about how long it may be kept; None: the usual."""
    turns: int = 0
    """How many keys came after the first one; no key that was given up ever signs again."""
    fetches: int = 0
    """How many times the set was asked for."""
    fetches_before: int = 0
    """How many of these were before the last change."""
