"""The judgement: one total table for the outcome, then each axis by itself.

Pure. `OUTCOMES` has a cell for every wanted and observed outcome, so no case can fall through.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from conformance.exchanges.clearing import cleared
from conformance.exchanges.known_secrets import witnessed
from conformance.model import (
    AXES,
    Answer,
    Axis,
    Expectation,
    Finding,
    Grade,
    Observation,
    Outcome,
    Profile,
    Status,
    Verdict,
)

__all__ = ["OUTCOMES", "judge"]

Cell = Literal["right", "wrong", "unclean", "unjudged"]

OUTCOMES: Mapping[tuple[Literal["launched", "rejected", "either"], Outcome], Cell] = {
    ("launched", "launched"): "right",
    ("launched", "rejected"): "wrong",
    ("launched", "crashed"): "wrong",
    ("launched", "hung"): "wrong",
    ("launched", "unclear"): "unjudged",
    ("rejected", "launched"): "wrong",
    ("rejected", "rejected"): "right",
    ("rejected", "crashed"): "unclean",
    ("rejected", "hung"): "wrong",
    ("rejected", "unclear"): "unjudged",
    ("either", "launched"): "right",
    ("either", "rejected"): "right",
    ("either", "crashed"): "wrong",
    ("either", "hung"): "wrong",
    ("either", "unclear"): "unjudged",
}
"""What an observed outcome is worth where one is wanted; `unclean`: refused by a crash, the profile decides."""

_UNCLEAN = Finding(
    id="unclean-refusal",
    text="a broken launch is refused by a crash (a 5xx or a dropped connection without an error that could be "
    "read); nobody was let in, but the person sees no reason",
)


def judge(
    expectation: Expectation,
    seen: Observation,
    profile: Profile,
    observable: Collection[str],
    complaints: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on an observation.

    Args:
        observable: axes that a configured channel could ever tell.
        complaints: sentences of the scenario's checks that do not hold.
    """
    cell = OUTCOMES[_wanted(expectation), seen.outcome]
    if cell == "unclean" and profile.crash == "failure":
        cell = "wrong"
    if cell == "unjudged" and not complaints:
        return Verdict(status="error", axes=_ungraded("unobserved"), reason=seen.trouble, cause="unclear")
    broken: Status = "warned" if expectation.severity != "must" else "failed"
    if cell == "wrong":
        return Verdict(status=broken, axes=_ungraded("failed"), reason=_wrong_outcome(seen))
    if seen.outcome != "launched" and seen.session:
        reason = "the launch was refused, but the browser holds a live session afterwards"
        return Verdict(status=broken, axes=_ungraded("failed"), reason=reason)
    if complaints:
        return Verdict(status=broken, axes=_ungraded("failed"), reason="; ".join(complaints))
    return _judge_axes(expectation, seen, profile, observable, broken)


def _wanted(expectation: Expectation) -> Literal["launched", "rejected", "either"]:
    outcomes = {answer.outcome for answer in expectation.answers}
    return "either" if len(outcomes) > 1 else outcomes.pop()


def _ungraded(outcome: Grade) -> Mapping[Axis, Grade]:
    return {"outcome": outcome, "class": "unobserved", "type": "unobserved", "code": "unobserved"}


def _judge_axes(
    expectation: Expectation, seen: Observation, profile: Profile, observable: Collection[str], broken: Status
) -> Verdict:
    outcome = "launched" if seen.outcome == "launched" else "rejected"
    answers = [answer for answer in expectation.answers if answer.outcome == outcome]
    counted = [axis for axis in profile.axes if axis != "outcome"]
    demanded = [axis for axis in counted if any(answer.axis(axis) is not None for answer in answers)]
    match = next((a for a in answers if all(_fits(a, seen, axis) for axis in demanded)), None)
    # What was read may fit an alternate although the rest is out of sight: then that one is the nearest.
    near = next((a for a in answers if not _wrong(a, seen, demanded)), answers[0])
    best = match or near
    grades = {axis: _grade(best, seen, axis, preferred=best is expectation.preferred) for axis in AXES}
    unclean = (_UNCLEAN,) if seen.outcome == "crashed" else ()
    findings = (*_status_finding(best, seen), *unclean)
    if match is None:
        return replace(_mismatch(best, seen, grades, demanded, observable, broken), findings=unclean)
    if len(findings) > len(unclean):
        return Verdict(status="warned", axes=grades, reason=findings[0].text, findings=findings)
    how = "as expected" if match is expectation.preferred else "an allowed alternate"
    reason = f"refused, though not cleanly: {seen.trouble}" if unclean else f"{_said(seen)}: {how}"
    return Verdict(status="passed", axes=grades, reason=reason, findings=findings)


