"""How a command ends whose plain launch did not come through, the same for all of them."""

from __future__ import annotations

import sys
from typing import Final

from conformance.arrange import ArrangementFailedError
from conformance.first_hour import diagnose, failure_of
from conformance.lab import Lab
from conformance.runner import PlainLaunchFailed, ToolLost

__all__ = ["ENDINGS", "UNTESTED", "end"]

ENDINGS: Final = (PlainLaunchFailed, ToolLost, ArrangementFailedError)
UNTESTED: Final = 3
"""The exit code where nothing can be said about a tool, as no honest launch works."""


def end(lab: Lab, ending: PlainLaunchFailed | ToolLost | ArrangementFailedError) -> int:
    """The exit code, after it was printed how far the launch came, and what to look at."""
    if isinstance(ending, PlainLaunchFailed):
        _explain(lab, ending)
    elif isinstance(ending, ToolLost) or ending.lost:
        print(f"✗ Nobody answers: {ending}")
    else:
        print(f"✗ The tool could not be prepared for a launch: {ending}")
    return UNTESTED


def _explain(lab: Lab, failed: PlainLaunchFailed) -> None:
    for exchange in failed.observation.exchanges:
        print(f"  {exchange.method} {exchange.url.partition('?')[0]} → {exchange.status or exchange.trouble}")
    print(f"✗ The plain launch fails under the profile {lab.profile.name}: {failed}")
    if failed.observation.message:
        print(f"  The tool said: {failed.observation.message[:200]}")
    if (cause := diagnose(failure_of(lab, failed.observation))) is not None:
        print(f"{cause.happened}\n{cause.remedy}", file=sys.stderr)
