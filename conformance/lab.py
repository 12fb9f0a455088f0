"""Where scenarios are tried: the platform, the way to the tool, and how its answers are read.

A `Lab` is made once for a run and shared by all scenarios; keys, connections and the event loop live as long.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from conformance.addresses import place
from conformance.browser import Browser
from conformance.driver import Binding
from conformance.exchanges.known_secrets import configured
from conformance.model import Fault, LtiVersion, Profile, Role, Scenario
from conformance.observe import Reader
from conformance.toolvalues import Tool
from conformance.transport import Transport
from mockplatform.claims import INSTRUCTOR, LEARNER
from mockplatform.lms import Platform
from mockplatform.model import Course, Person, Registration

__all__ = ["Cast", "Lab", "is_loopback", "registrations"]

ROLES: Mapping[Role, tuple[str, ...]] = {"instructor": (INSTRUCTOR,), "student": (LEARNER,)}
_NAMES = (
    ("Ada", "Lovelace"),
    ("Grace", "Hopper"),
    ("Katherine", "Johnson"),
    ("Emmy", "Noether"),
    ("Alan", "Turing"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who and what takes part in one story; nobody else has ever seen them."""

    person: Person
    other: Person
    course: Course


@dataclass(kw_only=True)
class Lab:
    """All that a scenario needs to be tried.

    Args:
        run_id: makes people and courses of this run differ from those of any other.
        may_contact: whether a URL is on a host that this run may contact.
    """

    tool: Tool
    profile: Profile
    platform: Platform
    transport: Transport
    reader: Reader
    seed: int
    run_id: str
    may_contact: Callable[[str], bool]
    faults: Mapping[str, Binding] = field(default_factory=dict)
    """What makes each bound fault point fail."""
    notes: Sequence[str] = ()
    """What the drivers of fault points have to say, such as what a killed run had left behind."""
    pause: Callable[[float], object] = time.sleep
    """Waits this many seconds for a key cache, where the tool file allows it."""

    printed: Callable[[], str] = str
    """The end of what the tool has printed so far, where the harness has brought it up."""
    concealed: frozenset[str] = frozenset()
    """Secrets besides those of `tool`, by their values."""

    probe_works: bool | None = None
    """Whether the probe is believed; as long as nobody has found out, if there is one."""

    def __post_init__(self) -> None:
        self.registrations = registrations(self.tool)
        if self.probe_works is None:
            self.probe_works = self.tool.observe.probe is not None

    def browser(self) -> Browser:
        """A browser without cookies."""
        return Browser(self.transport, self.may_contact)

    def honest_states(self, role: Role) -> tuple[str, ...]:
        """The states without which an honest launch in this role is not accepted under the profile."""
        return self.profile.states.get(role, ())

    @functools.cached_property
    def secrets(self) -> frozenset[str]:
        """The secrets of the tool file, by their values."""
        return configured(self.tool) | self.concealed

    @property
    def lti(self) -> LtiVersion:
        """The version of a launch that no scenario asks for."""
        return "1.3" if self.tool.speaks("1.3") else "1.1"

    def alone(self, scenario: Scenario) -> bool:
        """Whether nothing else may run beside a scenario: it spoils what other launches would meet as well."""
        return (
            scenario.rotates
            or scenario.serviced
            or any(not f.isolated for f in map(self._binding, scenario.faults) if f is not None)
        )

    def _binding(self, fault: Fault) -> Binding | None:
        return self.faults.get(fault.point)

    def tool_url(self, path: str) -> str:
        """A path on the tool's host as a URL; a URL stays as it is."""
        parts = urlsplit(self.tool.address)
        return path if "://" in path else f"{parts.scheme}://{parts.netloc}{path}"

    @property
    def elsewhere(self) -> str:
        """The platform under another name of its host: what is said there stands in its journal as well."""
        parts = urlsplit(self.platform.url)
        other = "127.0.0.1" if parts.hostname == "localhost" else "localhost"
        return urlunsplit(parts._replace(netloc=f"{other}:{parts.port}" if parts.port else other))

    def is_platform(self, url: str) -> bool:
        """Whether a URL is the platform's own."""
        own = (self.platform.url, self.tool.network.public_url)
        return any(o and url.startswith(o) and url[len(o) :][:1] in ("", "/", "?", "#") for o in own)

    def opaque(self, *parts: object) -> str:
        """An id that the same seed and run give again, and nothing else does."""
        return _digest(self.seed, self.run_id, *parts)

    def cast(self, story: str) -> Cast:
        """Fresh people and a fresh course for a story."""
        return Cast(
            person=self._person(story, "person"),
            other=self._person(story, "other"),
            course=self.platform.dialect.shape(
                Course(id=f"course-{self.opaque(story, 'course')[:12]}", label="LTI 101", title="Launching safely")
            ),
        )

    def _person(self, story: str, part: str) -> Person:
        mark = self.opaque(story, part)
        # What a person is called depends on the seed alone: the same seed sends the same launches.
        given, family = _NAMES[int(_digest(self.seed, story, part)[:8], 16) % len(_NAMES)]
        email = f"{given}.{family}.{mark[:10]}@example.org".lower()
        person = Person(sub=f"user-{mark[:16]}", given_name=given, family_name=family, email=email)
        return self.platform.dialect.shape(person)


def _digest(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


def registrations(tool: Tool) -> Mapping[str, Registration]:
    """The tool as each platform of its tool file has registered it: `main`, and `attributes` and `second` if given."""
    settings = tool.platform
    main = Registration(
        name=tool.tool.name,
        issuer=tool.issuer,
        client_id=settings.client_id,
        deployment_ids=(settings.deployment_id,),
        login_url=tool.tool.login_url,
        launch_url=tool.tool.target_link_uri or tool.tool.launch_url,
        login_params=tool.tool.login_params,
        lti11_launch_url=tool.tool.lti11_launch_url or "",
        jwks_url=tool.tool.jwks_url or "",
        jwks=tool.tool.jwks,
        consumer_key=settings.consumer_key or "",
        consumer_secret=settings.consumer_secret or "",
    )
    found = {"main": main}
    if settings.attributes is not None:
        given = settings.attributes
        names = {"email": given.email, "course_id": given.course_id, "person_id": given.person_id}
        found["attributes"] = replace(
            main,
            client_id=given.client_id or main.client_id,
            # A consumer key is one registration: that of `main` has no attribute names.
            consumer_key=given.consumer_key or "",
            consumer_secret=given.consumer_secret or "",
            attributes=names,
        )
    if settings.second is not None:
        second = settings.second
        found["second"] = replace(
            main, issuer=second.issuer, client_id=second.client_id, deployment_ids=(second.deployment_id,)
        )
    return found


def is_loopback(url: str) -> bool:
    """Whether a URL is on this machine."""
    try:
        return _is_own(place(url)[0])
    except ValueError:
        return False


# Asked before every request, and of the same few hosts.
@functools.lru_cache(maxsize=64)
def _is_own(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
