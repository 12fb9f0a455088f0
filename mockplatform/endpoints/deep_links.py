"""Where a tool returns what was picked (Deep Linking 2.0, section 4.5; SEC 5.2.1)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.claims import DEEP_LINKING_PREFIX
from mockplatform.deep_links.claims import PLAIN_TEXTS, items_of
from mockplatform.deep_links.returning import receive
from mockplatform.endpoints.parameters import parameters, query_of
from mockplatform.endpoints.rendering import html, refusal
from mockplatform.endpoints.wire import about, platform_of

__all__ = ["ASKED_BY", "ROUTES"]

ASKED_BY = "browser"

_BODY_LIMIT = 1 << 20
_FORM = "application/x-www-form-urlencoded"
_ADVICE = ("Let the page of the tool post a form with the field JWT to deep_link_return_url, as it was sent.",)


async def deep_links(request: Request) -> Response:
    """Take a deep linking response and show what has become of it."""
    if request.method != "POST":
        problem = f"The deep linking response came by {request.method}, expected a form by POST (SEC 5.2.1)"
        return refusal(request, problem, advice=_ADVICE, status=405)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > _BODY_LIMIT:
        return refusal(request, f"The form is longer than {_BODY_LIMIT} bytes", advice=_ADVICE, status=413)
    query = query_of(request)
    # What stands in the address is no field of the form.
    fields = (await parameters(request))[len(query) :]
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # What has neither a type nor fields is told what is missing.
    if sent != _FORM and (sent or fields):
        problem = f"The deep linking response came with Content-Type {sent!r}, expected {_FORM} (SEC 5.2.1)"
        return refusal(request, problem, advice=_ADVICE, status=415)
    received = await receive(platform_of(request), fields, query=query)
    returned = received.returned
    about(request).update(launch=returned.launch_id, client_id=returned.client_id, course=returned.course_id)
    claims = returned.claims
    said = {name: text for name in PLAIN_TEXTS if isinstance(text := claims.get(DEEP_LINKING_PREFIX + name), str)}
    return html(
        request,
        "deep_linked.html",
        status=400 if returned.problems else 200,
        framed=True,
        returned=returned,
        links=received.links,
        course=received.launch.course if received.launch else None,
        items=items_of(claims),
        said=said,
    )


ROUTES = (Route("/deep-links", deep_links, methods=["GET", "POST"], name="deep_links"),)
