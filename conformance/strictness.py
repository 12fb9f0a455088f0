"""`--strict`: a SHOULD that is broken fails as a MUST does. Pure."""

from __future__ import annotations

from dataclasses import replace

from conformance.model import Result, Severity, Status

__all__ = ["strict_status", "strictly"]


def strictly(result: Result) -> Result:
    """The result, failed if it only warns of a demand that is more than a MAY."""
    status = strict_status(result.status, result.expectation.severity)
    return result if status == result.status else replace(result, verdict=replace(result.verdict, status=status))


def strict_status(status: Status, severity: Severity) -> Status:
    """The status that a strict run gives to what has this one."""
    return "failed" if status == "warned" and severity != "may" else status
