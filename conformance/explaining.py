"""What there is to say about a scenario, a code, an error type, a fault point or a ruling, as lines of text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.catalogue import scenarios
from conformance.driver import FaultPoint
from conformance.errors import ErrorCode, ErrorType, codes
from conformance.faults import drivers, fault_points, reachable
from conformance.model import Scenario
from conformance.modes import MODES, Mode
from conformance.paragraphs import paragraph, prose
from conformance.phases import properties
from conformance.profile import load_profile, profile_names
from conformance.requirements import documents, requirements
from conformance.rulings import RuledQuestion, rulings
from conformance.telling.documenting import expected_of

__all__ = [
    "Area",
    "area_lines",
    "code_lines",
    "matrix_lines",
    "point_lines",
    "ruling_lines",
    "scenario_lines",
    "type_lines",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Scenarios that one pattern chooses.

    Args:
        pattern: as `--only` takes it.
    """

    pattern: str
    scenarios: tuple[Scenario, ...]


def scenario_lines(scenario: Scenario) -> Iterator[str]:
    """What is sent and why, how to mend a tool, what each profile expects, who says so, and how to repeat it."""
    yield f"{scenario.id} – {scenario.title}"
    yield from paragraph("Why", scenario.why)
    if scenario.fix:
        yield from paragraph("Fix", scenario.fix)
    yield from _sent(scenario)
    for name, answers in _answers(scenario).items():
        yield from paragraph(name, answers)
    for id_ in scenario.requirement:
        rule = requirements()[id_]
        url = documents()[rule.document].url
        yield from paragraph("Says", f"{rule.citation} ({rule.level}): {rule.text} {url}")
    for ruling in rulings().values():
        if ruling.concerns([scenario.id]):
            yield from paragraph("Ruling", f"{ruling.id}: {ruling.question}")
    for code in sorted({e.preferred.code for e in scenario.expect.values() if e.preferred.code is not None}):
        yield from paragraph("People", f"{code}: {codes()[code].remedy}")
    if scenario.guards:
        yield from paragraph("Guards", ", ".join(scenario.guards))
    deep = " --deep" if any(scenario.id == held.id for held in properties()) else ""
    yield from paragraph("Repeat", f"lti-conformance run{deep} --only {scenario.id}")


def area_lines(area: Area) -> Iterator[str]:
    """Each scenario with its code and its title, and how to try them."""
    yield f"{area.pattern} – {len(area.scenarios)} scenario{'' if len(area.scenarios) == 1 else 's'}"
    width = max(len(scenario.id) for scenario in area.scenarios)
    for scenario in area.scenarios:
        wanted = sorted({e.preferred.code for e in scenario.expect.values() if e.preferred.code is not None})
        yield f"  {scenario.id:<{width}}  {', '.join(map(str, wanted)) or '–':<4}  {scenario.title}"
    deep = " --deep" if any(held.id == scenario.id for held in properties() for scenario in area.scenarios) else ""
    yield from paragraph("Each", "`lti-conformance explain` and its id")
    yield from paragraph("Repeat", f"lti-conformance run{deep} --only {shlex.quote(area.pattern)}")


def _sent(scenario: Scenario) -> Iterator[str]:
    sent = f"the action {scenario.attempt.action}" if scenario.attempt.action else f"an LTI {scenario.lti} launch"
    yield from paragraph("Sent", f"{sent} as {scenario.role} with {', '.join(scenario.mutations) or 'no lie'}")
    for fault in scenario.faults:
        often = f", {fault.times} time{'s' if fault.times > 1 else ''}" if fault.times else ""
        yield from paragraph("Fault", f"{fault.point}: {MODES[fault.mode]} ({fault.mode}{often})")
    for armed in scenario.wire:
        yield from paragraph("Platform", str(armed))
    for name, setting in scenario.quirks.items():
        yield from paragraph("Platform", f"{name} is {setting!r}")
    for attempt in scenario.before:
        spoilt = ", ".join(map(str, attempt.mutations)) or "honest"
        ending = "" if attempt.finish else ", not finished"
        yield from paragraph(
            "Before", f"{attempt.name or 'a launch'} from the browser {attempt.browser}: {spoilt}{ending}"
        )


def _answers(scenario: Scenario) -> dict[str, str]:
    """What each profile that has a part in a scenario expects of it."""
    found = {name: load_profile(name).expectation(scenario) for name in profile_names()}
    return {name: f"{expected_of(e)} ({e.severity})" for name, e in found.items() if e is not None}


