"""Where reports go: `FORMAT:PATH`, refused before a run and not after it, and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.reports import formats, is_report
from conformance.streaming import ENDING
from conformance.telling.dossier import Dossier
from mockplatform.errors import UsageError

__all__ = ["SCREEN", "Output", "output_of", "outputs_of", "write_all", "write_each", "write_whole"]

SCREEN = "-"
_LONGEST_NAME = 100
_BEGINNING = 65536


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
    if path not in ("", SCREEN) and not _may_be_replaced(Path(path)):
        raise UsageError(f"{option} {text}: this file is no earlier report, and is kept; name another, or remove it")
    return Output(name, path or SCREEN)


def _may_be_replaced(path: Path) -> bool:
    """Whether there is nothing that anybody would miss: no file, an empty one, a device, or an earlier report."""
    if not path.is_file():
        return True
    with contextlib.suppress(OSError), path.open("rb") as file:
        beginning = file.read(_BEGINNING)
        return not beginning.strip() or is_report(beginning.decode("utf-8", "replace"))
    return True


def outputs_of(texts: Iterable[str], needed: Mapping[str, str | None], *, option: str = "--report") -> list[Output]:
    """The reports that were asked for; none takes the place of another, or of a file that is needed.

    Args:
        needed: paths of files that are only read, by what they are.

    Raises:
        UsageError: one cannot be written.
    """
    outputs = []
    taken = {_resolved(path): what for what, path in needed.items() if path is not None}
    for text in texts:
        path = text.partition(":")[2]
        place = _resolved(path)
        if path not in ("", SCREEN) and place in taken:
            raise UsageError(f"{option} {text}: this file is {taken[place]}; name another")
        output = output_of(text, option=option)
        if output.path != SCREEN:
            taken |= {place: "another report", place + ENDING: f"where results are kept for {path}"}
        outputs.append(output)
    return outputs


def _resolved(path: str) -> str:
    # With links that lead nowhere, or in a circle, `Path.resolve` is at an end.
    return os.path.realpath(path)


def write_all(dossier: Dossier, outputs: Iterable[Output]) -> None:
    """Write the reports that were asked for.

    Raises:
        UsageError: one cannot be written.
    """
    write_each({"": dossier}, outputs, named=lambda path, _: path, show=sys.stdout.write)


def write_each(
    dossiers: Mapping[str, Dossier],
    outputs: Iterable[Output],
    *,
    named: Callable[[Path, str], Path],
    show: Callable[[str], object],
    wrote: Callable[[str, Path], object] = lambda _format, _path: None,
) -> None:
    """Write the reports that were asked for, of each dossier one.

    Args:
        dossiers: by their marks.
        named: where the report of a dossier is written, by the path that was asked for and the mark.
        show: gets what is for the screen.
        wrote: is told of each file.

    Raises:
        UsageError: one cannot be written; the others are.
    """
    problems = []
    # Files first: a reader of the screen may have gone (`| head`), and that must cost neither a report nor the verdict.
    for output in sorted(outputs, key=lambda output: output.path == SCREEN):
        for mark, dossier in dossiers.items():
            text = formats()[output.format](dossier)
            if output.path == SCREEN:
                show(text)
                continue
            path = named(Path(output.path), mark)
            try:
                _require_replaceable(path)
                write_whole(path, text)
            except UsageError as error:
                problems.append(str(error))
            else:
                wrote(output.format, path)
    if problems:
        raise UsageError("; ".join(problems))


def _require_replaceable(path: Path) -> None:
    """Refuse a file of the user: before the run only the name was looked at that was asked for.

    Raises:
        UsageError: it is no earlier report.
    """
    if not _may_be_replaced(path):
        raise UsageError(f"{path}: this file is no earlier report, and is kept")


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
            _replace(Path(_resolved(str(path))), text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name[:_LONGEST_NAME]}.{os.getpid()}-{threading.get_ident()}")
    # With the rights that any new file gets here.
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if path.exists():
            # A file that only its owner may read stays one.
            draft.chmod(stat.S_IMODE(path.stat().st_mode))
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
