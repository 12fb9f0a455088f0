"""What the answers to single faults and to pairs of them say about each rule of the order of checks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.hiding import Edge, Said, Told, circle, counted, fits
from conformance.judge import judge
from conformance.model import (
    AXES,
    Axis,
    Expectation,
    Finding,
    Grade,
    Observation,
    Profile,
    Result,
    Scenario,
    Status,
    Verdict,
)
from conformance.precedence import AREA, Kind, Rule
from conformance.precedence.pairs import preferring
from conformance.precedence.survey import Case, Survey, edges

__all__ = ["Offence", "offences", "ruled_on"]

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """A story in which a rule is broken; not `counts` if the profile does not count what shows it."""

    names: tuple[str, ...]
    scenario: Scenario
    observation: Observation
    text: str
    counts: bool = True


def offences(rule: Rule, wanted: Collection[Edge], survey: Survey) -> tuple[Offence, ...]:
    """Where a rule is broken; what the profile counts comes first.

    Args:
        wanted: each two checks of which the rule wants the first told.
    """
    found = _KINDS[rule.kind](wanted, survey)
    return tuple(sorted(found, key=lambda offence: (not offence.counts, len(offence.names))))


def _neither(_wanted: Collection[Edge], survey: Survey) -> Iterator[Offence]:
    """A pair that is answered as neither of the two."""
    for case in survey.cases:
        alone, heard = (case.first, case.second), case.heard
        if all(_strange(answer, case, survey.profile) for answer in heard.takes):
            yield _offence(case, f"is {heard.said}, and not {_or(each.said for each in alone)}")
        elif heard.observation.session and not any(each.observation.session for each in alone):
            yield _offence(case, "is refused, and leaves a live session behind")
        elif all(_strange(answer, case, replace(survey.profile, axes=AXES)) for answer in heard.takes):
            yield _offence(case, f"is {heard.said}, and not {_or(each.said for each in alone)}", counts=False)


def _strange(answer: Said, case: Case, profile: Profile) -> bool:
    known = {counted(each, profile) for heard in (case.first, case.second) for each in heard.takes}
    expected = profile.expectation(case.pair.scenario)
    right = expected is not None and any(fits(answer, wanted, profile) for wanted in expected.answers)
    return not right and counted(answer, profile) not in known


def _changing(_wanted: Collection[Edge], survey: Survey) -> Iterator[Offence]:
    """An answer that is another one the second time."""
    for name, heard in (*survey.alone.items(), *((" + ".join(case.pair.names), case.heard) for case in survey.cases)):
        again = heard.again
        if again is None or "hung" in (heard.said.outcome, again.outcome) or heard.said.axes == again.axes:
            continue
        counts = counted(heard.said, survey.profile) != counted(again, survey.profile)
        names = tuple(name.split(" + "))
        text = f"{name} is {heard.said}, and then {again}"
        yield Offence(names=names, scenario=heard.scenario, observation=heard.observation, text=text, counts=counts)


def _circular(_wanted: Collection[Edge], survey: Survey) -> Iterator[Offence]:
    """Checks that hide one another in a circle; where a rule forces the order, breaking it is told there."""
    late = {(second, first) for first, second in survey.forced}
    for counting in (True, False):
        way = circle(edges(survey, counting=counting) - late)
        if way:
            case = next(case for case in survey.cases if set(case.pair.names) == set(way[:2]))
            text = " hides ".join((*way, way[0]))
            yield replace(_offence(case, "", counts=counting), names=way, text=text)
            return


def _dependent(wanted: Collection[Edge], survey: Survey) -> Iterator[Offence]:
    """An answer to the first fault that changes with the second."""
    for case, first in _concerned(wanted, survey):
        own = case.first if first == case.pair.first.name else case.second
        if all(answer.axes != own.said.axes for answer in case.heard.takes):
            known = {counted(each, survey.profile) for each in own.takes}
            counts = all(counted(answer, survey.profile) not in known for answer in case.heard.takes)
            yield _offence(case, f"is {case.heard.said}, and {first} alone is {own.said}", counts=counts)


def _disordered(wanted: Collection[Edge], survey: Survey) -> Iterator[Offence]:
    """The second told, where the first had to be."""
    for case, first in _concerned(wanted, survey):
        late: Told = "second" if first == case.pair.first.name else "first"
        name = case.pair.names[late == "second"]
        if case.tells(survey.profile) == late and not _excused(case, first, survey.profile):
            yield replace(_offence(case, f"is told as {name}: {case.heard.said}"), scenario=_forced(case, first))
        elif case.shows() == late:
            found = _offence(case, f"is told as {name}: {case.heard.said}", counts=False)
            yield replace(found, scenario=_forced(case, first))


def _excused(case: Case, first: str, profile: Profile) -> bool:
    """Whether the answer is a right one to the first fault as well."""
    expected = profile.expectation(_forced(case, first))
    return expected is not None and any(fits(case.heard.said, answer, profile) for answer in expected.answers)


def _forced(case: Case, first: str) -> Scenario:
    return replace(case.pair.scenario, expect=preferring(case.pair, first))


def _spent(_wanted: Collection[Edge], survey: Survey) -> Iterator[Offence]:
    """A real token that is refused after a forged one with a second fault, though not after a forged one."""
    if survey.forged is None or {answer.outcome for answer in survey.forged.takes} != {"launched"}:
        return
    for names, heard in survey.afterwards.items():
        if all(answer.outcome in ("rejected", "crashed") for answer in heard.takes):
            text = f"after {' + '.join(names)} the real token is {heard.said}"
            yield Offence(names=names, scenario=heard.scenario, observation=heard.observation, text=text)


_KINDS: Mapping[Kind, Callable[[Collection[Edge], Survey], Iterator[Offence]]] = {
    "one-of-the-two": _neither,
    "same-answer-twice": _changing,
    "no-circle": _circular,
    "independent": _dependent,
    "nonce": _spent,
    "order": _disordered,
}


def _concerned(wanted: Collection[Edge], survey: Survey) -> Iterator[tuple[Case, str]]:
    """The cases that a rule speaks of, each with the check that it wants told."""
    for case in survey.cases:
        one, other = case.pair.names
        if (one, other) in wanted or (other, one) in wanted:
            yield case, one if (one, other) in wanted else other


def _offence(case: Case, text: str, *, counts: bool = True) -> Offence:
    return Offence(
        names=case.pair.names,
        scenario=case.pair.scenario,
        observation=case.heard.observation,
        text=f"{' + '.join(case.pair.names)} {text}",
        counts=counts,
    )


def _or(answers: Iterator[Said]) -> str:
    return " or ".join(dict.fromkeys(map(str, answers)))


def ruled_on(rule: Rule, wanted: Collection[Edge], survey: Survey, unsent: str) -> Result:
    """The result of a rule; where it is broken, with the shortest story that shows it.

    Args:
        unsent: why pairs could not be sent, for a rule none of whose pairs was.
    """
    found = offences(rule, wanted, survey)
    broken = [offence for offence in found if offence.counts]
    notes = _notes(rule, [offence for offence in found if not offence.counts])
    if broken:
        return _broken(rule, broken, survey, notes)
    verdict = replace(_unbroken(rule, wanted, survey, unsent), findings=notes)
    return Result(scenario=rule.property, expectation=_expected(rule), verdict=verdict)


def _expected(rule: Rule) -> Expectation:
    return next(iter(rule.property.expect.values()))


def _notes(rule: Rule, found: Sequence[Offence]) -> tuple[Finding, ...]:
    if not found:
        return ()
    text = f"seen, though not by what the profile counts, against «{rule.title}»: {_listed(found)}"
    return (Finding(id=f"{AREA}-{rule.name}", text=text),)


def _broken(rule: Rule, found: Sequence[Offence], survey: Survey, notes: tuple[Finding, ...]) -> Result:
    worst, profile = found[0], survey.profile
    expect = {name: replace(expectation, severity=rule.severity) for name, expectation in worst.scenario.expect.items()}
    scenario = replace(
        worst.scenario,
        id=rule.property.id,
        title=rule.title,
        why=rule.why,
        fix=rule.fix,
        requirement=rule.requirement,
        guards=rule.guards,
        checks=(),
        aliases=(),
        rulings=(),
        expect=expect,
    )
    expectation = profile.expectation(scenario) or _expected(rule)
    graded = judge(expectation, worst.observation, profile, survey.observable)
    status: Status = "failed" if rule.severity == "must" else "warned"
    verdict = Verdict(status=status, axes=graded.axes, reason=_listed(found), findings=notes)
    return Result(scenario=scenario, expectation=expectation, verdict=verdict, observation=worst.observation)


def _listed(found: Sequence[Offence]) -> str:
    shown = "; ".join(offence.text for offence in found[:_SHOWN])
    more = len(found) - _SHOWN
    return f"{len(found)} found: {shown}" + (f"; and {more} more" if more > 0 else "")


def _unbroken(rule: Rule, wanted: Collection[Edge], survey: Survey, unsent: str) -> Verdict:
    count = len(survey.afterwards) if rule.kind == "nonce" else len(_relevant(rule, wanted, survey))
    if not count:
        return _skipped("no-pair", f"no pair of faults that it speaks of could be sent: {unsent}")
    if rule.kind == "nonce":
        if survey.forged is None or {answer.outcome for answer in survey.forged.takes} != {"launched"}:
            reason = "the tool ends a login with its first answer, so that nobody can see what became of the nonce"
            return _skipped("not-observable", reason)
        return _passed(f"forged tokens after which the real one was let in: {count}", survey, axes=("outcome",))
    blind = [axis for axis in survey.profile.axes if axis != "outcome" and axis not in survey.observable]
    if blind:
        reason = f"its {' and '.join(blind)} cannot be judged, since no channel in [observe] tells it"
        return _skipped("not-observable", reason)
    apart = [case for case in _relevant(rule, wanted, survey) if case.apart]
    if rule.kind in ("order", "independent") and not apart:
        return _skipped("not-observable", "the tool answers each of the two faults alike, so neither hides the other")
    return _passed(f"pairs of faults that keep to it: {count}", survey, axes=survey.profile.axes)


def _relevant(rule: Rule, wanted: Collection[Edge], survey: Survey) -> Sequence[Case]:
    return [case for case, _ in _concerned(wanted, survey)] if rule.order else survey.cases


def _skipped(cause: str, reason: str) -> Verdict:
    return Verdict(status="skipped", axes={}, reason=reason, cause=cause)


def _passed(reason: str, survey: Survey, *, axes: Collection[str]) -> Verdict:
    seen = {axis for axis in axes if axis == "outcome" or axis in survey.observable}
    grades: dict[Axis, Grade] = {axis: "passed" if axis in seen else "unobserved" for axis in AXES}
    return Verdict(status="passed", axes=grades, reason=reason)