def code_lines(code: ErrorCode) -> Iterator[str]:
    """What has happened, who acts and how, what it is easily taken for, and which scenarios expect it."""
    yield f"{code.code} {code.name} (class {code.klass})"
    yield from paragraph("Cause", code.cause)
    yield from paragraph("Who acts", code.actor)
    yield from paragraph("Remedy", code.remedy)
    yield from paragraph("Retry", code.retry)
    yield from paragraph("Provoke", code.provoke)
    for neighbour in code.neighbours:
        yield from paragraph(f"Not {neighbour.code}", neighbour.difference)
    if code.note:
        yield from paragraph("Note", code.note)
    yield from paragraph("Source", code.reference)
    yield from _scenarios_with(str(code.code))
    for point in (p for p in fault_points().values() if p.code == code.code):
        yield from _binding(point)


def type_lines(error: ErrorType) -> Iterator[str]:
    """What has happened, who acts and how, and which scenarios expect it."""
    yield f"{error.type} (class {error.klass}, {error.surface})"
    yield from paragraph("Cause", error.cause)
    yield from paragraph("Who acts", error.actor)
    yield from paragraph("Remedy", error.remedy)
    yield from paragraph("Retry", error.retry)
    if error.note:
        yield from paragraph("Note", error.note)
    if error.unprovoked:
        yield from paragraph("Not run", error.unprovoked)
    yield from paragraph("Source", error.reference)
    yield from _scenarios_with(error.type)


def _scenarios_with(word: str) -> Iterator[str]:
    using = [
        s.id for s in scenarios() if any(word in (str(e.preferred.code), e.preferred.type) for e in s.expect.values())
    ]
    yield from paragraph("Scenarios", ", ".join(using) or "none: no launch provokes it")


def point_lines(point: FaultPoint) -> Iterator[str]:
    """As what it fails, what to bind it to, and how it compares with the others."""
    yield f"{point.name} – {point.what}"
    yield from paragraph("Fails as", f"{point.code} {codes()[point.code].name}")
    if point.absent is not None:
        yield from paragraph("Finds nothing", f"{point.absent} {codes()[point.absent].name}")
    yield from _binding(point)
    using = [s.id for s in scenarios() if any(f.point == point.name for f in s.faults)]
    yield from paragraph("Scenarios", ", ".join(using) or "none")
    yield ""
    yield from matrix_lines()


def _binding(point: FaultPoint) -> Iterator[str]:
    """What to write into the tool file, for each driver that reaches the point."""
    reached = reachable(point)
    if not reached:
        yield from paragraph("Bind", "nothing to bind: the platform spoils its own key set")
        return
    yield from paragraph("Bind", f'the fault point "{point.name}" in [faults] of the tool file, by one of:')
    for kind, modes in reached.items():
        yield f"    {drivers()[kind].example(point)}"
        yield from paragraph("", f"  {drivers()[kind].TITLE}; modes: {', '.join(modes)}")


def matrix_lines() -> Iterator[str]:
    """Which driver reaches which point, and how: e error, t timeout, g garbage, 0 empty, + answers of an upstream."""
    yield "  e error · t timeout · g garbage · 0 empty · + answers that only another service gives"
    yield f"  {'':<24}" + "".join(f"{kind:<11}" for kind in drivers())
    for point in fault_points().values():
        cells = (_cell(reachable(point).get(kind, ())) for kind in drivers())
        yield f"  {point.name:<24}{''.join(f'{cell:<11}' for cell in cells)}".rstrip()


def _cell(modes: Sequence[Mode]) -> str:
    letters = {"error": "e", "timeout": "t", "garbage": "g", "empty": "0"}
    told = "".join(letter for mode, letter in letters.items() if mode in modes)
    return (told + "+" * any(mode not in letters for mode in modes)) or "·"


def ruling_lines(ruling: RuledQuestion) -> Iterator[str]:
    """The question, what each document says, how it is ruled, and what each profile expects where that shows."""
    yield from prose(f"{ruling.id} – {ruling.question}")
    for passage in ruling.passage:
        yield from paragraph("Says", f"{passage.citation}: {passage.says}")
    yield from paragraph("Ruling", ruling.ruling)
    for name, position in ruling.profiles.items():
        yield from paragraph(name, position.says)
    if ruling.switch:
        default = str(ruling.default).lower()
        yield from paragraph("Switch", f"{ruling.switch} in [rulings] of the tool file; {default} unless given")
    known = {scenario.id: scenario for scenario in (*scenarios(), *properties())}
    concerned = ruling.concerns(known)
    if not concerned:
        yield from paragraph("Scenarios", "none: nothing can provoke it")
    for id_ in concerned:
        yield ""
        yield from prose(f"{id_} – {known[id_].title}", indent="  ")
        expected = _answers(known[id_])
        for answers in dict.fromkeys(expected.values()):
            alike = ", ".join(name for name, other in expected.items() if other == answers)
            yield from paragraph(alike, answers)
