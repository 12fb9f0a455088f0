"""The command line: parse, hand over to one module of `commands`, and turn a usage error into one line.

Nothing but argparse, the screen, signals and two tables, of commands and of exit codes, is imported before a command
is known: `--help` must be quick.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

from conformance.command_table import COMMANDS
from conformance.exit_codes import in_short
from conformance.interrupting import Interrupts
from conformance.screen import lasting
from mockplatform._version import __version__
from mockplatform.errors import UsageError
from mockplatform.one_line import Parser

__all__ = ["entry", "main", "parser"]


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = Parser(
        prog="lti-conformance",
        description="Tells whether an LTI tool refuses each broken launch for the right reason.",
        epilog=in_short(),
    )
    top.add_argument("--version", action="version", version=f"lti-conformance {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        command.options(commands.add_parser(name, help=command.help, description=command.help))
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit code."""
    options = parser().parse_args(argv)
    try:
        module = importlib.import_module(f"conformance.commands.{options.command}_command")
        command: Callable[[argparse.Namespace], int] = module.command
        code = command(options)
        # Now, since when Python does it at exit it is too late to say why it fails.
        print(end="", flush=True)
    except UsageError as error:
        print(f"lti-conformance: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lti-conformance: interrupted", file=sys.stderr)
        return 3
    except OSError as error:
        print(f"lti-conformance: {error}", file=sys.stderr)
        return 2
    return code


def entry() -> None:
    """The console script: a run that is told to end puts everything back, and any terminal can show the report.

    That nobody reads it changes no exit code, and no command needs to know.
    """
    interrupts = Interrupts()
    interrupts.install()
    sys.stdout, sys.stderr = lasting(sys.stdout), lasting(sys.stderr)
    code = main()
    interrupts.all_done(code)
    sys.exit(code)
