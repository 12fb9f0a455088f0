"""Report formats: one module each, `as_<format>.py`, with `render(dossier) -> str`, found by walking this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping

from conformance.dossier import Dossier

__all__ = ["formats"]


def formats() -> Mapping[str, Callable[[Dossier], str]]:
    """What renders a dossier, by the name of the format."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name.startswith("as_"))
    return {name.removeprefix("as_"): importlib.import_module(f"{__name__}.{name}").render for name in names}
