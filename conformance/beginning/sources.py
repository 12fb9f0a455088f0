"""The Python sources of a folder: read, parsed where that may tell something, and never imported."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["Folder", "Source", "called", "is_installed", "python_command", "text_of"]

_SKIPPED = frozenset({"node_modules", "site-packages", "venv", "env", "build", "dist", "tests", "test", "migrations"})
_MOST_FILES = 2000
_LONGEST = 500_000
_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
_ENVIRONMENTS = (".venv/bin/python", "venv/bin/python", "env/bin/python")


@dataclass(frozen=True, kw_only=True)
class Source:
    """One Python file.

    Args:
        place: its path from the folder, with slashes.
        name: what its module is called from the folder.
    """

    place: str
    name: str
    text: str
    tree: ast.Module

    def where(self, node: ast.AST) -> str:
        """File and line of a part of it."""
        return f"{self.place}:{getattr(node, 'lineno', 1)}"

    @property
    def package(self) -> str:
        """The package in which its relative imports begin."""
        return self.name if self.place.endswith("__init__.py") else self.name.rpartition(".")[0]

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of it."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> Mapping[str, tuple[str, str]]:
        """What each imported name stands for: a module, and a name in it or nothing."""
        found: dict[str, tuple[str, str]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found |= {alias.asname or alias.name: (alias.name, "") for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                module = self._absolute(node.module or "", node.level)
                found |= {alias.asname or alias.name: (module, alias.name) for alias in node.names}
        return found

    def _absolute(self, module: str, level: int) -> str:
        if not level:
            return module
        package = self.package.split(".")[: len(self.package.split(".")) - level + 1]
        return ".".join(part for part in (*package, module) if part)

    def function_of(self, node: ast.stmt) -> str:
        """The innermost function in which a statement stands; empty: the module itself."""
        found = ""
        for function in self.nodes:
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                first, last = function.body[0].lineno, function.end_lineno or 0
                found = function.name if first <= node.lineno <= last and function is not node else found
        return found

    @property
    def is_script(self) -> bool:
        """Whether it does something when it is started as a script."""
        asked = (node.test for node in self.tree.body if isinstance(node, ast.If))
        return any(text_of(part) == "__main__" for test in asked for part in ast.walk(test))


class Folder:
    """A folder of somebody's project, read without changing or running anything."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._parsed: dict[str, Source | None] = {}
        self._faults: dict[str, str] = {}

    def files(self, *suffixes: str) -> Iterator[Path]:
        """Its own files with these suffixes, those of the folder itself first."""
        count = 0
        for here, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
            # A virtual environment may have any name.
            folders[:] = [name for name in folders if not (Path(here) / name / "pyvenv.cfg").exists()]
            for name in sorted(names):
                path = Path(here) / name
                if path.suffix not in suffixes or name.startswith((".", "test_")) or name == "conftest.py":
                    continue
                # A pipe with such a name would wait for somebody to write into it.
                if path.is_file():
                    count += 1
                    if count > _MOST_FILES:
                        return
                    yield path

    def read(self, path: Path) -> str:
        """The text of a file; empty if it cannot be read or nobody has written it by hand."""
        try:
            return path.read_text(encoding="utf-8-sig") if path.stat().st_size <= _LONGEST else ""
        except (OSError, UnicodeDecodeError):
            return ""

    def not_read(self, path: Path, why: str) -> None:
        """Note that a file that may tell something cannot be parsed.

        Args:
            why: its line, if it is known, and what is wrong there.
        """
        self._faults[self.place(path)] = why

    @property
    def unread(self) -> tuple[str, ...]:
        """Where and why files could not be parsed in which there may be an application."""
        return tuple(f"{self.root / place}:{why}" for place, why in self._faults.items())

    def place(self, path: Path) -> str:
        """A path from the folder, with slashes."""
        return path.relative_to(self.root).as_posix()

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Its Python files by their places."""
        return {self.place(path): self.read(path) for path in self.files(".py")}

    def telling(self, pattern: re.Pattern[str]) -> tuple[Source, ...]:
        """Its Python files that can be parsed and have something of a pattern; to parse all of a project takes long."""
        found = (self._source(place) for place, text in self.texts.items() if pattern.search(text))
        return tuple(source for source in found if source is not None)

    def _source(self, place: str) -> Source | None:
        if place not in self._parsed:
            self._parsed[place] = _parsed(place, self.texts[place])
            if self._parsed[place] is None:
                self.not_read(self.root / place, _fault(self.texts[place]))
        return self._parsed[place]

    def module(self, name: str, base: str = "") -> Source | None:
        """The source of a module as it is imported from the folder, from `src` in it, or from a base in it."""
        wanted = (f"{base}.{name}" if base else name, name, f"src.{name}")
        return next((self._source(self._places[each]) for each in wanted if each in self._places), None)

    @cached_property
    def _places(self) -> Mapping[str, str]:
        return {_module_name(place): place for place in self.texts}

    def definition(self, name: str) -> tuple[Source, ast.AST] | None:
        """The first function or class of a name, wherever it stands."""
        for place in self._definitions.get(name, ()):
            source = self._source(place)
            if source is None:
                continue
            for node in source.nodes:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
                    return source, node
        return None

    @cached_property
    def _definitions(self) -> Mapping[str, Sequence[str]]:
        """Where functions and classes of each name stand, by the look of the texts."""
        found: dict[str, list[str]] = {}
        for place, text in self.texts.items():
            for name in dict.fromkeys(_DEFINED.findall(text)):
                found.setdefault(name, []).append(place)
        return found


def _parsed(place: str, text: str) -> Source | None:
    try:
        return Source(place=place, name=_module_name(place), text=text, tree=_tree(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The parser's word for what is nested too deeply is MemoryError.
        return None


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        # An escape that Python does not know is the project's own business.
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _fault(text: str) -> str:
    """Where and why a text cannot be parsed, as Python says it; without a line where it names none."""
    try:
        _tree(text)
    except SyntaxError as error:
        return f"{error.lineno}: {error.msg}" if error.lineno else f" {error.msg}"
    except ValueError as error:
        return f" {error}"
    except (RecursionError, MemoryError):
        return " is nested too deeply"
    return " cannot be parsed"


def _module_name(place: str) -> str:
    parts = place.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def called(node: ast.AST | None) -> str:
    """The last name of what a call calls, or of what an expression names; empty for anything else."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def text_of(node: ast.AST | None) -> str | None:
    """A text that is written out; None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_installed(package: str) -> bool:
    """Whether a package could be imported here, found out without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def python_command(root: Path, package: str) -> str:
    """What starts the Python of a tool from a shell in the folder: the one that has its framework, as short as it goes.

    Args:
        package: the framework's.
    """
    usual = next((name for name in ("python", "python3") if shutil.which(name)), "python3")
    own = next((place for place in _ENVIRONMENTS if (root / place).exists()), None)
    if own is not None:
        return own
    known = next((name for name in ("python", "python3") if shutil.which(name) == sys.executable), None)
    return known or (sys.executable if is_installed(package) else usual)
