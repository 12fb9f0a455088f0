"""What goes in and out of a pytest session: the tool as a fixture gives it, the platform, and what came of a try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urljoin

from conformance.model import Finding, Profile, Result, Role
from conformance.toolvalues import (
    Action,
    Arrangement,
    Capabilities,
    Network,
    Observe,
    PlatformSettings,
    Tool,
    ToolSettings,
    Waiver,
)
from mockplatform.lms import Platform

__all__ = ["FILE", "Group", "InProcess", "RunningPlatform", "Trial", "Wish"]

FILE = "file "
"""How the source of a tool begins that a tool file describes."""
Group = tuple[str, str, str]
"""What has a report of its own: a tool's name, a profile, and the tool file; empty if a fixture gives the tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InProcess:
    """An application in this process as the tool under test, with what a tool file would say of it.

    Args:
        app: an ASGI or WSGI application; it is called directly.
        base_url: where the application believes to be; nobody listens there.
        platform: how the tool has been registered; its URL is always that of `lti_platform`.
    """

    app: Any
    name: str = "Tool"
    base_url: str = "http://127.0.0.1"
    login: str = "/lti/login"
    launch: str = "/lti/launch"
    lti11_launch: str | None = None
    platform: PlatformSettings | None = None
    observe: Observe = field(default_factory=Observe)
    capabilities: Capabilities = field(default_factory=Capabilities)
    rulings: Mapping[str, bool | int | str] = field(default_factory=dict)
    arrange: Mapping[str, Arrangement] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    waiver: tuple[Waiver, ...] = ()

    def tool(self, registered: PlatformSettings) -> Tool:
        """The same as a tool file would say it, for the platform it is registered with."""
        given = self.platform or registered
        return Tool(
            tool=ToolSettings(
                name=self.name,
                login_url=urljoin(self.base_url, self.login),
                launch_url=urljoin(self.base_url, self.launch),
                lti11_launch_url=urljoin(self.base_url, self.lti11_launch) if self.lti11_launch else None,
            ),
            platform=replace(given, url=registered.url, issuer=given.issuer or registered.issuer),
            rulings=self.rulings,
            observe=self.observe,
            capabilities=self.capabilities,
            arrange=self.arrange,
            actions=self.actions,
            network=self.network,
            waiver=self.waiver,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A launch that a test asks for."""

    role: Role = "instructor"
    mutations: tuple[str, ...] = ()
    registration: Literal["main", "attributes"] = "main"
    states: tuple[str, ...] | None = None
    """None: those that the profile gives to the role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of trying a scenario: a result, or why there is none."""

    tool: str
    waivers: tuple[Waiver, ...]
    profile: Profile
    scenario: str
    result: Result | None = None
    trouble: str = ""
    repeated: bool = False
    """Whether the trouble has been told before."""
    findings: tuple[Finding, ...] = ()
    """Those of the plain launch."""
    known: frozenset[str] = field(default=frozenset(), repr=False)
    """The secrets of the tool's description, which no report may show."""
    source: str = ""
    """Where the item has its tool from."""

    @property
    def group(self) -> Group:
        """To which report it belongs: two files may call their tools by one name."""
        file = self.source.removeprefix(FILE) if self.source.startswith(FILE) else ""
        return self.tool, self.profile.name, file


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPlatform:
    """A platform and what a tool has to register of it."""

    url: str
    issuer: str
    client_id: str
    deployment_id: str
    find: Callable[[], Platform] = field(repr=False)

    @property
    def auth_url(self) -> str:
        """Where the tool sends the browser to be identified."""
        return f"{self.url}/auth"

    @property
    def token_url(self) -> str:
        """Where the tool asks for access tokens."""
        return f"{self.url}/token"

    @property
    def jwks_url(self) -> str:
        """Where the platform's keys are."""
        return f"{self.url}/jwks"

    @property
    def platform(self) -> Platform:
        """The platform itself: its registrations, its keys and its journal.

        Raises:
            UsageError: another process runs it.
        """
        return self.find()

    def settings(self, **more: Any) -> PlatformSettings:
        """The same as `[platform]` of a tool file, with more of its keys."""
        known: dict[str, Any] = {
            "url": self.url,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "deployment_id": self.deployment_id,
        }
        return PlatformSettings(**{**known, **more})
