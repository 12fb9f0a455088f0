"""The options of a run, as the rest of the plugin reads them.

Apart from those that add them: a dataclass takes as long to make as all else that a run without a tool imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["Settings", "settings_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a run, from the command line and the configuration file."""

    root: Path
    tool: Path | None
    profile: str | None
    only: tuple[str, ...]
    seed: int
    strict: bool
    reports: tuple[str, ...]
    allow_remote: bool
    collect: bool
    junit_properties: bool


def settings_of(config: pytest.Config) -> Settings:
    """The options of this run.

    Raises:
        pytest.UsageError: the seed is no number.
    """
    option, ini = config.getoption, config.getini
    tool = config.invocation_params.dir / option("lti_tool") if option("lti_tool") else None
    if tool is None and ini("lti_tool"):
        tool = config.rootpath / ini("lti_tool")
    seed = ini("lti_seed") if option("lti_seed") is None else option("lti_seed")
    if not str(seed).removeprefix("-").isdecimal():
        raise pytest.UsageError(f"lti_seed: {seed!r} is no number")
    return Settings(
        root=config.rootpath,
        tool=tool,
        profile=option("lti_profile") or ini("lti_profile") or None,
        only=tuple(option("lti_only")),
        seed=int(seed),
        strict=option("lti_strict") or ini("lti_strict"),
        reports=(*ini("lti_report"), *option("lti_report")),
        allow_remote=option("lti_allow_remote"),
        collect=option("lti_collect") or ini("lti_collect"),
        junit_properties=ini("lti_junit_properties"),
    )
