"""Results kept as they come, so that a run that is killed costs none of them.

The first line of a stream is what is known of the run, each other one a result; `reading.read_dossier` reads it. It
lies beside the report that was asked for until that is written.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from conformance.dossier import STREAM, Dossier, Entry
from conformance.plain import plain

__all__ = ["ENDING", "Stream", "streamed"]

ENDING = ".part"


class Stream:
    """A file to which results are written one by one."""

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file

    def begin(self, head: Dossier, chosen: int) -> None:
        """Write what is known of the run before its first result.

        Args:
            chosen: how many results there are to be.
        """
        self._write({**plain(replace(head, complete=False, untried=chosen)), "schema": STREAM})

    def add(self, entry: Entry) -> None:
        """Write a result."""
        self._write(plain(entry))

    def _write(self, value: Any) -> None:
        if self._file is not None:
            # A full disk must not end the run: its reports say so in the end.
            with contextlib.suppress(OSError):
                self._file.write(json.dumps(value, ensure_ascii=False) + "\n")
                self._file.flush()


@contextlib.contextmanager
def streamed(report: Path | None) -> Iterator[Stream]:
    """A stream beside a report that is to be written; it is removed when the block is left, whatever happened.

    Args:
        report: where the report will be; None: there is none, and nothing is kept.
    """
    path = None if report is None else report.with_name(report.name + ENDING)
    with contextlib.ExitStack() as stack:
        file = None
        if path is not None and (not report or not report.exists() or report.is_file()):
            with contextlib.suppress(OSError):
                file = stack.enter_context(path.open("w", encoding="utf-8"))
                stack.callback(path.unlink, missing_ok=True)
        yield Stream(file)
