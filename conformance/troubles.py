"""What goes wrong beside a launch: in the tool's back end, and at the platform's endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.modes import Mode

__all__ = ["Fault", "Wire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault point of the tool's back end and how it misbehaves."""

    point: str
    mode: Mode = "error"
    times: int | None = None
    """How often it fails before it works again; None: until the end of the story."""
    since: str = ""
    """The attempt before which it is armed; the first unless named."""
    must_fire: bool = True
    """False: the launch may do without what fails."""

    def __str__(self) -> str:
        return f"{self.point}={self.mode}" + (f" ×{self.times}" if self.times else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """An endpoint of the platform and what it does wrong, as `mockplatform.misbehaving.faults` knows the two."""

    endpoint: str
    verb: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of the verb; `{elsewhere}` in a text is the platform under another name of its host, and the text
    `{absent}` is null."""
    method: str = ""
    nth: int = 1
    """Which request is the first that is answered so, counted since it was armed."""
    times: int | None = None
    """How many are answered so; None: all until the end of the story."""
    since: str = ""
    """The attempt before which it is armed; the first unless named."""
    must_fire: bool = True
    """False: the tool may stop before it gets there."""

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.verb}" + (f" ×{self.times}" if self.times else "")
