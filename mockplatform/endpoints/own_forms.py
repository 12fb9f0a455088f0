"""What changes something on this platform comes from a form of its own pages: a launched tool is a foreign site."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.parameters import parameters
from mockplatform.endpoints.rendering import refusal
from mockplatform.endpoints.wire import platform_of
from mockplatform.fetching import is_loopback
from mockplatform.model import Params

__all__ = ["Answer", "changing", "for_people", "values_of"]

Answer = Callable[[Request], Awaitable[Response]]

_ADVICE = ("Use the form on this platform's own pages; its address in the browser is the one that serve has printed.",)


def for_people(*routes: Route) -> tuple[Route, ...]:
    """The routes of pages, closed to requests by a name that is not the platform's own.

    Whoever owns a name can point it at this machine, and then read as one site what a page says (DNS rebinding).
    """
    return tuple(Route(one.path, _by_own_name(one.endpoint), methods=one.methods, name=one.name) for one in routes)


def _by_own_name(answer: Answer) -> Answer:
    @functools.wraps(answer)
    async def guarded(request: Request) -> Response:
        if _is_own_name(request):
            return await answer(request)
        host, url = request.headers.get("host", ""), platform_of(request).url
        problem = f"Host is {host!r}, which is no name of this platform; its pages are at {url}/"
        advice = (f"Open {url}/, or start the platform with --host and the name by which it is to be opened.",)
        return refusal(request, problem, advice=advice, status=421)

    return guarded


def _is_own_name(request: Request) -> bool:
    host = f"http://{request.headers.get('host', '')}/"
    try:
        name = urlsplit(host).hostname
    except ValueError:
        return False
    # On all addresses of a machine, the one that was connected to is its own; nobody can point an address elsewhere.
    address = (request.scope.get("server") or ("",))[0]
    own = {urlsplit(platform_of(request).url).hostname, address if _is_address(address) else None}
    return is_loopback(host) or (name is not None and name in own)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


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
    if is_loopback(f"http://{host}/"):
        own.add(f"{request.scope['scheme']}://{host}")
    return own


async def values_of(request: Request) -> dict[str, str]:
    """The fields of a form by name, without the blanks around them; of a name that comes twice the last.

    Raises:
        HTTPException: one has U+0000, which neither a database nor a state document takes.
    """
    given: Params = await parameters(request)
    for name, value in given:
        if "\0" in name + value:
            raise HTTPException(400, f"The field {name!r} has the character U+0000; leave it out.")
    return {name: value.strip() for name, value in given}
