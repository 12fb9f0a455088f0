"""The parameters of a request, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from mockplatform.lms import Platform
from mockplatform.model import Params

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["asked_url", "parameters", "query_of"]

_BODY_LIMIT = 1 << 20
_IN_PATHS = "/:@!$&'()*+,;=~"


def asked_url(platform: Platform, scope: Scope) -> str:
    """The URL of a request, absolute and in ASCII, whatever the ids in its path are made of."""
    query = scope["query_string"].decode("latin-1")
    return f"{platform.url}{quote(scope['path'], safe=_IN_PATHS)}" + (f"?{query}" if query else "")


def query_of(request: Request) -> Params:
    """The parameters in the address, in order."""
    # Not `request.url`, which puts the whole address together and takes it apart again.
    return tuple(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))


async def parameters(request: Request) -> Params:
    """Query and URL-encoded form parameters in order, a name may come twice.

    Raises:
        HTTPException: the form is longer than any that a launch or a page has, or has no end.
    """
    found = query_of(request)
    if request.method == "POST":
        body = bytearray()
        try:
            async for part in request.stream():
                body += part
                if len(body) > _BODY_LIMIT:
                    raise HTTPException(413, f"The form is longer than {_BODY_LIMIT} bytes.")
        except ClientDisconnect as error:
            raise HTTPException(400, "The connection ended before the form did.") from error
        found += tuple(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return found
