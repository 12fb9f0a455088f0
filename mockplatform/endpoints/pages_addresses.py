"""What has to be copied from this platform into a tool."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.finding import found
from mockplatform.endpoints.own_forms import for_people
from mockplatform.endpoints.pages_home import tool_words
from mockplatform.endpoints.rendering import html
from mockplatform.endpoints.wire import platform_of
from mockplatform.oauth.client_assertions import token_audience
from mockplatform.service import services

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES"]

FOR_PEOPLE = True
NAVIGATION = (65, "/addresses", "Addresses")

_PART = 50


async def addresses(request: Request) -> Response:
    """Everything that a tool has to know of this platform."""
    platform = platform_of(request)
    url = platform.url
    told = {
        "Issuer": platform.issuer,
        "Authentication URL": f"{url}/auth",
        "Key set URL": f"{url}/jwks",
        "Token URL": f"{url}/token",
        "OpenID configuration": f"{url}/.well-known/openid-configuration",
    }
    if token_audience(platform) != told["Token URL"]:
        told["Audience of client assertions"] = token_audience(platform)
    scopes = sorted({scope for name in platform.settings.services for scope in services()[name].SCOPES})
    shown = found(platform.state.registrations, words=tool_words, limit=_PART)
    return html(request, "addresses.html", told=told, scopes=scopes, tools=shown.items)


ROUTES = for_people(Route("/addresses", addresses, methods=["GET"], name="addresses"))
