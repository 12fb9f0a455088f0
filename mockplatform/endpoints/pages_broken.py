"""Launch, but broken: pick lies, see what a right tool answers to them, and launch."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.breaking import advice_of, picked, picked_names, shown
from mockplatform.endpoints.pages_home import choices
from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.rendering import html
from mockplatform.endpoints.wire import platform_of
from mockplatform.errors import UsageError
from mockplatform.mutation import Mutation

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameter:
    """A parameter of a mutation as a form shows it."""

    name: str
    type: str
    default: str | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A mutation as a form shows it."""

    mutation: Mutation
    stage: str
    picked: bool
    parameters: tuple[_Parameter, ...]


async def broken(request: Request) -> Response:
    """Every lie that a launch can carry, those that were picked first."""
    query = query_of(request)
    given = dict(query)
    chosen = picked_names(query)
    words = given.get("q", "").casefold().split()
    known = [known for known in shown() if known.name in chosen or _has(known, words)]
    rows = [_row(mutation, given, picked=mutation.name in chosen) for mutation in known]
    advice, trouble = (), ""
    if chosen:
        try:
            advice = tuple(advice_of(picked(query)))
        except UsageError as problem:
            trouble = str(problem)
    return html(
        request,
        "broken.html",
        rows=sorted(rows, key=lambda row: not row.picked),
        advice=advice,
        trouble=trouble,
        total=len(shown()),
        **choices(platform_of(request), given),
    )


def _has(mutation: Mutation, words: list[str]) -> bool:
    text = f"{mutation.name} {mutation.summary} {mutation.reference} {_STAGES[mutation.stage.__name__]}".casefold()
    return all(word in text for word in words)


def _row(mutation: Mutation, given: Mapping[str, str], *, picked: bool) -> _Row:
    return _Row(
        mutation=mutation,
        stage=_STAGES[mutation.stage.__name__],
        picked=picked,
        parameters=tuple(
            _Parameter(
                name=name,
                type=getattr(parameter.annotation, "__name__", "value"),
                default=None if parameter.default is inspect.Parameter.empty else _text(parameter.default),
                value=given.get(f"{mutation.name}.{name}", _text(parameter.default)),
            )
            for name, parameter in mutation.parameters.items()
        ),
    )


def _text(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return ""
    return value if isinstance(value, str) else repr(value)


ROUTES = (Route("/broken", broken, methods=["GET"], name="broken"),)
