"""An HTTP client that does no more than it must, several requests at a time over kept connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from tests.bench.rounds import Clock

__all__ = ["FORM", "Connection", "at_a_time"]

FORM = "application/x-www-form-urlencoded"


class Connection:
    """One kept connection to a server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, target: str) -> bytes:
        """The body of an answer with status 200."""
        return (await self.ask("GET", target))[1]

    async def post(self, target: str, form: bytes) -> bytes:
        """The same for a form."""
        return (await self.ask("POST", target, form))[1]

    async def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        status: int = 200,
    ) -> tuple[bytes, bytes]:
        """Head and body of an answer, which must have that status; a body is a form unless headers differ."""
        given = {"Host": f"{self._host}:{self._port}", "Content-Type": FORM, **(headers or {})}
        given["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return await self._exchange(f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + body, status)

    async def _exchange(self, request: bytes, status: int) -> tuple[bytes, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        assert head.startswith(f"HTTP/1.1 {status}".encode()), head + body[:300]
        return head, body

    def close(self) -> None:
        """Give the connection up; another request opens one anew."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def at_a_time(
    step: Callable[[Connection], Awaitable[object]],
    connections: list[Connection],
    loop: asyncio.AbstractEventLoop,
    slice_s: float,
    clock: Clock,
) -> float:
    """What a step costs by that clock, with one under way on each connection."""

    async def one(connection: Connection, end: float) -> int:
        count = 0
        while time.perf_counter() < end:
            await step(connection)
            count += 1
        return count

    async def all_of_them() -> int:
        end = time.perf_counter() + slice_s
        return sum(await asyncio.gather(*(one(connection, end) for connection in connections)))

    began = clock()
    count = loop.run_until_complete(all_of_them())
    return (clock() - began) / count
