"""The way back from a tool (CORE 5.4.4)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.parameters import parameters
from mockplatform.endpoints.rendering import html
from mockplatform.endpoints.wire import about, platform_of
from mockplatform.pending import launch_named

__all__ = ["ASKED_BY", "ROUTES"]

ASKED_BY = "browser"

_RETURNED = {
    "lti_msg": "Message",
    "lti_errormsg": "Error message",
    "lti_log": "For the log",
    "lti_errorlog": "Error for the log",
}


async def returned(request: Request) -> Response:
    """Where a tool sends people back to, with its message (CORE 5.4.4)."""
    given = dict(await parameters(request))
    over = launch_named(platform_of(request).launches, given.get("launch", ""))
    if over is not None:
        about(request)["launch"] = over.key
    said = {title: given[name] for name, title in _RETURNED.items() if name in given}
    return html(request, "returned.html", framed=True, said=said)


ROUTES = (Route("/return", returned, methods=["GET", "POST"], name="return"),)
