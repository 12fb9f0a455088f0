"""What came of a scenario each time that it was sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.model import Finding, Observation, Verdict
from conformance.story import Told

__all__ = ["Take", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What came of a scenario when it was sent once.

    Args:
        told: the attempts that the verdict is about; none if it did not come to them.
    """

    verdict: Verdict
    seen: Observation | None = None
    told: tuple[Told, ...] = ()


def both(first: Take, again: Take) -> Verdict:
    """A failure and its repetition: the failure stands, and a different second answer is worth saying."""
    assert first.seen is not None
    verdict = first.verdict
    alike = again.seen is not None and _answer(first.seen) == _answer(again.seen)
    if alike and verdict.status == again.verdict.status:
        return verdict
    text = f"answered differently when repeated: first {verdict.reason}; then {again.verdict.reason}"
    return replace(verdict, findings=(*verdict.findings, Finding(id="flaky", text=text)))


def _answer(seen: Observation) -> tuple[object, ...]:
    return (seen.outcome, seen.klass, seen.type, seen.code)
