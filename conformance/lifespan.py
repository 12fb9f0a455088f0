"""The start and the end of an ASGI application that is called in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from mockplatform.errors import UsageError

__all__ = ["LIFESPAN_S", "Lifespan"]

LIFESPAN_S = 30


class Lifespan:
    """Runs an application's start and end; one that knows no lifespan is left alone."""

    def __init__(self, app: Callable[..., Any], state: dict[str, Any]) -> None:
        self._app = app
        self._state = state
        self._inbox: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._outbox: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[Any] | None = None

    async def start(self) -> None:
        """Let the application start.

        Raises:
            UsageError: it says that it cannot, or says nothing for too long.
        """
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        self._task = asyncio.ensure_future(self._app(scope, self._inbox.get, self._outbox.put))
        answer = await self._exchange("lifespan.startup")
        if answer.get("type") == "lifespan.startup.failed":
            said = " ".join(str(answer.get("message", "")).split()[-40:])
            raise UsageError(f"the application did not start: {said or 'it gave no reason'}")

    async def stop(self) -> None:
        """Let the application end."""
        if self._task is not None and not self._task.done():
            await self._exchange("lifespan.shutdown")
            self._task.cancel()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._task

    async def _exchange(self, kind: str) -> Mapping[str, Any]:
        assert self._task is not None
        await self._inbox.put({"type": kind})
        answer = asyncio.ensure_future(self._outbox.get())
        done, _ = await asyncio.wait({answer, self._task}, timeout=LIFESPAN_S, return_when=asyncio.FIRST_COMPLETED)
        if answer in done:
            return answer.result()
        answer.cancel()
        return {} if done else {"type": f"{kind}.failed", "message": f"it took more than {LIFESPAN_S} s"}
