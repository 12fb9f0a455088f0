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
_NEEDED = ("login_url", "launch_url")


def command(options: argparse.Namespace) -> int:
    """Find out what there is to find, write a tool file and a test module, and say what comes next."""
    root = Path(options.folder)
    if not root.is_dir():
        raise UsageError(f"{root}: {'is a file, expected a folder' if root.exists() else 'there is no such folder'}")
    url = _checked(options.url)
    tests = root / "tests"
    tool_path, test_path = root / DEFAULT_NAME, (tests if tests.is_dir() else root) / _TEST_FILE
    if not options.force:
        _refuse(root, tool_path, test_path)
    found = begin(root, url)
    text, missing = tool_file(found), [key for key in _NEEDED if key not in found.guesses]
    tool = None if missing else loaded(text, tool_path)
    written = [tool_path]
    _write(tool_path, text)
    if found.application is not None and found.application.is_python:
        _write(test_path, test_module())
        written.append(test_path)
    print("\n".join(_told(found)))
    print(f"Wrote {' and '.join(map(str, written))}.")
    print(f"First write {' and '.join(missing)} into {tool_path}. Then:" if tool is None else registration(tool))
    # Commands and imports of a tool file start from the current folder.
    first = "" if root == Path() else f"cd {shlex.quote(str(root))}, then "
    print(f"Next: {first}lti-conformance doctor, then lti-conformance calibrate, then lti-conformance run")
    return 0


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


def _refuse(root: Path, *paths: Path) -> None:
    there = next((path for path in paths if path.exists()), None)
    if there is not None:
        raise UsageError(f"{there}: is there already and is kept; --force writes it anew")
    try:
        project = find(None, root)
    except UsageError:
        return
    raise UsageError(f"{project}: has a table [tool.lti-conformance] already; --force writes {DEFAULT_NAME} beside it")


def _told(found: Beginning) -> Iterator[str]:
    application = found.application
    if application is None:
        yield "No application was recognised here, by its sources in Python or JavaScript."
    else:
        yield f"Found {application.framework} in {application.where}."
    for other in found.others:
        yield f"  not taken: {other.framework} in {other.where}"
    if found.is_running:
        yield f"  It is running at {found.base}."
    for key in ("login_url", "launch_url", "jwks_url"):
        guess = found.guesses.get(key)
        shown = f"{found.base}{guess.route.path}  ({guess.route.where})" if guess else "not found"
        yield f"  {key:<11} {shown}"
    if not found.is_running and (application is None or not (application.app or application.start)):
        yield "  Nothing was found that starts it."
