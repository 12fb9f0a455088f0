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
        for name in path.split("."):
            found = getattr(found, name)
    except ImportError as error:
        raise UsageError(f"{where}: cannot import '{target}': {error}") from error
    except AttributeError:
        raise UsageError(f"{where}: the module '{module_name}' has no '{path}'") from None
    except Exception as error:
        raise UsageError(f"{where}: importing '{target}' failed: {type(error).__name__}: {error}") from error
    return found
