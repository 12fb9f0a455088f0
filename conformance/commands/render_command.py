"""`lti-conformance render`."""

from __future__ import annotations

import argparse

from conformance.reporting import SCREEN, Output, outputs_of, write_all
from conformance.results.baseline import report_at

__all__ = ["command"]


def command(options: argparse.Namespace) -> int:
    """Make other reports of a JSON report, or of what a killed run has left behind."""
    source = None if options.file == SCREEN else options.file
    outputs = outputs_of(options.report, {"the report to render": source}) or [Output("text", SCREEN)]
    write_all(report_at(options.file), outputs)
    return 0
