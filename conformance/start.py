"""What distinguishes a run from another of the same tool."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Start"]


class Start:
    """What distinguishes this run from another of the same tool.

    Args:
        flavour: the dialect in which the platform speaks.
        quirks: settings of single quirks on top of it, by their full names.
    """

    def __init__(
        self,
        *,
        seed: int,
        clock: Callable[[], float] = time.time,
        flavour: str = "neutral",
        quirks: Mapping[str, Any] | None = None,
    ) -> None:
        self.seed = seed
        self.clock = clock
        self.flavour = flavour
        self.quirks = quirks or {}
        self.run_id = f"{int(clock() * 1000):x}"
