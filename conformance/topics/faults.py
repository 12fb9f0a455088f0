"""Which driver reaches which fault point, and how.

`lti-conformance explain <fault point>` shows what to write into [faults] of the tool file.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.explaining import matrix_lines

__all__ = ["lines"]


def lines() -> Iterator[str]:
    """The matrix of points and drivers."""
    yield from matrix_lines()
