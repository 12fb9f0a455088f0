"""Settings of a platform: its clock, its flavour and quirks, its services, and a fresh start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.dialects.dialect import quirks_typed
from mockplatform.dialects.flavour import flavour_named, flavours
from mockplatform.dialects.quirk import quirks
from mockplatform.endpoints.own_forms import changing, for_people, values_of
from mockplatform.endpoints.parameters import parameters
from mockplatform.endpoints.rendering import html, refusal, see_other
from mockplatform.endpoints.wire import platform_of
from mockplatform.errors import UsageError
from mockplatform.filling import Beginning
from mockplatform.service import services
from mockplatform.tenants import FIRST, Tenants

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES"]

FOR_PEOPLE = True
NAVIGATION = (80, "/settings", "Settings")

_FURTHEST_S = 10 * 365 * 86_400.0


async def settings(request: Request) -> Response:
    """How this platform behaves, in forms that change it."""
    platform = platform_of(request)
    return html(
        request,
        "settings.html",
        settings=platform.settings,
        now=platform.clock(),
        flavours=flavours(),
        quirks=quirks(),
        services=services(),
    )


async def change(request: Request) -> Response:
    """Behave otherwise from now on."""
    pairs = await parameters(request)
    try:
        platform_of(request).change_settings(
            **_changed(dict(pairs), [value for name, value in pairs if name == "service"])
        )
    except UsageError as problem:
        return refusal(request, str(problem))
    return see_other(request, "/settings")


def _changed(given: Mapping[str, str], offered: list[str]) -> dict[str, Any]:
    try:
        offset_s = float(given.get("offset_s") or 0)
    except ValueError:
        offset_s = _FURTHEST_S + 1
    # Not a number is neither.
    if not -_FURTHEST_S <= offset_s <= _FURTHEST_S:
        raise UsageError(f"offset_s is {given.get('offset_s')!r}, expected seconds, at most ten years, such as -3600")
    flavour = given.get("flavour") or "neutral"
    if flavour != "neutral":
        flavour_named(flavour, where="flavour")
    return {
        "title": given.get("title", "").strip(),
        "offset_s": offset_s,
        "flavour": flavour,
        "on_problem": "note" if given.get("on_problem") == "note" else "refuse",
        "services": tuple(name for name in offered if name in services()),
    }


async def add_quirk(request: Request) -> Response:
    """Switch a quirk on, on top of the flavour."""
    platform, given = platform_of(request), await values_of(request)
    try:
        added = quirks_typed([f"{given.get('quirk', '')}={given.get('value', '')}"], where="settings")
    except UsageError as problem:
        return refusal(request, str(problem))
    platform.change_quirks(lambda known: {**known, **added})
    return see_other(request, "/settings")


async def remove_quirk(request: Request) -> Response:
    """Switch a quirk off."""
    platform, name = platform_of(request), (await values_of(request)).get("quirk", "")
    platform.change_quirks(lambda known: {other: value for other, value in known.items() if other != name})
    return see_other(request, "/settings")


async def reset(request: Request) -> Response:
    """Let this platform forget everything and begin anew."""
    platform = platform_of(request)
    beginning: Tenants | Beginning = request.app.state.beginning
    beginning.reset(platform.tenant or FIRST)
    return see_other(request, "/")


ROUTES = for_people(
    Route("/settings", settings, methods=["GET"], name="settings"),
    Route("/settings", changing(change), methods=["POST"], name="change_settings"),
    Route("/settings/quirk", changing(add_quirk), methods=["POST"], name="add_quirk"),
    Route("/settings/quirk/remove", changing(remove_quirk), methods=["POST"], name="remove_quirk"),
    Route("/settings/reset", changing(reset), methods=["POST"], name="reset"),
)
