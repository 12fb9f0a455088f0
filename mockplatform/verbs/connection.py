"""Verbs that let the client wait, or give the connection up."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated

from mockplatform.misbehaving.arguments import Within
from mockplatform.misbehaving.wire_call import WireCall

__all__ = ["close", "cut", "delay", "drip", "hang", "reset"]


async def delay(call: WireCall, *, delay_s: Annotated[float, Within(0, 600)] = 5.0) -> None:
    """Waits before the endpoint gets the request."""
    await call.sleep(delay_s)
    await call.pass_on()


async def drip(
    call: WireCall,
    *,
    chunk_bytes: Annotated[int, Within(1, 65_536)] = 16,
    pause_s: Annotated[float, Within(0, 60)] = 0.5,
) -> None:
    """Sends the right body a few bytes at a time, with a pause after each."""
    answer = await call.honest()
    await call.begin(answer, length=len(answer.body))
    client_gone = asyncio.ensure_future(call.gone())
    try:
        for start in range(0, len(answer.body), chunk_bytes):
            if client_gone.done():
                return
            await call.part(answer.body[start : start + chunk_bytes])
            await call.sleep(pause_s)
    finally:
        client_gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await client_gone
    await call.part(b"", last=True)


async def cut(call: WireCall, *, part: Annotated[float, Within(0, 0.99)] = 0.5) -> None:
    """Announces the whole length, sends this part of the body and closes the connection."""
    answer = await call.honest()
    await call.begin(answer, length=max(1, len(answer.body)))
    await call.part(answer.body[: int(len(answer.body) * part)])
    await call.hang_up()


async def close(call: WireCall) -> None:
    """Closes the connection without an answer; as near to a refused connection as one endpoint can get."""
    await call.hang_up()


async def reset(call: WireCall) -> None:
    """Breaks the connection off with a TCP reset (RFC 9293, section 3.5.2)."""
    await call.reset()


async def hang(call: WireCall, *, limit_s: Annotated[float, Within(0, 3600)] = 300.0) -> None:
    """Never answers; closes the connection when the client has gone, or after the limit."""
    await call.wait(limit_s)
    await call.hang_up()
