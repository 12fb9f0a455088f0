"""The sample tool by itself, registered with one platform, for whoever wants to try that platform at once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette

from conformance.sample_tool.model import Integration
from conformance.sample_tool.services import registering
from conformance.sample_tool.web import create_tool
from mockplatform.model import Registration

__all__ = ["SCOPES", "Attached", "attach"]

CLIENT_ID: Final = "sample-tool"
DEPLOYMENT_ID: Final = "1"
_TENANT: Final = r"/t/[A-Za-z0-9_-]{1,64}"
SCOPES: Final = registering.SCOPES
"""All that the sample tool may want to do at a platform."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """The tool, and how the platform has to know it."""

    app: Starlette
    registration: Registration


def attach(*, platform_url: str, issuer: str, tool_url: str) -> Attached:
    """The correct tool, registered with one platform and its tenants for LTI 1.3 and 1.1.

    Args:
        platform_url: where the platform's endpoints are, without a trailing slash.
        tool_url: where somebody will serve the tool, without a trailing slash.
    """
    secret = secrets.token_urlsafe(24)
    app = create_tool(
        (_integration(platform_url, issuer), _consumer(secret)), neighbour=lambda other: _tenant(platform_url, other)
    )
    app.routes.append(registering.registration_route(may_ask=_near(platform_url)))
    return Attached(app=app, registration=_registration(tool_url, issuer, secret))


def _integration(platform_url: str, issuer: str) -> Integration:
    """A platform as the tool knows it for LTI 1.3."""
    return Integration(
        issuer=issuer,
        client_id=CLIENT_ID,
        auth_url=f"{platform_url}/auth",
        jwks_url=f"{platform_url}/jwks",
        token_url=f"{platform_url}/token",
        deployment_ids=(DEPLOYMENT_ID,),
    )


def _tenant(platform_url: str, issuer: str) -> Integration | None:
    """A tenant of the platform, which has its endpoints below its issuer; None if the issuer is none."""
    return _integration(issuer, issuer) if re.fullmatch(re.escape(platform_url) + _TENANT, issuer) else None


def _consumer(secret: str) -> Integration:
    """The platform and its tenants as consumers of LTI 1.1, who share a key."""
    return Integration(
        issuer="",
        client_id=CLIENT_ID,
        auth_url="",
        jwks_url="",
        deployment_ids=(),
        attributes={},
        secret=secret,
    )


def _registration(tool_url: str, issuer: str, secret: str) -> Registration:
    """The tool as the platform knows it."""
    return Registration(
        name="Sample tool",
        issuer=issuer,
        client_id=CLIENT_ID,
        deployment_ids=(DEPLOYMENT_ID,),
        login_url=f"{tool_url}/lti/login",
        launch_url=f"{tool_url}/lti/launch",
        deep_linking_url=f"{tool_url}/lti/launch",
        redirect_uris=(f"{tool_url}/lti/launch",),
        jwks_url=f"{tool_url}/lti/jwks",
        scopes=SCOPES,
        lti11_launch_url=f"{tool_url}/lti/launch11",
        consumer_key=CLIENT_ID,
        consumer_secret=secret,
    )


def _near(platform_url: str) -> Callable[[str], bool]:
    """Whether a host may be asked for its configuration: the platform's own, and this machine."""
    own = urlsplit(platform_url).hostname
    return lambda host: host in {own, "localhost", "127.0.0.1", "::1"}
