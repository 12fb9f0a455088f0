"""Fault points of the tool's back end, bound to what makes them fail.

A fault point is a named place; a driver is how it is reached. Scenarios name the point and never the driver.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from conformance.driver import Binding, FaultPoint, Site
from conformance.modes import Mode
from mockplatform.errors import UsageError
from mockplatform.tables import build, read_toml

__all__ = ["drivers", "fault_points", "opened", "reachable", "settings_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsFile:
    """`fault_points.toml`."""

    point: tuple[FaultPoint, ...]


@functools.cache
def fault_points() -> Mapping[str, FaultPoint]:
    """The fault points by name, in the order in which a launch comes to them."""
    path = Path(__file__).with_name("fault_points.toml")
    return {point.name: point for point in build(PointsFile, read_toml(path), where=path.name).point}


@functools.cache
def drivers() -> Mapping[str, ModuleType]:
    """The drivers by the name that a tool file calls them."""
    package = importlib.import_module("conformance.faultpoints")
    modules = (importlib.import_module(f"{package.__name__}.{i.name}") for i in pkgutil.iter_modules(package.__path__))
    return {module.KIND: module for module in modules}


def reachable(point: FaultPoint) -> Mapping[str, tuple[Mode, ...]]:
    """The matrix's row of a point: what each driver that reaches it can make of it."""
    return {kind: modes for kind, driver in drivers().items() if (modes := driver.modes(point))}


def settings_of(tables: Mapping[str, Mapping[str, Any]], *, where: str) -> Mapping[str, Mapping[FaultPoint, Any]]:
    """The settings of each bound point, by the driver that it is bound to.

    Raises:
        UsageError: a point, a driver or a key is unknown, or the driver does not reach the point.
    """
    found: dict[str, dict[FaultPoint, Any]] = {}
    for name, table in tables.items():
        place = f'{where} faults."{name}"'
        if name not in fault_points():
            raise UsageError(f"{place}: unknown fault point; known are {', '.join(fault_points())}")
        point, kind = fault_points()[name], str(table.get("driver"))
        bindable = [k for k in reachable(point) if hasattr(drivers()[k], "Settings")]
        if "driver" not in table:
            raise UsageError(f"{place}: driver: missing, expected one of {', '.join(bindable)}")
        if kind not in drivers():
            raise UsageError(f"{place}: driver is '{kind}', expected one of {', '.join(bindable)}")
        if kind not in bindable:
            advice = f"bind it to one of {', '.join(bindable)}" if bindable else "there is nothing to bind"
            raise UsageError(f"{place}: the driver '{kind}' does not reach this point; {advice}")
        given = {key: value for key, value in table.items() if key != "driver"}
        found.setdefault(kind, {})[point] = build(drivers()[kind].Settings, given, where=f"{place}:")
    return found


@contextlib.contextmanager
def opened(tables: Mapping[str, Mapping[str, Any]], site: Site) -> Iterator[Mapping[str, Binding]]:
    """What arms each bound fault point, for the time of a run.

    Raises:
        UsageError: a binding does not fit, or a driver cannot begin its work.
    """
    with contextlib.ExitStack() as stack:
        bindings: dict[str, Binding] = {}
        for kind, bound in settings_of(tables, where=site.where).items():
            bindings |= stack.enter_context(drivers()[kind].opened(bound, site))
        yield bindings
