"""Python objects that a tool file names as `package.module:name`."""

from __future__ import annotations

import importlib
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mockplatform.errors import UsageError

__all__ = ["ImportFailedError", "load_object"]

_LONGEST: Final = 200
_HARNESS: Final = Path(__file__).parent
_OTHERS: Final = frozenset({"site-packages", "dist-packages"})


class ImportFailedError(UsageError):
    """The module is there and its import fails; the cause has the traceback."""


def load_object(target: str, *, where: str) -> Any:
    """The object, imported as if from the current folder.

    Raises:
        UsageError: there is no such module or name.
        ImportFailedError: its import fails.
    """
    module_name, _, path = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        if _is_missing(module_name, error):
            told = f"{_line(error)}: imports start from the current folder, {here}"
            raise UsageError(f"{where}: cannot import '{target}': {told}") from error
        raise ImportFailedError(f"{where}: cannot import '{target}': {_line(error)}{_place(error)}") from error
    # A module that exits while it is imported would end the run without a word.
    except (Exception, SystemExit) as error:
        told = f"{type(error).__name__}: {_line(error)}{_place(error)}"
        raise ImportFailedError(f"{where}: importing '{target}' failed: {told}") from error
    try:
        for name in path.split("."):
            found = getattr(found, name)
    except AttributeError:
        raise UsageError(f"{where}: the module '{module_name}' has no '{path}'") from None
    return found


def _is_missing(module_name: str, error: ImportError) -> bool:
    """Whether it is the named module itself, or a package that it lies in, that is not there."""
    return isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}.")


def _line(error: BaseException) -> str:
    """What it says, on one line and cut."""
    # The place of wrong syntax is told as that of any other error.
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…"


def _place(error: BaseException) -> str:
    """File and line of the user's own code that were reached last, in brackets; empty if there are none."""
    places = [place for place in _places(error) if _is_own(Path(place[0]))]
    if not places:
        return ""
    file, line = Path(places[-1][0]), places[-1][1]
    here = Path.cwd()
    return f" ({file.relative_to(here) if file.is_relative_to(here) else file}:{line})"


def _places(error: BaseException) -> Iterator[tuple[str, int]]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield frame.f_code.co_filename, line
    if isinstance(error, SyntaxError) and error.filename:
        yield error.filename, error.lineno or 1


def _is_own(file: Path) -> bool:
    """Whether code is neither the harness's, nor Python's, nor that of an installed package."""
    if not file.is_absolute() or _OTHERS & set(file.parts) or file.is_relative_to(_HARNESS):
        return False
    return not any(file.is_relative_to(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
