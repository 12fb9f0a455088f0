"""A run as its reports tell it: complete, flat, without secrets, and the same whether it has just ended or was read.

`documenting.dossier_of` makes one of a `Report`; a format renders one and computes nothing. The JSON report is a
dossier, member by member, so that any other format can be made of it later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.exchanges.legs import Leg
from conformance.model import Axis, Finding, Grade, Outcome, Severity, Status
from conformance.statuses import RowStatus
from conformance.telling import conclusion
from conformance.telling.conclusion import Verdict
from mockplatform.tables import named

__all__ = [
    "SCHEMA",
    "STREAM",
    "Area",
    "Chapter",
    "CodeRow",
    "Dossier",
    "Entry",
    "Expected",
    "FindingRow",
    "Observed",
    "RightAnswer",
    "RowStatus",
    "Rule",
    "TypeRow",
]

SCHEMA: Literal["lti-conformance-report/1"] = "lti-conformance-report/1"
STREAM = "lti-conformance-stream/1"
"""The schema of results that are kept while a run goes on; see `streaming`."""
MOST_PATTERNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RightAnswer:
    """A right answer; None on an axis demands nothing there."""

    outcome: Literal["launched", "rejected"]
    klass: str | None = named("class", default=None)
    type: str | None = None
    code: int | None = None

    def __str__(self) -> str:
        parts = [str(part) for part in (self.code, self.type, self.klass and f"class {self.klass}") if part]
        return f"{self.outcome} ({', '.join(parts)})" if parts else self.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected(RightAnswer):
    """The preferred answer and the alternates that are right as well."""

    allowed: tuple[RightAnswer, ...] = ()

    def __str__(self) -> str:
        # `super()` would look for the class that slots have replaced.
        answers = (RightAnswer.__str__(self), *map(str, self.allowed))
        return " or ".join(dict.fromkeys(answers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the tool did, as far as a report tells it."""

    outcome: Outcome
    status_code: int | None = None
    klass: str | None = named("class", default=None)
    type: str | None = None
    code: int | None = None
    channel: str | None = None
    session: bool | None = None
    message: str = ""
    trouble: str = ""
    """Why there was no usable answer, if there was none."""

    def __str__(self) -> str:
        told = [str(part) for part in (self.code, self.type, self.klass and f"class {self.klass}") if part]
        parts = [
            self.outcome,
            f"status {self.status_code}" if self.status_code else "",
            f"{', '.join(told)} by {self.channel}" if told else "",
            f"saying: {self.message[:200]}" if self.message else self.trouble,
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What came of one scenario, with all that is needed to act on it.

    Args:
        requirement: ids of `Dossier.rules`.
        fix: what the makers of a tool do about it.
        sent: what was sent, in a sentence.
        steps: each launch of the story in a sentence, the judged one last; empty if there is only one.
        lies: each place in which the judged launch was not what an honest platform sends, in a sentence.
        timeline: what was said on the wire; only where the scenario did not pass.
        recipe: the file that keeps its story, if the command that repeats it does not name it.
    """

    id: str
    title: str
    severity: Severity
    requirement: tuple[str, ...]
    mutations: tuple[str, ...]
    faults: tuple[str, ...]
    status: Status
    outcome: Outcome | None
    expected: Expected
    observed: Observed | None
    axes: Mapping[Axis, Grade]
    cause: str | None
    reason: str
    findings: tuple[Finding, ...]
    duration_s: float
    replay: str
    why: str = ""
    fix: str = ""
    sent: str = ""
    steps: tuple[str, ...] = ()
    recipe: str = ""
    serviced: bool = False
    """Whether it is about what the tool does at the platform's services."""
    lies: tuple[str, ...] = ()
    timeline: tuple[Leg, ...] = ()

    @property
    def area(self) -> str:
        """The part of the catalogue that it belongs to."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A launch error code, and the worst status of the scenarios that expect it."""

    code: int
    name: str
    status: RowStatus
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """An error type, and the worst status of the scenarios that expect it.

    Args:
        surface: `launch`, or `service` if it is met when the tool asks the platform for something.
        reason: why there is no scenario, where there can be none.
    """

    type: str
    status: RowStatus
    scenarios: tuple[str, ...]
    surface: Literal["launch", "service"] = "launch"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the catalogue, and how many of its results have each status."""

    name: str
    status: RowStatus
    summary: Mapping[Status, int]

    @property
    def passed(self) -> int:
        """How many have passed."""
        return self.summary.get("passed", 0)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.summary.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding of the run, once, with the scenarios that showed it."""

    id: str
    text: str
    scenarios: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What a run has found out beside its results, for people and for machines."""

    id: str
    title: str
    lines: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A demand of a standard, with the place where it stands; `url` is empty if that has no public address."""

    citation: str
    level: Literal["MUST", "SHOULD", "MAY"]
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A run: what was asked of which tool, every result, and what it adds up to.

    Args:
        question: what the profile asks.
        axes: the axes that the profile counts.
        only: the patterns by which scenarios were chosen; empty: all of the profile.
        stopped: why the run ended early, in a sentence.
        untried: how many of the chosen scenarios were not begun.
        waivers: a sentence for each waiver that is stale or has expired.
        rules: the demands that the results name, by id.
        remedies: what people have to do about a code, by the code as text.
        exit_code: that of `run`.
        verdict: what the run comes to in a word; this and the next two follow from the other members.
        headline: the verdict, and what the exit code means.
        reservations: a sentence for each thing about the run that none of its results and waivers tells.
        tool_file: where the tool is described, as the run was told; empty if no file does.
    """

    schema: Literal["lti-conformance-report/1"] = SCHEMA
    tool: str
    profile: str
    question: str = ""
    axes: tuple[Axis, ...] = ("outcome",)
    seed: int
    only: tuple[str, ...] = ()
    strict: bool = False
    started: str
    duration_s: float
    complete: bool
    stopped: str | None = None
    untried: int = 0
    exit_code: int = 0
    verdict: Verdict = field(init=False)
    headline: str = field(init=False)
    reservations: tuple[str, ...] = field(init=False)
    tool_file: str = ""
    versions: Mapping[str, str]
    summary: Mapping[Status, int] = field(default_factory=dict)
    codes: tuple[CodeRow, ...] = ()
    types: tuple[TypeRow, ...] = ()
    areas: tuple[Area, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    waivers: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    remedies: Mapping[str, str] = field(default_factory=dict)
    results: tuple[Entry, ...] = ()

    def __post_init__(self) -> None:
        # Whoever changes another member, such as the exit code, gets a dossier that says so.
        object.__setattr__(self, "verdict", conclusion.verdict(self))
        object.__setattr__(self, "headline", conclusion.headline(self))
        object.__setattr__(self, "reservations", tuple(conclusion.reservations(self)))

    @property
    def executed(self) -> bool:
        """Whether anything was tried at all."""
        return any(entry.status != "skipped" for entry in self.results)

    @property
    def choice(self) -> str:
        """What was chosen of the profile, in a sentence; empty: all of it."""
        shown = ", ".join(self.only[:MOST_PATTERNS])
        more = f" and {len(self.only) - MOST_PATTERNS} more" if len(self.only) > MOST_PATTERNS else ""
        return f"Only {shown}{more} {'was' if len(self.only) == 1 else 'were'} chosen." if self.only else ""

    @property
    def table(self) -> Literal["codes", "types", "areas"]:
        """The rows that answer the question of the profile."""
        return "codes" if "code" in self.axes else "types" if "type" in self.axes else "areas"

    @property
    def met_types(self) -> tuple[TypeRow, ...]:
        """The types that this tool can meet: those of services only if it was tried at any."""
        serviced = any(entry.serviced and entry.status != "skipped" for entry in self.results)
        return tuple(row for row in self.types if row.surface == "launch" or serviced)
