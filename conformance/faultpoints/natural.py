"""Fresh people, courses and registrations: whoever has never been there is honestly not found."""

from __future__ import annotations

from typing import Final

from conformance.driver import FaultPoint
from conformance.modes import Mode

__all__ = ["KIND", "TITLE", "example", "modes"]

KIND: Final = "natural"
TITLE: Final = "fresh people and courses, with nothing injected and nothing to bind"


def modes(point: FaultPoint) -> tuple[Mode, ...]:
    """Only what is not there: nothing fails by nature."""
    return ("empty",) if point.natural else ()


def example(point: FaultPoint) -> str:
    """The scenarios that need no binding."""
    return f"# nothing to bind: {', '.join(point.natural)}"
