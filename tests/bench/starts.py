"""Goals 9, 10 and 11: what a whole process costs that does nothing."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.processes import process_time
from tests.bench.rounds import Goal, Line, in_turn, ratio

__all__ = ["measure"]

PYTEST_ROUNDS = 7
HELP_ROUNDS = 15
NOTHING_COLLECTED = 5
OWN = "conformance.plugin"
OTHERS = ("_hypothesis_pytestplugin", "anyio.pytest_plugin")


def measure() -> Iterator[Line]:
    """The plugin on an empty folder, and the help."""
    yield from _plugin()
    yield from _help()


def _plugin() -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as empty:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        # Else a stray pytest.ini beside the folder has its neighbours looked at as well.
        place = ["--rootdir", empty, "--confcutdir", empty, empty]
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        plugins = [argument for name in (*OTHERS, OWN) for argument in ("-p", name)]
        subjects = {
            "without": process_time([*command, *place], alone, status=NOTHING_COLLECTED),
            "without again": process_time([*command, *place], alone, status=NOTHING_COLLECTED),
            "own": process_time([*command, "-p", OWN, *place], alone, status=NOTHING_COLLECTED),
            "all": process_time([*command, *plugins, *place], alone, status=NOTHING_COLLECTED),
        }
        rounds = in_turn(subjects, PYTEST_ROUNDS)
    floor = "pytest --collect-only without plugins"
    rows = {
        "own": ("9", "empty folder with the own plugin", Goal("<=", 1.05, 1.02)),
        "all": ("10", "empty folder, dependencies' plugins too", Goal("<=", 1.9)),
        "without again": ("", "noise: pytest without plugins twice", None),
    }
    for subject, (number, name, goal) in rows.items():
        yield Line(number=number, name=name, ratio=ratio(rounds, subject, "without"), against=floor, goal=goal)


def _help() -> Iterator[Line]:
    nothing = process_time([sys.executable, "-c", "pass"], {})
    subjects = {
        "nothing": nothing,
        "nothing again": nothing,
        "help": process_time([str(Path(sys.executable).with_name("lti-conformance")), "--help"], {}),
        "serve help": process_time([str(Path(sys.executable).with_name("mockplatform")), "--help"], {}),
    }
    rounds = in_turn(subjects, HELP_ROUNDS)
    floor, goal = "python -c pass", Goal("<=", 7, 5)
    rows = {
        "help": ("11", "lti-conformance --help", goal),
        "serve help": ("11", "mockplatform --help", goal),
        "nothing again": ("", "noise: python -c pass twice", None),
    }
    for subject, (number, name, wanted) in rows.items():
        yield Line(number=number, name=name, ratio=ratio(rounds, subject, "nothing"), against=floor, goal=wanted)
