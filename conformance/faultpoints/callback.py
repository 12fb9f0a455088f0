"""A callable in this process: `target = "tests.lti_faults:class_create"`, or a callable given in Python.

It takes the mode and returns a context manager whose value counts `hits`. One that also takes `times` can fail a
given number of times; one that takes `order` is given the whole order.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from conformance.driver import Armed, Binding, FaultPoint, Order, OutOfReachError, Site
from conformance.loading import load_object
from conformance.modes import BASE_MODES, Mode

__all__ = ["KIND", "TITLE", "Settings", "example", "modes", "opened"]

KIND: Final = "callback"
TITLE: Final = "a context manager per point, for a Python tool in this process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `driver = "callback"`: what is called, and the modes that it knows."""

    target: Any
    """`package.module:name`, or a callable given in Python, that takes the mode and returns a context manager."""
    modes: tuple[Mode, ...] = BASE_MODES
    """The ways in which it can make the point fail."""

    def __post_init__(self) -> None:
        if not (callable(self.target) or (isinstance(self.target, str) and ":" in self.target)):
            raise ValueError("target is neither a callable nor a text such as package.module:function")


def modes(point: FaultPoint) -> tuple[Mode, ...]:
    """Those that every back end has; a callable that can do more names its `modes`."""
    return () if point.access == "platform" else BASE_MODES


def example(point: FaultPoint) -> str:
    """A line of `[faults]`."""
    target = f"tests.lti_faults:{point.name.replace('.', '_')}"
    return f'"{point.name}" = {{ driver = "callback", target = "{target}" }}'


@contextlib.contextmanager
def opened(bound: Mapping[FaultPoint, Settings], site: Site) -> Iterator[Mapping[str, Binding]]:
    """The callables, which are imported when they are first needed: the tool may not be up yet."""
    yield {
        point.name: Binding(
            arm=partial(_arm, settings, f'{site.where} faults."{point.name}"'),
            modes=settings.modes,
        )
        for point, settings in bound.items()
    }


def _arm(settings: Settings, where: str, order: Order) -> AbstractContextManager[Armed]:
    target: Callable[..., AbstractContextManager[Armed]] = (
        load_object(settings.target, where=where) if isinstance(settings.target, str) else settings.target
    )
    told = {"times": order.times, "order": order}
    named = {name: value for name, value in told.items() if _takes(target, name)}
    if order.times is not None and not named:
        raise OutOfReachError("it takes the mode alone; let it take `times` as well to fail a given number of times")
    return target(order.mode, **named)


def _takes(target: Callable[..., Any], name: str) -> bool:
    """Whether a callable has a parameter of this name, or takes whatever it is given."""
    try:
        parameters = inspect.signature(target).parameters
    except ValueError:
        # Some built-in callables have no signature.
        return False
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
