"""The tool file: everything that a tool team tells the harness about its tool.

`lti-conformance.toml`, or `[tool.lti-conformance]` in `pyproject.toml`. `${NAME}` in any text is read from the
environment. Each table is one dataclass; the loader names file, key and problem of whatever does not fit.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from conformance.model import ErrorClass
from mockplatform.errors import UsageError
from mockplatform.tables import build, named, read_toml

__all__ = [
    "Arrangement",
    "Launched",
    "Observe",
    "PlatformSettings",
    "Probe",
    "Tool",
    "ToolSettings",
    "Waiver",
    "find",
    "load",
]

DEFAULT_NAME = "lti-conformance.toml"
_STATUS = re.compile(r"[1-5](?:\d\d|xx)")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSettings:
    """`[tool]`: where the tool is and how it is started."""

    name: str = "Tool"
    login_url: str
    launch_url: str
    app: str | None = None
    start: str | None = None
    ready_url: str | None = None
    ready_timeout_s: float = 30.0
    login_params: Mapping[str, str] = field(default_factory=dict)
    target_link_uri: str | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """`[platform]`: what the tool has been registered with."""

    url: str = "http://127.0.0.1:9400"
    issuer: str | None = None
    client_id: str = "lti-conformance"
    deployment_id: str = "1"
    ca_path: str | None = None
    consumer_key: str | None = None
    consumer_secret: str | None = None
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
    """A value of `[arrange]` or `[actions]`: a request to the tool, or a callback in this process."""

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
    actions: Mapping[str, Arrangement] = field(default_factory=dict)
    faults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    network: Network = Network()
    waiver: tuple[Waiver, ...] = ()

    @property
    def issuer(self) -> str:
        """The issuer that the tool has registered."""
        return self.platform.issuer or self.platform.url


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Tool:
    """The tool that a file describes.

    Raises:
        UsageError: the file is missing or does not fit; the message names file and key.
    """
    table = read_toml(path)
    where = f"{path}:"
    if path.name == "pyproject.toml":
        table = table.get("tool", {}).get("lti-conformance")
        if table is None:
            raise UsageError(f"{path}: there is no table [tool.lti-conformance]")
        where = f"{path}: [tool.lti-conformance]"
    tool = build(Tool, _expanded(table, environment, where), where=where)
    _check_urls(tool, where)
    return tool


def _expanded(value: Any, environment: Mapping[str, str], where: str) -> Any:
    """The value with each ${NAME} in its texts taken from the environment."""
    if isinstance(value, dict):
        return {k: _expanded(v, environment, f"{where} {k}") for k, v in value.items()}
    if isinstance(value, list):
        return [_expanded(v, environment, where) for v in value]
    if not isinstance(value, str):
        return value
    for name in _VARIABLE.findall(value):
        if name not in environment:
            raise UsageError(f"{where}: the environment has no variable {name}; set it or drop ${{{name}}}")
    return _VARIABLE.sub(lambda match: environment[match[1]], value)


def _check_urls(tool: Tool, where: str) -> None:
    urls = {
        "tool.login_url": tool.tool.login_url,
        "tool.launch_url": tool.tool.launch_url,
        "tool.ready_url": tool.tool.ready_url,
        "tool.target_link_uri": tool.tool.target_link_uri,
        "platform.url": tool.platform.url,
        "network.public_url": tool.network.public_url,
        "network.proxy": tool.network.proxy,
    }
    for key, url in urls.items():
        if url is not None and not _is_http(url):
            raise UsageError(f"{where} {key}: {url!r} is not an http or https URL such as http://127.0.0.1:8000/lti")


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def find(given: str | None, folder: Path = Path()) -> Path:
    """The tool file: the one given, else `lti-conformance.toml`, else a `pyproject.toml` with its table.

    Raises:
        UsageError: there is none.
    """
    if given is not None:
        return Path(given)
    own, project = folder / DEFAULT_NAME, folder / "pyproject.toml"
    if own.exists():
        return own
    if project.exists() and "lti-conformance" in read_toml(project).get("tool", {}):
        return project
    raise UsageError(f"{own}: there is no tool file; write one, name one with --tool, or try --demo")
