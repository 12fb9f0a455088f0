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
from conformance.toolfile import DEFAULT_NAME, find, load
from mockplatform.errors import UsageError

__all__ = ["command"]

_TEST_FILE = "test_lti_conformance.py"


def command(options: argparse.Namespace) -> int:
    """Find out what there is to find, write a tool file and a test module, and say what comes next."""
    root = Path(options.folder)
    if not root.is_dir():
        raise UsageError(f"{root}: there is no such folder")
    url = _checked(options.url)
    tests = root / "tests"
    tool_path, test_path = root / DEFAULT_NAME, (tests if tests.is_dir() else root) / _TEST_FILE
    if not options.force:
        _refuse(root, tool_path, test_path)
    found = begin(root, url)
    written = [tool_path]
    tool_path.write_text(tool_file(found), encoding="utf-8")
    if found.application is not None and found.application.is_python:
        test_path.write_text(test_module(), encoding="utf-8")
        written.append(test_path)
    print("\n".join(_told(found)))
    print(f"Wrote {' and '.join(map(str, written))}.")
    print("\n".join(_next(found, tool_path)))
    return 0


def _checked(url: str | None) -> str | None:
    """The address of a running tool.

    Raises:
        UsageError: it is none, or not on this machine.
    """
    if url is None:
        return None
    if not is_loopback(url) or urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"--url: {url!r} is no address on this machine, such as http://127.0.0.1:8000")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


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


def _next(found: Beginning, path: Path) -> Iterator[str]:
    missing = [key for key in ("login_url", "launch_url") if key not in found.guesses]
    if missing:
        yield f"First write {' and '.join(missing)} into {path}. Then:"
    else:
        yield registration(load(path))
    # Commands and imports of a tool file start from the current folder.
    first = "" if path.parent == Path() else f"cd {shlex.quote(str(path.parent))}, then "
    yield f"Next: {first}lti-conformance doctor, then lti-conformance calibrate, then lti-conformance run"
