"""The route table."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from mockplatform.endpoints import oidc, web
from mockplatform.endpoints.journal import Journal
from mockplatform.lms import Platform

__all__ = ["create_app"]


def create_app(platform: Platform) -> Starlette:
    """The platform as an ASGI application."""
    app = Starlette(
        routes=[
            # Looked through from the top: what every launch asks for stands first.
            Route("/auth", oidc.auth, methods=["GET", "POST"]),
            Route("/jwks", oidc.key_set),
            Route("/", web.home),
            Route("/launches", web.launch, methods=["POST"]),
            Route("/journal", web.journal),
            Route("/return", web.returned),
            Route("/.well-known/openid-configuration", oidc.configuration),
            Route("/token", oidc.no_grant, methods=["POST"]),
            Route("/canary/{launch}/jwks", oidc.canary),
        ],
        middleware=[Middleware(Journal, platform=platform)],
    )
    app.state.platform = platform
    return app
