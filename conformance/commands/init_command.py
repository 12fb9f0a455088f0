"""`lti-conformance init`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from conformance.beginning import Beginning, begin
from conformance.beginning.writing import test_module, tool_file
from conformance.commands.doctor_command import registration
from conformance.lab import is_loopback
from conformance.tool_text import loaded
from conformance.toolfile import DEFAULT_NAME, find
from mockplatform.errors import UsageError

__all__ = ["command"]

_TEST_FILE = "test_lti_conformance.py"


def command(options: argparse.Namespace) -> int:
    """Find out what there is to find, write a tool file and a test module, and say what comes next."""
    root = Path(options.folder)
    if not root.is_dir():
        raise UsageError(f"{root}: {'is a file, expected a folder' if root.exists() else 'there is no such folder'}")
    url = _checked(options.url)
    tests = root / "tests"
    tool_path, test_path = root / DEFAULT_NAME, (tests if tests.is_dir() else root) / _TEST_FILE
    described, tested = (None, None) if options.force else (_described(root), test_path if test_path.exists() else None)
    if described is not None and tested is not None:
        raise UsageError(_kept(described))
    found = begin(root, url)
    has_tests = found.application is not None and found.application.is_python and tested is None
    if described is not None and not has_tests:
        raise UsageError(_kept(described))
    told = [] if described is not None else _tool_written(found, tool_path, url)
    written = [tool_path] if described is None else []
    if has_tests:
        _write(test_path, test_module(found))
        written.append(test_path)
    print("\n".join((*(_told(found) if described is None else ()), *map(_kept, filter(None, (described, tested))))))
    print("\n".join((f"Wrote {' and '.join(map(str, written))}.", *told)))
    # Commands and imports of a tool file start from the current folder.
    first = "" if root == Path() else f"cd {shlex.quote(str(root))}, then "
    print(f"Next: {first}lti-conformance doctor, then lti-conformance calibrate, then lti-conformance run")
    return 0


def _tool_written(found: Beginning, path: Path, url: str | None) -> list[str]:
    """What is to be done with the tool file that was written.

    Raises:
        UsageError: nothing was found that would be worth a file, or it could not be loaded.
    """
    if found.application is None and found.unread and url is None:
        more = f" (and {len(found.unread) - 1} more)" if len(found.unread) > 1 else ""
        raise UsageError(
            f"{found.unread[0]}{more}; no application was recognised, so nothing is written: mend it first"
        )
    if found.application is None and not found.guesses and path.exists():
        raise UsageError(f"{path}: is kept, as nothing was found out here to put in its place; remove it to begin anew")
    text, missing = tool_file(found), [key for key in found.needed if key not in found.guesses]
    tool = None if missing else loaded(text, path)
    _write(path, text)
    return [f"First write {' and '.join(missing)} into {path}. Then:" if tool is None else registration(tool)]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def _checked(url: str | None) -> str | None:
    """The address of a running tool.

    Raises:
        UsageError: it is none, or not on this machine.
    """
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        sound = is_loopback(url) and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(f"--url: {url!r} is no address on this machine, such as http://127.0.0.1:8000")
    if "@" in parts.netloc:
        raise UsageError("--url: leave out the user and the password; only scheme, host and port are wanted")
    base = f"{parts.scheme}://{parts.netloc}"
    if (more := url[len(base) :]) not in ("", "/"):
        raise UsageError(f"--url: leave out {more!r}; only scheme, host and port are wanted, such as {base}")
    return base


def _described(root: Path) -> Path | None:
    """The file that describes the tool of a folder already."""
    try:
        return find(None, root)
    except UsageError:
        return None


def _kept(path: Path) -> str:
    if path.name == "pyproject.toml":
        return f"{path}: has a table [tool.lti-conformance] already; --force writes {DEFAULT_NAME} beside it"
    return f"{path}: is there already and is kept; --force writes it anew"


def _told(found: Beginning) -> Iterator[str]:
    application = found.application
    if application is None:
        yield "No application was recognised here, by its sources in Python or JavaScript."
    else:
        yield f"Found {application.framework} in {application.where}."
    for other in found.others:
        yield f"  not taken: {other.framework} in {other.where}"
    for unread in found.unread:
        yield f"  not read: {unread}"
    if found.is_running:
        yield f"  It is running at {found.base}."
    for key in found.addresses:
        guess = found.guesses.get(key)
        shown = f"{found.base}{guess.route.path}  ({guess.route.where})" if guess else "not found"
        yield f"  {key:<11} {shown}"
    if not found.is_running and (application is None or not (application.app or application.start)):
        yield "  Nothing was found that starts it."