def _fits(answer: Answer, seen: Observation, axis: Axis) -> bool:
    wanted = answer.axis(axis)
    return wanted is None or wanted == seen.axis(axis)


def _grade(answer: Answer, seen: Observation, axis: Axis, *, preferred: bool) -> Grade:
    # Only answers of the right outcome come here, and a crash that counts as a refusal is right as well.
    right: Grade = "passed" if preferred else "allowed"
    if axis == "outcome":
        return right
    if seen.axis(axis) is None:
        return "unobserved"
    return right if _fits(answer, seen, axis) else "failed"


def _wrong(answer: Answer, seen: Observation, demanded: Sequence[Axis]) -> list[Axis]:
    """The axes that were read and say something else."""
    return [axis for axis in demanded if seen.axis(axis) is not None and not _fits(answer, seen, axis)]


def _mismatch(
    answer: Answer,
    seen: Observation,
    grades: Mapping[Axis, Grade],
    demanded: Sequence[Axis],
    observable: Collection[str],
    broken: Status,
) -> Verdict:
    """Not the right answer: wrong on an axis that was read, silent on one that could be, or out of sight."""
    wrong = _wrong(answer, seen, demanded)
    silent = [axis for axis in demanded if seen.axis(axis) is None and answer.axis(axis) is not None]
    if wrong:
        parts = ", ".join(f"{axis} is {seen.axis(axis)}, expected {answer.axis(axis)}" for axis in wrong)
        return Verdict(status=broken, axes=grades, reason=f"refused, but for another reason: {parts}")
    told = [axis for axis in silent if axis in observable]
    if told:
        parts = " and ".join(f"no {axis} ({answer.axis(axis)} expected)" for axis in told)
        return Verdict(
            status=broken,
            axes={**grades, **dict.fromkeys(told, "failed")},
            reason=f"refused, but the answer tells {parts}",
        )
    hidden = " and ".join(silent)
    reason = f"refused as it should be; its {hidden} cannot be judged, since no channel in [observe] tells it"
    return Verdict(status="skipped", axes=grades, reason=reason, cause="not-observable")


def _status_finding(answer: Answer, seen: Observation) -> tuple[Finding, ...]:
    if answer.status is None or seen.status_code == answer.status:
        return ()
    answered = (
        f"answered with HTTP status {seen.status_code}" if seen.status_code else "answered without an HTTP status"
    )
    text = f"{answered} where the standard names {answer.status} (SEC 5.1.3 step 3)"
    return (Finding(id="prescribed-status", text=text),)


def _wrong_outcome(seen: Observation) -> str:
    if seen.outcome == "launched":
        return "the broken launch was let in"
    trouble = f": {seen.trouble}" if seen.trouble else ""
    if seen.outcome in ("crashed", "hung"):
        return f"the tool {seen.outcome}{trouble}"
    # Masked before it is cut: the rest of a secret does not look like one.
    shown = f", saying: {cleared(seen.message, witnessed(seen))[:160]}" if seen.message else trouble
    status = f" with status {seen.status_code}" if seen.status_code else ""
    return f"a launch that has to work was refused{status}{shown}"


def _said(seen: Observation) -> str:
    parts = [str(value) for value in (seen.code, seen.type, seen.klass and f"class {seen.klass}") if value]
    return f"{seen.outcome} ({', '.join(parts)})" if parts else seen.outcome
