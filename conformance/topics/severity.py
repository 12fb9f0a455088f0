"""Severity: what comes of a broken MUST, SHOULD and MAY.

Each expectation has a severity, which follows from the words of the standard and from what good
tools do. It may differ between profiles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

from conformance.catalogue import scenarios
from conformance.model import Severity
from conformance.paragraphs import paragraph, prose
from conformance.profile import load_profile, profile_names

__all__ = ["lines"]

_MEANING: Mapping[Severity, str] = {
    "must": "Breaking it fails the scenario, and the run ends with exit code 1.",
    "should": "Breaking it is a warning; `--strict` (in pytest `--lti-strict`) makes it a failure.",
    "may": "Breaking it is a warning whatever the options: it is there to be known.",
}


def lines() -> Iterator[str]:
    """Each severity, and how often each profile has it."""
    for severity in get_args(Severity):
        yield from paragraph(severity, _MEANING[severity])
    yield ""
    yield from prose("`explain <scenario>` names the severity for each profile. In the whole catalogue:")
    for profile in map(load_profile, profile_names()):
        met = (profile.expectation(scenario) for scenario in scenarios())
        counted = Counter(expectation.severity for expectation in met if expectation is not None)
        told = ", ".join(f"{counted[severity]} {severity}" for severity in get_args(Severity) if counted[severity])
        yield from paragraph(profile.name, told)
