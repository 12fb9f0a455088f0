"""The truth about an LTI 1.3 launch: every step of SEC 5.1.1 as a pure function.

Nothing here lies, waits, or looks at a clock: mutations spoil the values afterwards, the time is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockplatform import claims as names
from mockplatform.message import MessageKind, messages
from mockplatform.model import AuthRequest, AuthResponse, IdToken, KeySet, Launch, LoginRequest, SignedToken
from mockplatform.privacy import identity, private
from mockplatform.variables import COURSE_SECTION, Unknown, substituted

__all__ = ["auth_error", "auth_response", "custom_fields", "id_token", "key_set", "login_request"]

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
        # What a launch offers itself counts more than what the registration offers always.
        **_storage(launch),
    }
    return LoginRequest(method=launch.login_method, url=registration.login_url, params=tuple(params.items()))


def _storage(launch: Launch) -> dict[str, str]:
    """Where the tool may keep data without cookies (LTI Client Side OIDC 0.1)."""
    return {"lti_storage_target": launch.storage_target} if launch.storage_target else {}


def id_token(launch: Launch, request: AuthRequest, *, kid: str, now_s: float, unknown: Unknown = "literal") -> IdToken:
    """The honest token of a launch (SEC 5.1.2; CORE 5.3 and 5.4, and what its kind of message says).

    Args:
        unknown: what becomes of substitution variables that the platform does not know.
    """
    launch = private(launch)
    person, kind = launch.person, messages()[launch.message]
    iat = int(now_s) - IAT_AGE_S
    claims: dict[str, Any] = {
        "iss": launch.registration.issuer,
        "aud": launch.registration.client_id,
        # Without a subject the person is anonymous (CORE 5.3.6.1); an empty one means nothing.
        **({"sub": person.sub} if person.sub else {}),
        "iat": iat,
        "exp": iat + LIFETIME_S,
        "nonce": request.nonce or "",
        **identity(person),
        **_locale(launch),
    }
    about = {"message_type": kind.type, **kind.claims(launch), **_surroundings(launch)}
    about["custom"] = _custom(launch, kind, unknown)
    claims |= {names.claim_name(name): value for name, value in about.items() if name not in kind.omits}
    return IdToken(header={"alg": "RS256", "typ": "JWT", "kid": kid}, claims=claims | dict(launch.extra))


def _locale(launch: Launch) -> dict[str, str]:
    return {"locale": launch.person.locale} if launch.person.locale else {}


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
            "type": [COURSE_SECTION],
        },
        "tool_platform": {
            "guid": launch.platform_guid,
            "name": "mockplatform",
            "product_family_code": "mockplatform",
            "version": "1",
        },
        "launch_presentation": {
            "document_target": launch.document_target,
            "return_url": launch.return_url,
            **_locale(launch),
        },
    }


def custom_fields(launch: Launch, *, unknown: Unknown = "literal") -> Mapping[str, str]:
    """The custom fields of a launch (CORE 5.4.6).

    First those that the registration names for attributes, then its custom parameters, then those of the link, which
    replace namesakes.
    """
    launch = private(launch)
    return _custom(launch, messages()[launch.message], unknown)


def _custom(launch: Launch, kind: MessageKind, unknown: Unknown) -> dict[str, str]:
    values = {
        "email": launch.person.email,
        "course_id": launch.course.id,
        "person_id": launch.person.sub,
    }
    fields = {field: values[attribute] for attribute, field in launch.registration.attributes.items()}
    resource = {"resource": launch.resource_link.id} if kind.opens_link else {}
    written = {**launch.registration.custom, **(launch.resource_link.custom if kind.opens_link else {})}
    return {**resource, **fields, **substituted(written, launch, unknown=unknown)}


def auth_response(request: AuthRequest, token: SignedToken, *, storage_target: str = "") -> AuthResponse:
    """The form that brings the token to the tool (SEC 5.1.1.3).

    Args:
        storage_target: the frame that keeps data for the tool (LTI Client Side OIDC 0.1); empty: none does.
    """
    fields = [("id_token", token.text)]
    if request.state is not None:
        fields.append(("state", request.state))
    if storage_target:
        fields.append(("lti_storage_target", storage_target))
    return AuthResponse(url=request.params.get("redirect_uri", ""), fields=tuple(fields))


def auth_error(request: AuthRequest, error: str, description: str) -> AuthResponse:
    """The form that tells the tool why there is no token (SEC 5.1.1.5)."""
    state = (("state", request.state),) if request.state is not None else ()
    fields = (("error", error), ("error_description", description), *state)
    return AuthResponse(url=request.params.get("redirect_uri", ""), fields=fields)


def key_set(*keys: Mapping[str, Any]) -> KeySet:
    """The honest key set (SEC 6.3)."""
    return KeySet(keys=keys)
