"""What there is to choose from: mutations, faults, key acts, flavours, quirks, endpoints and services."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mockplatform.control.contract import Ask, Listing, act
from mockplatform.dialects.dialect import flavours, quirks
from mockplatform.dialects.flavour import Flavour
from mockplatform.dialects.quirk import Quirk
from mockplatform.endpoints.breaking import shown
from mockplatform.key_life import acts as key_acts
from mockplatform.misbehaving.arguments import NamedFunction, Parameter
from mockplatform.misbehaving.faults import endpoint_names, verbs
from mockplatform.mutation import Mutation
from mockplatform.service import services

__all__: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationParameter:
    """A parameter of a mutation; a required one has no default."""

    name: str
    type: str
    required: bool
    default: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationView:
    """A lie, the stage of a launch that it is told in, and the section that it breaks."""

    name: str
    stage: str
    summary: str
    reference: str
    parameters: tuple[MutationParameter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFunctionView:
    """Something that can be made to happen, and its settings."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuirkView:
    """One way in which platforms differ."""

    name: str
    summary: str
    reference: str
    neutral: Any
    choices: tuple[str, ...]
    breaks: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A service, the scopes that open it, and the names of its endpoints."""

    name: str
    scopes: tuple[str, ...]
    endpoints: tuple[str, ...]


@act("GET", "/mutations")
def list_mutations(_ask: Ask) -> Listing[MutationView]:
    """Every lie that a launch can carry."""
    return _whole(map(_mutation, shown()))


@act("GET", "/fault-verbs")
def list_fault_verbs(_ask: Ask) -> Listing[NamedFunctionView]:
    """What an endpoint can do wrong."""
    return _whole(map(_function, verbs().values()))


@act("GET", "/endpoints")
def list_endpoints(_ask: Ask) -> Listing[str]:
    """The names of the endpoints that faults can be armed for."""
    return _whole(endpoint_names())


@act("GET", "/key-acts")
def list_key_acts(_ask: Ask) -> Listing[NamedFunctionView]:
    """What can happen to the keys of a tenant."""
    return _whole(map(_function, key_acts().values()))


@act("GET", "/flavours")
def list_flavours(_ask: Ask) -> Listing[Flavour]:
    """The dialects of platforms, each setting with where it was seen."""
    return _whole(flavours().values())


@act("GET", "/quirks")
def list_quirks(_ask: Ask) -> Listing[QuirkView]:
    """The ways in which platforms differ."""
    return _whole(map(_quirk, quirks().values()))


@act("GET", "/services")
def list_services(_ask: Ask) -> Listing[ServiceView]:
    """The services that launches can name."""
    return _whole(
        ServiceView(name=name, scopes=tuple(one.SCOPES), endpoints=tuple(o.name for o in one.OPERATIONS))
        for name, one in services().items()
    )


def _whole(items: Iterable[Any]) -> Listing[Any]:
    found = tuple(items)
    return Listing(items=found, total=len(found))


def _mutation(mutation: Mutation) -> MutationView:
    parameters = mutation.parameters.values()
    return MutationView(
        name=mutation.name,
        stage=mutation.stage.__name__,
        summary=mutation.summary,
        reference=mutation.reference,
        parameters=tuple(map(_parameter, parameters)),
    )


def _parameter(parameter: inspect.Parameter) -> MutationParameter:
    required = parameter.default is parameter.empty
    hint = parameter.annotation
    return MutationParameter(
        name=parameter.name,
        type=hint.__name__ if isinstance(hint, type) else str(hint).removeprefix("typing."),
        required=required,
        default=None if required else parameter.default,
    )


def _function(function: NamedFunction) -> NamedFunctionView:
    return NamedFunctionView(
        name=function.name, summary=function.summary, parameters=tuple(function.parameters.values())
    )


def _quirk(quirk: Quirk) -> QuirkView:
    return QuirkView(
        name=quirk.name,
        summary=quirk.summary,
        reference=quirk.reference,
        neutral=quirk.neutral,
        choices=quirk.choices,
        breaks=quirk.breaks,
    )
