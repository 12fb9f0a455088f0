"""The pytest plugin: its fixtures, options and settings.

It comes with the package and does nothing until a tool file is collected or a fixture is asked for.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from conformance.paragraphs import paragraph
from mockplatform.errors import UsageError

__all__ = ["INNER", "lines"]

INNER = frozenset({"lti_bench", "lti_trial"})
"""Fixtures that only the items of the plugin use."""


class _Heard:
    """Takes down what the plugin adds to pytest's command line and settings; stands in for pytest's parser."""

    def __init__(self) -> None:
        self.options: dict[str, str] = {}
        self.settings: dict[str, str] = {}

    def getgroup(self, *_: object) -> _Heard:
        return self

    def addoption(self, name: str, *, metavar: str = "", help: str = "", **_: object) -> None:  # noqa: A002
        self.options[f"{name} {metavar}".strip()] = help

    def addini(self, name: str, help: str, **_: object) -> None:  # noqa: A002
        self.settings[name] = help


def lines() -> Iterator[str]:
    """What the plugin gives, and what it can be told.

    Raises:
        UsageError: pytest is not installed.
    """
    try:
        from conformance.under_pytest import fixtures
        from conformance.under_pytest.options import add_options
    except ModuleNotFoundError as error:
        raise UsageError(f"the plugin needs {error.name}: pip install 'lti-conformance[pytest]'") from None
    parser: Any = _Heard()
    add_options(parser)
    yield "Fixtures:"
    for name in fixtures.__all__:
        if name not in INNER:
            yield from _row(name, inspect.getdoc(getattr(fixtures, name)) or "")
    yield ""
    yield "Options of the command line:"
    for name, told in parser.options.items():
        yield from _row(name, told)
    yield ""
    yield "Settings in pytest.ini or [tool.pytest.ini_options]:"
    for name, told in parser.settings.items():
        yield from _row(name, told)


def _row(name: str, told: str) -> Iterator[str]:
    yield from paragraph(name, told.partition("\n")[0], label_width=26)
