"""`lti-conformance selftest`."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from conformance.sample_tool import FLAWS
from conformance.selftest import Law, Trial, prove
from mockplatform.errors import UsageError

__all__ = ["command"]


def command(options: argparse.Namespace) -> int:
    """Try every flaw, say which survived and what failed without reason, and return 0 if the law holds."""
    for name in options.only:
        if name not in FLAWS:
            near = difflib.get_close_matches(name, FLAWS, n=1)
            raise UsageError(f"--only {name}: unknown flaw" + (f"; did you mean '{near[0]}'?" if near else ""))
    trials: list[Trial] = []
    for trial in prove(options.only):
        trials.append(trial)
        if sys.stderr.isatty():
            print(f"\r{len(trials)}: {trial.flaw or trial.profile:<50}", end="", file=sys.stderr)
    law = Law(trials=tuple(trials))
    if options.json_path:
        try:
            Path(options.json_path).write_text(law.as_json() + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--json {options.json_path}: cannot write: {error.strerror}") from None
    _print(law)
    return 0 if law.holds else 1


def _print(law: Law) -> None:
    for trial in law.survivors:
        told = ", ".join(trial.missing) or "no scenario guards it"
        print(f"✗ {trial.flaw} ({trial.profile}) survives: {told}")
    for flaw, scenario in law.false_alarms:
        print(f"✗ false alarm: {scenario} fails for {flaw or 'the correct tool'}")
    rate = 100 * law.killed / len(law.flaws) if law.flaws else 100.0
    print(f"{law.killed} of {len(law.flaws)} flaws killed ({rate:.0f} %), {len(law.false_alarms)} false alarms")
