"""The fake Zoom as an ASGI application, for tools that reach it through a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from conformance.upstream.zoom import FakeZoom, Silence

__all__ = ["create_upstream"]

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
GAVE_UP: Final = 504


def create_upstream(zoom: FakeZoom) -> Starlette:
    """The application; a request that gets no answer is held as long as its fault is armed."""

    async def answer(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        path = request.scope["raw_path"].decode("latin-1") + query
        found = zoom.answer(request.method, path, dict(request.headers), await request.body())
        if isinstance(found, Silence):
            await _held(found, zoom.seconds_left(found.fault), request)
            # Too late for an honest answer: whoever asked may have told a person that it failed.
            return Response(status_code=GAVE_UP)
        return Response(found.body, status_code=found.status, headers=dict(found.headers))

    return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


async def _held(silence: Silence, at_most_s: float, request: Request) -> None:
    """Waits until the fault is disarmed, its time is over or the client has left."""
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    with silence.fault.watched(lambda: loop.call_soon_threadsafe(over.set)), anyio.move_on_after(at_most_s):
        async with anyio.create_task_group() as group:

            async def first(event: Callable[[], Awaitable[object]]) -> None:
                await event()
                group.cancel_scope.cancel()

            group.start_soon(first, over.wait)
            group.start_soon(first, lambda: _left(request))


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
