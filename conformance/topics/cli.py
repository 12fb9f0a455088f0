"""The command line: every command and option."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from conformance.cli import parser
from conformance.paragraphs import paragraph, prose

__all__ = ["lines"]


def lines() -> Iterator[str]:
    """Each command with what it does and what it takes."""
    yield from _command(parser())


def _command(command: argparse.ArgumentParser) -> Iterator[str]:
    yield command.prog
    yield from prose(command.description or "", indent="  ")
    # argparse tells what it knows about its options nowhere else.
    actions = command._actions  # noqa: SLF001
    for action in actions:
        if not isinstance(action, argparse._SubParsersAction | argparse._HelpAction):  # noqa: SLF001
            yield from _option(action)
    yield ""
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for inner in action.choices.values():
                yield from _command(inner)


def _option(action: argparse.Action) -> Iterator[str]:
    value = f" {_value(action)}" if action.nargs != 0 else ""
    names = ", ".join(action.option_strings)
    yield from paragraph(f"{names}{value}".strip(), action.help or "", label_width=24)


def _value(action: argparse.Action) -> str:
    named = str(action.metavar or action.dest.upper())
    return "|".join(map(str, action.choices)) if action.choices else named
