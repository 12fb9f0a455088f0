"""A callable in this process: `target = "tests.lti_faults:class_create"`, or a callable given in Python."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from conformance.loading import load_object

__all__ = ["KIND", "Settings", "arm"]

KIND = "callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `driver = "callback"`: what takes the mode and returns a context manager with `hits`."""

    target: Any

    def __post_init__(self) -> None:
        if not (callable(self.target) or (isinstance(self.target, str) and ":" in self.target)):
            raise ValueError("target is neither a callable nor a text such as package.module:function")


def arm(settings: Settings, point: str, mode: str) -> AbstractContextManager[Any]:
    """The armed fault."""
    target: Callable[[str], AbstractContextManager[Any]] = (
        load_object(settings.target, where=f"faults.{point}") if isinstance(settings.target, str) else settings.target
    )
    return target(mode)
