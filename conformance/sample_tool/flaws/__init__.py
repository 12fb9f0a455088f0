"""The flaws that the sample tool can be given, one file for each part of a launch."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from conformance.sample_tool.flaws.kinds import Flaw
from conformance.sample_tool.steps import Plan

__all__ = ["FLAWS", "Flaw", "flawed"]


def _found() -> Mapping[str, Flaw]:
    """The flaws of every module in this folder."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return MappingProxyType({flaw.name: flaw for module in modules for flaw in getattr(module, "FLAWS", ())})


FLAWS: Final = _found()


def flawed(plan: Plan, name: str) -> Plan:
    """The plan with the named flaw."""
    if name not in FLAWS:
        near = get_close_matches(name, FLAWS, n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else f"; there are {', '.join(FLAWS)}"
        raise ValueError(f"unknown flaw {name!r}{hint}")
    return FLAWS[name].spoil(plan)
