"""What comes before an endpoint while faults are armed: which of them answer this request, and in what order."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from mockplatform.endpoints.callers import caller
from mockplatform.endpoints.parameters import asked_url
from mockplatform.lms import Platform
from mockplatform.misbehaving.faults import verbs
from mockplatform.misbehaving.wire_call import TRANSPORT, NoAnswerError, WireCall
from mockplatform.records import WireFault

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["serve_faulty"]


async def serve_faulty(app: ASGIApp, endpoint: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request through all faults that are due; the one armed first is outermost.

    Raises:
        NoAnswerError: a fault gave the connection up, and there is no socket by which a client could see it.
    """
    platform: Platform = scope["platform"]
    client_id = ""
    if platform.faults.ask_who(endpoint, scope["method"]):
        client_id, receive = await caller(platform, scope, receive)
    for fault in reversed(platform.faults.due(endpoint, scope["method"], client_id)):
        app = _struck(app, fault, platform)
    has_socket = TRANSPORT in scope.get("extensions", {})
    with contextlib.suppress(*([NoAnswerError] if has_socket else [])):
        await app(scope, receive, send)


def _struck(app: ASGIApp, fault: WireFault, platform: Platform) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        platform.faults.struck(fault)
        about = scope["entry"].about
        about["fault"] = ", ".join(filter(None, (about.get("fault"), fault.verb)))
        call = WireCall(
            app=app,
            scope=scope,
            receive=receive,
            send=send,
            sleep=platform.faults.sleep or asyncio.sleep,
            url=asked_url(platform, scope),
            now_s=platform.clock(),
        )
        await verbs()[fault.verb].function(call, **fault.settings)

    return serve
