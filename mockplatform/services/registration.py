"""Dynamic Registration 1.0: an invited tool registers itself (OpenID Connect Dynamic Client Registration 1.0).

invitation = invite(platform, tool_url="https://tool.example/register")
# The browser opens invitation.url; the tool reads the configuration and posts its metadata to /register.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.message import messages
from mockplatform.model import Launch
from mockplatform.records import Invitation
from mockplatform.service import Call, Operation, Reply, ServiceError
from mockplatform.services.token import offered_scopes
from mockplatform.strict_json import strict_json, whole_texts
from mockplatform.texts import url_problem
from mockplatform.tool_configuration import (
    TOOL_CONFIGURATION,
    metadata_advice,
    metadata_problems,
    registration_of,
    scopes_asked,
)
from mockplatform.variables import VARIABLES

__all__ = ["NAME", "OPERATIONS", "SCOPES", "claims", "invite", "platform_configuration", "registration_endpoint"]

NAME: Final = "registration"
SCOPES: Final = ()

_PATH: Final = "/register"
_LIFETIME_S: Final = 3600


def claims(platform: Platform, launch: Launch) -> Mapping[str, Any]:  # noqa: ARG001
    """Nothing: who is launched has been registered."""
    return {}


def invite(platform: Platform, *, tool_url: str, lifetime_s: float = _LIFETIME_S) -> Invitation:
    """Begin a registration: the URL that a browser opens, with a token that is good once (DYNREG 3.1).

    Args:
        tool_url: where the tool begins registrations.

    Raises:
        UsageError: that is no http or https URL.
    """
    address, _, _fragment = tool_url.partition("#")
    if url_problem(address) is not None:
        raise UsageError(f"{tool_url!r} is no http or https URL; give the one at which the tool begins registrations")
    token = platform.new_id()
    configuration = f"{platform.url}/.well-known/openid-configuration"
    query = urlencode({"openid_configuration": configuration, "registration_token": token})
    invitation = Invitation(
        token=token,
        url=f"{address}{'&' if '?' in address else '?'}{query}",
        expires_s=platform.clock() + lifetime_s,
    )
    platform.state.invitations.put(token, invitation)
    return invitation


def registration_endpoint(platform: Platform) -> dict[str, str]:
    """What the OpenID configuration says of registration; nothing where it is not offered."""
    return {"registration_endpoint": f"{platform.url}{_PATH}"} if NAME in platform.settings.services else {}


def platform_configuration(platform: Platform) -> dict[str, Any]:
    """What a tool that wants to register reads of the platform (DYNREG 3.4)."""
    kinds = [{"type": kind.type} for kind in messages().values()]
    as_texts = platform.dialect.value("registration.messages_as_strings", otherwise=False)
    return {
        "product_family_code": "mockplatform",
        "version": "1",
        "messages_supported": [kind["type"] for kind in kinds] if as_texts else kinds,
        "variables": sorted(VARIABLES),
    }


def register(call: Call) -> Reply:
    """Register a tool, and tell it what it got (DYNREG 3.5 and 3.6)."""
    platform = call.platform
    token = _invited(call)
    metadata = _metadata(call)
    problems = metadata_problems(metadata)
    if problems:
        raise ServiceError(400, problems[0].error, "; ".join(problem.text for problem in problems))
    # Only now, so that a tool may try again after a mistake; of two at once one gets through.
    if token and platform.state.invitations.pop(token) is None:
        raise _unauthorised("this registration token was used before; begin the registration anew")
    offered = offered_scopes(platform)
    registration = registration_of(
        metadata,
        issuer=platform.issuer,
        client_id=platform.new_id(),
        deployment_id=platform.new_id(),
        scopes=[scope for scope in scopes_asked(metadata) if scope in offered],
    )
    platform.register(registration)
    call.about["client_id"] = registration.client_id
    if advice := metadata_advice(metadata):
        call.about["advice"] = advice
    known = {kind.type for kind in messages().values()}
    tool = metadata[TOOL_CONFIGURATION]
    granted = {
        **metadata,
        "client_id": registration.client_id,
        "application_type": "web",
        "scope": " ".join(registration.scopes or ()),
        TOOL_CONFIGURATION: {
            **tool,
            "deployment_id": registration.deployment_ids[0],
            "messages": [message for message in tool["messages"] if message["type"] in known],
        },
    }
    return Reply(status=201, json=granted, headers=(("pragma", "no-cache"),))


def _invited(call: Call) -> str:
    """The registration token of a call; empty where the platform wants none."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    if not token:
        if call.platform.dialect.value("registration.token", "required") == "optional":
            return ""
        raise _unauthorised(
            "send the registration_token of the registration URL as 'Authorization: Bearer …'", "invalid_request"
        )
    invitation = call.platform.state.invitations.get(token)
    if invitation is None:
        raise _unauthorised("this registration token was not made here, or was used before")
    if invitation.expires_s <= call.platform.clock():
        raise _unauthorised("this registration token has expired; begin the registration anew")
    return token


def _unauthorised(description: str, error: str = "invalid_token") -> ServiceError:
    return ServiceError(401, error, description, (("www-authenticate", f'Bearer error="{error}"'),))


def _metadata(call: Call) -> Any:
    try:
        # Half a character, or U+0000, can be read, and then neither be told nor put back with a tenant's state.
        return whole_texts(strict_json(call.body))
    except ValueError as error:
        raise ServiceError(400, "invalid_client_metadata", f"the body is no JSON that can be kept: {error}") from error


OPERATIONS: Final = (
    Operation(name="register", method="POST", path=_PATH, answer=register, accepts=("application/json",)),
)
