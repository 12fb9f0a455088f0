"""What the steps of a login and of a launch hand on to one another."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from conformance.sample_tool.compact import Token
    from conformance.sample_tool.faults import Faults
    from conformance.sample_tool.forms import Fields
    from conformance.sample_tool.keyset import KeySets
    from conformance.sample_tool.services.grades import Stamps
    from conformance.sample_tool.services.keys import ToolKey
    from conformance.sample_tool.services.model import Pause, Send
    from conformance.sample_tool.services.tokens import Tokens
    from conformance.sample_tool.store import Store
    from conformance.sample_tool.zoom import Zoom

__all__ = [
    "Edit",
    "Identity",
    "Integration",
    "IssuedLogin",
    "Launch",
    "Login",
    "Person",
    "Policy",
    "Step",
    "Tool",
    "ZoomTokens",
]

Policy = Literal["open", "class"]

S = TypeVar("S")
Step = Callable[[S], S | Awaitable[S]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Integration:
    """A platform that the tool is registered with; `attributes` names the custom fields it sends values in.

    One of LTI 1.1 has no issuer; its client id is the consumer key, which goes with the secret. The audience of a
    client assertion is the token endpoint itself unless another one is given.
    """

    issuer: str
    client_id: str
    auth_url: str
    jwks_url: str
    deployment_ids: tuple[str, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    token_url: str = ""
    audience: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """What every step may use: the store, the platforms' keys, the time and fresh random text."""

    policy: Policy
    store: Store
    faults: Faults
    key_sets: KeySets
    clock: Callable[[], float]
    token: Callable[[], str]
    send: Send
    """The way to the platforms' services."""
    pause: Pause
    key: ToolKey
    tokens: Tokens
    stamps: Stamps
    most_members: int
    """How long a roster the tool reads."""
    zoom: Zoom | None = None
    """The way to the Zoom API; without it classes have no meetings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoomTokens:
    """What the tool may use a person's Zoom account with; the access token is there once it was needed."""

    refresh: str
    access: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedLogin:
    """What the tool remembers of a login until the launch comes back."""

    state: str
    nonce: str
    issuer: str
    client_id: str
    spent: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A person as one platform knows them; the issuer of a consumer key is empty."""

    issuer: str
    client_id: str
    person_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who a session belongs to."""

    name: str = "guest"
    email: str = ""
    id: str = ""
    roles: tuple[str, ...] = ()
    course: str = ""
    privileged: bool = False
    account: str | None = None
    """What the tool knows the person by from one launch to the next; None if the platform did not say who it is."""


# Stand-ins for what no step has found yet: they match nobody and open nothing.
NO_INTEGRATION = Integration(issuer="", client_id="", auth_url="", jwks_url="", deployment_ids=())
NO_LOGIN = IssuedLogin(state="", nonce="", issuer="", client_id="")


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A login request on its way through the steps (SEC 5.1.1)."""

    tool: Tool
    now: float
    base_url: str
    method: str
    parameters: Fields
    integration: Integration = NO_INTEGRATION
    issued: IssuedLogin = NO_LOGIN
    location: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """A launch on its way through the steps; `claims` stay empty until they are verified."""

    tool: Tool
    now: float
    base_url: str
    form: Fields
    cookies: Mapping[str, str]
    query: Fields = field(default_factory=dict)
    """What came in the address; of LTI 1.3 only a flawed tool looks at it."""
    method: str = "POST"
    url: str = ""
    """The address without its query."""

    id_token: str = ""
    login: IssuedLogin = NO_LOGIN
    integration: Integration = NO_INTEGRATION
    token: Token | None = None
    keys: tuple[RSAPublicKey, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    expires: float = math.inf
    return_url: str = ""

    message: Literal["resource_link", "deep_linking"] = "resource_link"
    deep_link_return_url: str = ""
    accept_types: tuple[str, ...] = ()

    deployment_id: str = ""
    roles: tuple[str, ...] = ()
    privileged: bool = False
    email: str = ""
    course_id: str = ""
    name: str = ""
    person_id: str = ""
    title: str = ""
    class_id: int | None = None
    former: Identity | None = None
    """Who the person was in LTI 1.1, if the platform has proved it."""
    account: str | None = None

    person: Person = Person()
    session: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """A request to change a class; whoever has no session is a guest."""

    tool: Tool
    base_url: str
    sender: str | None
    person: Person = Person()
