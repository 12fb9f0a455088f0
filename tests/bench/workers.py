"""Goal 18: two worker processes of the platform on one store against one, over what two signing processes give."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.pool import Pool
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.bench.lean_client import at_a_time
from tests.bench.processes import served
from tests.bench.rounds import SLICE_S, Goal, Line, Ratio, Work, in_turn, ratio
from tests.bench.serving import PLATFORM, Client

__all__ = ["measure"]

ROUNDS = 6
LONG_S = 4 * SLICE_S
"""Two workers wait for one another now and then, which a short slice sees too often or not at all."""


def measure() -> Iterator[Line]:
    """Launches per second with one worker and with two, on a store of the same kind; one client launches."""
    loop = asyncio.new_event_loop()
    clients: dict[str, Client] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        signers = stack.enter_context(multiprocessing.get_context("spawn").Pool(2))
        places = {
            "one": ["--store", f"sqlite:///{folder / 'one.db'}"],
            "two": ["--store", f"sqlite:///{folder / 'two.db'}", "--workers", "2"],
            "memory": [],
        }
        for name, place in places.items():
            url = stack.enter_context(served([*PLATFORM, *place])).url
            clients[name] = Client(url, loop, looks_around=True)
        launching = {name: _launching(client) for name, client in clients.items()}
        rounds = in_turn(launching | {"signer": _signing(signers, 1), "signers": _signing(signers, 2)}, ROUNDS)
    speed, signing = ratio(rounds, "one", "two"), ratio(rounds, "signer", "signers")
    share = Ratio(tuple(own / raw for own, raw in zip(speed.values, signing.values, strict=True)))
    against = f"two signing processes: {signing.median:.2f} of one"
    yield Line(number="18", name="two workers against one, SQLite", ratio=share, against=against, goal=Goal(">=", 0.85))
    yield Line(number="", name="the same, plainly", ratio=speed, against="one worker")
    yield Line(number="", name="one worker on SQLite", ratio=ratio(rounds, "memory", "one"), against="one in memory")


def _launching(client: Client) -> Work:
    def work() -> float:
        client.loop.run_until_complete(client.look_around())
        cost = at_a_time(client.launch, client.connections, client.loop, LONG_S, time.perf_counter)
        # The next turn's connections are dealt out to the workers anew, and no server gives up an idle one.
        client.close()
        return cost

    return work


def _signing(signers: Pool, processes: int) -> Work:
    def work() -> float:
        return LONG_S / sum(signers.map(_signed, range(processes), chunksize=1))

    return work


def _signed(_: int) -> int:
    """How many signatures a process makes in a slice, the key not counted."""
    key = rsa.generate_private_key(65537, 2048)
    count, end = 0, time.perf_counter() + LONG_S
    while time.perf_counter() < end:
        key.sign(b"x" * 1024, padding.PKCS1v15(), hashes.SHA256())
        count += 1
    return count
