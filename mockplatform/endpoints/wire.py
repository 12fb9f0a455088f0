"""What lies between a request and an endpoint: the tenant it is for, the name of the endpoint, its journal entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mockplatform.endpoints.faulty import serve_faulty
from mockplatform.endpoints.journal import Entry
from mockplatform.lms import Platform
from mockplatform.tenant import one_request

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mockplatform.tenants import Tenants

__all__ = ["Page", "Tenancy", "Wire", "about", "platform_of"]


def platform_of(request: Request) -> Platform:
    """The tenant that a request is for."""
    platform = request.scope["platform"]
    assert isinstance(platform, Platform)
    return platform


def about(request: Request) -> dict[str, str]:
    """What is known of a request for its journal entry: `launch`, `client_id` and `course` may be added."""
    entry: Entry = request.scope["entry"]
    return entry.about


class Tenancy:
    """Finds the tenant of a request and takes `/t/{id}` off its path; the others never see it."""

    def __init__(self, app: ASGIApp, platform: Platform, tenants: Tenants | None = None) -> None:
        self._app = app
        self._platform = platform
        self._tenants = tenants

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its tenant as `platform` in its scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        platform, path = self._platform, scope["path"]
        if self._tenants is not None and path.startswith("/t/"):
            tenant, slash, rest = path[3:].partition("/")
            found = self._tenants.get(tenant)
            if found is not None:
                platform, path = found, slash + rest or "/"
        with one_request():
            await self._app({**scope, "platform": platform, "path": path, "entry": Entry()}, receive, send)


class Wire:
    """An endpoint that tools or browsers talk to; it has a name, and what is said there is noted.

    Args:
        asked_by: who talks to it, for the journal.
    """

    def __init__(self, app: ASGIApp, name: str, *, asked_by: Literal["browser", "tool"]) -> None:
        self._app = app
        self._name = name
        self._asked_by = asked_by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request under the endpoint's name."""
        entry: Entry = scope["entry"]
        entry.about["endpoint"], entry.asker = self._name, self._asked_by
        if scope["platform"].faults.armed:
            await serve_faulty(self._app, self._name, scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Page:
    """A page for the person who uses the platform; nobody wants to read in a journal that it was read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request without a trace."""
        scope["entry"].is_noted = False
        await self._app(scope, receive, send)
