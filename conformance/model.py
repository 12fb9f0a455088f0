"""The values of a run, in the order in which they come about.

Scenario + Profile → Observation (facts, no opinion) → Verdict (opinion, with its reason) → Result → `report.Report`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.answered import Answered
from conformance.errors import ErrorClass
from conformance.exchanges.legs import Leg
from conformance.troubles import Fault, Wire
from mockplatform.model import Exchange, Message
from mockplatform.mutation import Spoilt
from mockplatform.tables import named

__all__ = [
    "AXES",
    "SERVICES",
    "Answer",
    "Answered",
    "Attempt",
    "Axis",
    "ErrorClass",
    "Expectation",
    "Fault",
    "Finding",
    "Grade",
    "LtiVersion",
    "Observation",
    "Outcome",
    "Profile",
    "Result",
    "Role",
    "Ruling",
    "Scenario",
    "Severity",
    "Status",
    "Verdict",
    "Who",
    "Wire",
]

Outcome = Literal["launched", "rejected", "crashed", "hung", "unclear"]
Axis = Literal["outcome", "class", "type", "code"]
Grade = Literal["passed", "allowed", "failed", "unobserved"]
Status = Literal["passed", "failed", "warned", "skipped", "waived", "error"]
Severity = Literal["must", "should", "may"]
Role = Literal["instructor", "student"]
LtiVersion = Literal["1.1", "1.3"]
Who = Literal["", "person", "other"]

SERVICES = frozenset({"ags", "nrps", "groups", "keys"})
"""What a scenario about services needs of a tool: that it uses one, or that the platform knows its keys."""

AXES: tuple[Axis, ...] = ("outcome", "class", "type", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that a tool may give; None on an axis demands nothing there."""

    outcome: Literal["launched", "rejected"] = "rejected"
    klass: ErrorClass | None = named("class", default=None)
    type: str | None = None
    code: int | None = None
    status: int | None = None
    """The HTTP status, where a standard prescribes it; another one is a finding."""

    def axis(self, axis: Axis) -> str | int | None:
        """The demanded value on an axis; None where nothing is demanded."""
        return _on_axis(self, axis)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The preferred answer and the alternates that are right as well."""

    preferred: Answer
    allowed: tuple[Answer, ...] = ()
    severity: Severity = "must"

    @property
    def answers(self) -> tuple[Answer, ...]:
        """All right answers, the preferred one first."""
        return (self.preferred, *self.allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One launch of a scenario: who, from which browser, and with which lies."""

    mutations: tuple[Spoilt, ...] = ()
    browser: str = "user"
    login: str = "fresh"
    """`fresh`; `none`: the answer comes unasked; or the name of an earlier attempt, whose login is continued."""
    name: str = ""
    finish: bool = True
    """False: the browser stops after the login, before the platform's answer is posted."""
    lti: LtiVersion = "1.3"
    action: str = ""
    """A request of `[actions]` that is sent in place of a launch."""
    role: Role | None = None
    registration: str = ""
    """From which platform; role and registration are the scenario's unless given."""
    states: tuple[str, ...] = ()
    """What is arranged for its person just before it is sent."""
    message: Message = "resource_link"
    person: Who = ""
    """Who launches; the first browser is the first person's and any other the second's unless given."""
    copies: int = 1
    """How often the platform's answer is posted at the same moment, each time by the same browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A switch of `[rulings]`, for what the documents leave open, and what a scenario expects at one setting."""

    switch: str
    value: bool | int | str
    expect: Mapping[str, Expectation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One launch story and what a right answer to it is, per profile."""

    id: str
    title: str
    why: str
    fix: str = ""
    requirement: tuple[str, ...]
    attempt: Attempt
    before: tuple[Attempt, ...]
    role: Role
    registration: Literal["main", "attributes", "second"]
    needs: tuple[str, ...]
    states: tuple[str, ...] | None
    """The states arranged for the judged launch; None: those that the profile gives to the role."""
    faults: tuple[Fault, ...]
    checks: tuple[str, ...]
    guards: tuple[str, ...]
    expect: Mapping[str, Expectation]
    aliases: tuple[str, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    rotates: bool = False
    wire: tuple[Wire, ...] = ()
    quirks: Mapping[str, Any] = field(default_factory=dict)
    """How the platform speaks in this story beside its flavour."""
    crowd: int = 0
    """How many further members the course has."""
    about: tuple[str, ...] = ()
    """The platform's endpoints that it has to hear of; without that of a granted action, the tool has failed."""

    @property
    def serviced(self) -> bool:
        """Whether it is about what the tool does at the platform's services, or sends back to it."""
        return bool(self.wire or self.quirks or set(self.needs) & SERVICES)

    @property
    def exclusive(self) -> bool:
        """Whether it changes something that launches may share, or listens to all that the tool says."""
        return self.rotates or bool(self.faults) or self.serviced

    @property
    def lti(self) -> LtiVersion:
        """The version of the judged launch."""
        return self.attempt.lti

    @property
    def mutations(self) -> tuple[str, ...]:
        """The lies of the judged launch, as they are written."""
        return tuple(map(str, self.attempt.mutations))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Which expectations apply and which axes of an answer count."""

    name: str
    title: str
    question: str
    axes: tuple[Axis, ...]
    lineage: tuple[str, ...]
    """Its own name, then the profiles it inherits from; the first that a scenario names decides."""
    crash: Literal["refusal", "failure"]
    policy: str
    """The policy that the sample tool takes for it."""
    states: Mapping[str, tuple[str, ...]]
    """States that an honest launch needs under this profile, by role."""

    def expectation(self, scenario: Scenario) -> Expectation | None:
        """What the scenario expects under this profile; None if it has no part in it."""
        return next((scenario.expect[name] for name in self.lineage if name in scenario.expect), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something worth saying that is no verdict; the same id is shown once for a run."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the tool did. Facts, no opinion."""

    outcome: Outcome
    status_code: int | None = None
    klass: ErrorClass | None = None
    type: str | None = None
    code: int | None = None
    channel: str | None = None
    message: str = ""
    """What a person was shown, cut short."""
    trouble: str = ""
    """Why there was no usable answer, if there was none."""
    left_for: str = ""
    """The foreign origin to which the tool sent the person; nothing was sent there."""
    session: bool | None = None
    """Whether the probe found a live session afterwards; None: it was not asked."""
    auth_problems: tuple[str, ...] = ()
    auth_requests: tuple[Mapping[str, str], ...] = ()
    canary_hits: int = 0
    key_fetches: int = 0
    returned: Mapping[str, str] | None = None
    """The parameters with which the tool sent the person back to the platform; None if it did not."""
    lost: tuple[str, ...] = ()
    """The parameters of the return URL that the tool has lost or changed, if it sent the person back."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """The account that each launch of the story ended in, where a scenario asks for it."""
    let_in: int | None = None
    """How many copies of an answer that was posted several times at once were let in; None: it was posted once."""
    exchanges: tuple[Exchange, ...] = ()
    calls: tuple[Exchange, ...] = ()
    """What the tool has asked of the platform, where that is the question; `about` has `attempt` and `registered`."""
    platform_host: str = ""
    """The host of the platform, to which its access tokens belong."""
    person_id: str = ""
    """Who launched, by `sub`."""
    answers: tuple[Answered, ...] = ()
    """What the tool has sent back to deep linking requests."""
    findings: tuple[Finding, ...] = ()

    def axis(self, axis: Axis) -> str | int | None:
        """The observed value on an axis; None where nothing was observed."""
        return _on_axis(self, axis)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement on an observation."""

    status: Status
    axes: Mapping[Axis, Grade]
    reason: str
    cause: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A scenario, what was observed, and the verdict; `known` are the secrets of the tool file, for no report."""

    scenario: Scenario
    expectation: Expectation
    verdict: Verdict
    observation: Observation | None = None
    duration_s: float = 0.0
    replay: str = ""
    recipe: str = ""
    """The file in which its story is kept, if the command that repeats it does not name it."""
    timeline: tuple[Leg, ...] = ()
    """What was said on the wire, whole and with its secrets; only where the scenario did not pass."""
    known: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def status(self) -> Status:
        """The verdict's status."""
        return self.verdict.status

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is worth saying beside the verdict."""
        seen = self.observation.findings if self.observation else ()
        return (*seen, *self.verdict.findings)


def _on_axis(told: Answer | Observation, axis: Axis) -> str | int | None:
    values: dict[Axis, str | int | None] = {
        "outcome": told.outcome,
        "class": told.klass,
        "type": told.type,
        "code": told.code,
    }
    return values[axis]
