"""Tools: what a tenant has registered, and invitations to register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from mockplatform.control.checks import check_url
from mockplatform.control.contract import Ask, ConflictError, Listing, Page, act, found, listed
from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.model import Privacy, Registration, registration_key
from mockplatform.records import Invitation
from mockplatform.services.registration import invite
from mockplatform.tool_table import OPTIONAL, registration_from

__all__ = ["Tool", "registered", "registration_of", "told_tool"]

_LONGEST_LIFE_S: Final = 365 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A registration; `key` names it in paths, and is made of issuer and client id whatever is sent as it."""

    key: str = ""
    name: str = "Tool"
    issuer: str = ""
    client_id: str
    deployment_ids: tuple[str, ...]
    login_url: str
    launch_url: str
    redirect_uris: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    login_params: Mapping[str, str] = field(default_factory=dict)
    lti11_launch_url: str = ""
    consumer_key: str = ""
    consumer_secret: str = field(default="", repr=False)
    jwks_url: str = ""
    jwks: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    deep_linking_url: str = ""
    privacy: Privacy = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Whom to invite.

    Args:
        tool_url: where the tool begins registrations.
    """

    tool_url: str
    lifetime_s: float = 3600.0

    def __post_init__(self) -> None:
        if not 0 <= self.lifetime_s <= _LONGEST_LIFE_S:
            raise ValueError(f"lifetime_s is {self.lifetime_s:g}, expected seconds from 0 to {_LONGEST_LIFE_S}")


@act("GET", "/tenants/{tenant}/registrations")
def list_registrations(ask: Ask, query: Page) -> Listing[Tool]:
    """The registered tools."""
    page = listed(ask.platform.state.registrations, query)
    return Listing(items=tuple(map(told_tool, page.items)), total=page.total)


@act("POST", "/tenants/{tenant}/registrations", status=201)
def add_registration(ask: Ask, body: Tool) -> Tool:
    """Register a tool; its issuer is the tenant's unless it says otherwise."""
    platform = ask.platform
    registration = registered(platform, body)
    if not platform.state.registrations.add(registration.key, registration):
        raise ConflictError(
            f"client_id {registration.client_id!r} is registered already for {registration.issuer}; change that one"
        )
    return told_tool(registration)


@act("GET", "/tenants/{tenant}/registrations/{registration}")
def get_registration(ask: Ask) -> Tool:
    """One registered tool."""
    return told_tool(registration_of(ask.platform, ask.path["registration"]))


@act("PUT", "/tenants/{tenant}/registrations/{registration}")
def change_registration(ask: Ask, body: Tool) -> Tool:
    """Put another registration in the place of one; client id and issuer stay."""
    platform = ask.platform
    before = registration_of(platform, ask.path["registration"])
    after = registered(platform, replace(body, issuer=body.issuer or before.issuer))
    if after.key != before.key:
        raise UsageError(
            f"body: client_id and issuer must stay {before.client_id!r} and {before.issuer!r}; add another"
        )
    platform.register(after)
    return told_tool(after)


@act("DELETE", "/tenants/{tenant}/registrations/{registration}")
def remove_registration(ask: Ask) -> None:
    """Forget a tool."""
    platform = ask.platform
    platform.state.registrations.pop(registration_of(platform, ask.path["registration"]).key)


@act("POST", "/tenants/{tenant}/invitations", status=201)
def invite_tool(ask: Ask, body: Invited) -> Invitation:
    """Begin a dynamic registration: the URL that a browser opens, with a token that is good once."""
    check_url("tool_url", body.tool_url)
    return invite(ask.platform, tool_url=body.tool_url, lifetime_s=body.lifetime_s)


def registration_of(platform: Platform, name: str) -> Registration:
    """The registration of a key, or of a client id that the platform itself has given.

    Raises:
        NotFoundError: there is none.
    """
    get: Callable[[str], Registration | None] = platform.state.registrations.get
    problem = f"no tool is registered as {name!r}; take the `key` or `client_id` of a registration that is listed"
    return found(get(name) or get(registration_key(platform.issuer, name)), problem)


def registered(platform: Platform, tool: Tool) -> Registration:
    """The registration that is given, the tenant's own issuer where it names none.

    Raises:
        UsageError: it cannot be launched.
    """
    given = {one.name: getattr(tool, one.name) for one in fields(tool) if one.name != "key"}
    # What a file leaves out is the empty text here.
    table = {name: value for name, value in given.items() if value != "" or name not in OPTIONAL}
    registration = registration_from(table, where="body")
    return replace(registration, issuer=registration.issuer or platform.issuer)


def told_tool(registration: Registration) -> Tool:
    """A registration as it is told."""
    return Tool(**{one.name: getattr(registration, one.name) for one in fields(Tool)})
