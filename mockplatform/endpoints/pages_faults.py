"""Faults of the platform's own endpoints, and what happens to its keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.own_forms import changing, for_people, values_of
from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.rendering import html, refusal, see_other
from mockplatform.endpoints.wire import platform_of
from mockplatform.errors import UsageError
from mockplatform.key_life import acts
from mockplatform.misbehaving.arguments import NamedFunction, Parameter
from mockplatform.misbehaving.faults import EVERY_ENDPOINT, endpoint_names, verbs

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES"]

FOR_PEOPLE = True
NAVIGATION = (70, "/faults", "Faults")


async def faults(request: Request) -> Response:
    """What is armed, and a form for one more."""
    platform, given = platform_of(request), dict(query_of(request))
    armed = platform.faults.all()
    return html(
        request,
        "faults.html",
        armed=[fault for fault in armed if not fault.is_used_up],
        used_up=[fault for fault in armed if fault.is_used_up],
        verbs=verbs(),
        verb=verbs().get(given.get("verb", "")),
        acts=acts(),
        endpoints=(EVERY_ENDPOINT, *endpoint_names()),
        keys=platform.key_set,
        published=[dict(key) for key in platform.key_set.publish().keys],
    )


async def arm(request: Request) -> Response:
    """Let an endpoint misbehave."""
    given = await values_of(request)
    try:
        verb = verbs().get(given.get("verb", ""))
        platform_of(request).faults.arm(
            endpoint=given.get("endpoint", ""),
            verb=given.get("verb", ""),
            settings={} if verb is None else _settings(verb, given),
            method=given.get("method", ""),
            client_id=given.get("client_id", ""),
            nth=_whole(given.get("nth", ""), "nth") or 1,
            times=_whole(given.get("times", ""), "times"),
        )
    except UsageError as problem:
        return refusal(request, str(problem), advice=("Go back, change the field that is named, and try again.",))
    return see_other(request, "/faults")


def _settings(function: NamedFunction, given: Mapping[str, str]) -> dict[str, Any]:
    """The arguments that a form gives; a field that is left empty stays at its default."""
    return {
        name: _setting(parameter, given[f"setting.{name}"])
        for name, parameter in function.parameters.items()
        if given.get(f"setting.{name}") or (parameter.required and parameter.type == "string")
    }


def _setting(parameter: Parameter, text: str) -> Any:
    if parameter.type == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise UsageError(f"{parameter.name} is {text!r}, expected {parameter.expected}") from None


def _whole(text: str, name: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"{name} is {text!r}, expected a number from 1")
    return int(text)


async def disarm(request: Request) -> Response:
    """Take one fault away, or all."""
    given = await values_of(request)
    try:
        if given.get("id"):
            platform_of(request).faults.disarm(given["id"])
        else:
            platform_of(request).faults.reset()
    except UsageError as problem:
        return refusal(request, str(problem))
    return see_other(request, "/faults")


async def act(request: Request) -> Response:
    """Let something happen to the keys."""
    given = await values_of(request)
    try:
        named = acts().get(given.get("act", ""))
        platform_of(request).key_set.act(given.get("act", ""), **({} if named is None else _settings(named, given)))
    except UsageError as problem:
        return refusal(request, str(problem))
    return see_other(request, "/faults")


ROUTES = for_people(
    Route("/faults", faults, methods=["GET"], name="faults"),
    Route("/faults", changing(arm), methods=["POST"], name="arm"),
    Route("/faults/disarm", changing(disarm), methods=["POST"], name="disarm"),
    Route("/faults/keys", changing(act), methods=["POST"], name="act"),
)
