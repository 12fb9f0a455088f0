"""`lti-conformance explain`."""

from __future__ import annotations

import argparse
import difflib
import textwrap
from collections.abc import Iterator, Sequence

from conformance.catalogue import scenarios
from conformance.driver import FaultPoint
from conformance.errors import ErrorCode, ErrorType, codes, types
from conformance.faults import drivers, fault_points, reachable
from conformance.model import Scenario
from conformance.modes import MODES, Mode
from conformance.phases import properties
from conformance.profile import load_profile, profile_names
from conformance.reports.as_text import answer_text
from conformance.requirements import documents, requirements
from mockplatform.errors import UsageError

__all__ = ["command"]

MATRIX = "faults"
"""The word for the matrix of fault points and drivers."""


def command(options: argparse.Namespace) -> int:
    """Print what, why, how to fix, and the reference."""
    print("\n".join(_explained(options.id)))
    return 0


def _explained(word: str) -> Iterator[str]:
    everything = (*scenarios(), *properties())
    scenario = next((s for s in everything if word in (s.id, *s.aliases)), None)
    code = next((c for c in codes().values() if word in (str(c.code), c.name)), None)
    if scenario is not None:
        return _scenario(scenario)
    if code is not None:
        return _code(code)
    if word in types():
        return _type(types()[word])
    if word in fault_points():
        return _faultpoint(fault_points()[word])
    if word == MATRIX:
        return _matrix()
    known = [*(s.id for s in everything), *map(str, codes()), *types(), *fault_points(), MATRIX]
    near = difflib.get_close_matches(word, known, n=1)
    raise UsageError(f"nothing is called '{word}'" + (f"; did you mean '{near[0]}'?" if near else ""))


def _scenario(scenario: Scenario) -> Iterator[str]:
    yield f"{scenario.id} – {scenario.title}"
    yield from _paragraph("Why", scenario.why)
    sent = f"the action {scenario.attempt.action}" if scenario.attempt.action else f"an LTI {scenario.lti} launch"
    yield from _paragraph("Sent", f"{sent} as {scenario.role} with {', '.join(scenario.mutations) or 'no lie'}")
    for fault in scenario.faults:
        often = f", {fault.times} time{'s' if fault.times > 1 else ''}" if fault.times else ""
        yield from _paragraph("Fault", f"{fault.point}: {MODES[fault.mode]} ({fault.mode}{often})")
    for armed in scenario.wire:
        yield from _paragraph("Platform", str(armed))
    for name, setting in scenario.quirks.items():
        yield from _paragraph("Platform", f"{name} is {setting!r}")
    for attempt in scenario.before:
        spoilt = ", ".join(map(str, attempt.mutations)) or "honest"
        ending = "" if attempt.finish else ", not finished"
        yield from _paragraph(
            "Before", f"{attempt.name or 'a launch'} from the browser {attempt.browser}: {spoilt}{ending}"
        )
    for name in profile_names():
        expectation = load_profile(name).expectation(scenario)
        if expectation is not None:
            answers = " or ".join(answer_text(answer) for answer in expectation.answers)
            yield from _paragraph(name, f"{answers} ({expectation.severity})")
    for id_ in scenario.requirement:
        rule = requirements()[id_]
        url = documents()[rule.document].url
        yield from _paragraph("Says", f"{rule.citation} ({rule.level}): {rule.text} {url}")
    for code in sorted({e.preferred.code for e in scenario.expect.values() if e.preferred.code is not None}):
        yield from _paragraph("People", f"{code}: {codes()[code].remedy}")
    if scenario.guards:
        yield from _paragraph("Guards", ", ".join(scenario.guards))
    deep = " --deep" if any(scenario.id == held.id for held in properties()) else ""
    yield from _paragraph("Repeat", f"lti-conformance run{deep} --only {scenario.id}")


def _code(code: ErrorCode) -> Iterator[str]:
    yield f"{code.code} {code.name} (class {code.klass})"
    yield from _paragraph("Cause", code.cause)
    yield from _paragraph("Who acts", code.actor)
    yield from _paragraph("Remedy", code.remedy)
    yield from _paragraph("Retry", code.retry)
    yield from _paragraph("Provoke", code.provoke)
    for neighbour in code.neighbours:
        yield from _paragraph(f"Not {neighbour.code}", neighbour.difference)
    if code.note:
        yield from _paragraph("Note", code.note)
    yield from _paragraph("Source", code.reference)
    yield from _scenarios_with(str(code.code))
    for point in (p for p in fault_points().values() if p.code == code.code):
        yield from _binding(point)


def _type(error: ErrorType) -> Iterator[str]:
    yield f"{error.type} (class {error.klass}, {error.surface})"
    yield from _paragraph("Cause", error.cause)
    yield from _paragraph("Who acts", error.actor)
    yield from _paragraph("Remedy", error.remedy)
    yield from _paragraph("Retry", error.retry)
    if error.note:
        yield from _paragraph("Note", error.note)
    if error.unprovoked:
        yield from _paragraph("Not run", error.unprovoked)
    yield from _paragraph("Source", error.reference)
    yield from _scenarios_with(error.type)


def _faultpoint(point: FaultPoint) -> Iterator[str]:
    yield f"{point.name} – {point.what}"
    yield from _paragraph("Fails as", f"{point.code} {codes()[point.code].name}")
    if point.absent is not None:
        yield from _paragraph("Finds nothing", f"{point.absent} {codes()[point.absent].name}")
    yield from _binding(point)
    using = [s.id for s in scenarios() if any(f.point == point.name for f in s.faults)]
    yield from _paragraph("Scenarios", ", ".join(using) or "none")
    yield from _matrix()


def _binding(point: FaultPoint) -> Iterator[str]:
    """What to write into the tool file, for each driver that reaches the point."""
    reached = reachable(point)
    if not reached:
        yield from _paragraph("Bind", "nothing to bind: the platform spoils its own key set")
        return
    yield from _paragraph("Bind", f'the fault point "{point.name}" in [faults] of the tool file, by one of:')
    for kind, modes in reached.items():
        yield f"    {drivers()[kind].example(point)}"
        yield from _paragraph("", f"  {drivers()[kind].TITLE}; modes: {', '.join(modes)}")


def _matrix() -> Iterator[str]:
    """Which driver reaches which point, and how: e error, t timeout, g garbage, 0 empty, + answers of an upstream."""
    yield ""
    yield "  e error · t timeout · g garbage · 0 empty · + answers that only another service gives"
    yield f"  {'':<24}" + "".join(f"{kind:<11}" for kind in drivers())
    for point in fault_points().values():
        cells = (_cell(reachable(point).get(kind, ())) for kind in drivers())
        yield f"  {point.name:<24}{''.join(f'{cell:<11}' for cell in cells)}".rstrip()


def _cell(modes: Sequence[Mode]) -> str:
    letters = {"error": "e", "timeout": "t", "garbage": "g", "empty": "0"}
    told = "".join(letter for mode, letter in letters.items() if mode in modes)
    return (told + "+" * any(mode not in letters for mode in modes)) or "·"


def _scenarios_with(word: str) -> Iterator[str]:
    using = [
        s.id for s in scenarios() if any(word in (str(e.preferred.code), e.preferred.type) for e in s.expect.values())
    ]
    yield from _paragraph("Scenarios", ", ".join(using) or "none: no launch provokes it")


def _paragraph(label: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        100,
        initial_indent=f"  {label:<13} ",
        subsequent_indent=" " * 16,
        break_long_words=False,
        break_on_hyphens=False,
    )
