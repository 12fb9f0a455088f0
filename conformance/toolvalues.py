"""The values of a tool file: each table is one dataclass."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.observevalues import Launched, Named, Observe, Probe

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSettings:
    """`[tool]`: where the tool is and how it is started."""

    name: str = "Tool"
    """What reports call it."""
    login_url: str = ""
    """Where a login by LTI 1.3 begins."""
    launch_url: str = ""
    """Where the platform's answer is posted: the redirect URI of LTI 1.3."""
    app: str | None = None
    """An ASGI or WSGI application, `package.module:name`, that is served at the host and port of `login_url`."""
    start: str | None = None
    """A command that starts the tool; it is stopped at the end with all that it has started."""
    ready_url: str | None = None
    """Any HTTP answer here means that the tool is up."""
    ready_timeout_s: float = 30.0
    """How long the start may take, in seconds."""
    login_params: Mapping[str, str] = field(default_factory=dict)
    """Parameters that are added to every login."""
    target_link_uri: str | None = None
    """The target link, if it is not the launch URL."""
    jwks_url: str | None = None
    """Where the tool publishes the keys with which it signs what it sends."""
    jwks: Mapping[str, Any] = field(default_factory=dict)
    """The key set of the tool itself, in place of its address."""
    lti11_launch_url: str | None = None
    """Where a launch by LTI 1.1 is posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPlatform:
    """`[platform.second]`: another platform that the tool has registered, with the same keys."""

    issuer: str
    """The issuer that the tool has registered for it."""
    client_id: str
    """The client id of that registration."""
    deployment_id: str = "1"
    """Its deployment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """`[platform.attributes]`: names of custom fields in a registration that has them."""

    email: str
    """The custom field that carries the e-mail address."""
    course_id: str
    """The custom field that carries the course id."""
    person_id: str
    """The custom field that carries the person id."""
    client_id: str | None = None
    """The client id, if that registration is another one."""
    consumer_key: str | None = None
    """Its key for LTI 1.1, other than the one of `[platform]`."""
    consumer_secret: str | None = field(default=None, repr=False)
    """The secret of that key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """`[platform]`: what the tool has been registered with."""

    url: str = "http://127.0.0.1:9400"
    """Where the harness listens as the platform; https gets a test CA."""
    issuer: str | None = None
    """The issuer that the tool has registered, if it is not the URL."""
    client_id: str = "lti-conformance"
    """The client id of the registration."""
    deployment_id: str = "1"
    """The deployment of the registration."""
    ca_path: str | None = None
    """The file to which the test CA is written, for a URL of https."""
    consumer_key: str | None = None
    """The key of LTI 1.1."""
    consumer_secret: str | None = field(default=None, repr=False)
    """The secret of that key; `${NAME}` is read from the environment, here as anywhere."""
    second: SecondPlatform | None = None
    attributes: Attributes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSettings:
    """`[profile]`: the expectations to run under when the command line names none."""

    name: str = "core"
    """core, certification, class, ltix, or the path of a profile file."""
    order: str | tuple[int, ...] = "pipeline"
    """The order in which the tool checks: read, and without effect as yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """`[capabilities]`: what the tool can do."""

    lti_versions: tuple[Literal["1.1", "1.3"], ...] = ("1.3",)
    """The versions of LTI by which it can be launched."""
    services: tuple[str, ...] = ()
    """What it uses: ags, nrps, groups, deep_linking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """A value of `[arrange]`: a request to the tool, or a callback in this process."""

    request: str | None = None
    """Method and path or URL, such as `POST /test/zoom-auth`."""
    json: Mapping[str, Any] | None = None
    """The JSON body; `{email}` and the like stand for the person of the launch."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the request."""
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
    """Method and path or URL, such as `POST /class/edit`."""
    json: Mapping[str, Any] | None = None
    """The JSON body, in which `{sub}` and the like stand for the person of the launch."""
    form: Mapping[str, str] | None = None
    """The form, in place of a JSON body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the request."""
    granted: Launched = field(default=Launched())
    """How the answer looks if the request was granted."""

    def __post_init__(self) -> None:
        if self.json is not None and self.form is not None:
            raise ValueError("give either 'json' or 'form'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """`[[persona]]`: somebody who has been provisioned in the tool by hand."""

    email: str
    """The e-mail address of the person."""
    roles: tuple[str, ...]
    """Short names or URIs of roles."""
    states: tuple[str, ...] = ()
    """The states that the person is in, as `[arrange]` calls them."""
    sub: str | None = None
    """The user id."""
    given_name: str = "Persona"
    """The given name."""
    family_name: str = "Provisioned"
    """The family name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`[network]`: how a remote tool is reached."""

    proxy: str | None = None
    """The HTTP proxy by which the tool is reached."""
    ca_path: str | None = None
    """The certificates to trust, for a tool whose own is not generally known."""
    public_url: str | None = None
    """What the tool sees as the URL of the platform: a tunnel that leads to `platform.url`."""
    timeout_s: float = 15.0
    """How long the tool may take for an answer, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """`[[waiver]]`: a failure that is known, with the reason."""

    scenario: str
    """The id of the scenario, or a glob."""
    reason: str
    """Why it is known and left, in a sentence."""
    profiles: tuple[str, ...] = ()
    """The profiles under which it counts; all unless given."""
    expires: datetime.date | None = None
    """The last day on which it counts."""
    link: str | None = None
    """Where the failure is tracked."""

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
    """Switches for what the documents leave open; `explain rulings` lists them."""
    observe: Observe = field(default=Observe())
    capabilities: Capabilities = Capabilities()
    arrange: Mapping[str, Arrangement] = field(default_factory=dict)
    """How a state is made that no launch can make, by the name of the state."""
    persona: tuple[Persona, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    """Requests after a good launch, by their names."""
    faults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What makes each fault point fail; `explain faults` shows points and drivers."""
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
