"""Faults: what the tenant's own endpoints do wrong, and its keys go through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockplatform.control.contract import Ask, Listing, act, found
from mockplatform.records import KeyLife, WireFault

__all__: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFault:
    """Which requests are answered how: from the `nth` of them on, as many as `times` says, all if it says nothing.

    Args:
        endpoint: the name of an endpoint, or `*`.
        verb: what it does wrong, with the settings that `GET /fault-verbs` lists.
    """

    endpoint: str
    verb: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    method: str = ""
    client_id: str = ""
    nth: int = 1
    times: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAct:
    """What happens to the keys; `GET /key-acts` lists what can."""

    act: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@act("GET", "/tenants/{tenant}/faults")
def list_faults(ask: Ask) -> Listing[WireFault]:
    """The faults that are armed, with how often they have struck."""
    items = tuple(ask.platform.faults.all())
    return Listing(items=items, total=len(items))


@act("POST", "/tenants/{tenant}/faults", status=201)
def arm_fault(ask: Ask, body: NewFault) -> WireFault:
    """Let an endpoint misbehave from now on."""
    return ask.platform.faults.arm(
        endpoint=body.endpoint,
        verb=body.verb,
        settings=body.settings,
        method=body.method,
        client_id=body.client_id,
        nth=body.nth,
        times=body.times,
    )


@act("DELETE", "/tenants/{tenant}/faults")
def reset_faults(ask: Ask) -> None:
    """Let every endpoint behave again."""
    ask.platform.faults.reset()


@act("DELETE", "/tenants/{tenant}/faults/{fault}")
def disarm_fault(ask: Ask) -> WireFault:
    """Take one fault away; it is told as it was at last."""
    known = {fault.id: fault for fault in ask.platform.faults.all()}
    found(known.get(ask.path["fault"]), f"no fault {ask.path['fault']!r} is armed; GET …/faults lists those that are")
    return ask.platform.faults.disarm(ask.path["fault"])


@act("GET", "/tenants/{tenant}/keys")
def get_keys(ask: Ask) -> KeyLife:
    """What the key set lists now, what signs, and how often the set was asked for."""
    return ask.platform.key_set.now


@act("POST", "/tenants/{tenant}/keys")
def act_on_keys(ask: Ask, body: KeyAct) -> KeyLife:
    """Let something happen to the keys, such as a rotation."""
    return ask.platform.key_set.act(body.act, **body.settings)
