"""Tells whether an LTI tool refuses each broken launch for the right reason.

The names below are what a test module needs; each is imported when it is asked for, so that a pytest run that
does not use the plugin pays nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mockplatform._version import __version__

if TYPE_CHECKING:
    from conformance.catalogue import scenarios, select
    from conformance.conduct import conduct
    from conformance.errors import codes, types
    from conformance.model import Report, Result, Scenario
    from conformance.profile import load_profile
    from conformance.toolfile import Tool

__all__ = [
    "Report",
    "Result",
    "Scenario",
    "Tool",
    "__version__",
    "codes",
    "conduct",
    "load_profile",
    "scenarios",
    "select",
    "types",
]

_HOMES = {
    "Report": "model",
    "Result": "model",
    "Scenario": "model",
    "Tool": "toolfile",
    "codes": "errors",
    "conduct": "conduct",
    "load_profile": "profile",
    "scenarios": "catalogue",
    "select": "catalogue",
    "types": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
