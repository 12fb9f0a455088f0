"""Where errors may be found: one file per channel, found by walking this folder.

A module has `propose(evidence)`, which returns a `Proposal`, or None where the channel says nothing that depends on
the fault. `RANK` is that of the extractor which reads the channel later.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from types import ModuleType

__all__ = ["channels"]


@functools.cache
def channels() -> tuple[ModuleType, ...]:
    """The modules, the most trusted channel first."""
    found = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return tuple(sorted(found, key=lambda module: int(module.RANK)))
