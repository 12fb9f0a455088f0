"""How platforms begin a login (SEC 5.1.1.1, CORE 4.1)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from mockplatform.dialects.quirk import quirk
from mockplatform.dialects.values import in_form, number, pairs
from mockplatform.keys import b64url, encode_json
from mockplatform.model import Launch, LoginRequest


@quirk("SEC 5.1.1.1", neutral="POST", choices=("POST", "GET"))
def method(login: LoginRequest, launch: Launch, setting: str) -> LoginRequest:  # noqa: ARG001
    """The method by which the browser brings the login to the tool."""
    return replace(login, method=cast("Any", setting))


@quirk("SEC 5.1.1.1", neutral="opaque", choices=("opaque", "person", "hex40", "uuid"))
def hint(login: LoginRequest, launch: Launch, setting: str) -> LoginRequest:
    """What `login_hint` looks like: opaque, the id of the person as it stands, or a digest of it."""
    sub = launch.person.sub
    return _with(login, login_hint=sub if setting == "person" else in_form(f"hint {sub}", setting))


def _jwt(launch: Launch) -> str:
    """A token that nobody but the platform reads; its key is the launch's own."""
    signed = f"{b64url(encode_json({'typ': 'JWT', 'alg': 'HS256'}))}.{b64url(encode_json({'verifier': launch.id}))}"
    return f"{signed}.{b64url(hmac.new(launch.id.encode(), signed.encode(), hashlib.sha256).digest())}"


_HINTS: Final[Mapping[str, Callable[[Launch], str]]] = {
    "uuid": lambda launch: in_form(f"launch {launch.id}", "uuid"),
    "number": lambda launch: in_form(f"launch {launch.id}", "int"),
    "jwt": _jwt,
    "json": lambda launch: json.dumps({"cmid": number(launch.resource_link.id), "launchid": launch.id}),
    "tilde": lambda launch: f"{in_form(launch.id, 'hex32')}~{number(launch.course.id)}~{number(launch.id)}",
    "odd": lambda launch: in_form(launch.id, "odd"),
}


@quirk("CORE 4.1.1", neutral="opaque", choices=("opaque", *_HINTS))
def message_hint(login: LoginRequest, launch: Launch, setting: str) -> LoginRequest:
    """What `lti_message_hint` looks like: opaque, a UUID, a number, a JWT, JSON text, parts at tildes, or signs."""
    return _with(login, lti_message_hint=_HINTS[setting](launch))


@quirk("CORE 4.1", neutral=(), choices=("client_id", "lti_deployment_id", "lti_message_hint"))
def without(login: LoginRequest, launch: Launch, setting: tuple[str, ...]) -> LoginRequest:  # noqa: ARG001
    """Optional parameters that are not sent."""
    return replace(login, params=tuple(pair for pair in login.params if pair[0] not in setting))


@quirk("LTI Platform Storage 0.1", neutral="")
def storage_target(login: LoginRequest, launch: Launch, setting: str) -> LoginRequest:
    """The frame that `lti_storage_target` offers in each login; empty: only where a launch offers one itself."""
    return login if launch.storage_target else _with(login, lti_storage_target=setting)


@quirk("SEC 5.3", neutral=())
def extra(login: LoginRequest, launch: Launch, setting: tuple[str, ...]) -> LoginRequest:
    """Further parameters of the vendor, as `name=value`."""
    return replace(login, params=(*login.params, *pairs(setting, launch)))


def _with(login: LoginRequest, **values: str) -> LoginRequest:
    return replace(login, params=tuple((dict(login.params) | values).items()))
