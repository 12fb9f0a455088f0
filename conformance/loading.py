"""Python objects that a tool file names as `package.module:name`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from mockplatform.errors import UsageError

__all__ = ["load_object"]


def load_object(target: str, *, where: str) -> Any:
    """The object, imported as if from the current folder.

    Raises:
        UsageError: there is no such module or name, or its import fails.
    """
    module_name, _, path = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        raise UsageError(f"{where}: cannot import '{target}': {_line(error)}") from error
    # A module that exits while it is imported would end the run without a word.
    except (Exception, SystemExit) as error:
        raise UsageError(f"{where}: importing '{target}' failed: {type(error).__name__}: {_line(error)}") from error
    try:
        for name in path.split("."):
            found = getattr(found, name)
    except AttributeError:
        raise UsageError(f"{where}: the module '{module_name}' has no '{path}'") from None
    return found


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
