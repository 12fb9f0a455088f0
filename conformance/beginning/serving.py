"""How an application that is a Python object gets served: by the harness itself, or by a command."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import PurePosixPath

from conformance.beginning.routing import Made
from conformance.beginning.sources import Folder, Source, is_installed, python_command

__all__ = ["Served", "from_below", "hints_in", "served"]

_HINTS = ("enable_check_cookies",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """`app` or `start` of a tool file."""

    app: str | None = None
    start: str | None = None


def served(folder: Folder, made: Made, package: str, command: str, *, factory: str, own_port: int | None) -> Served:
    """How an application is served.

    Args:
        package: the framework's; where it is not installed here, the tool lives in an environment of its own.
        command: what serves `{target}` at `{port}` from the folder of its module, after `python -m`.
        factory: the same for a function that makes one.
        own_port: the port at which it serves itself as a script.
    """
    source = made.source
    if made.function:
        return Served(start=command_in(folder, source, package, f"-m {factory}", made.function))
    if is_installed(package) and _can_be_imported(folder, made):
        return Served(app=f"{source.name.removeprefix('src.')}:{made.name}")
    if own_port is not None and source.is_script:
        return Served(start=command_in(folder, source, package, shlex.quote(PurePosixPath(source.place).name), ""))
    return Served(start=command_in(folder, source, package, f"-m {command}", made.name))


def command_in(folder: Folder, source: Source, package: str, arguments: str, name: str) -> str:
    """A command that starts Python where a module is imported from."""
    below, module = _home(folder, source)
    return from_below(folder, below, package, arguments.replace("{target}", f"{module}:{name}"))


def from_below(folder: Folder, below: str, package: str, arguments: str) -> str:
    """A command that starts Python in a folder below; empty: in the folder itself."""
    python = python_command(folder.root, package)
    if below and "/" in python and not python.startswith("/"):
        python = f"{'../' * len(PurePosixPath(below).parts)}{python}"
    return (f"cd {shlex.quote(below)} && " if below else "") + f"exec {shlex.quote(python)} {arguments}"


def _home(folder: Folder, source: Source) -> tuple[str, str]:
    """The folder from which a module can be imported, and what it is called there."""
    path = PurePosixPath(source.place)
    top = path.parent
    # Beside its package: a folder without __init__.py holds scripts.
    while str(top) != "." and (folder.root / top / "__init__.py").exists():
        top = top.parent
    parts = path.relative_to(top).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return ("" if str(top) == "." else str(top)), name


def _can_be_imported(folder: Folder, made: Made) -> bool:
    """Whether its module can be imported from the folder: it needs neither what lies beside it nor its own folder."""
    source = made.source
    below, _ = _home(folder, source)
    parts = source.name.split(".")
    if not all(part.isidentifier() for part in parts) or parts[0] in sys.stdlib_module_names:
        return False
    if not below:
        return True
    if below == "src":
        return is_installed(parts[1])
    beside = {path.stem for path in (folder.root / below).glob("*.py")}
    beside |= {path.parent.name for path in (folder.root / below).glob("*/__init__.py")}
    asked = {module.partition(".")[0] for module, _ in source.imports.values()}
    named = made.call.args[:1]
    # `Flask("game")` looks for its templates in the current folder.
    by_name = not named or getattr(named[0], "id", "") == "__name__"
    return by_name and not asked & beside


def hints_in(folder: Folder) -> frozenset[str]:
    """The pieces of source by which libraries are known."""
    return frozenset(hint for hint in _HINTS for text in folder.texts.values() if hint in text)
