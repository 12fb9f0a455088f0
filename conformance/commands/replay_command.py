"""`lti-conformance replay`."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.commands.targeting import opened, recipe_at, targeted
from conformance.failing import failure_told
from conformance.model import Result
from conformance.profile import load_profile
from conformance.recipe import Recipe
from conformance.replaying import replayed
from conformance.runner import Options, PlainLaunchFailed, Runner, ToolLost
from mockplatform.errors import UsageError

__all__ = ["command"]


def command(options: argparse.Namespace) -> int:
    """Send the story again: 0 fixed, 1 still fails, 2 or 3 cannot run."""
    recipe = recipe_at(options.recipe)
    result = _replayed(recipe, options)
    if isinstance(result, str):
        print(f"cannot run: {recipe.scenario.id}: {result}")
        return 3
    if result.status in ("skipped", "error"):
        print(f"cannot run: {recipe.scenario.id}: {result.verdict.reason}")
        return 2
    if result.status == "passed":
        print(f"fixed: {recipe.scenario.id} – {recipe.scenario.title}")
        return 0
    same = result.verdict.reason in recipe.told.reason
    print(f"still fails{'' if same else ', with another answer than before'}:\n{failure_told(result)}")
    return 1


def _replayed(recipe: Recipe, options: argparse.Namespace) -> Result | str:
    """What came of it; a sentence if the tool cannot be launched at all."""
    if not options.tool and not options.demo:
        options.tool, options.demo = recipe.target.tool or None, recipe.target.demo
    if options.tool and not Path(options.tool).exists():
        raise UsageError(f"{options.tool}: there is no such tool file, though the recipe names it; add --tool FILE")
    tool, where, _ = targeted(options)
    profile = load_profile(options.profile or recipe.profile)
    with opened(
        tool, profile, seed=recipe.seed, allow_remote=options.allow_remote, where=where, target=recipe.target
    ) as lab:
        runner = Runner(lab, Options(strict=recipe.target.strict))
        try:
            runner.plain_launch()
            return replayed(runner, recipe)
        except (PlainLaunchFailed, ToolLost) as trouble:
            return str(trouble)
