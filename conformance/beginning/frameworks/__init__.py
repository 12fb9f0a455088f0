"""How to find an application, one module for each framework: `RANK`, and `find(folder)`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from types import ModuleType

__all__ = ["known"]


@functools.cache
def known() -> tuple[ModuleType, ...]:
    """The modules of this package, those that recognise the most first."""
    found = (importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
    return tuple(sorted(found, key=lambda module: int(module.RANK)))
