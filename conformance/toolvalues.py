"""The values of a tool file: each table is one dataclass."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.model import ErrorClass
from mockplatform.tables import named

__all__ = [
    "Action",
    "Arrangement",
    "Attributes",
    "Capabilities",
    "Launched",
    "Named",
    "Network",
    "Observe",
    "Persona",
    "PlatformSettings",
    "Probe",
    "ProfileSettings",
    "SecondPlatform",
    "Tool",
    "ToolSettings",
    "Waiver",
]

_STATUS = re.compile(r"[1-5](?:\d\d|xx)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSettings:
    """`[tool]`: where the tool is and how it is started."""

    name: str = "Tool"
    login_url: str = ""
    launch_url: str = ""
    app: str | None = None
    start: str | None = None
    ready_url: str | None = None
    ready_timeout_s: float = 30.0
    login_params: Mapping[str, str] = field(default_factory=dict)
    target_link_uri: str | None = None
    jwks_url: str | None = None
    jwks: Mapping[str, Any] = field(default_factory=dict)
    lti11_launch_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPlatform:
    """`[platform.second]`: another platform that the tool has registered, with the same keys."""

    issuer: str
    client_id: str
    deployment_id: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """`[platform.attributes]`: names of custom fields in a registration that has them."""

    email: str
    course_id: str
    person_id: str
    client_id: str | None = None
    consumer_key: str | None = None
    consumer_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """`[platform]`: what the tool has been registered with."""

    url: str = "http://127.0.0.1:9400"
    issuer: str | None = None
    client_id: str = "lti-conformance"
    deployment_id: str = "1"
    ca_path: str | None = None
    consumer_key: str | None = None
    consumer_secret: str | None = field(default=None, repr=False)
    second: SecondPlatform | None = None
    attributes: Attributes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSettings:
    """`[profile]`: the expectations to run under when the command line names none."""

    name: str = "core"
    order: str | tuple[int, ...] = "pipeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """`observe.launched`: how a launched page looks; all that is given must hold."""

    status: str | int = "2xx"
    text: str | None = None
    url: str | None = None
    css: str | None = None
    json: str | None = None

    def __post_init__(self) -> None:
        if not _STATUS.fullmatch(str(self.status)):
            raise ValueError(f"status {self.status!r} is neither a status such as 200 nor a kind such as '2xx'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """`observe.probe`: a request that succeeds only with a live session."""

    request: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    """Path of what tells accounts apart in its JSON answer, such as `$.id`; migration is judged by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A value of `observe.names`: what a word of the tool means."""

    type: str | None = None
    code: int | None = None
    klass: ErrorClass | None = named("class", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe:
    """`[observe]`: how the tool's answers are read."""

    launched: Launched = Launched()
    probe: Probe | None = None
    error: tuple[Mapping[str, Any], ...] = ()
    names: Mapping[str, str | Named] = field(default_factory=dict)
    status: Mapping[str, ErrorClass] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """`[capabilities]`: what the tool can do."""

    lti_versions: tuple[Literal["1.1", "1.3"], ...] = ("1.3",)
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """A value of `[arrange]`: a request to the tool, or a callback in this process."""

    request: str | None = None
    json: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    target: Any = None
    """`package.module:function`, or a callable given in Python."""

    def __post_init__(self) -> None:
        if (self.request is None) == (self.target is None):
            raise ValueError("give either 'request' or 'target'")
        if self.target is not None and not (callable(self.target) or ":" in str(self.target)):
            raise ValueError("target is neither a callable nor a text such as package.module:function")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A value of `[actions]`: a request from a launched browser, and how it looks when it is granted."""

    request: str
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    granted: Launched = Launched()

    def __post_init__(self) -> None:
        if self.json is not None and self.form is not None:
            raise ValueError("give either 'json' or 'form'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """`[[persona]]`: somebody who has been provisioned in the tool by hand."""

    email: str
    roles: tuple[str, ...]
    states: tuple[str, ...] = ()
    sub: str | None = None
    given_name: str = "Persona"
    family_name: str = "Provisioned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`[network]`: how a remote tool is reached."""

    proxy: str | None = None
    ca_path: str | None = None
    public_url: str | None = None
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """`[[waiver]]`: a failure that is known, with the reason."""

    scenario: str
    reason: str
    profiles: tuple[str, ...] = ()
    expires: datetime.date | None = None
    link: str | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("a waiver needs a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool under test, as its tool file describes it."""

    tool: ToolSettings
    platform: PlatformSettings = PlatformSettings()
    profile: ProfileSettings = ProfileSettings()
    rulings: Mapping[str, bool | int | str] = field(default_factory=dict)
    observe: Observe = Observe()
    capabilities: Capabilities = Capabilities()
    arrange: Mapping[str, Arrangement] = field(default_factory=dict)
    persona: tuple[Persona, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    faults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    network: Network = Network()
    waiver: tuple[Waiver, ...] = ()

    @property
    def issuer(self) -> str:
        """The issuer that the tool has registered."""
        return self.platform.issuer or self.platform.url

    @property
    def address(self) -> str:
        """A URL of the tool, whose host and port are the tool's."""
        return self.tool.launch_url or self.tool.lti11_launch_url or ""

    @property
    def entrance(self) -> str:
        """The URL at which a launch begins; the tool listens at its host and port."""
        return self.tool.login_url or self.tool.lti11_launch_url or ""

    def speaks(self, version: str) -> bool:
        """Whether the tool can be launched by this version of LTI."""
        if version == "1.3":
            return bool(self.tool.login_url) and version in self.capabilities.lti_versions
        return version in self.capabilities.lti_versions and bool(self.tool.lti11_launch_url)
