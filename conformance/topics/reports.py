"""Reports: the formats of `--report FORMAT:PATH`.

Each renders the same results; none computes any. The path `-`, or none, is the screen.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from conformance.paragraphs import paragraph
from conformance.reports import formats

__all__ = ["lines"]


def lines() -> Iterator[str]:
    """Each format with what its module says of itself."""
    for name, render in formats().items():
        yield from paragraph(name, (inspect.getdoc(inspect.getmodule(render)) or "").partition("\n")[0])
