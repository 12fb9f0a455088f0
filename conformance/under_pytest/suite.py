"""`lti_suite`: the catalogue as a parametrised test function of a test module."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any

import pytest

__all__ = ["lti_suite"]


def lti_suite(*, profile: str | None = None, only: str | Sequence[str] = ()) -> Callable[..., None]:
    """A test with an item for each scenario of a profile, tried on the tool of the fixture `lti_tool`.

    Args:
        profile: default: that of the options, then of the tool file, then `core`.
        only: globs of scenario ids, codes and error types.
    """
    code = _try_scenario.__code__
    frame = inspect.currentframe()
    if frame is not None and frame.f_back is not None:
        # The items belong to the line that asks for them, in listings and in skips.
        code = code.replace(co_filename=frame.f_back.f_code.co_filename, co_firstlineno=frame.f_back.f_lineno)
    test = types.FunctionType(code, globals(), "test_lti")
    patterns = (only,) if isinstance(only, str) else tuple(only)
    marked: Callable[..., None] = pytest.mark.lti_suite(profile=profile, only=patterns)(test)
    return marked


def _try_scenario(lti_scenario: Any, lti_trial: Callable[[Any], None]) -> None:
    lti_trial(lti_scenario)
