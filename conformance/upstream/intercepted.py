"""The fake Zoom for Python tools in this process, in place of the network: `pip install 'lti-conformance[respx]'`.

What a tool sends with httpx or httpx2 to the given addresses is answered by the fake; all else goes its way, the
harness's own requests among it. Other clients, such as requests, urllib or aiohttp, need the fake's socket.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from conformance.upstream.zoom import FakeZoom, Silence
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    import httpx
    import respx

__all__ = ["ADDRESSES", "Client", "intercepted"]

Client = Literal["httpx", "httpx2"]

ADDRESSES: Final = ("https://api.zoom.us", "https://zoom.us")
# respx works one layer below the client, where an exception becomes that of the client.
LAYERS: Final[dict[Client, str]] = {"httpx": "httpcore", "httpx2": "httpcore2"}
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@contextlib.contextmanager
def intercepted(
    zoom: FakeZoom, *addresses: str, clients: Collection[Client] = ("httpx", "httpx2")
) -> Iterator[FakeZoom]:
    """Answers what is sent to these addresses, by default those of the real Zoom.

    Raises:
        UsageError: respx is not installed.
    """
    with contextlib.ExitStack() as stack:
        for client in clients:
            stack.enter_context(_router(zoom, addresses or ADDRESSES, LAYERS[client]))
        yield zoom


def _router(zoom: FakeZoom, addresses: Collection[str], layer: str) -> respx.MockRouter:
    try:
        import httpx
        import respx

        if layer == "httpcore2":
            # It is a plugin of pytest, and tells respx of the layer when it is imported.
            importlib.import_module("pytest_httpx2")
        core = importlib.import_module(layer)
    except ImportError as error:
        raise UsageError(
            f"the fake Zoom cannot stand in for the network without '{error.name}'; "
            "run: pip install 'lti-conformance[respx]'"
        ) from error

    def answer(request: httpx.Request) -> httpx.Response | None:
        path = _path_below(addresses, request)
        if path is None:
            return None
        found = zoom.answer(request.method, path, dict(request.headers), request.content)
        if isinstance(found, Silence):
            # Nobody waits here for what will not come.
            raise core.ReadTimeout("no answer")
        return httpx.Response(found.status, headers=dict(found.headers), content=found.body)

    return _answering(answer, respx.MockRouter, layer)


def _answering(
    answer: Callable[[httpx.Request], httpx.Response | None], base: type[respx.MockRouter], layer: str
) -> respx.MockRouter:
    """A router that answers by a function, and keeps no record of what passes: a run sends many thousand requests."""
    from respx.models import AllMockedAssertionError, PassThrough

    class Router(base):  # type: ignore[misc, valid-type]
        def handler(self, request: httpx.Request) -> httpx.Response:
            found = answer(request)
            if found is not None:
                return found
            if self.Mocker is not None and self.Mocker.routers[-1] is not self:
                # A router of the user's own comes after this one, and decides as if it were alone.
                raise AllMockedAssertionError(f"{request.url} is not for the fake Zoom")
            raise PassThrough(f"{request.url} is not for the fake Zoom", request=request, origin=None)  # type: ignore[arg-type]

        async def async_handler(self, request: httpx.Request) -> httpx.Response:
            return self.handler(request)

    return Router(assert_all_called=False, using=layer)


def _path_below(addresses: Collection[str], request: httpx.Request) -> str | None:
    """Path and query of a request below one of the addresses; None if it goes elsewhere."""
    url = request.url
    path = url.raw_path.decode("ascii")
    for address in addresses:
        parts = urlsplit(address)
        there = (parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme))
        prefix = parts.path.rstrip("/")
        if there == (url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme)) and path.startswith(f"{prefix}/"):
            return path.removeprefix(prefix)
    return None
