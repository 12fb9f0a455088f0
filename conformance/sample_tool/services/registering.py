"""The tool's side of a dynamic registration: it reads what the platform is and tells what it is itself (DR 1.0)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Route

from conformance.sample_tool import pages
from conformance.sample_tool.answer import Answer
from conformance.sample_tool.answering import answering, refuse
from conformance.sample_tool.asking import base_url, tool_for
from conformance.sample_tool.following import follow
from conformance.sample_tool.forms import only, origin, read_fields
from conformance.sample_tool.model import Integration, Step, Tool
from conformance.sample_tool.refusal import invalid
from conformance.sample_tool.services import documents, grades, groups, roster
from conformance.sample_tool.services.refusals import malformed, unreachable

__all__ = ["STEPS", "Registering", "registration_route"]

REF: Final = "DR 1.0"
TOOL: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
SCOPES: Final = (grades.LINE_ITEM, grades.RESULTS, grades.SCORE, roster.SCOPE, groups.SCOPE)
CLAIMS: Final = ("iss", "sub", "name", "given_name", "family_name", "email")


@dataclass(frozen=True, kw_only=True, slots=True)
class Registering:
    """A registration on its way through the steps.

    Args:
        may_ask: whether the tool may ask this host for its configuration.
    """

    tool: Tool
    base_url: str
    may_ask: Callable[[str], bool]
    url: str
    token: str
    configuration: Mapping[str, Any]
    answer: Mapping[str, Any]


def address(state: Registering) -> Registering:
    """The address of the configuration is that of a host that may be asked: whoever calls the tool has chosen it."""
    if origin(state.url) is None or not state.may_ask(urlsplit(state.url).hostname or ""):
        raise invalid("InvalidClaim", ref=REF, about="openid_configuration")
    return state


async def configuration(state: Registering) -> Registering:
    """The platform says what it is (DR 1.0, OpenID Connect Discovery 1.0)."""
    headers = {"Accept": "application/json", **_bearer(state)}
    return replace(state, configuration=await _asked(state.tool, "GET", state.url, headers, b""))


def issuer(state: Registering) -> Registering:
    """The platform speaks for itself: its issuer and its endpoints are where its configuration is."""
    host = urlsplit(state.url).hostname
    names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
    for name in names:
        found = documents.text(state.configuration, name)
        if origin(found) is None or urlsplit(found).hostname != host:
            raise malformed(REF, name)
    return state


async def registered(state: Registering) -> Registering:
    """The tool says what it is, and gets a client id (RFC 7591 3.1)."""
    headers = {"Accept": "application/json", "Content-Type": "application/json", **_bearer(state)}
    url = documents.text(state.configuration, "registration_endpoint")
    body = json.dumps(metadata(state)).encode()
    answer = await _asked(state.tool, "POST", url, headers, body)
    if not documents.text(answer, "client_id"):
        raise malformed(REF, "client_id")
    return replace(state, answer=answer)


def kept(state: Registering) -> Registering:
    """The platform is one of those that the tool knows."""
    told = state.configuration
    deployment = documents.text(documents.member(state.answer, TOOL), "deployment_id")
    integration = Integration(
        issuer=told["issuer"],
        client_id=state.answer["client_id"],
        auth_url=told["authorization_endpoint"],
        jwks_url=told["jwks_uri"],
        token_url=told["token_endpoint"],
        audience=documents.text(told, "authorization_server"),
        deployment_ids=(deployment or "1",),
    )
    state.tool.store.register(integration)
    return state


STEPS: Final[tuple[Step[Registering], ...]] = (address, configuration, issuer, registered, kept)


def metadata(state: Registering) -> dict[str, Any]:
    """What the tool says of itself (DR 1.0, RFC 7591 2)."""
    url = state.base_url
    launch = f"{url}/lti/launch"
    return {
        "application_type": "web",
        "client_name": "Sample tool",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": f"{url}/lti/login",
        "redirect_uris": [launch],
        "jwks_uri": f"{url}/lti/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        TOOL: {
            "domain": urlsplit(url).netloc,
            "target_link_uri": launch,
            "claims": list(CLAIMS),
            "messages": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "target_link_uri": launch, "label": "Pick from the sample tool"},
            ],
        },
    }


def registration_route(*, may_ask: Callable[[str], bool]) -> Route:
    """The door for platforms that want to register the tool by themselves."""

    async def register(request: Request) -> Answer:
        query = read_fields(request.url.query)
        started = Registering(
            tool=tool_for(request),
            base_url=base_url(request),
            may_ask=may_ask,
            url=only(query, "openid_configuration") or "",
            token=only(query, "registration_token") or "",
            configuration={},
            answer={},
        )
        ended, reason = await follow(started, STEPS)
        if reason is not None:
            return refuse(request, reason)
        return pages.registered_page(
            documents.text(documents.member(ended.configuration, PLATFORM), "product_family_code")
        )

    return Route("/lti/register", answering(register), methods=["GET"])


def _bearer(state: Registering) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {state.token}"} if state.token else {}


async def _asked(tool: Tool, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The JSON object that is answered."""
    try:
        answer = await tool.send(method, url, headers, body)
    except OSError as error:
        raise unreachable(REF, url) from error
    if not 200 <= answer.status < 300:
        raise unreachable(REF, f"status {answer.status}")
    try:
        found = documents.read_json(answer.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise malformed(REF, url)
    return found
