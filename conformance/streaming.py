"""Results kept as they come, so that a run that is killed costs none of them.

The first line of a stream is what is known of the run, each other one a result, of which the last of a scenario counts,
or what is known of the run by then; `reading.read_kept` reads it. It lies beside the first report that was asked for,
until the reports are written. A file that somebody else has put there is left alone, and then nothing is kept; what an
earlier run has left there is put aside.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from conformance.telling.dossier import STREAM, Dossier, Entry
from conformance.telling.plain import plain

__all__ = ["ASIDE", "ENDING", "Stream", "streamed"]

ENDING = ".part"
ASIDE = ".part.earlier"


class Stream:
    """A file to which results are written one by one.

    Args:
        path: where they are kept; None if nothing is.
    """

    def __init__(self, path: Path | None = None, file: IO[str] | None = None) -> None:
        self._path = path
        self._file = file
        self._begun = False
        self._done = False
        self._failed = False

    @property
    def path(self) -> Path | None:
        """Where all results are kept; None if they are not, or are not any more."""
        return self._path if self._path is not None and self._path.is_file() and not self._failed else None

    def begin(self, head: Dossier, chosen: int) -> None:
        """Write what is known of the run before its first result; again where more has become known.

        Args:
            chosen: how many results there are to be.
        """
        self._write({**plain(replace(head, complete=False, untried=chosen)), "schema": STREAM})
        # Without its first line nobody can read the rest.
        self._begun = self._begun or not self._failed

    def add(self, entry: Entry) -> None:
        """Write a result."""
        self._write(plain(entry))

    def done(self) -> None:
        """The reports are written, and hold all of it."""
        self._done = True

    @property
    def is_needed(self) -> bool:
        """Whether it holds what no report does."""
        return self._begun and not self._done

    def _write(self, value: Any) -> None:
        if self._file is None or self._failed:
            # What follows half a line could not be read.
            return
        try:
            self._file.write(json.dumps(value, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError:
            # A full disk must not end the run: its reports say so in the end.
            self._failed = True


@contextlib.contextmanager
def streamed(report: Path | None) -> Iterator[Stream]:
    """A stream beside a report that is to be written; it is removed when the block is left, unless it is needed.

    Args:
        report: where the report will be; None: there is none, and nothing is kept.
    """
    path, file = _opened(report)
    stream = Stream(path, file)
    try:
        yield stream
    finally:
        # What could not be written before cannot be written now either.
        with contextlib.suppress(OSError):
            if file is not None:
                file.close()
        if path is not None and not stream.is_needed:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _opened(report: Path | None) -> tuple[Path | None, IO[str] | None]:
    """A new file beside a report; nothing where there can be none."""
    if report is None or (report.exists() and not report.is_file()):
        return None, None
    path = report.with_name(report.name + ENDING)
    try:
        if _is_left(path):
            path.replace(report.with_name(report.name + ASIDE))
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError:
        return None, None
    return path, os.fdopen(handle, "w", encoding="utf-8")


def _is_left(path: Path) -> bool:
    """Whether an earlier run has left this."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return f'"{STREAM}"'.encode() in file.readline(65536)
