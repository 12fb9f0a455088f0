"""What `run --deep` does beyond the catalogue, one module a phase, found by walking this folder.

A phase asks of the tool what no single scenario could: every pair of faults, values that nobody thought of, long
stories. What it holds a tool to are properties: each has an id, a reason and what it expects like a scenario, and ends
as one result, however many launches it took.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from conformance.model import Finding, Result, Scenario
from conformance.report import Chapter
from conformance.runner import Runner

__all__ = ["EXAMPLES", "Depth", "Phase", "Telling", "phases", "properties", "run_property"]

EXAMPLES = 100
"""How many launches are generated for a property; Hypothesis's own default."""

Telling = Result | Finding | Chapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How far a phase goes; the seed is that of the lab."""

    examples: int = EXAMPLES


class Phase(Protocol):
    """A module of this folder."""

    NAME: str
    """The area in the ids of its properties."""
    RANK: int
    """The order in which phases take their turns."""

    def properties(self) -> tuple[Scenario, ...]:
        """What a tool is held to, each as the scenario that it resembles."""

    def run(self, runner: Runner, chosen: Sequence[Scenario], depth: Depth) -> Iterator[Telling]:
        """A result for each chosen property, and what was found out on the way.

        Raises:
            ToolLost: nobody answers any more.
        """


@functools.cache
def phases() -> tuple[Phase, ...]:
    """Every phase, in the order in which they take their turns."""
    names = [info.name for info in pkgutil.iter_modules(__path__)]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(sorted(modules, key=lambda module: int(module.RANK)))


def properties() -> tuple[Scenario, ...]:
    """What all phases hold a tool to."""
    return tuple(wanted for phase in phases() for wanted in phase.properties())


def run_property(runner: Runner, wanted: Scenario, depth: Depth) -> Result | None:
    """The result of one property; None if its phase says nothing about it.

    Raises:
        ToolLost: nobody answers any more.
    """
    phase = next(phase for phase in phases() if wanted.id.startswith(f"{phase.NAME}/"))
    return next((told for told in phase.run(runner, [wanted], depth) if isinstance(told, Result)), None)
