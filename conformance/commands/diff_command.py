"""`lti-conformance diff`."""

from __future__ import annotations

import argparse

from conformance.reporting import SCREEN
from conformance.results.baseline import against, report_at
from conformance.results.comparison_text import comparison_json, comparison_text
from mockplatform.errors import UsageError

__all__ = ["command"]


def command(options: argparse.Namespace) -> int:
    """Say what has changed from one report to the next, and return 5 if something is worse.

    Raises:
        UsageError: a report cannot be read, or both are to come from standard input.
    """
    if options.old == options.new == SCREEN:
        raise UsageError("diff - -: only one of them can come from standard input; name a file for the other")
    comparison = against(report_at(options.old), report_at(options.new))
    print(comparison_json(comparison) if options.as_json else comparison_text(comparison), end="")
    return comparison.exit_code
