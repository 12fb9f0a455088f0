"""What changes something on this platform comes from a form of its own pages: a launched tool is a foreign site."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from mockplatform.endpoints.parameters import parameters
from mockplatform.endpoints.rendering import refusal
from mockplatform.endpoints.wire import platform_of
from mockplatform.model import Params

__all__ = ["Answer", "changing", "values_of"]

Answer = Callable[[Request], Awaitable[Response]]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ADVICE = ("Use the form on this platform's own pages; its address in the browser is the one that serve has printed.",)


def changing(answer: Answer) -> Answer:
    """The endpoint, closed to requests that a browser sends for another site."""

    @functools.wraps(answer)
    async def guarded(request: Request) -> Response:
        if _is_foreign(request):
            return refusal(request, "The request comes from a page of another site.", advice=_ADVICE, status=403)
        return await answer(request)

    return guarded


def _is_foreign(request: Request) -> bool:
    """Whether a browser says that another site has made the request; what is no browser says nothing."""
    # Ports do not make a site: a tool on this machine is "same-site".
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and origin not in _own_origins(request)


def _own_origins(request: Request) -> set[str]:
    parts = urlsplit(platform_of(request).url)
    own = {f"{parts.scheme}://{parts.netloc}"}
    host = request.headers.get("host", "")
    # The platform says 127.0.0.1 where its user may have typed localhost. Any other name may be rebound by anybody.
    if host.rpartition(":")[0] in _LOOPBACK or host in _LOOPBACK:
        own.add(f"{request.scope['scheme']}://{host}")
    return own


async def values_of(request: Request) -> dict[str, str]:
    """The fields of a form by name, without the blanks around them; of a name that comes twice the last."""
    given: Params = await parameters(request)
    return {name: value.strip() for name, value in given}
