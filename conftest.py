"""The documentation runs: Python and console examples of README and the topics, and the examples of docstrings."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import shlex
from typing import TYPE_CHECKING

import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser
from sybil.sybil import SybilCollection

if TYPE_CHECKING:
    from sybil.example import Example

pytest_plugins = ["pytester"]


class ConsoleBlockParser(CodeBlockParser):
    """Runs the `lti-conformance` commands of a console block and compares what they print; `...` is anything."""

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        """What a command printed otherwise than the document says, or None."""
        from conformance.cli import main

        checker = doctest.OutputChecker()
        for part in example.parsed.split("$ ")[1:]:
            command, _, wanted = part.partition("\n")
            program, *arguments = shlex.split(command)
            if program != "lti-conformance":
                return f"only lti-conformance is run here, not {program}"
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                main(arguments)
            if not checker.check_output(wanted, printed.getvalue(), doctest.ELLIPSIS):
                return f"$ {command}\nprinted\n{printed.getvalue()}\nexpected\n{wanted}"
        return None


pytest_collect_file = SybilCollection(
    [
        Sybil(
            parsers=[ConsoleBlockParser(), PythonCodeBlockParser()], patterns=["README.md", "conformance/topics/*.md"]
        ),
        Sybil(parsers=[DocTestParser(optionflags=doctest.ELLIPSIS)], patterns=["mockplatform/__init__.py"]),
    ]
).pytest()


class Announcer:
    """Names each failure when it happens: a run that is cut off has said what it knew."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print the test, in which phase it was, and the first line of what went wrong."""
        terminal: pytest.TerminalReporter | None = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            crash = getattr(report.longrepr, "reprcrash", None)
            reason = (crash.message if crash else report.longreprtext.strip()).partition("\n")[0]
            terminal.write_line(f"\n{report.nodeid} failed ({report.when}): {reason}")
            terminal.flush()


def pytest_configure(config: pytest.Config) -> None:
    """In a CI, whose log is all that is left of a run without an end, failures are named at once."""
    if os.environ.get("CI") == "true" and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Announcer(config))
