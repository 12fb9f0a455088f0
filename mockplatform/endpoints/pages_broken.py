"""Launch, but broken: pick lies, see what a right tool answers to them, and launch."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.breaking import (
    advice_of,
    answers,
    context_of,
    is_by_lti11,
    picked,
    picked_names,
    rehearsed,
    shown,
)
from mockplatform.endpoints.choosing import tried
from mockplatform.endpoints.own_forms import for_people
from mockplatform.endpoints.pages_home import choices
from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.rendering import html
from mockplatform.endpoints.wire import platform_of
from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.model import Params
from mockplatform.mutation import Mutation, Spoilt

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES", "broken_again"]

FOR_PEOPLE = True
NAVIGATION = (20, "/broken", "Launch, but broken")

_STAGES = {
    "LoginRequest": "login request",
    "IdToken": "token before it is signed",
    "SignedToken": "signed token",
    "AuthResponse": "authentication response",
    "BasicLaunch": "LTI 1.1, before it is signed",
    "SignedLaunch": "LTI 1.1, signed",
}
_TYPES: Mapping[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameter:
    """A parameter of a mutation as a form shows it."""

    name: str
    told: str
    default: str | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A mutation as a form shows it."""

    mutation: Mutation
    stage: str
    picked: bool
    answers: tuple[str, ...]
    parameters: tuple[_Parameter, ...]


async def broken(request: Request) -> Response:
    """Every lie that a launch can carry, those that were picked first."""
    query = query_of(request)
    advice: tuple[Any, ...] = ()
    idle: tuple[Spoilt, ...] = ()
    trouble = ""
    try:
        spoilts = picked(query)
        if spoilts:
            advice, idle = tuple(advice_of(spoilts)), _idle(platform_of(request), query, spoilts)
    except UsageError as problem:
        trouble = str(problem)
    return _shown(request, query, advice=advice, idle=idle, trouble=trouble)


def broken_again(request: Request, given: Params, trouble: str) -> Response:
    """The same with everything that was chosen, after a launch that cannot begin."""
    return _shown(request, given, trouble=trouble, status=400)


def _shown(
    request: Request,
    query: Params,
    *,
    advice: tuple[Any, ...] = (),
    idle: tuple[Spoilt, ...] = (),
    trouble: str = "",
    status: int = 200,
) -> Response:
    given, chosen_names, told = dict(query), picked_names(query), answers()
    words = given.get("q", "").casefold().split()
    rows = [_row(mutation, given, told, picked=mutation.name in chosen_names) for mutation in shown()]
    fitting = [row for row in rows if row.picked or _has(row, words)]
    return html(
        request,
        "broken.html",
        status=status,
        here=NAVIGATION[1],
        rows=sorted(fitting, key=lambda row: not row.picked),
        advice=advice,
        idle=idle,
        trouble=trouble,
        total=len(rows),
        **choices(platform_of(request), given),
    )


def _idle(platform: Platform, query: Params, spoilts: tuple[Spoilt, ...]) -> tuple[Spoilt, ...]:
    """The lies that change nothing in the launch that is chosen; none where none is chosen yet."""
    given = dict(query)
    if not (given.get("link") or (given.get("registration") and given.get("course"))) or not given.get("person"):
        return ()
    is_by_lti11(spoilts)
    launch = tried(platform, given)
    return rehearsed(platform, launch, spoilts, context_of(platform, launch))


def _has(row: _Row, words: list[str]) -> bool:
    known = row.mutation
    text = f"{known.name} {known.summary} {known.reference} {row.stage} {' '.join(row.answers)}".casefold()
    return all(word in text for word in words)


def _row(mutation: Mutation, given: Mapping[str, str], told: Mapping[str, Sequence[str]], *, picked: bool) -> _Row:
    return _Row(
        mutation=mutation,
        stage=_STAGES[mutation.stage.__name__],
        picked=picked,
        answers=tuple(told.get(mutation.name, ())),
        parameters=tuple(
            _Parameter(
                name=name,
                told=_TYPES.get(parameter.annotation, "text or JSON"),
                default=None if parameter.default is inspect.Parameter.empty else _text(parameter.default),
                value=given.get(f"{mutation.name}.{name}", _text(parameter.default)),
            )
            for name, parameter in mutation.parameters.items()
        ),
    )


def _text(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return ""
    # As JSON where that means the same; a tuple or a byte is no value of JSON.
    plain = value is None or isinstance(value, (bool, int, float))
    return value if isinstance(value, str) else json.dumps(value) if plain else repr(value)


ROUTES = for_people(Route("/broken", broken, methods=["GET"], name="broken"))
