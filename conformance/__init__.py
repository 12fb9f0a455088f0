"""Tells whether an LTI tool refuses each broken launch for the right reason.

The names below are what a test module needs; each is imported when it is asked for, so that a pytest run that
does not use the plugin pays nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.catalogue import scenarios, select
    from conformance.conduct import conduct
    from conformance.errors import codes, types
    from conformance.machine import LaunchMachine
    from conformance.model import Result, Scenario
    from conformance.profile import load_profile
    from conformance.report import Report
    from conformance.toolvalues import (
        Action,
        Arrangement,
        Attributes,
        Launched,
        Observe,
        PlatformSettings,
        Probe,
        SecondPlatform,
        Tool,
        ToolSettings,
        Waiver,
    )
    from conformance.under_pytest.sequences import LtiSequences
    from conformance.under_pytest.suite import lti_suite
    from conformance.under_pytest.values import InProcess, RunningPlatform
    from mockplatform._version import __version__

__all__ = [
    "Action",
    "Arrangement",
    "Attributes",
    "InProcess",
    "LaunchMachine",
    "Launched",
    "LtiSequences",
    "Observe",
    "PlatformSettings",
    "Probe",
    "Report",
    "Result",
    "RunningPlatform",
    "Scenario",
    "SecondPlatform",
    "Tool",
    "ToolSettings",
    "Waiver",
    "__version__",
    "codes",
    "conduct",
    "load_profile",
    "lti_suite",
    "scenarios",
    "select",
    "types",
]

_HOMES = {
    "Action": "toolvalues",
    "Arrangement": "toolvalues",
    "Attributes": "toolvalues",
    "InProcess": "under_pytest.values",
    "LaunchMachine": "machine",
    "Launched": "toolvalues",
    "LtiSequences": "under_pytest.sequences",
    "Observe": "toolvalues",
    "PlatformSettings": "toolvalues",
    "Probe": "toolvalues",
    "Report": "report",
    "Result": "model",
    "RunningPlatform": "under_pytest.values",
    "Scenario": "model",
    "SecondPlatform": "toolvalues",
    "Tool": "toolvalues",
    "ToolSettings": "toolvalues",
    "Waiver": "toolvalues",
    "codes": "errors",
    "conduct": "conduct",
    "load_profile": "profile",
    "lti_suite": "under_pytest.suite",
    "scenarios": "catalogue",
    "select": "catalogue",
    "types": "errors",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("mockplatform._version").__version__
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
