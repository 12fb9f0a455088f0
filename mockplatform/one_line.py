"""A command line whose mistakes are told in one line; nothing but argparse is imported."""

from __future__ import annotations

import argparse
from typing import NoReturn

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where the usage is told."""

    def error(self, message: str) -> NoReturn:  # noqa: D102 - argparse's own
        self.exit(2, f"{self.prog.partition(' ')[0]}: {message}; `{self.prog} --help` shows the usage\n")
