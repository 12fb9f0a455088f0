"""Where reports go: `FORMAT:PATH`, refused before a run and not after it, and written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.dossier import Dossier
from conformance.reports import formats
from mockplatform.errors import UsageError

__all__ = ["SCREEN", "Output", "output_of", "write_all", "write_whole"]

SCREEN = "-"


@dataclass(frozen=True, slots=True)
class Output:
    """A report that was asked for."""

    format: str
    path: str


def output_of(text: str, *, option: str = "--report") -> Output:
    """The report that `FORMAT:PATH` asks for; no path is the screen.

    Raises:
        UsageError: the format is unknown or the place cannot be written.
    """
    name, _, path = text.partition(":")
    if name not in formats():
        raise UsageError(f"{option} {text}: unknown format '{name}'; known are {', '.join(formats())}")
    folder = Path(path).parent
    if path not in ("", SCREEN) and (not folder.is_dir() or not os.access(folder, os.W_OK) or Path(path).is_dir()):
        raise UsageError(f"{option} {text}: cannot write there; the folder must exist and the path be a file")
    return Output(name, path or SCREEN)


def write_all(dossier: Dossier, outputs: Iterable[Output]) -> None:
    """Write the reports that were asked for.

    Raises:
        UsageError: one cannot be written.
    """
    # Files first: a reader of the screen may have gone (`| head`), and that must cost neither a report nor the verdict.
    for output in sorted(outputs, key=lambda output: output.path == SCREEN):
        text = formats()[output.format](dossier)
        if output.path != SCREEN:
            write_whole(Path(output.path), text)
            continue
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all, so that a report of an earlier run is never half gone.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            # A device or a pipe is written to; replacing it would take it away from everybody else.
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def _replace(path: Path, text: str) -> None:
    # A file that only its owner may read stays one.
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
