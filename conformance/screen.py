"""Standard streams that stop nothing: whoever reads them may go, or never have been there."""

from __future__ import annotations

import io
import os
from typing import Any, TextIO

__all__ = ["lasting"]


class _Lasting(io.RawIOBase):
    """Passes on what is written for as long as somebody reads it, and takes the rest as well."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._has_gone = False

    def write(self, data: Any) -> int | None:
        """All of it counts as written once the reader has gone (`| head`): no exit code depends on them.

        Raises:
            OSError: there is no room for it, which is told once and not again by Python at exit.
        """
        if not self._has_gone:
            try:
                return self._raw.write(data)
            except OSError as error:
                self._has_gone = True
                if not isinstance(error, BrokenPipeError):
                    raise
        return len(data)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._raw.isatty()

    def fileno(self) -> int:
        return self._raw.fileno()


def lasting(stream: TextIO | None) -> TextIO:
    """A stream to take the place of a standard one: its writes never fail for want of a reader or of a letter.

    Each line is written at once, so that what goes to a file together with complaints stands there in its order.

    Args:
        stream: as Python has opened it; None where it was closed before Python began.
    """
    if stream is None:
        raw: Any = io.FileIO(os.open(os.devnull, os.O_WRONLY), "w", closefd=False)
        encoding = "utf-8"
    elif isinstance(stream, io.TextIOWrapper):
        stream.flush()
        # With `-u` there is no buffer in between.
        raw = getattr(stream.buffer, "raw", stream.buffer)
        encoding = stream.encoding
    else:
        return stream
    return io.TextIOWrapper(io.BufferedWriter(_Lasting(raw)), encoding=encoding, errors="replace", line_buffering=True)
