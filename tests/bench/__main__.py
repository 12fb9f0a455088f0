"""`python -m tests.bench [NAME …]`: one line per measure. Nothing fails on a time."""

from __future__ import annotations

import importlib
import os
import sys
import time

from tests.bench.rounds import Line

MEASURES = (
    "tokens",
    "serving",
    "peers",
    "crowds",
    "workers",
    "runs",
    "under_pytest",
    "growth",
    "catalogue",
    "examples",
    "pairs",
    "starts",
    "pgproxy",
    "reports",
)


def say(text: str) -> None:
    """Show a line as soon as it is known."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(names: list[str]) -> None:
    """Print the measures of these modules, or of all."""
    began = time.perf_counter()
    say(Line.heading())
    for name in names or MEASURES:
        for line in importlib.import_module(f"tests.bench.{name}").measure():
            say(str(line))
    busy = f", load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    say(f"\nall in {time.perf_counter() - began:.0f} s{busy}")


if __name__ == "__main__":
    main(sys.argv[1:])
