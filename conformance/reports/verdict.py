"""What a run comes to, in a word, and what stands against trusting it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from conformance.dossier import Dossier
from conformance.model import Status

__all__ = ["Verdict", "counted", "reservations", "verdict"]

Verdict = Literal["conformant", "not conformant", "regressed", "waivers to clear", "partial", "not tested"]
_REGRESSED = 5


def verdict(dossier: Dossier) -> Verdict:
    """What a run comes to; only a complete run of the whole profile is `conformant`."""
    if dossier.summary.get("failed") or dossier.summary.get("error"):
        return "not conformant"
    if dossier.exit_code == _REGRESSED:
        return "regressed"
    if not any(number for status, number in dossier.summary.items() if status != "skipped"):
        return "not tested"
    if not dossier.complete or dossier.stopped or dossier.only:
        return "partial"
    if dossier.waivers:
        return "waivers to clear"
    return "conformant" if dossier.exit_code == 0 else "not conformant"


def counted(dossier: Dossier, *statuses: Status) -> str:
    """How many results have each of these statuses, such as `3 failed, 1 error`; those with none are left out."""
    return ", ".join(f"{number} {status}" for status in statuses if (number := dossier.summary.get(status)))


def reservations(dossier: Dossier) -> Iterator[str]:
    """A sentence for each reason why the run tells less than its results."""
    if dossier.stopped:
        yield f"The run ended early: {dossier.stopped}"
    if dossier.untried:
        yield f"The run is incomplete: {dossier.untried} scenario{'s' if dossier.untried != 1 else ''} not tried."
    elif not (dossier.complete or dossier.stopped):
        yield "The run did not come to its end: there may be results that are not told here."
