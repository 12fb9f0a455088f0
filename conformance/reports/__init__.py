"""Report formats: one module each, `as_<format>.py`, found by walking this folder.

Each has `render(dossier) -> str`, and `HEAD`, a pattern that is in the beginning of its reports and of no other files.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import ModuleType

from conformance.telling.dossier import Dossier

__all__ = ["formats", "is_report"]


def formats() -> Mapping[str, Callable[[Dossier], str]]:
    """What renders a dossier, by the name of the format."""
    return {name: module.render for name, module in _modules().items()}


def is_report(beginning: str) -> bool:
    """Whether a file that begins so is a report of any format."""
    return any(module.HEAD.search(beginning) for module in _modules().values())


def _modules() -> Mapping[str, ModuleType]:
    names = sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name.startswith("as_"))
    return {name.removeprefix("as_"): importlib.import_module(f"{__name__}.{name}") for name in names}
