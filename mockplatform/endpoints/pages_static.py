"""The style sheet and the scripts of the pages, from the folder `pages/static`."""

from __future__ import annotations

import functools
import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.rendering import FOLDER

__all__ = ["FOR_PEOPLE", "ROUTES"]

FOR_PEOPLE = True

_TYPES = {".css": "text/css", ".js": "text/javascript"}


@functools.cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Content, media type and entity tag of each file by name."""
    found = {}
    for path in sorted((FOLDER / "static").iterdir()):
        content = path.read_bytes()
        found[path.name] = (content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')
    return found


async def static(request: Request) -> Response:
    """A file of the folder; nothing else can be named."""
    found = _files().get(request.path_params["name"])
    if found is None:
        return Response("There is no such file.", 404, media_type="text/plain")
    content, media_type, tag = found
    headers = {"etag": tag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


async def no_icon(_request: Request) -> Response:
    """What browsers ask for unasked."""
    return Response(status_code=204)


ROUTES = (
    Route("/favicon.ico", no_icon, name="favicon"),
    Route("/static/{name}", static, name="static"),
)
