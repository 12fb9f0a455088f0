"""An answer to a deep linking request, as a fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a tool has sent back to a deep linking request, and what the platform found wrong with it."""

    claims: Mapping[str, Any]
    problems: tuple[str, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    """The settings of the request that it answers."""
    attempt: str = ""
    """The action by which it was sent."""
