"""The requests of a person with a session that take the tool to the platform's services, and the tool's key set."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request

from conformance.sample_tool import pages
from conformance.sample_tool.answer import Answer
from conformance.sample_tool.answering import Endpoint, refuse
from conformance.sample_tool.asking import base_url, form_of, person_of, plan_for, session_of, tool_for
from conformance.sample_tool.following import follow
from conformance.sample_tool.model import Person, Step
from conformance.sample_tool.services import documents
from conformance.sample_tool.services.model import Errand, Offer
from conformance.sample_tool.steps import Plan

__all__ = ["ROUTES"]


async def key_set(request: Request) -> Answer:
    """The tool's public key, for whoever wants to verify what the tool has signed (SEC 6.3)."""
    document = {"keys": [dict(tool_for(request).key.jwk)]}
    return Answer(status=200, body=json.dumps(document), media_type="application/json")


def service(steps: Callable[[Plan], Sequence[Step[Errand]]]) -> Endpoint:
    """An endpoint that shows what has come of an errand."""

    async def run(request: Request) -> Answer:
        ended, reason = await follow(await errand_of(request), steps(plan_for(request)))
        if reason is not None:
            return refuse(request, reason)
        return pages.service_page(ended.title, ended.lines)

    return run


async def pick(request: Request) -> Answer:
    """What a person has picked goes back to the platform through their browser (DL 2.3)."""
    ended, reason = await follow(await errand_of(request), plan_for(request).answer)
    if reason is not None:
        return refuse(request, reason)
    return pages.answer_page(documents.text(ended.offer.picking, "deep_link_return_url"), ended.response)


async def errand_of(request: Request) -> Errand:
    """An errand of whoever has the session; somebody without one is a guest to whom nothing is offered."""
    tool = tool_for(request)
    offer = tool.store.find_offer(session=session_of(request), now=tool.clock())
    return Errand(
        tool=tool,
        plan=plan_for(request),
        base_url=base_url(request),
        sender=request.headers.get("origin"),
        form=await form_of(request),
        person=person_of(request) or Person(),
        offer=offer or Offer(),
    )


ROUTES: Final[Sequence[tuple[str, str, Endpoint]]] = (
    ("GET", "/lti/jwks", key_set),
    ("POST", "/services/roster", service(lambda plan: plan.roster)),
    ("POST", "/services/grade", service(lambda plan: plan.grade)),
    ("POST", "/services/results", service(lambda plan: plan.results)),
    ("POST", "/services/groups", service(lambda plan: plan.groups)),
    ("POST", "/lti/pick", pick),
)
