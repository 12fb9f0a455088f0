"""The command line: parse, hand over to one module of `commands`, and turn a usage error into one line.

Nothing but argparse and two tables, of commands and of exit codes, is imported before a command is known: `--help` must
be quick.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence

from conformance.command_table import COMMANDS
from conformance.exit_codes import in_short
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
    module = importlib.import_module(f"conformance.commands.{options.command}_command")
    command: Callable[[argparse.Namespace], int] = module.command
    try:
        return command(options)
    except UsageError as error:
        print(f"lti-conformance: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lti-conformance: interrupted", file=sys.stderr)
        return 3
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            print(f"lti-conformance: {error}", file=sys.stderr)
            return 2
        # The reader has gone (`| head`): Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def entry() -> None:
    """The console script: a run that is told to end puts everything back, and any terminal can show the report."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(main())


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
