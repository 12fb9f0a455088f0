"""The command line of the fake LMS: parse, serve until told to stop, and turn a usage error into one line.

Nothing but argparse is imported before a command is known: `--help` must be quick.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mockplatform._version import __version__
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from mockplatform.config import School
    from mockplatform.keys import KeyRing
    from mockplatform.lms import Platform

__all__ = ["entry", "main", "parser"]

_EVERY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, never chosen here


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(prog="mockplatform", description="A fake LMS that launches LTI 1.3 tools.")
    top.add_argument("--version", action="version", version=f"mockplatform {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    text = "play an LMS: pages to launch tools from, an authentication endpoint and a key set"
    serve = commands.add_parser("serve", help=text, description=text, epilog="Stops on Ctrl-C or SIGTERM with exit 0.")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=_port, default=9400, metavar="N", help="0 takes a free one (default: 9400)")
    serve.add_argument(
        "--config", type=Path, metavar="FILE", help="TOML with tools, people and courses (default: the shipped school)"
    )
    serve.add_argument("--issuer", metavar="URL", help="what launches name as their issuer (default: the page's URL)")
    return top


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
        from mockplatform.app import create_app
        from mockplatform.config import load_school
        from mockplatform.keys import KeyRing
        from mockplatform.server import listen, serve

        _check_issuer(options.issuer)
        school = load_school(options.config)
        keys = KeyRing()
        keys.kid("platform")  # made here, so that whoever can connect gets a signature at once
        bound = listen(options.host, options.port)
        platform = _platform(options, school, keys, port=bound.getsockname()[1])
        with serve(create_app(platform), bound):
            print(_told(platform), flush=True)
            threading.Event().wait()
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


def _check_issuer(issuer: str | None) -> None:
    from mockplatform.config import issuer_problem

    problem = issuer_problem(issuer)
    if problem is not None:
        raise UsageError(f"--issuer: {problem}")


def _platform(options: argparse.Namespace, school: School, keys: KeyRing, *, port: int) -> Platform:
    import secrets
    import time

    from mockplatform.lms import Platform

    # Nobody can go to "every address"; this machine's own is the one that is certain to be among them.
    host = "127.0.0.1" if options.host in _EVERY_ADDRESS else options.host
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    issuer = options.issuer or school.issuer or url
    return Platform(
        url=url,
        issuer=issuer,
        clock=time.time,
        new_id=secrets.token_urlsafe,
        keys=keys,
        registrations=school.issued_by(issuer),
        people=school.people,
        courses=school.courses,
    )


def _told(platform: Platform) -> str:
    lines = {
        "Page": f"{platform.url}/",
        "Issuer": platform.issuer,
        "Auth URL": f"{platform.url}/auth",
        "Key set URL": f"{platform.url}/jwks",
    }
    return "\n".join([*(f"{name:<12} {value}" for name, value in lines.items()), "press Ctrl-C to stop"])
