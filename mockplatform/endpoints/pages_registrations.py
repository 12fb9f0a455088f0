"""The tools: list, add, change and remove them, and what has to be copied into a tool."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.finding import found, number
from mockplatform.endpoints.own_forms import changing, for_people, values_of
from mockplatform.endpoints.pages_home import tool_words
from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.rendering import html, refusal, see_other
from mockplatform.endpoints.wire import platform_of
from mockplatform.errors import UsageError
from mockplatform.model import Registration
from mockplatform.services.registration import invite
from mockplatform.tool_table import ATTRIBUTES, OPTIONAL, registration_from

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES"]

FOR_PEOPLE = True
NAVIGATION = (60, "/registrations", "Tools")

_PART = 50
_TEXTS = ("name", "issuer", "client_id", "login_url", "launch_url", "deep_linking_url", "jwks_url", "privacy")
_LISTS = ("deployment_ids", "redirect_uris", "scopes")
_MAPPINGS = ("custom", "login_params")
_NEXT_URL = re.compile(r",\s*https?:", re.IGNORECASE)
_SEVERAL = {"redirect_uris": _NEXT_URL, "scopes": _NEXT_URL, "deployment_ids": re.compile(r",\s")}
"""Where a line of a list goes on with what seems to be the next value; only who types here means that by a comma."""
_SCOPES_OF = {
    "all": "All that the platform offers",
    "listed": "Only these, one a line; none: no scope at all",
}
_PRIVACY = {
    "public": "All that is known",
    "name": "The name",
    "email": "The e-mail address",
    "anonymous": "Nothing",
}


async def registrations(request: Request) -> Response:
    """Every tool, page by page."""
    given = dict(query_of(request))
    shown = found(
        platform_of(request).state.registrations,
        query=given.get("q", ""),
        words=tool_words,
        offset=number(given.get("from", "")),
        limit=_PART,
    )
    return html(request, "registrations.html", found=shown, given=given)


async def edit(request: Request) -> Response:
    """The form for a tool, empty or filled with one that there is."""
    key = dict(query_of(request)).get("key", "")
    tool = platform_of(request).state.registrations.get(key)
    if key and tool is None:
        return refusal(request, f"tool {key!r}: it is not registered, or no longer", status=404)
    return _form(request, {} if tool is None else _written(tool), key=key)


def _form(request: Request, values: Mapping[str, str], *, key: str, problem: str = "") -> Response:
    filled = {name: values.get(name, "") for name in _names()} | {"privacy": values.get("privacy") or "public"}
    filled["scopes_of"] = _scopes_of(values)
    return html(
        request,
        "registration.html",
        status=400 if problem else 200,
        values=filled,
        key=key,
        problem=problem,
        privacy=_PRIVACY,
        scopes_of=_SCOPES_OF,
        attributes=ATTRIBUTES,
    )


def _names() -> tuple[str, ...]:
    attributes = tuple(f"attributes.{name}" for name in ATTRIBUTES)
    return (*_TEXTS, *OPTIONAL, *_AREAS, *attributes)


def _scopes_of(values: Mapping[str, str]) -> str:
    """Which scopes a form means, also one that says nothing of it."""
    return values.get("scopes_of") or ("listed" if values.get("scopes") else "all")


def _written(tool: Registration) -> dict[str, str]:
    """A registration as a form shows it; its secret is never sent back to a browser."""
    written = {name: getattr(tool, name) for name in (*_TEXTS, *OPTIONAL) if name != "consumer_secret"}
    written |= {name: "\n".join(getattr(tool, name) or ()) for name in _LISTS}
    written |= {name: "\n".join(f"{k}={v}" for k, v in getattr(tool, name).items()) for name in _MAPPINGS}
    written |= {f"attributes.{name}": field for name, field in tool.attributes.items()}
    written["scopes_of"] = "all" if tool.scopes is None else "listed"
    written["jwks"] = json.dumps(dict(tool.jwks), indent=2) if tool.jwks else ""
    return written


async def keep(request: Request) -> Response:
    """Add a tool, or change one."""
    platform, values = platform_of(request), await values_of(request)
    key = values.get("key", "")
    before = platform.state.registrations.get(key) if key else None
    try:
        tool = registration_from(_table(values, before), where="The tool")
    except UsageError as problem:
        return _form(request, values, key=key, problem=str(problem))
    tool = replace(tool, issuer=tool.issuer or platform.issuer)
    if tool.key != key and platform.state.registrations.get(tool.key) is not None:
        taken = f"The tool: client_id {tool.client_id!r} is registered already; give this one another"
        return _form(request, values, key=key, problem=taken)
    if before is not None and tool.key != key:
        platform.state.registrations.pop(key)
    platform.register(tool)
    return see_other(request, "/registrations")


def _table(values: Mapping[str, str], before: Registration | None) -> dict[str, Any]:
    """The fields of the form as the table that a configuration file would have."""
    table: dict[str, Any] = {name: values.get(name, "") for name in _TEXTS if name != "issuer"}
    table["name"] = table["name"] or "Tool"
    table["privacy"] = table["privacy"] or "public"
    table |= {name: values[name] for name in OPTIONAL if values.get(name)}
    if before is not None and values.get("consumer_key") and not values.get("consumer_secret"):
        table["consumer_secret"] = before.consumer_secret
    kept = {} if before is None else _untouched(values, before)
    table |= {name: kept[name] if name in kept else read(values.get(name, ""), name) for name, read in _AREAS.items()}
    table["scopes"] = _scopes(values, table["scopes"])
    table["attributes"] = {n: values[f"attributes.{n}"] for n in ATTRIBUTES if values.get(f"attributes.{n}")}
    return table


def _untouched(values: Mapping[str, str], before: Registration) -> dict[str, Any]:
    """The fields whose text came back as it was shown; not every value can be read out of its text again."""
    shown = _written(before)
    return {name: getattr(before, name) for name in _AREAS if _plain(values.get(name, "")) == _plain(shown[name])}


def _plain(text: str) -> str:
    """A text without what a browser does to it on its way (HTML, section 4.10.22.4: line breaks)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _scopes(values: Mapping[str, str], listed: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if _scopes_of(values) == "listed":
        return listed or ()
    if listed:
        raise UsageError(f"The tool: scopes: {_SCOPES_OF['all']!r} is chosen, and {listed[0]!r} is listed; keep one")
    return None


def _lines(text: str, name: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    for line in lines:
        if _SEVERAL[name].search(line):
            raise UsageError(f"The tool: {name}: {line!r} seems to be several with a comma between; write one per line")
    return lines


def _mapping(text: str, name: str) -> dict[str, str]:
    found_: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = line.partition("=")
        if not equals:
            raise UsageError(f"The tool: {name}: {line!r} is no line such as user_id=$User.id")
        found_[key.strip()] = value.strip()
    return found_


def _jwks(text: str, _name: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except (ValueError, RecursionError):
        raise UsageError('The tool: jwks is not JSON; paste a JWK Set, such as {"keys": [ … ]}') from None


_AREAS: Mapping[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(_LISTS, _lines),
    **dict.fromkeys(_MAPPINGS, _mapping),
    "jwks": _jwks,
}
"""Fields that a form shows as a text of several lines, and how that is read."""


async def remove(request: Request) -> Response:
    """Forget a tool."""
    platform_of(request).state.registrations.pop((await values_of(request)).get("key", ""))
    return see_other(request, "/registrations")


async def begin_registration(request: Request) -> Response:
    """Invite a tool to register itself, in a frame (Dynamic Registration 1.0, section 3.1)."""
    platform, given = platform_of(request), await values_of(request)
    try:
        invitation = invite(platform, tool_url=given.get("tool_url", ""))
    except UsageError as problem:
        return refusal(request, str(problem), advice=("Ask the tool's documentation for its registration URL.",))
    offered = "registration" in platform.settings.services
    return html(request, "registering.html", invitation=invitation, offered=offered)


ROUTES = for_people(
    Route("/registrations", registrations, methods=["GET"], name="registrations"),
    Route("/registrations", changing(keep), methods=["POST"], name="keep_registration"),
    Route("/registrations/edit", edit, methods=["GET"], name="edit_registration"),
    Route("/registrations/remove", changing(remove), methods=["POST"], name="remove_registration"),
    Route("/registrations/begin", changing(begin_registration), methods=["POST"], name="begin_registration"),
)
