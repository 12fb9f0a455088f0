"""What is refused before anything is tried: a tool file that does not fit, and a waiver for what does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.catalogue import ruled, scenarios
from conformance.model import Profile
from conformance.phases import properties
from conformance.profile import load_profile, profile_names
from conformance.results.waivers import check_waivers
from conformance.toolvalues import Tool
from conformance.under_pytest.planning import uses_tool_file

if TYPE_CHECKING:
    from conformance.under_pytest.session import Conductor

__all__ = ["checked_tool", "require_tool", "require_waivable"]


def checked_tool(conductor: Conductor, path: Path, profile: Profile) -> Tool:
    """The tool of a tool file, whose waivers are for what exists.

    Raises:
        UsageError: the file does not fit.
    """
    tool = conductor.tool(path)
    own = load_profile(tool.profile.name)
    require_waivable(tool, (profile.name, own.name), where=f"{path}:")
    return tool


def require_waivable(tool: Tool, profiles: Iterable[str], *, where: str) -> None:
    """Refuse a waiver for what does not exist.

    Args:
        profiles: names beside those of the profiles that come with this package.

    Raises:
        UsageError: no scenario or profile has that name.
    """
    found = (*ruled(scenarios(), tool.rulings, where=where), *properties())
    check_waivers(tool.waiver, found, (*profile_names(), *profiles), where=where)


def require_tool(metafunc: pytest.Metafunc, conductor: Conductor, profile: Profile) -> None:
    """Refuse a suite whose tool file is missing or wrong: one error for its module, and not one for each scenario.

    Raises:
        UsageError: the file is missing or does not fit; a fixture that gives the tool needs none.
    """
    if uses_tool_file(metafunc.definition):
        checked_tool(conductor, conductor.tool_file(), profile)
