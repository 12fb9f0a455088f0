"""A run as its reports tell it: every result, and what was found out beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conformance.model import Finding, Profile, Result, Status

__all__ = ["Chapter", "Report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What a run has found out about the tool beside its results, such as the order of its checks."""

    id: str
    title: str
    lines: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    """The same for machines, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run: what was asked of which tool, and every result."""

    tool: str
    profile: Profile
    seed: int
    started: datetime
    duration_s: float
    complete: bool
    results: tuple[Result, ...]
    findings: tuple[Finding, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    stale_waivers: tuple[str, ...] = ()
    strict: bool = False
    stopped: str = ""
    """Why the run ended early, in a sentence."""
    untried: int = 0
    """How many of the chosen scenarios were not begun."""

    def counted(self, status: Status) -> int:
        """How many results have this status."""
        return sum(result.status == status for result in self.results)
