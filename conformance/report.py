"""A run as its reports tell it: every result, and what was found out beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from conformance.model import Finding, Profile, Result
from conformance.telling.dossier import Chapter

__all__ = ["Chapter", "Report"]


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
    waivers: tuple[str, ...] = ()
    """A sentence for each waiver that is stale or has expired."""
    strict: bool = False
    only: tuple[str, ...] = ()
    """The patterns by which scenarios were chosen; empty: all of the profile."""
    stopped: str | None = None
    """Why the run ended early, in a sentence; None if it did not."""
    untried: int = 0
    """How many of the chosen scenarios were not begun."""
    known: frozenset[str] = field(default=frozenset(), repr=False)
    """The secrets of the tool file, which no report may show."""
