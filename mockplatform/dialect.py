"""How a platform speaks: what its honest launches and services have that others do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mockplatform.model import Launch, Stage

__all__ = ["Dialect", "dialect_of"]

AnyStage = TypeVar("AnyStage", bound=Stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The quirks of a flavour, and those that were switched on beside it."""

    name: str = "neutral"
    quirks: Mapping[str, Any] = field(default_factory=dict)

    def shape(self, value: AnyStage, launch: Launch | None = None) -> AnyStage:  # noqa: ARG002
        """An honest stage of a launch as this platform would send it."""
        return value

    def value(self, quirk: str, otherwise: Any) -> Any:
        """The setting of a quirk that concerns no stage, such as the size of a page."""
        return self.quirks.get(quirk, otherwise)


_NEUTRAL = Dialect()


def dialect_of(flavour: str, quirks: Mapping[str, Any]) -> Dialect:
    """The dialect of a flavour with further quirks."""
    if flavour == "neutral" and not quirks:
        return _NEUTRAL
    return Dialect(name=flavour, quirks=quirks)
