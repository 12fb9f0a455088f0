"""The authentication endpoint (SEC 5.1.1)."""

from __future__ import annotations

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.parameters import parameters
from mockplatform.endpoints.rendering import form, refusal
from mockplatform.endpoints.wire import about, platform_of
from mockplatform.model import AuthRequest
from mockplatform.pending import AuthRefusal

__all__ = ["ASKED_BY", "ROUTES"]

ASKED_BY = "browser"

_ADVICE = (
    "Launch the tool anew from the tools page: this launch is perhaps an old one, or not from here.",
    "If redirect_uri is named above: let the tool send a registered one, or register it (redirect_uris in --config).",
)


async def auth(request: Request) -> Response:
    """The authentication endpoint, by GET and POST (SEC 5.1.1.2)."""
    given = await parameters(request)
    often = Counter(name for name, _ in given)
    asked = AuthRequest(params=dict(given), repeated=tuple(name for name, count in often.items() if count > 1))
    about(request)["launch"] = asked.params.get("lti_message_hint", "")
    about(request)["client_id"] = asked.params.get("client_id", "")
    answer = platform_of(request).authorize(asked)
    if isinstance(answer, AuthRefusal):
        return refusal(request, *answer.problems, advice=_ADVICE)
    return form(request, "post", answer.url, answer.fields)


ROUTES = (Route("/auth", auth, methods=["GET", "POST"], name="auth"),)
