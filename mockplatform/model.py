"""The nouns of a launch: who launches what, and the values that travel on the way.

A stage is one of the values that a mutation may spoil: `LoginRequest`, `IdToken`, `SignedToken`, `AuthResponse`
and `KeySet` of LTI 1.3, `BasicLaunch` and `SignedLaunch` of LTI 1.1. `Launch` is the intent behind them and has
no wire form; `AuthRequest` is what the tool said and is never spoilt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "AuthRequest",
    "AuthResponse",
    "BasicLaunch",
    "Course",
    "Exchange",
    "IdToken",
    "KeySet",
    "Launch",
    "LoginRequest",
    "Message",
    "Params",
    "Person",
    "Privacy",
    "Registration",
    "ResourceLink",
    "SignedLaunch",
    "SignedToken",
    "Stage",
    "registration_key",
]

Message = Literal["resource_link", "deep_linking", "submission_review", "data_privacy"]
"""What a launch is for: a module of `mockplatform.messages`."""

Privacy = Literal["public", "name", "email", "anonymous"]
"""Which fields of a person a tool gets: all, the names, the address, or none."""

Params = tuple[tuple[str, str], ...]
"""Form or query parameters in order; a name may come twice."""


def registration_key(issuer: str, client_id: str) -> str:
    """What tells a registration from every other one of a platform."""
    return f"{issuer} {client_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One tool as the platform knows it (LTI Core 1.3, section 3.1.3)."""

    issuer: str
    client_id: str
    deployment_ids: tuple[str, ...]
    login_url: str
    launch_url: str
    redirect_uris: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Names of custom fields that carry `email`, `course_id` or `person_id` for this tool."""
    login_params: Mapping[str, str] = field(default_factory=dict)
    name: str = "Tool"
    lti11_launch_url: str = ""
    consumer_key: str = ""
    consumer_secret: str = field(default="", repr=False)
    jwks_url: str = ""
    """Where the tool publishes its keys (SEC 6.3)."""
    jwks: Mapping[str, Any] = field(default_factory=dict)
    """The tool's JWK Set, where it was handed over instead."""
    scopes: tuple[str, ...] | None = None
    """What its access tokens may open; None: everything that the platform offers."""
    custom: Mapping[str, str] = field(default_factory=dict)
    """Custom parameters of every launch; a value may be a substitution variable, such as $User.id."""
    deep_linking_url: str = ""
    """The target of deep linking requests, if it is not the launch URL."""
    privacy: Privacy = "public"

    @property
    def key(self) -> str:
        """What tells it from every other registration of a platform."""
        return registration_key(self.issuer, self.client_id)

    @property
    def speaks_lti11(self) -> bool:
        """Whether the tool can be launched by LTI 1.1, too."""
        return all((self.lti11_launch_url, self.consumer_key, self.consumer_secret))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who launches (LTI Core 1.3, section 5.3.6)."""

    sub: str
    given_name: str
    family_name: str
    email: str
    locale: str = "en-US"
    roles: tuple[str, ...] = ()
    """The roles in which the person takes part in a course, unless a launch says otherwise; full URIs."""
    mentor_of: tuple[str, ...] = ()
    """Whom a mentor may look after, by `sub` (LTI Core 1.3, section 5.4.3)."""
    note: str = ""
    """What is special about the person, for whoever chooses one."""

    @property
    def name(self) -> str:
        """The full name."""
        return " ".join(part for part in (self.given_name, self.family_name) if part)

    @property
    def legacy_id(self) -> str:
        """The id that the same person has in LTI 1.1 launches."""
        return f"legacy-{self.sub}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The context of a launch (LTI Core 1.3, section 5.4.1)."""

    id: str
    label: str
    title: str
    crowd: int = 0
    """How many further members its roster has, made up as they are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLink:
    """The place in the course that was clicked (LTI Core 1.3, section 5.3.5)."""

    id: str
    title: str
    description: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    """When it can be used, under names such as `available.startDateTime` (Deep Linking 2.0, section 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What a person wants to open: the intent of a launch."""

    id: str
    """Opaque; travels as `lti_message_hint` and brings the authentication request back to this launch."""
    registration: Registration
    deployment_id: str
    person: Person
    roles: tuple[str, ...]
    course: Course
    resource_link: ResourceLink
    target_link_uri: str
    return_url: str
    deep_link_return_url: str
    """Where the tool sends what was picked (LTI Deep Linking 2.0, section 4.4.1)."""
    platform_guid: str
    login_method: Literal["GET", "POST"] = "POST"
    message: Message = "resource_link"
    for_user: Person | None = None
    """Whose submission is reviewed."""
    line_item: str = ""
    """The id of the line item that a submission review is about."""
    document_target: Literal["iframe", "window"] = "iframe"
    storage_target: str = ""
    """The frame that keeps data for the tool (LTI Platform Storage 0.1); empty: none is offered."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further claims by their full names, such as those that say where services are."""
    deep_linking: Mapping[str, Any] = field(default_factory=dict)
    """Members of the deep linking settings that differ from the usual ones; None leaves one out."""

    @property
    def login_hint(self) -> str:
        """The opaque hint for the person who is signed in."""
        return f"hint-{self.person.sub}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """Third-party initiated login, sent by the browser to the tool (SEC 5.1.1.1)."""

    method: Literal["GET", "POST"]
    url: str
    params: Params


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthRequest:
    """The tool's authentication request, as the platform received it (SEC 5.1.1.2)."""

    params: Mapping[str, str]
    repeated: tuple[str, ...] = ()
    """Names of parameters that came more than once, which none may (RFC 6749, section 3.1)."""

    @property
    def nonce(self) -> str | None:
        """The tool's nonce, if it sent one."""
        return self.params.get("nonce")

    @property
    def state(self) -> str | None:
        """The tool's state, if it sent one."""
        return self.params.get("state")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdToken:
    """A token before it is signed (SEC 5.1.2).

    `header` and `claims` are JSON objects, or bytes that go into the token as they are. `algorithm` is what
    is really done, whatever the header says; `key` names a key of the key ring, or for an HMAC its secret.
    """

    header: Mapping[str, Any] | bytes
    claims: Mapping[str, Any] | bytes
    algorithm: str = "RS256"
    key: str = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """The compact form that the browser carries (RFC 7515, section 3.1)."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthResponse:
    """The platform's answer, posted by the browser to the tool (SEC 5.1.1.3)."""

    url: str
    fields: Params
    method: Literal["GET", "POST"] = "POST"
    content_type: str = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """The answer of the key set endpoint (SEC 6.3): `keys` as a JWK Set, or `body` as it stands."""

    keys: tuple[Mapping[str, Any], ...]
    status: int = 200
    content_type: str = "application/json"
    headers: Params = (("cache-control", "public, max-age=300"),)
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicLaunch:
    """An LTI 1.1 launch before it is signed (LTI 1.1, section 4.2; RFC 5849, section 3.4)."""

    url: str
    params: Params
    """With the OAuth parameters except the signature, and without what stands in the query of the URL."""
    secret: str = field(repr=False)
    token_secret: str | None = ""
    """Always empty in LTI 1.1; None leaves out the `&` that joins it to the secret."""
    signature_method: str = "HMAC-SHA1"
    """What is really done, whatever the parameter of that name says."""
    signed_url: str | None = None
    """Another address that is signed instead of `url`."""
    signed_method: str | None = None
    """Another method that is signed instead of `method`."""
    method: Literal["POST", "GET"] = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLaunch:
    """The form of an LTI 1.1 launch, posted by the browser to the tool (LTI 1.1, section 3)."""

    url: str
    fields: Params
    method: Literal["GET", "POST"] = "POST"
    content_type: str = "application/x-www-form-urlencoded"
    headers: Params = ()
    """Further headers, such as Authorization; no browser sends these by itself."""


Stage = LoginRequest | IdToken | SignedToken | AuthResponse | KeySet | BasicLaunch | SignedLaunch


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP request and its answer, with the bodies cut to what a report can show."""

    asker: Literal["browser", "tool", "harness"]
    method: str
    url: str
    request_headers: Params = ()
    request_body: str = ""
    status: int | None
    """None: there was no answer, and `trouble` says why."""
    response_headers: Params = ()
    response_body: str = ""
    elapsed_s: float = 0.0
    trouble: str = ""
    at_s: float = 0.0
    """When it began, in seconds since the epoch by the platform's clock."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What it belongs to, as far as known: `endpoint`, `launch`, `client_id`, `course`, `fault`."""
