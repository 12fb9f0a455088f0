"""How a command ends whose plain launch did not come through, the same for all of them."""

from __future__ import annotations

import sys
from typing import Final

from conformance.arrange import ArrangementFailedError
from conformance.exchanges.clearing import cleared
from conformance.exchanges.known_secrets import witnessed
from conformance.first_hour import diagnose, failure_of
from conformance.lab import Lab
from conformance.runner import PlainLaunchFailed, ToolLost

__all__ = ["ENDINGS", "UNSENT", "UNTESTED", "end"]

ENDINGS: Final = (PlainLaunchFailed, ToolLost, ArrangementFailedError)
UNTESTED: Final = 3
"""The exit code where nothing can be said about a tool, as no honest launch works."""
UNSENT: Final = 2
"""The exit code where no honest launch could be sent: the tool file is to be mended, as for `run`."""


def end(lab: Lab, ending: PlainLaunchFailed | ToolLost | ArrangementFailedError) -> int:
    """The exit code, after it was printed how far the launch came, and what to look at."""
    if isinstance(ending, PlainLaunchFailed):
        _explain(lab, ending)
    elif isinstance(ending, ToolLost) or ending.lost:
        print(f"✗ Nobody answers: {cleared(str(ending), lab.secrets)}")
    else:
        print(f"✗ The tool could not be prepared for a launch: {cleared(str(ending), lab.secrets)}")
        return UNSENT
    return UNTESTED


def _explain(lab: Lab, failed: PlainLaunchFailed) -> None:
    known = lab.secrets | witnessed(failed.observation)
    for exchange in failed.observation.exchanges:
        step = f"{exchange.method} {exchange.url.partition('?')[0]} → {exchange.status or exchange.trouble}"
        print(f"  {cleared(step, known)}")
    print(f"✗ The plain launch fails under the profile {lab.profile.name}: {cleared(str(failed), known)}")
    # Masked before it is cut: the rest of a secret does not look like one.
    if message := cleared(failed.observation.message, known):
        print(f"  The tool said: {message[:200]}")
    if (cause := diagnose(failure_of(lab, failed.observation))) is not None:
        print(f"{cause.happened}\n{cause.remedy}", file=sys.stderr)
