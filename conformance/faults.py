"""Fault points of the tool's back end, bound to what makes them fail.

A fault point is a named place; a driver is how it is reached. Scenarios name the point and never the driver.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

from mockplatform.errors import UsageError
from mockplatform.tables import build

__all__ = ["FAULT_POINTS", "bound_faults", "drivers"]

FAULT_POINTS: Mapping[str, str] = {
    "credentials.read": "the registration of the platform is looked up (1003)",
    "zoom_auth.read": "the person's Zoom authorisation is looked up (1008)",
    "course_link.read": "the link between course and class is looked up (1010)",
    "meeting_defaults.read": "the school's meeting defaults are looked up (1012)",
    "deferred.create": "classes that waited for this instructor are created (1013)",
    "class.create": "the class is created (1014)",
    "enrollment.write": "the person is enrolled (1015)",
    "class.read": "the class is read (1016)",
    "zoom.session": "the live Zoom session is used for an edit (1337)",
    "jwks.fetch": "the platform's key set is fetched (1017); the platform itself breaks it",
}


@functools.cache
def drivers() -> Mapping[str, ModuleType]:
    """The drivers by the name that a tool file calls them."""
    package = importlib.import_module("conformance.faultpoints")
    modules = (importlib.import_module(f"{package.__name__}.{i.name}") for i in pkgutil.iter_modules(package.__path__))
    return {module.KIND: module for module in modules}


def bound_faults(
    tables: Mapping[str, Mapping[str, Any]], *, where: str
) -> Mapping[str, Callable[[str], AbstractContextManager[Any]]]:
    """What arms each bound fault point, given a mode.

    Raises:
        UsageError: a point, a driver or a key is unknown.
    """
    bound = {}
    for point, table in tables.items():
        place = f'{where} faults."{point}"'
        if point not in FAULT_POINTS:
            raise UsageError(f"{place}: unknown fault point; known are {', '.join(FAULT_POINTS)}")
        kind = str(table.get("driver"))
        if kind not in drivers():
            raise UsageError(f"{place}: driver is '{kind}', expected one of {', '.join(drivers())}")
        driver = drivers()[kind]
        settings = build(driver.Settings, {k: v for k, v in table.items() if k != "driver"}, where=f"{place}:")
        bound[point] = functools.partial(driver.arm, settings, point)
    return bound
