"""What every endpoint reads from a request: its form, the session that it comes from, and the tool it is for."""

from __future__ import annotations

from starlette.requests import Request

from conformance.sample_tool import session
from conformance.sample_tool.forms import Fields, read_fields
from conformance.sample_tool.model import Person, Tool
from conformance.sample_tool.steps import Plan

__all__ = ["base_url", "form_of", "person_of", "plan_for", "session_of", "together", "tool_for"]

BODY_LIMIT = 4 << 20
FORM = "application/x-www-form-urlencoded"


async def form_of(request: Request) -> Fields:
    """The fields of a form; none if it is none, or too long."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return {}
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return {}
    return read_fields(body.decode("utf-8", "replace"))


def together(query: Fields, form: Fields) -> Fields:
    """The fields of both."""
    return {name: query.get(name, ()) + form.get(name, ()) for name in query.keys() | form.keys()}


def session_of(request: Request) -> str:
    """The id of the session that the browser has, or says to have."""
    return request.cookies.get(session.COOKIE, "")


def person_of(request: Request) -> Person | None:
    """Whose session the request comes from."""
    tool = tool_for(request)
    return tool.store.find_person(session=session_of(request), now=tool.clock())


def base_url(request: Request) -> str:
    """Where the tool is, as the browser knows it."""
    return str(request.base_url).rstrip("/")


def tool_for(request: Request) -> Tool:
    """The tool that is asked."""
    tool: Tool = request.app.state.tool
    return tool


def plan_for(request: Request) -> Plan:
    """What it does, step by step."""
    plan: Plan = request.app.state.plan
    return plan
