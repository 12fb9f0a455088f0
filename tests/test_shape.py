"""The shape of the code: what a reader relies on before reading."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for package in ("conformance", "mockplatform") for path in (ROOT / package).rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("test_*.py") if "real_tools" not in path.parts)
LONGEST_MODULE = 300
LONGEST_FUNCTION = 60


def named(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_what_it_is_for_and_what_leaves_it(path: Path):
    """It has a docstring, is short enough to read, and exports only what exists."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    if path.name != "__main__.py":
        module = importlib.import_module(named(path))
        assert [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)] == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_function_fits_on_a_screen(path: Path):
    """Arguments, docstring and body together."""
    functions = (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.FunctionDef))
    lengths = {function.name: (function.end_lineno or 0) - function.lineno + 1 for function in functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_a_test_states_a_fact(path: Path):
    """Each test function has a docstring that says what is true."""
    functions = (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.FunctionDef))
    assert [f.name for f in functions if f.name.startswith("test_") and not ast.get_docstring(f)] == []


def test_importing_the_packages_loads_nothing_heavy():
    """Versions and options are read without cryptography, web frameworks and clients."""
    import subprocess
    import sys

    heavy = ("cryptography", "starlette", "uvicorn", "httpcore2", "jinja2", "sqlalchemy", "rich", "selectolax", "jwt")
    code = "import sys, conformance.cli, mockplatform.cli, conformance.plugin; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    ).stdout.split()
    assert {name for name in heavy if name in loaded} == set()
