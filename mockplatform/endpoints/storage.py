"""Storage for tools in frames without cookies: the script that keeps their data, and a frame with nothing else.

A page that includes `/storage.js` answers the tools in its frames; with `data-frame="…"` at its script element it
tells them to ask the frame of that name. The frame, `/storage`, answers for itself.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.rendering import FOLDER, NOT_STORED, html
from mockplatform.endpoints.wire import platform_of
from mockplatform.model import Registration

__all__ = ["ASKED_BY", "ROUTES", "origins"]

ASKED_BY = "browser"

_USUAL_PORTS = {"http": 80, "https": 443}
_START = """
{{
  const frame = document.currentScript?.dataset.frame ?? "";
  listenForTools(window, createToolStorage({{ origins: {origins}, frame }}));
}}
"""


def origins(registrations: Iterable[Registration]) -> tuple[str, ...]:
    """The origins from which tools may ask, as browsers write them (RFC 6454, section 6.2)."""
    found: dict[str, None] = {}
    for tool in registrations:
        for url in (tool.login_url, tool.launch_url, tool.deep_linking_url, *tool.redirect_uris):
            if origin := _origin(url):
                found[origin] = None
    return tuple(found)


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        # Browsers write a name of other letters in its ASCII form.
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        return ""
    if parts.scheme not in _USUAL_PORTS or not host:
        return ""
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{port}" if port not in (None, _USUAL_PORTS[parts.scheme]) else "")


@functools.cache
def _script() -> str:
    return (FOLDER / "storage.js").read_text("utf-8")


async def storage_script(request: Request) -> Response:
    """The script, with the origins of the tools that are registered now."""
    known = json.dumps(origins(platform_of(request).registrations))
    headers = {**NOT_STORED, "x-content-type-options": "nosniff"}
    return Response(_script() + _START.format(origins=known), headers=headers, media_type="text/javascript")


async def storage(request: Request) -> Response:
    """The empty page with the script, for a frame that tools ask by its name."""
    return html(request, "storage.html", framed=True)


ROUTES = (
    Route("/storage", storage, name="storage"),
    Route("/storage.js", storage_script, name="storage_script"),
)
