"""The application: every route of the folder `endpoints`, in front of one platform or of many."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from mockplatform.endpoints.journal import Journal
from mockplatform.endpoints.rendering import unknown
from mockplatform.endpoints.wire import Page, Tenancy, Wire
from mockplatform.filling import Beginning
from mockplatform.lms import Platform
from mockplatform.tenants import Tenants

__all__ = ["create_app"]


_FIRST: Final = ("authentication", "oidc")


def create_app(platform: Platform, tenants: Tenants | None = None) -> Starlette:
    """A platform as an ASGI application; with tenants, they are at `/t/{id}`.

    Args:
        platform: the one at the root.
        tenants: these say what a reset goes back to; without them it is what the platform has and how it behaves at
            this very moment, which is kept in memory alone: a tool that is registered later is gone after a reset.
    """
    app = Starlette(
        routes=list(_routes()),
        middleware=[Middleware(Tenancy, platform=platform, tenants=tenants), Middleware(Journal)],
        exception_handlers={404: unknown},
    )
    # A URL with a slash too many is another one; nobody shall mend it for a tool.
    app.router.redirect_slashes = False
    app.state.platform = platform
    app.state.tenants = tenants
    # By the time of a reset nobody knows any more what a platform without tenants began with.
    app.state.beginning = tenants or Beginning(platform)
    return app


def _routes() -> Iterator[Route]:
    package = importlib.import_module("mockplatform.endpoints")
    names = (info.name for info in pkgutil.iter_modules(package.__path__))
    # Looked through from the top: what every launch asks for stands first.
    for name in sorted(names, key=lambda name: (name not in _FIRST, name)):
        module = importlib.import_module(f"{package.__name__}.{name}")
        for route in getattr(module, "ROUTES", ()):
            # A route object is shared by all applications, so it is wrapped anew for each.
            served = Route(route.path, route.endpoint, methods=route.methods, name=route.name)
            if getattr(module, "FOR_PEOPLE", False):
                served.app = Page(served.app)
            else:
                served.app = Wire(served.app, route.name, asked_by=module.ASKED_BY)
            yield served
