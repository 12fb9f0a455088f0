"""Hypothesis, imported when something is drawn for the first time: it is an optional extra, and slow to load."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from hypothesis import strategies as st

__all__ = ["hypothesis_or_advice", "st"]


@functools.cache
def hypothesis_or_advice() -> ModuleType:
    """The package Hypothesis.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import hypothesis
    except ImportError:
        text = "generated launches need Hypothesis: install lti-conformance[hypothesis]"
        raise UsageError(text) from None
    return hypothesis


if not TYPE_CHECKING:

    class _Strategies:
        """`hypothesis.strategies`, loaded by the first use."""

        def __getattr__(self, name: str) -> Any:
            return getattr(hypothesis_or_advice().strategies, name)

    st = _Strategies()
