"""The command line of the fake LMS: parse, serve until told to stop, and turn a usage error into one line.

Nothing but argparse is imported before a command is known: `--help` must be quick.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mockplatform._version import __version__
from mockplatform.errors import UsageError
from mockplatform.one_line import Parser

if TYPE_CHECKING:
    from mockplatform.running.serving import Wanted

__all__ = ["entry", "main", "parser"]


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = Parser(prog="mockplatform", description="A fake LMS that launches LTI 1.3 tools.")
    top.add_argument("--version", action="version", version=f"mockplatform {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    text = "play an LMS: pages to launch tools from, an authentication endpoint and a key set"
    serve = commands.add_parser("serve", help=text, description=text, epilog="Stops on Ctrl-C or SIGTERM with exit 0.")
    _add_places(serve)
    _add_behaviour(serve)
    return top


def _add_places(serve: argparse.ArgumentParser) -> None:
    add = serve.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    add("--port", type=_port, default=9400, metavar="N", help="0 takes a free one (default: 9400)")
    add("--tls", action="store_true", help="https, with a certificate of a test CA of its own")
    add(
        "--ca-path", type=Path, metavar="FILE", help="keep the test CA here, its key beside it; the next run has it too"
    )
    add("--control-port", type=_port, metavar="N", help="the port of the control API (default: the next one)")
    add(
        "--control-secret-env",
        default="",
        metavar="NAME",
        help="the environment variable with the secret of the control API (default: none on loopback, else made up)",
    )
    add(
        "--store",
        default="",
        metavar="URL",
        help="keep everything in sqlite:///FILE or postgresql://… (default: memory)",
    )
    add("--workers", type=_count, default=1, metavar="N", help="processes that share the store (default: 1)")
    add("--allow-remote", action="store_true", help="fetch key sets of tools from other machines, too")


def _add_behaviour(serve: argparse.ArgumentParser) -> None:
    add = serve.add_argument
    add("--config", type=Path, metavar="FILE", help="TOML with tools, people and courses (default: the shipped school)")
    add("--issuer", metavar="URL", help="what launches name as their issuer (default: the page's URL)")
    add("--flavour", default="", metavar="NAME", help="behave like this LMS (default: neutral)")
    add(
        "--quirk",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="differ in this beside the flavour; may be given again",
    )
    add("--no-sample-tool", action="store_true", help="do not run the tools that installed packages offer")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 to 64")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port number between 0 and 65535")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit code."""
    options = parser().parse_args(argv)
    try:
        return _serve(options)
    except UsageError as error:
        print(f"mockplatform: {error}", file=sys.stderr)
        return 2


def entry() -> None:
    """The console script."""
    sys.exit(main())


def _serve(options: argparse.Namespace) -> int:
    with contextlib.suppress(KeyboardInterrupt), _stoppable():
        from mockplatform.running.attached import offered
        from mockplatform.running.serving import WorkerLostError, running

        offers = () if options.no_sample_tool else offered()
        try:
            with running(_wanted(options), offers) as platform:
                print(platform.told, flush=True)
                platform.wait()
        except WorkerLostError as error:
            print(f"mockplatform: {error}", file=sys.stderr)
            return 1
    return 0


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """SIGINT and SIGTERM raise KeyboardInterrupt in the block, even where a shell's `&` had SIGINT ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _wanted(options: argparse.Namespace) -> Wanted:
    from mockplatform.running.serving import Wanted

    others = ("command", "no_sample_tool", "quirk")
    given = {name: value for name, value in vars(options).items() if name not in others}
    return Wanted(**given, quirks=tuple(options.quirk))
