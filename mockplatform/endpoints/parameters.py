"""The parameters of a request, wherever they stand."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from mockplatform.model import Params

__all__ = ["parameters"]


async def parameters(request: Request) -> Params:
    """Query and URL-encoded form parameters in order, a name may come twice."""
    # Not `request.url`, which puts the whole address together and takes it apart again.
    found = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if request.method == "POST":
        body = (await request.body()).decode("utf-8", "replace")
        found += parse_qsl(body, keep_blank_values=True)
    return tuple(found)
