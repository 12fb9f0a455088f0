"""Pages from the folder `pages`; whatever stands in them was escaped, and browsers are told to run nothing of it."""

from __future__ import annotations

import functools
import importlib
import json
import pkgutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from mockplatform.endpoints.wire import platform_of
from mockplatform.model import Params
from mockplatform.templates import environment

__all__ = [
    "FOLDER",
    "NOT_STORED",
    "POLICY",
    "form",
    "html",
    "link",
    "page",
    "refusal",
    "rendered",
    "see_other",
    "unknown",
]

FOLDER = Path(__file__).parent.parent / "pages"

# A page with a token in it is good for one use: no browser and no proxy may keep it (OAuth form_post, section 3).
NOT_STORED: Mapping[str, str] = {"cache-control": "no-store", "pragma": "no-cache"}

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " form-action * http: https:; frame-src http: https:; base-uri 'none'"
)
"""The Content-Security-Policy of a page that a launch may show in a frame of the LMS, wherever that frame is."""

_OWN = {"content-security-policy": f"{POLICY}; frame-ancestors 'self'", "x-content-type-options": "nosniff"}
_FRAMED = {"content-security-policy": POLICY, "x-content-type-options": "nosniff"}


@functools.cache
def _templates() -> Environment:
    return environment(FOLDER, {"moment": _moment, "laid_out": _laid_out, "short": _short})


def rendered(name: str, **values: Any) -> str:
    """A template of the folder `pages`, filled in, with an escape for each half of a surrogate pair."""
    text = _templates().get_template(name).render(**values)
    # A tool may have sent one as a member of some JSON, and no UTF-8 can say it.
    return text.encode("utf-8", "backslashreplace").decode()


def page(request: Request, name: str, **values: Any) -> str:
    """A page of the folder `pages`, as HTML."""
    platform = platform_of(request)
    usual = {
        "platform": platform,
        "path": platform.path,
        "here": request.scope["path"],
        "navigation": _navigation(),
        "link": functools.partial(link, request),
    }
    return rendered(name, **usual | values)


def html(request: Request, name: str, *, status: int = 200, framed: bool = False, **values: Any) -> Response:
    """A page of the folder `pages`, with the headers that keep foreign scripts out.

    Args:
        framed: the page is a part of a launch, which may happen in a frame of anybody's.
    """
    headers = {**NOT_STORED, **(_FRAMED if framed else _OWN)}
    return HTMLResponse(page(request, name, **values), status_code=status, headers=headers)


def form(request: Request, method: str, url: str, fields: Params) -> Response:
    """A page that goes on by itself to where the form is sent."""
    return html(request, "form_post.html", framed=True, url=url, method=method.lower(), fields=fields)


def refusal(request: Request, *problems: str, advice: tuple[str, ...] = (), status: int = 400) -> Response:
    """A page that says why something cannot be done, and what to do."""
    return html(request, "refused.html", status=status, problems=problems, advice=advice)


async def unknown(request: Request, error: Exception) -> Response:
    """What is answered where there is nothing: a page to browsers, and one line to everybody else."""
    assert isinstance(error, HTTPException)
    problem = f"There is nothing at {request.scope['path']} on this platform."
    if "text/html" in request.headers.get("accept", ""):
        return refusal(request, problem, advice=("Look at the address: is the tenant still there?",), status=404)
    return PlainTextResponse(f"{problem}\n", 404, headers=error.headers)


def link(request: Request, path: str, /, **query: Any) -> str:
    """The address of a page of this platform; a parameter that is empty is left out."""
    given = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{platform_of(request).path}{path}" + (f"?{urlencode(given, quote_via=quote)}" if given else "")


def see_other(request: Request, path: str, /, **query: Any) -> Response:
    """The way to a page after something was changed, so that to read it anew changes nothing (RFC 9110, 15.4.4)."""
    return RedirectResponse(link(request, path, **query), 303)


@functools.cache
def _navigation() -> tuple[tuple[str, str], ...]:
    """Path and name of the pages that every page leads to: a module of this folder says its own in `NAVIGATION`."""
    package = importlib.import_module("mockplatform.endpoints")
    modules = (importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    found = sorted(module.NAVIGATION for module in modules if hasattr(module, "NAVIGATION"))
    return tuple((path, name) for _place, path, name in found)


def _moment(seconds: float | None) -> str:
    """A time as people in any zone can read it."""
    if seconds is None:
        return "–"
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _laid_out(value: Any) -> str:
    """A JSON value, one member a line."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _short(uri: str) -> str:
    """A role without the vocabulary that it is from."""
    return uri.rpartition("#")[2] or uri
