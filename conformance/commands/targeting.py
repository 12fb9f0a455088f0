"""What a command is about: the tool of a tool file or the sample tool, and the recipe of a story."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager
from dataclasses import replace

from conformance.lab import Lab
from conformance.model import Profile
from conformance.recipe import Recipe, Target, read_recipe
from conformance.shelf import text_at
from conformance.target import Start, open_lab
from conformance.toolfile import find, load
from conformance.toolvalues import Tool
from mockplatform.dialects.dialect import quirks_typed
from mockplatform.dialects.flavour import flavour_named

__all__ = ["opened", "recipe_at", "targeted"]


def targeted(options: argparse.Namespace) -> tuple[Tool | None, str, Target]:
    """The tool to run against, None being the sample tool; how messages name its file; and how a recipe names it.

    Raises:
        UsageError: there is no tool file, or it does not fit.
    """
    asked = Target(
        allow_remote=options.allow_remote,
        strict=getattr(options, "strict", False),
        flavour=getattr(options, "flavour", "neutral"),
        quirks=tuple(getattr(options, "quirk", ())),
    )
    if options.demo:
        return None, "the sample tool:", replace(asked, demo=True)
    path = find(options.tool)
    return load(path), f"{path}:", replace(asked, tool=str(path))


def opened(
    tool: Tool | None, profile: Profile, *, seed: int, allow_remote: bool, where: str, target: Target | None = None
) -> AbstractContextManager[Lab]:
    """The lab around the tool.

    Args:
        target: names the dialect in which its platform speaks.

    Raises:
        UsageError: there is no such flavour or quirk.
    """
    target = target or Target()
    flavour = flavour_named(target.flavour, where="--flavour").name
    start = Start(seed=seed, flavour=flavour, quirks=quirks_typed(target.quirks, where="--quirk"))
    if tool is None:
        from conformance.demo import demo_lab

        return demo_lab(profile, start)
    return open_lab(tool, profile, start, where=where, allow_remote=allow_remote)


def recipe_at(path: str) -> Recipe:
    """The recipe in a file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    return read_recipe(text_at(path), where=path)
