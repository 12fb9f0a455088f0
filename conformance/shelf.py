"""Where the recipes of failed stories are kept, and the command that repeats a result."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from conformance.leaving import LEFT, made
from conformance.model import Result
from conformance.recipe import Target, as_json, file_name, recipe_of
from conformance.reporting import write_whole
from conformance.statuses import BROKEN
from mockplatform.errors import UsageError

__all__ = ["FOLDER", "Shelf", "text_at"]

FOLDER = LEFT / "recipes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Keeps a recipe of each story that did not pass.

    Args:
        profile: as the run was asked for it, a name or a path.
    """

    folder: Path
    profile: str
    seed: int
    target: Target

    def command(self, result: Result) -> str:
        """The command that repeats a result: from its recipe if it is broken and a recipe can be written."""
        path = self.keep(result) if result.status in BROKEN else None
        if path is not None:
            return f"lti-conformance replay {shlex.quote(str(path))}"
        flags = "".join(
            f" --{name.replace('_', '-')}" for name in ("strict", "allow_remote") if getattr(self.target, name)
        )
        which = "--demo" if self.target.demo else f"--tool {shlex.quote(self.target.tool)}"
        deep = f" --deep --examples {self.target.examples}" if self.target.examples else ""
        asked = f"{which}{flags}{self._dialect()} --profile {shlex.quote(self.profile)} --seed {self.seed}{deep}"
        return f"lti-conformance run {asked} --only {result.scenario.id}"

    def _dialect(self) -> str:
        flavour = "" if self.target.flavour == "neutral" else f" --flavour {shlex.quote(self.target.flavour)}"
        return flavour + "".join(f" --quirk {shlex.quote(text)}" for text in self.target.quirks)

    def keep(self, result: Result) -> Path | None:
        """Where the recipe of a result was written; None if that was not possible."""
        recipe = recipe_of(result, profile=self.profile, seed=self.seed, target=self.target)
        path = self.folder / file_name(recipe)
        try:
            made(self.folder)
            write_whole(path, as_json(recipe))
        except (OSError, UsageError):
            return None
        return path


def text_at(path: str) -> str:
    """The text of a recipe's file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: the recipe cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: no recipe: byte {error.start} is not UTF-8") from None
