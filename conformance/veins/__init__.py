"""Veins: families of launches that no single scenario can stand for, each held to one expectation.

A vein is a function in a module of this folder that returns a strategy for lists of mutations; its name is its id
and its docstring its title. It resembles a scenario of the catalogue, which says why, to whom and what the answer
must be: a property is true for every correct tool, so a vein says itself where that scenario would be too narrow.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from conformance.catalogue import scenarios
from conformance.model import Answer, Expectation, Scenario
from conformance.strategies.breaking import with_mutations
from mockplatform.errors import UsageError
from mockplatform.mutation import Spoilt

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["AREA", "EITHER", "UNREADABLE", "Drawn", "Vein", "like", "veins"]

AREA: Final = "generated"
Drawn = tuple[Spoilt, ...]

EITHER: Final[Mapping[str, Expectation]] = MappingProxyType(
    {"any": Expectation(preferred=Answer(outcome="launched"), allowed=(Answer(),))}
)
"""Let in or refused for whatever reason, where the documents are silent; but answered."""

UNREADABLE: Final = (
    Answer(klass="invalid", type="InvalidJson", code=1001),
    Answer(klass="invalid", type="InvalidClaim", code=1001),
    Answer(klass="invalid", type="MissingParameter", code=1001),
    Answer(klass="security", type="SignatureInvalid", code=1001),
)
"""What a reader may say that does not get through a token at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vein:
    """A family of launches, and the scenario that it resembles."""

    name: str
    title: str
    exemplar: str
    draw: Callable[[], SearchStrategy[Drawn]]
    guards: tuple[str, ...] = ()
    also: tuple[Answer, ...] = ()
    expect: Mapping[str, Expectation] = field(default_factory=dict)
    why: str = ""
    fix: str = ""

    def __call__(self) -> SearchStrategy[Drawn]:
        """The strategy that draws its launches."""
        return self.draw()

    def scenario(self) -> Scenario:
        """What it holds a tool to, as a scenario without a lie.

        Raises:
            UsageError: the scenario that it resembles is not in the catalogue.
        """
        known = _catalogue()
        if self.exemplar not in known:
            raise UsageError(f"the vein '{self.name}' resembles '{self.exemplar}', which is no scenario")
        found = known[self.exemplar]
        expect = self.expect or {name: _widened(each, self.also) for name, each in found.expect.items()}
        bare = replace(
            with_mutations(found, ()),
            id=f"{AREA}/{self.name}",
            title=self.title,
            why=self.why or found.why,
            fix=self.fix or found.fix,
            guards=self.guards,
            expect=expect,
            aliases=(),
            rulings=() if self.expect else found.rulings,
        )
        return replace(bare, rotates=found.rotates)


def like(
    exemplar: str,
    *,
    guards: tuple[str, ...] = (),
    also: tuple[Answer, ...] = (),
    expect: Mapping[str, Expectation] | None = None,
    why: str = "",
    fix: str = "",
) -> Callable[[Callable[[], SearchStrategy[Drawn]]], Vein]:
    """Make a vein of a function that returns its strategy.

    Args:
        exemplar: the scenario that its launches resemble.
        guards: flaws of the sample tool that it has to notice.
        also: further right answers, where the scenario has none for what can be drawn.
        expect: what is expected instead, by profile.
        why: a reason of its own.
        fix: how to mend a tool, where what helps with the scenario does not help here.
    """

    def made(function: Callable[[], SearchStrategy[Drawn]]) -> Vein:
        return Vein(
            name=function.__name__.replace("_", "-"),
            title=(inspect.getdoc(function) or "").rstrip("."),
            exemplar=exemplar,
            draw=function,
            guards=guards,
            also=also,
            expect=expect or {},
            why=why,
            fix=fix,
        )

    return made


@functools.cache
def veins() -> Mapping[str, Vein]:
    """Every vein by name, found by walking this folder."""
    found: dict[str, Vein] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found |= {vein.name: vein for vein in vars(module).values() if isinstance(vein, Vein)}
    return MappingProxyType(found)


@functools.cache
def _catalogue() -> Mapping[str, Scenario]:
    """The scenarios by their ids, old ones included."""
    return {id_: scenario for scenario in scenarios() for id_ in (*scenario.aliases, scenario.id)}


def _widened(expectation: Expectation, also: tuple[Answer, ...]) -> Expectation:
    """The expectation with further answers; a launch that has to be let in has none."""
    if expectation.preferred.outcome == "launched" and not expectation.allowed:
        return expectation
    return replace(expectation, allowed=(*expectation.allowed, *also))
