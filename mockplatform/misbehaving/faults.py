"""Scheduled misbehaviour of the platform's own endpoints.

What an endpoint does wrong is a verb, a function of `mockplatform.verbs` that is found by being there. When it does so
is a record in the store, so that every worker counts the same calls.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from mockplatform.errors import UsageError
from mockplatform.misbehaving.arguments import NamedFunction, described, near_miss, public_functions
from mockplatform.records import WireFault
from mockplatform.store import Table

__all__ = ["EVERY_ENDPOINT", "MAX_ARMED", "Faults", "Verb", "check_fault", "endpoint_names", "verbs"]

Verb = NamedFunction

EVERY_ENDPOINT = "*"
MAX_ARMED = 200
MAX_CALLS = 10**9
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


class Faults:
    """The faults of one tenant.

    Args:
        table: where they are kept, by id.
        new_id: makes their ids.
    """

    def __init__(self, table: Table[WireFault], new_id: Callable[[], str]) -> None:
        self._table = table
        self._new_id = new_id
        self.sleep: Callable[[float], Awaitable[None]] | None = None
        """How a verb waits for some seconds; the event loop's own sleep unless given."""

    @property
    def armed(self) -> bool:
        """Whether there is any: all that a call without a fault pays for."""
        return self._table.count() > 0

    def arm(
        self,
        *,
        endpoint: str,
        verb: str,
        settings: Mapping[str, Any] | None = None,
        method: str = "",
        client_id: str = "",
        nth: int = 1,
        times: int | None = None,
    ) -> WireFault:
        """Let an endpoint misbehave from now on.

        Args:
            endpoint: the name of its route, or `*` for all on the wire.
            verb: what it does wrong.
            settings: the parameters of the verb.
            method: only requests of this method; empty: all.
            client_id: only requests of this tool, as far as a request tells whose it is; empty: all.
            nth: the first of these requests that is answered so.
            times: how many are answered so; None: all that follow.

        Raises:
            UsageError: there is no such endpoint, verb or setting, or a number is out of range.
        """
        fault = WireFault(
            id=self._new_id(),
            endpoint=endpoint,
            verb=verb,
            settings=dict(settings or {}),
            method=method.upper(),
            client_id=client_id,
            nth=nth,
            times=times,
        )
        check_fault(fault)
        self._make_room()
        self._table.put(fault.id, fault)
        return fault

    def _make_room(self) -> None:
        known = self._table.page()
        used_up = [fault for fault in known if fault.is_used_up]
        if len(known) - len(used_up) >= MAX_ARMED:
            raise UsageError(f"fault: {MAX_ARMED} faults are armed already; disarm some, or reset them all")
        # The last ones stay, to be looked at.
        for fault in used_up[: max(0, len(known) + 1 - MAX_ARMED)]:
            self._table.pop(fault.id)

    def disarm(self, fault_id: str) -> WireFault:
        """Take one fault away; as it was, with its counts.

        Raises:
            UsageError: there is no fault of this id.
        """
        fault = self._table.pop(fault_id)
        if fault is None:
            raise UsageError(f"fault: none has the id {fault_id!r}; `all()` lists those that are armed")
        return fault

    def reset(self) -> None:
        """Take all faults away."""
        self._table.clear()

    def all(self) -> list[WireFault]:
        """Every fault in the order in which they were armed, with its counts; the last ones that are used up stay."""
        return self._table.page()

    def ask_who(self, endpoint: str, method: str) -> bool:
        """Whether it matters which tool makes a request."""
        return any(fault.client_id and fault.concerns(endpoint, method) for fault in self._table.page())

    def due(self, endpoint: str, method: str, client_id: str = "") -> list[WireFault]:
        """Count a request, and say which faults answer it, the one armed first outermost."""
        counted = [
            self._table.change(fault.id, _called)
            for fault in self._table.page()
            if fault.concerns(endpoint, method) and fault.client_id in ("", client_id)
        ]
        return [fault for fault in counted if fault is not None and fault.is_due]

    def struck(self, fault: WireFault) -> None:
        """Count that a fault has acted; one that is due does not where another one answers before it."""
        self._table.change(fault.id, _hit)


def _called(fault: WireFault) -> WireFault:
    return replace(fault, calls=fault.calls + 1)


def _hit(fault: WireFault) -> WireFault:
    return replace(fault, hits=fault.hits + 1)


def check_fault(fault: WireFault, *, where: str = "fault") -> None:
    """Make sure that an endpoint can misbehave so.

    Args:
        where: how a complaint begins.

    Raises:
        UsageError: there is no such endpoint, verb or setting, or a number is out of range.
    """
    if fault.endpoint != EVERY_ENDPOINT and fault.endpoint not in endpoint_names():
        near = near_miss(fault.endpoint, endpoint_names())
        hint = f"{near} {EVERY_ENDPOINT} is every one" if near else f"; the names are: {', '.join(endpoint_names())}, *"
        raise UsageError(f"{where}: unknown endpoint '{fault.endpoint}'{hint}")
    if fault.verb not in verbs():
        hint = near_miss(fault.verb, verbs()) or f"; the verbs are: {', '.join(verbs())}"
        raise UsageError(f"{where}: unknown verb '{fault.verb}'{hint}")
    if fault.method and fault.method not in _METHODS:
        raise UsageError(f"{where}: method is {fault.method!r}, expected one of {', '.join(_METHODS)}, or none for all")
    for name, value in (("nth", fault.nth), ("times", fault.times)):
        if value is not None and (type(value) is not int or not 1 <= value <= MAX_CALLS):
            raise UsageError(f"{where}: {name} is {value!r}, expected an integer from 1 to {MAX_CALLS}")
    verbs()[fault.verb].check(fault.settings, where=where)


@functools.cache
def verbs() -> Mapping[str, Verb]:
    """Every fault verb by name, found by walking the folder `verbs`."""
    functions: dict[str, Callable[..., Any]] = {}
    for module in _modules("mockplatform.verbs"):
        functions |= public_functions(module)
    return {name: described(name, functions[name]) for name in sorted(functions)}


@functools.cache
def endpoint_names() -> tuple[str, ...]:
    """The names of all endpoints on the wire, those of the services among them."""
    modules = (module for module in _modules("mockplatform.endpoints") if not getattr(module, "FOR_PEOPLE", False))
    return tuple(sorted({route.name for module in modules for route in getattr(module, "ROUTES", ())}))


def _modules(package_name: str) -> Iterator[ModuleType]:
    # Loaded by name: what a platform knows must not depend on how it is served.
    package = importlib.import_module(package_name)
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        yield importlib.import_module(f"{package_name}.{info.name}")
