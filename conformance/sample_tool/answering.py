"""How an answer leaves the tool: as a response that no cache keeps, and what becomes of a refusal."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from conformance.sample_tool import pages
from conformance.sample_tool.answer import Answer, Cookie
from conformance.sample_tool.asking import plan_for, tool_for
from conformance.sample_tool.refusal import UNEXPECTED, Reason

__all__ = ["Endpoint", "answering", "as_response", "refuse", "send_back"]

# Logins, nonces and sessions have no code of their own; no other failure of the store gets past the steps.
STORE_FAILED = Reason(klass="unknown", type="Unknown", code=1003)

Endpoint = Callable[[Request], Awaitable[Answer]]


def refuse(request: Request, reason: Reason, *, return_url: str = "", cookies: tuple[Cookie, ...] = ()) -> Answer:
    """The answer to a refused request, with a reference that also stands in the log."""
    plan, reference = plan_for(request), tool_for(request).token()[:12]
    logging.getLogger(__name__).info("refused %s: %s", reference, reason)
    told = plan.tell(reason)
    page = pages.refusal_page(told, reference=reference, return_url=return_url, cookies=cookies)
    return plan.send(page, told)


def send_back(request: Request, reason: Reason, *, return_url: str, cookies: tuple[Cookie, ...] = ()) -> Answer:
    """The way back to the platform for somebody who was refused."""
    plan = plan_for(request)
    logging.getLogger(__name__).info("sent back: %s", reason)
    told = plan.tell(reason)
    return plan.send(pages.return_answer(told, return_url=return_url, cookies=cookies), told)


def answering(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint as Starlette wants it; whatever breaks inside, a person gets a page."""

    async def respond(request: Request) -> Response:
        try:
            answer = await endpoint(request)
        except SQLAlchemyError as error:
            # The text of the error has values of the statement in it.
            logging.getLogger(__name__).warning("the store failed: %s", type(error).__name__)
            answer = refuse(request, STORE_FAILED)
        except Exception:
            logging.getLogger(__name__).exception("unexpected error")
            answer = refuse(request, UNEXPECTED)
        return as_response(answer)

    return respond


def as_response(answer: Answer) -> Response:
    """The answer as an HTTP response that no cache keeps."""
    response = Response(answer.body, status_code=answer.status, media_type=answer.media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(answer.headers)
    for cookie in answer.cookies:
        response.set_cookie(
            cookie.name,
            cookie.value,
            max_age=cookie.max_age_s,
            path=cookie.path,
            secure=True,
            httponly=True,
            samesite="none",
        )
    return response
