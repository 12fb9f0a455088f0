"""`lti-conformance render`."""

from __future__ import annotations

import argparse

from conformance.reporting import SCREEN, Output, outputs_of, write_all
from conformance.results.baseline import report_at

__all__ = ["command"]


def command(options: argparse.Namespace) -> int:
    """Make other reports of a JSON report, or of what a killed run has left behind."""
    outputs = outputs_of(options.report, {"the report to render": options.file}) or [Output("text", SCREEN)]
    write_all(report_at(options.file), outputs)
    return 0
