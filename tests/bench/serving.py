"""Goals 2 and 13: launches per second and memory of the served platform, its server on one core."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import rsa
from selectolax.lexbor import LexborHTMLParser

from tests.bench.lean_client import Connection, at_a_time
from tests.bench.processes import cores, on_core, served
from tests.bench.rounds import SLICE_S, Clock, Goal, Line, Ratio, Work, in_turn, ratio
from tests.bench.tokens import raw_signatures

__all__ = ["measure"]

ROUNDS = 8
MEMORY_ROUNDS = 3
LAUNCHES = 200
SIDE_BY_SIDE = 8
# One launch is authorised again and again, which an LMS would refuse.
PLATFORM = ["mockplatform", "serve", "--port", "0", "--no-sample-tool", "--quirk", "login.hint_reuse=allow"]
ISSUER = ["tests.bench.serve_issuer"]

Step = Callable[[Connection], Awaitable[object]]


class Client:
    """Launches a platform over sockets, as the browser of several people would."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop, *, looks_around: bool) -> None:
        self.loop = loop
        self.looks_around = looks_around
        self.connections = [Connection(url) for _ in range(SIDE_BY_SIDE)]
        self._form = b""
        self._begun: list[dict[str, str]] = [{"login_hint": "hint", "lti_message_hint": "bare"}]
        self._turn = itertools.count()

    async def look_around(self) -> None:
        """Read the first page, and begin a launch for each connection."""
        page = LexborHTMLParser(await self.connections[0].get("/"))
        form = page.css("form[action='/launches']")[0]
        self._form = urlencode(_fields(form)).encode()
        self._begun = [await self._begin(connection) for connection in self.connections]

    async def _begin(self, connection: Connection) -> dict[str, str]:
        return _fields(LexborHTMLParser(await connection.post("/launches", self._form)))

    async def authorize(self, connection: Connection) -> None:
        """An authentication request for a launch that has begun, answered by the form with the token."""
        await self._authorize(connection, self._begun[next(self._turn) % len(self._begun)])

    async def launch(self, connection: Connection) -> None:
        """A launch from the first page's form to the form with the token."""
        await self._authorize(connection, await self._begin(connection))

    async def _authorize(self, connection: Connection, login: dict[str, str]) -> None:
        params = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": "lti-conformance",
            "redirect_uri": "http://127.0.0.1:8000/lti/launch",
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
        }
        page = await connection.get(f"/auth?{urlencode(params)}")
        assert b'name="id_token"' in page, page[-900:]

    def work(self, step: Step, clock: Clock = time.perf_counter) -> Work:
        """Slices of that step, several side by side; to look around before does not count."""

        def work() -> float:
            if self.looks_around:
                self.loop.run_until_complete(self.look_around())
            return at_a_time(step, self.connections, self.loop, SLICE_S, clock)

        return work

    def close(self) -> None:
        """Give the connections up."""
        for connection in self.connections:
            connection.close()
        self.loop.run_until_complete(asyncio.sleep(0))


def _fields(part: Any) -> dict[str, str]:
    """The hidden fields of a form, and what is chosen in it already."""
    given = part.css("input[type=hidden], input[type=radio][checked]")
    return {field.attributes["name"]: field.attributes["value"] for field in given} | {"how": "tab"}


def measure() -> Iterator[Line]:
    """Launches per second, then memory."""
    yield from _launches()
    yield from _memory()


def _launches() -> Iterator[Line]:
    server_core, client_core = cores()
    loop = asyncio.new_event_loop()
    key = rsa.generate_private_key(65537, 2048)

    def raw_on_core(clock: Clock) -> float:
        with on_core(server_core):
            return raw_signatures(key, clock)()

    with contextlib.ExitStack() as stack:
        served_platform = stack.enter_context(served(PLATFORM, core=server_core))
        platform = Client(served_platform.url, loop, looks_around=True)
        issuer = Client(stack.enter_context(served(ISSUER, core=server_core)).url, loop, looks_around=False)
        stack.enter_context(on_core(client_core))
        subjects = {
            "raw": lambda: raw_on_core(time.perf_counter),
            "raw again": lambda: raw_on_core(time.perf_counter),
            "raw alone": lambda: raw_on_core(time.thread_time),
            "bare": issuer.work(issuer.authorize),
            "auth": platform.work(platform.authorize),
            "auth alone": platform.work(platform.authorize, served_platform.processor_s),
            "launch": platform.work(platform.launch),
        }
        rounds = in_turn(subjects, ROUNDS)
        platform.close()
        issuer.close()
    rows = {
        "auth": ("2", "served: authentication request to form, 8 at a time", "raw", Goal(">=", 0.55, 0.70)),
        "auth alone": ("", "the same by the server's processor time", "raw alone", None),
        "launch": ("", "the same with the first page's form before it", "raw", None),
        "bare": ("", "the bare issuer, 8 at a time", "raw", None),
        "raw again": ("", "noise: raw signatures twice", "raw", None),
    }
    for subject, (number, name, floor, goal) in rows.items():
        against = "raw signatures on the server's core"
        yield Line(number=number, name=name, ratio=ratio(rounds, floor, subject), against=against, goal=goal)


def _memory() -> Iterator[Line]:
    found = [(_kib_after_launches(PLATFORM), _kib_after_launches(ISSUER)) for _ in range(MEMORY_ROUNDS)]
    yield Line(
        number="13",
        name=f"memory of `mockplatform serve` after {LAUNCHES} launches (PSS)",
        ratio=Ratio(tuple(own / bare for own, bare in found)),
        against=f"bare Starlette issuer, {found[-1][1] / 1024:.0f} MiB",
        goal=Goal("<=", 1.35, 1.15),
    )


def _kib_after_launches(arguments: list[str]) -> float:
    loop = asyncio.new_event_loop()
    with served(arguments) as server:
        client = Client(server.url, loop, looks_around=arguments is PLATFORM)

        async def launches() -> None:
            if client.looks_around:
                await client.look_around()
            for _ in range(LAUNCHES):
                await (client.launch if client.looks_around else client.authorize)(client.connections[0])

        loop.run_until_complete(launches())
        kib = server.memory_kib()
        client.close()
    return kib
