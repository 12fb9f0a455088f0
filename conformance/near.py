"""The platform of the demonstration, asked by the tool in this process: no socket, and no time that really passes.

Whoever waits, the tool for a platform that is busy or a client for a fault that stalls, puts the platform's clock on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.types import Receive, Scope, Send

from conformance.sample_tool.services.model import Answered
from conformance.transport import Request, Response, TransportTrouble, call_application
from mockplatform.app import create_app
from mockplatform.lms import Platform
from mockplatform.misbehaving.wire_call import NoAnswerError

__all__ = ["NearPlatform"]

PATIENCE_S: Final = 5.0


class NearPlatform:
    """A platform without a socket, as the sample tool's ways to it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._app = create_app(platform)
        platform.faults.sleep = self.pause

    async def fetch(self, url: str) -> tuple[int, bytes]:
        """What is at an address."""
        answer = await self._ask(Request(method="GET", url=url))
        return answer.status, answer.body

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """The answer to a request."""
        answer = await self._ask(Request(method=method, url=url, headers=tuple(headers.items()), body=body))
        return Answered(status=answer.status, headers=answer.headers, body=answer.body)

    async def pause(self, seconds: float) -> None:
        """Let the platform's clock, by which the tool goes as well, be so much later."""
        self._platform.change_settings(offset_s=self._platform.settings.offset_s + seconds)

    async def _ask(self, request: Request) -> Response:
        began = self._platform.clock()
        gone = False

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal gone
            try:
                await self._app(scope, receive, send)
            except NoAnswerError:
                # Without a socket this is how the platform hangs up; what the framework has made of it was not sent.
                gone = True

        try:
            answer = await call_application(served, request, timeout_s=PATIENCE_S)
        except TransportTrouble as trouble:
            raise ConnectionError(str(trouble)) from trouble
        if gone:
            raise ConnectionError("the platform closed the connection")
        if self._platform.clock() - began > PATIENCE_S:
            raise ConnectionError(f"no whole answer within {PATIENCE_S:g} s")
        return answer
