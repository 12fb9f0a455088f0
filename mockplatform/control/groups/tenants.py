"""Tenants: platforms of their own in one process, each with an issuer, people, grades and a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from mockplatform.control.checks import check_offset
from mockplatform.control.contract import Ask, ConflictError, Listing, Page, act
from mockplatform.dialects.dialect import dialect_of
from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.records import Settings
from mockplatform.service import services
from mockplatform.tenants import FIRST

__all__ = ["TenantView", "check_settings", "get_tenant"]

OnProblem = Literal["refuse", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantView:
    """A tenant, and the URLs that a tool is given."""

    id: str
    url: str
    issuer: str
    auth_url: str
    jwks_url: str
    token_url: str
    configuration_url: str
    clock_s: float
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """What a new tenant is to be; its id is made up unless given."""

    id: str = ""
    title: str = ""
    empty: bool = False
    flavour: str | None = None
    quirks: Mapping[str, Any] | None = None
    on_problem: OnProblem | None = None
    services: tuple[str, ...] | None = None
    offset_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be otherwise; whatever is left out stays. Quirks are given as a whole."""

    title: str | None = None
    flavour: str | None = None
    quirks: Mapping[str, Any] | None = None
    on_problem: OnProblem | None = None
    services: tuple[str, ...] | None = None
    offset_s: float | None = None


@act("GET", "/tenants")
def list_tenants(ask: Ask, query: Page) -> Listing[TenantView]:
    """The tenants, the first one at the front."""
    if query.newest_first:
        raise UsageError("query: newest_first: tenants are listed in the order in which they were made")
    tenants = ask.tenants
    front = [tenants.first] if query.offset == 0 else []
    rest = tenants.all(max(0, query.offset - 1), query.limit - len(front)) if query.limit > len(front) else []
    return Listing(items=tuple(map(_view, [*front, *rest])), total=tenants.count() + 1)


@act("POST", "/tenants", status=201)
def create_tenant(ask: Ask, body: NewTenant) -> TenantView:
    """Make a tenant, filled like the school unless it is to be empty."""
    if body.id and ask.tenants.get(body.id) is not None:
        raise ConflictError(f"tenant {body.id!r} is there already; choose another id, or reset or remove it")
    wanted = _wanted(body)
    wanted.pop("title", None)
    check_settings(ask.tenants.first.settings, wanted)
    return _view(ask.tenants.create(body.id, body.title, empty=body.empty, **wanted))


@act("GET", "/tenants/{tenant}")
def get_tenant(ask: Ask) -> TenantView:
    """One tenant."""
    return _view(ask.platform)


@act("PATCH", "/tenants/{tenant}")
def change_tenant(ask: Ask, body: Changes) -> TenantView:
    """Change how a tenant behaves: title, flavour, quirks, services, clock, and what a wrong request gets."""
    platform, wanted = ask.platform, _wanted(body)
    check_settings(platform.settings, wanted)
    platform.change_settings(**wanted)
    return _view(platform)


@act("DELETE", "/tenants/{tenant}")
def remove_tenant(ask: Ask) -> None:
    """Forget a tenant; the first one stays."""
    _ = ask.platform
    ask.tenants.remove(ask.path["tenant"])


@act("POST", "/tenants/{tenant}/reset")
def reset_tenant(ask: Ask) -> TenantView:
    """Let a tenant forget everything, and fill it as it was when it was made; the others stay as they are."""
    _ = ask.platform
    return _view(ask.tenants.reset(ask.path["tenant"]))


def _view(platform: Platform) -> TenantView:
    url = platform.url
    return TenantView(
        id=platform.tenant or FIRST,
        url=f"{url}/",
        issuer=platform.issuer,
        auth_url=f"{url}/auth",
        jwks_url=f"{url}/jwks",
        token_url=f"{url}/token",
        configuration_url=f"{url}/.well-known/openid-configuration",
        clock_s=platform.clock(),
        settings=platform.settings,
    )


def _wanted(body: NewTenant | Changes) -> dict[str, Any]:
    given = {one.name: getattr(body, one.name) for one in fields(Settings)}
    return {name: value for name, value in given.items() if value is not None}


def check_settings(settings: Settings, wanted: Mapping[str, Any]) -> None:
    """Make sure that a tenant can behave so.

    Raises:
        UsageError: a flavour, quirk or service is unknown, or the clock too far off.
    """
    check_offset(wanted.get("offset_s", settings.offset_s))
    dialect_of(wanted.get("flavour", settings.flavour), wanted.get("quirks", settings.quirks))
    for name in wanted.get("services", ()):
        if name not in services():
            raise UsageError(f"body: services: unknown service {name!r}, expected {', '.join(services())}")
