"""What the steps of a service call hand on to one another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from conformance.sample_tool.model import NO_INTEGRATION, Integration, Person

if TYPE_CHECKING:
    from conformance.sample_tool.forms import Fields
    from conformance.sample_tool.model import Tool
    from conformance.sample_tool.steps import Plan

__all__ = ["AccessToken", "Answered", "Call", "Errand", "Line", "Offer", "Pages", "Pause", "Send", "TokenRequest"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What a platform has answered to one request."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header."""
        return tuple(value for header, value in self.headers if header.lower() == name)


Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answered]]
"""Sends method, URL, headers and body, and follows nothing; OSError if there is no answer in time."""

Pause = Callable[[float], Awaitable[None]]
"""Waits so many seconds."""

Line = tuple[str, ...]
"""What a page shows of a member, a result or a group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What a launch has said of itself and of services, kept with its session; each claim as it came."""

    issuer: str = ""
    client_id: str = ""
    deployment_id: str = ""
    person_id: str = ""
    link_id: str = ""
    grades: Mapping[str, Any] = field(default_factory=dict)
    roster: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, Any] = field(default_factory=dict)
    picking: Mapping[str, Any] = field(default_factory=dict)
    """The settings of a deep linking request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessToken:
    """A platform's leave to use some of its services (RFC 6749 5.1)."""

    text: str = field(repr=False)
    scopes: frozenset[str]
    expires: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRequest:
    """A request for an access token on its way through the steps (SEC 4.1)."""

    tool: Tool
    integration: Integration
    deployment_id: str
    scopes: tuple[str, ...]
    now: float
    renew: bool = False
    """Whether a token that is kept has just been refused."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    assertion: str = ""
    answer: Answered = Answered(status=0)
    document: Mapping[str, Any] = field(default_factory=dict)
    granted: frozenset[str] = frozenset()
    expires: float = 0.0
    token: AccessToken | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """What somebody with a session asks the tool to do at the platform, on its way through the steps."""

    tool: Tool
    plan: Plan
    base_url: str
    sender: str | None
    form: Fields
    person: Person = field(default_factory=Person)
    offer: Offer = Offer()
    integration: Integration = NO_INTEGRATION
    line_item: str = ""
    stamp: str = ""
    items: tuple[Mapping[str, Any], ...] = ()
    """What the platform has listed, or what was picked."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    response: str = ""
    """What goes back to the platform, signed."""
    title: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request to a service on its way through the steps.

    Args:
        home: the address that the launch has named: the token is for its host alone.
        ref: the sentence of the standard that says what the answer has to be.
        expects: what the answer is, as JSON.
    """

    tool: Tool
    plan: Plan
    integration: Integration
    deployment_id: str
    service: str
    ref: str
    home: str
    url: str
    scopes: tuple[str, ...]
    method: Literal["GET", "POST"] = "GET"
    accept: str = "application/json"
    content_type: str = ""
    content: bytes = b""
    expects: Literal["object", "list", "nothing"] = "object"
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: Answered = Answered(status=0)
    document: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """A list that comes page by page, on its way through the steps.

    Args:
        call: how a page is asked for; `url` is that of the next one, empty after the last.
        member: the member of a page that is the list; empty: the page is the list.
        most: how many entries are read at most; None: as many as there are.
    """

    call: Call
    member: str = ""
    most: int | None = None
    url: str = ""
    visited: tuple[str, ...] = ()
    items: tuple[Mapping[str, Any], ...] = ()
