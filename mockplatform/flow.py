"""The truth about an LTI 1.3 launch: every step of SEC 5.1.1 as a pure function.

Nothing here lies, waits, or looks at a clock: mutations spoil the values afterwards, the time is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockplatform import claims as names
from mockplatform.model import AuthRequest, AuthResponse, IdToken, KeySet, Launch, LoginRequest, SignedToken

__all__ = ["auth_error", "auth_problems", "auth_response", "custom_fields", "id_token", "key_set", "login_request"]

LIFETIME_S = 300
IAT_AGE_S = 5
"""Strict validators refuse a token from the future; clocks that differ by a moment must not fail a launch."""


def login_request(launch: Launch) -> LoginRequest:
    """The login that the platform lets the browser start (SEC 5.1.1.1, CORE 4.1)."""
    registration = launch.registration
    params = {
        "iss": registration.issuer,
        "login_hint": launch.login_hint,
        "target_link_uri": launch.target_link_uri,
        "lti_message_hint": launch.id,
        "client_id": registration.client_id,
        "lti_deployment_id": launch.deployment_id,
        **registration.login_params,
    }
    return LoginRequest(method=launch.login_method, url=registration.login_url, params=tuple(params.items()))


def auth_problems(request: AuthRequest, login: LoginRequest, launch: Launch) -> tuple[str, ...]:
    """What is wrong with the tool's answer to a login, one sentence each (SEC 5.1.1.2, CORE 4.1.1)."""
    sent = dict(login.params)
    wanted = {
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": launch.registration.client_id,
        "login_hint": sent.get("login_hint"),
        "lti_message_hint": sent.get("lti_message_hint"),
    }
    scope = request.params.get("scope")
    found = [] if "openid" in (scope or "").split() else [_problem("scope", scope, "openid")]
    found += [
        _problem(name, request.params.get(name), value)
        for name, value in wanted.items()
        # A parameter without a value counts as left out (RFC 6749, section 3.1).
        if (request.params.get(name) or None) != (value or None)
    ]
    # A state is only recommended in the request (SEC 5.1.1.2), so its absence is no mistake.
    if not request.params.get("nonce"):
        found.append("nonce is missing or empty")
    redirect_uri = request.params.get("redirect_uri")
    registered = launch.registration.redirect_uris
    if not redirect_uri:
        found.append("redirect_uri is missing or empty")
    elif registered and redirect_uri not in registered:
        found.append(f"redirect_uri is {redirect_uri!r}, registered are {', '.join(registered)}")
    return tuple(found)


def _problem(name: str, found: str | None, wanted: str | None) -> str:
    return f"{name} is missing" if found is None else f"{name} is {found!r}, expected {wanted!r}"


def id_token(launch: Launch, request: AuthRequest, *, kid: str, now_s: float) -> IdToken:
    """The honest token of a launch (SEC 5.1.2; CORE 5.3 and 5.4, or DL 4.4)."""
    person = launch.person
    iat = int(now_s) - IAT_AGE_S
    claims: dict[str, Any] = {
        "iss": launch.registration.issuer,
        "aud": launch.registration.client_id,
        "sub": person.sub,
        "iat": iat,
        "exp": iat + LIFETIME_S,
        "nonce": request.nonce or "",
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name": person.name,
        "email": person.email,
        "locale": person.locale,
    }
    message = _resource_link(launch) if launch.message == "resource_link" else _deep_linking(launch)
    claims |= {names.claim_name(name): value for name, value in (message | _surroundings(launch)).items()}
    return IdToken(header={"alg": "RS256", "typ": "JWT", "kid": kid}, claims=claims)


def _resource_link(launch: Launch) -> dict[str, Any]:
    """What opens a link of the course (CORE 5.3.1 and 5.3.5)."""
    link = launch.resource_link
    return {"message_type": names.RESOURCE_LINK_REQUEST, "resource_link": {"id": link.id, "title": link.title}}


def _deep_linking(launch: Launch) -> dict[str, Any]:
    """What asks the tool for things to link to; there is no link yet (DL 4.4.1 and 4.4.2)."""
    settings = {
        "deep_link_return_url": launch.deep_link_return_url,
        "accept_types": ["link", "ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "title": launch.resource_link.title,
        "text": f"Pick what {launch.course.label} shall link to",
        "data": f"{launch.id}.{launch.course.id}",
    }
    return {"message_type": names.DEEP_LINKING_REQUEST, "deep_linking_settings": settings}


def _surroundings(launch: Launch) -> dict[str, Any]:
    """What comes with every message (CORE 5.3 and 5.4)."""
    course = launch.course
    return {
        "version": names.VERSION,
        "deployment_id": launch.deployment_id,
        "target_link_uri": launch.target_link_uri,
        "roles": list(launch.roles),
        "context": {
            "id": course.id,
            "label": course.label,
            "title": course.title,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"],
        },
        "tool_platform": {
            "guid": launch.platform_guid,
            "name": "mockplatform",
            "product_family_code": "mockplatform",
            "version": "1",
        },
        "launch_presentation": {
            "document_target": "iframe",
            "return_url": launch.return_url,
            "locale": launch.person.locale,
        },
        "custom": custom_fields(launch),
    }


def custom_fields(launch: Launch) -> Mapping[str, str]:
    """The custom fields of a launch, among them those that the registration names for attributes (CORE 5.4.6)."""
    values = {
        "email": launch.person.email,
        "course_id": launch.course.id,
        "person_id": launch.person.sub,
    }
    fields = {field: values[attribute] for attribute, field in launch.registration.attributes.items()}
    resource = {"resource": launch.resource_link.id} if launch.message == "resource_link" else {}
    return {**resource, **fields}


def auth_response(request: AuthRequest, token: SignedToken) -> AuthResponse:
    """The form that brings the token to the tool (SEC 5.1.1.3)."""
    fields = [("id_token", token.text)]
    if request.state is not None:
        fields.append(("state", request.state))
    return AuthResponse(url=request.params.get("redirect_uri", ""), fields=tuple(fields))


def auth_error(request: AuthRequest, error: str, description: str) -> AuthResponse:
    """The form that tells the tool why there is no token (SEC 5.1.1.5)."""
    state = (("state", request.state),) if request.state is not None else ()
    fields = (("error", error), ("error_description", description), *state)
    return AuthResponse(url=request.params.get("redirect_uri", ""), fields=fields)


def key_set(*keys: Mapping[str, Any]) -> KeySet:
    """The honest key set (SEC 6.3)."""
    return KeySet(keys=keys)
