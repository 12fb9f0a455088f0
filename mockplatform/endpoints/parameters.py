"""The parameters of a request, wherever they stand."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from mockplatform.model import Params

__all__ = ["parameters", "query_of"]


def query_of(request: Request) -> Params:
    """The parameters in the address, in order."""
    # Not `request.url`, which puts the whole address together and takes it apart again.
    return tuple(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))


async def parameters(request: Request) -> Params:
    """Query and URL-encoded form parameters in order, a name may come twice."""
    found = query_of(request)
    if request.method == "POST":
        body = (await request.body()).decode("utf-8", "replace")
        found += tuple(parse_qsl(body, keep_blank_values=True))
    return found
