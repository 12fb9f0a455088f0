"""The table of commands: what each does and which options it has.

It is read for every `--help`, so nothing is imported here but argparse, and the rows are no dataclasses.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

__all__ = ["COMMANDS", "LISTED", "Command"]

LISTED: Mapping[str, str] = {
    "scenarios": "scenarios",
    "codes": "codes",
    "errors": "errors",
    "mutations": "mutations",
    "profiles": "profiles",
    "faultpoints": "fault points",
    "flavours": "flavours",
    "quirks": "quirks",
    "rulings": "rulings",
}
"""What `list` lists: the option, and how it is called; the first needs no option."""


class Command(NamedTuple):
    """A command: what it does, and what adds its options to its parser."""

    help: str
    options: Callable[[argparse.ArgumentParser], None]


def _init_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", nargs="?", default=".", help="the tool's folder (default: this one)")
    command.add_argument("--url", metavar="URL", help="where the tool is running, such as http://127.0.0.1:8000")
    command.add_argument("--force", action="store_true", help="write files anew that are there already")


def _calibrate_options(command: argparse.ArgumentParser) -> None:
    _tool_option(command)
    how = command.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="also in place of an [observe] that is there, or in doubt")
    how.add_argument("--print", action="store_true", dest="only_print", help="write nothing, only show it")
    command.add_argument("--rate", type=above_zero, metavar="N", help="begin at most this many launches a second")
    _remote_option(command)


def _tool_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--tool", metavar="FILE", help="the tool file (default: lti-conformance.toml, then pyproject.toml)"
    )


def _remote_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--allow-remote", action="store_true", help="contact hosts other than this machine")


def _run_options(run: argparse.ArgumentParser) -> None:
    which = run.add_mutually_exclusive_group()
    _tool_option(which)  # type: ignore[arg-type]
    which.add_argument("--demo", action="store_true", help="run against the sample tool")
    run.add_argument("--profile", metavar="NAME", help="core, certification, class, ltix, or a path (default: core)")
    run.add_argument(
        "--only",
        metavar="PATTERN",
        action="append",
        default=[],
        help="glob of scenario ids, codes or error types",
    )
    run.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed gives the same launches")
    run.add_argument("--jobs", type=whole, default=1, metavar="N", help="scenarios side by side (default: 1)")
    _report_option(run)
    run.add_argument("--baseline", metavar="FILE", help="compare with a JSON report: exit code 5 if anything is worse")
    run.add_argument("--deep", action="store_true", help="also pairs of faults, generated launches and long stories")
    run.add_argument(
        "--examples",
        type=whole,
        default=100,
        metavar="N",
        help="launches generated for a property (default: 100)",
    )
    _recipes_option(run)
    run.add_argument("--flavour", metavar="NAME", default="neutral", help="speak like canvas, moodle, … (see list)")
    run.add_argument(
        "--quirk", metavar="NAME=VALUE", action="append", default=[], help="switch on one quirk on top of the flavour"
    )
    run.add_argument("--strict", action="store_true", help="a broken SHOULD fails as well")
    run.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    run.add_argument("--max-time", type=above_zero, metavar="S", help="begin no scenario after this many seconds")
    run.add_argument("--rate", type=above_zero, metavar="N", help="begin at most this many scenarios a second")
    _remote_option(run)


def _formats() -> list[str]:
    """The formats by the names of their modules, none of which is imported."""
    folder = os.path.join(os.path.dirname(__file__), "reports")  # noqa: PTH118, PTH120 - pathlib would slow `--help`
    modules = (name for name in os.listdir(folder) if name.startswith("as_") and name.endswith(".py"))  # noqa: PTH208
    return sorted(name.removeprefix("as_").removesuffix(".py") for name in modules)


def _report_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--report",
        metavar="FORMAT:PATH",
        action="append",
        default=[],
        help=f"{', '.join(_formats())}; - or no path is the screen",
    )


def _render_options(render: argparse.ArgumentParser) -> None:
    render.add_argument(
        "file", metavar="FILE", help="a JSON report, or the FILE.part of a run that was killed; - is standard input"
    )
    _report_option(render)


def _recipes_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--recipes",
        metavar="DIR",
        default=".lti-conformance/recipes",
        help="keep a recipe of each failure there (default: .lti-conformance/recipes)",
    )


def _replay_options(replay: argparse.ArgumentParser) -> None:
    replay.add_argument("recipe", metavar="FILE", help="a recipe, as `run` and pytest name it for each failure")
    which = replay.add_mutually_exclusive_group()
    which.add_argument("--tool", metavar="FILE", help="another tool file than the recipe's")
    which.add_argument("--demo", action="store_true", help="send it to the sample tool")
    replay.add_argument("--profile", metavar="NAME", help="how it is read and crashes count, if not as in the recipe")
    _remote_option(replay)


def _export_options(export: argparse.ArgumentParser) -> None:
    export.add_argument("recipe", metavar="FILE", nargs="?", help="the recipe to write as a test or a scenario")
    export.add_argument("--format", choices=("pytest", "scenario", "vectors"), required=True, help="what to write")
    export.add_argument(
        "--output", metavar="PATH", help="a file for pytest and scenario (default: the screen), a folder for vectors"
    )


def _diff_options(diff: argparse.ArgumentParser) -> None:
    diff.add_argument("old", metavar="OLD", help="the earlier JSON report; - is standard input")
    diff.add_argument("new", metavar="NEW", help="the later one, of the same profile; - is standard input")
    diff.add_argument("--json", action="store_true", dest="as_json", help="one JSON document")


def _waive_options(waive: argparse.ArgumentParser) -> None:
    waive.add_argument("--from", metavar="REPORT", dest="source", required=True, help="the JSON report of a run")
    _tool_option(waive)
    waive.add_argument("--expires", metavar="WHEN", help="90d or 2027-01-31, the last day that counts (default: 90d)")
    waive.add_argument("--reason", metavar="TEXT", help="for all of them (default: what the report says of each)")
    waive.add_argument("--link", metavar="URL", help="where the failure is tracked")
    waive.add_argument(
        "--only", metavar="PATTERN", action="append", default=[], help="glob of scenario ids, codes or error types"
    )
    waive.add_argument("--warned", action="store_true", help="also what only warns")
    waive.add_argument("--drop-stale", action="store_true", help="only take out waivers whose scenarios have passed")
    waive.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")


def _list_options(command: argparse.ArgumentParser) -> None:
    kinds = command.add_mutually_exclusive_group()
    first, *others = LISTED
    for kind in others:
        kinds.add_argument(f"--{kind}", dest="kind", action="store_const", const=kind, help=f"list the {kind}")
    command.set_defaults(kind=first)
    command.add_argument("--json", action="store_true", dest="as_json", help="one JSON array")


def _explain_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "id",
        metavar="WORD",
        nargs="?",
        default="topics",
        help="nonce/absent, nonce, 'nonce/*', 1006, TokenExpired, class.create, roles-empty, tool-file, …; "
        "without one: the topics",
    )


def _flavour_options(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    diff = actions.add_parser("diff", help="what changes for a tool from one flavour to another")
    diff.add_argument("one", metavar="FLAVOUR", help="the one that the tool knows, such as neutral (see list)")
    diff.add_argument("other", metavar="FLAVOUR", help="the one to compare it with, such as canvas")
    show = actions.add_parser("show", help="every quirk of a flavour, with its source")
    show.add_argument("one", metavar="FLAVOUR", help="the one to show (see list)")
    for action in (diff, show):
        action.add_argument("--json", action="store_true", dest="as_json", help="one JSON document")


def _selftest_options(selftest: argparse.ArgumentParser) -> None:
    selftest.add_argument("--json", metavar="PATH", dest="json_path", help="write the result to a file")
    selftest.add_argument("--only", metavar="FLAW", action="append", default=[], help="only these flaws")


def _doctor_options(doctor: argparse.ArgumentParser) -> None:
    _tool_option(doctor)
    _remote_option(doctor)


def whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def above_zero(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


COMMANDS: Mapping[str, Command] = {
    "init": Command("find out about the tool in a folder, and write its tool file and a test module", _init_options),
    "calibrate": Command(
        "find out how the tool shows success and errors, and write it into the tool file", _calibrate_options
    ),
    "run": Command("launch a tool in every way of a profile and judge its answers", _run_options),
    "list": Command(f"list {', '.join(LISTED.values()).replace(', ', ', or ', 1)}", _list_options),
    "explain": Command(
        "explain a scenario, a code, an error type, a fault point, a ruling, or a topic such as the tool file",
        _explain_options,
    ),
    "render": Command("make other reports of a JSON report, or of what a killed run has left behind", _render_options),
    "replay": Command("send a story again that a run has kept as a recipe", _replay_options),
    "diff": Command(
        "compare two JSON reports: what is worse, what is fixed, what is not tested any more", _diff_options
    ),
    "waive": Command(
        "write a waiver for each failure of a JSON report into the tool file, or drop those not needed any more",
        _waive_options,
    ),
    "export": Command("write a recipe as a test or a scenario, or vectors for other languages", _export_options),
    "selftest": Command("prove that each flaw of the sample tool is found, and nothing else", _selftest_options),
    "flavour": Command("show how real platforms differ from each other, and how that is known", _flavour_options),
    "doctor": Command("say what to register in the tool, and whether both sides reach each other", _doctor_options),
}
"""The next command is a row here, a function for its options, and a module `commands/<name>_command.py`."""
