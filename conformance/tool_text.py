"""What the text of a tool file can hold, and whether it would load, asked before it is written."""

from __future__ import annotations

import tempfile
from pathlib import Path

from conformance.toolfile import load
from conformance.toolvalues import Tool
from mockplatform.errors import UsageError

__all__ = ["loaded", "writable"]


def writable(text: str) -> bool:
    """Whether a tool file can hold a text as it is: `${NAME}` would be taken for a variable of the environment.

    >>> writable("Hello $5"), writable("Hello ${user}")
    (True, False)
    """
    return "${" not in text


def loaded(text: str, path: Path) -> Tool:
    """The tool that a text would describe if it stood in a file; the file is not touched.

    Raises:
        UsageError: the text is no tool file.
    """
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder) / path.name
        tried.write_bytes(text.encode("utf-8"))
        try:
            return load(tried)
        except UsageError as error:
            raise UsageError(str(error).replace(str(tried), str(path))) from None
