"""Reports that a new one is held against: read and checked first, compared with today's catalogue afterwards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from conformance.catalogue import scenarios, words
from conformance.phases import phases, properties
from conformance.results.catalogued import Catalogued
from conformance.results.comparing import Comparison, compare
from conformance.telling.dossier import Dossier
from conformance.telling.reading import read_kept
from mockplatform.errors import UsageError

__all__ = ["against", "baseline_at", "catalogued", "report_at"]


_DASH: Final = "-"
_STANDARD_INPUT: Final = "standard input"


def report_at(path: str) -> Dossier:
    """The report in a file; a dash is standard input.

    Raises:
        UsageError: it cannot be read, or is no JSON report.
    """
    where = _STANDARD_INPUT if path == _DASH else path
    try:
        content = _piped() if path == _DASH else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{where}: the report cannot be read: {error.strerror}") from None
    return read_kept(content, where=where)


def _piped() -> bytes:
    if sys.stdin is None:
        raise UsageError(f"{_STANDARD_INPUT}: the report cannot be read: it is closed")
    return sys.stdin.buffer.read()


def baseline_at(path: str, *, profile: str) -> Dossier:
    """The report that a run under a profile is to be held against; read before the run, so that none is in vain.

    Raises:
        UsageError: it cannot be read, is no JSON report, or is of another profile.
    """
    baseline = report_at(path)
    if baseline.profile != profile:
        raise UsageError(
            f"--baseline {path}: this report is of the profile {baseline.profile} and the run of {profile}; "
            f"give --profile {baseline.profile}, or a report of {profile}"
        )
    return baseline


def against(baseline: Dossier, dossier: Dossier) -> Comparison:
    """What has changed since a baseline, as today's catalogue knows the scenarios.

    Raises:
        UsageError: the reports answer different questions.
    """
    return compare(
        baseline,
        dossier,
        catalogued(),
        known={scenario.id for scenario in (*scenarios(), *properties())},
        deep={phase.NAME for phase in phases()},
    )


def catalogued() -> Catalogued:
    """What today's catalogue knows of the results of reports."""
    found = (*scenarios(), *properties())
    ids = {scenario.id for scenario in found}
    return Catalogued(
        renamed={old: scenario.id for scenario in found for old in scenario.aliases if old not in ids},
        words={scenario.id: words(scenario) for scenario in found},
    )
