"""A launch begins: in this tab, in another one, in a frame, or with lies."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform import flow11
from mockplatform.endpoints.breaking import context_of, is_by_lti11, picked, refuse_unfit
from mockplatform.endpoints.choosing import UnknownLineItemError, chosen, reviewed
from mockplatform.endpoints.own_forms import changing, for_people
from mockplatform.endpoints.pages_broken import broken_again
from mockplatform.endpoints.parameters import parameters, query_of
from mockplatform.endpoints.rendering import form, html, refusal, see_other
from mockplatform.endpoints.wire import platform_of
from mockplatform.errors import UsageError
from mockplatform.mutation import NotApplicableError

__all__ = ["FOR_PEOPLE", "ROUTES"]

FOR_PEOPLE = True

_HOW: Mapping[str, Mapping[str, str]] = {
    "tab": {},
    "frame": {},
    "pick": {"message": "deep_linking"},
    "review": {"message": "submission_review"},
    "privacy": {"message": "data_privacy"},
    "lti11": {"lti": "1.1"},
}
"""What the buttons add to the choice."""

_ADVICE = ("Choose anew on the page for launches; what this platform has may have changed since that page was made.",)


async def launch(request: Request) -> Response:
    """Begin the launch that was chosen: a page that sends the tool a login request, or the whole of LTI 1.1."""
    given = await parameters(request)
    choice = dict(given)
    choice |= _HOW.get(choice.get("how", ""), {})
    try:
        return _begun(request, choice, given)
    except UnknownLineItemError as problem:
        return refusal(request, str(problem), advice=_ADVICE, status=404)
    except UsageError as problem:
        if "broken" in choice or "mutation" in choice:
            return broken_again(request, given, str(problem))
        return refusal(request, str(problem), advice=_ADVICE)


def _begun(request: Request, choice: dict[str, str], given: tuple[tuple[str, str], ...]) -> Response:
    platform = platform_of(request)
    spoilts = picked(given)
    if "broken" in choice and not spoilts:
        raise UsageError("Launch, but broken: no lie is ticked; tick at least one, or launch from the first page")
    by_lti11, message = choice.get("lti") == "1.1" or is_by_lti11(spoilts), choice.get("message") or "resource_link"
    if by_lti11:
        flow11.check_message(message)
    is_review = message == "submission_review"
    intended = chosen(platform, reviewed(platform, choice) if is_review else choice)
    context = context_of(platform, intended) if spoilts else None
    if by_lti11:
        try:
            signed = platform.begin_basic(intended, spoilts, context).response
        except NotApplicableError as problem:
            raise UsageError(f"Launch, but broken: {problem}; pick another mutation, or launch before") from None
        return form(request, signed.method, signed.url, signed.fields)
    if context is not None:
        refuse_unfit(platform, intended, spoilts, context)
    pending = platform.begin(intended, spoilts, context)
    if choice.get("how") == "frame" or choice.get("frame"):
        return see_other(request, "/frame", launch=pending.key)
    return form(request, pending.login.method, pending.login.url, pending.login.params)


async def frame(request: Request) -> Response:
    """A launch inside a frame of the LMS, with another one that keeps data for the tool."""
    pending = platform_of(request).launches.get(dict(query_of(request)).get("launch", ""))
    if pending is None:
        return refusal(request, "No launch under way has this id.", advice=_ADVICE, status=404)
    return html(request, "frame.html", pending=pending, launch=pending.launch)


async def login(request: Request) -> Response:
    """The login request of a launch that has begun, sent by the browser."""
    pending = platform_of(request).launches.get(dict(query_of(request)).get("launch", ""))
    if pending is None:
        return refusal(request, "No launch under way has this id.", advice=_ADVICE, status=404)
    return form(request, pending.login.method, pending.login.url, pending.login.params)


ROUTES = for_people(
    Route("/launches", changing(launch), methods=["POST"], name="begin"),
    Route("/frame", frame, name="frame"),
    Route("/frame/login", login, name="frame_login"),
)
