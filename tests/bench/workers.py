"""Goal 18: two worker processes of the platform on one store against one, over what two signing processes give."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.bench.processes import served
from tests.bench.rounds import SLICE_S, Goal, Line, Ratio, in_turn, ratio
from tests.bench.serving import PLATFORM, Client

__all__ = ["measure"]

ROUNDS = 8


def measure() -> Iterator[Line]:
    """Launches per second with one worker and with two, on a store of the same kind."""
    loop = asyncio.new_event_loop()
    clients: dict[str, Client] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places = {
            "one": ["--store", f"sqlite:///{folder / 'one.db'}"],
            "two": ["--store", f"sqlite:///{folder / 'two.db'}", "--workers", "2"],
            "memory": [],
        }
        for name, place in places.items():
            url = stack.enter_context(served([*PLATFORM, *place])).url
            clients[name] = Client(url, loop, looks_around=True)
        rounds = in_turn({name: client.work(client.launch) for name, client in clients.items()}, ROUNDS)
        for client in clients.values():
            client.close()
    signing = _two_signers()
    speed = ratio(rounds, "one", "two")
    share = Ratio(tuple(value / signing for value in speed.values))
    against = f"two signing processes: {signing:.2f} of one"
    yield Line(number="18", name="two workers against one, SQLite", ratio=share, against=against, goal=Goal(">=", 0.85))
    yield Line(number="", name="the same, plainly", ratio=speed, against="one worker")
    yield Line(number="", name="one worker on SQLite", ratio=ratio(rounds, "memory", "one"), against="one in memory")


def _two_signers() -> float:
    """How many times as much two processes sign as one does, with a third as busy as the clients are."""
    counts = {1: _signed(1), 2: _signed(2)}
    return counts[2] / counts[1]


def _signed(processes: int) -> int:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes)
    with context.Pool(processes, _keep, (ready,)) as pool:
        return sum(pool.map(_sign, range(processes), chunksize=1))


def _keep(ready: object) -> None:
    _STARTS.append(ready)


_STARTS: list[object] = []


def _sign(_: int) -> int:
    key = rsa.generate_private_key(65537, 2048)
    _STARTS[0].wait()  # type: ignore[attr-defined]
    count, end = 0, time.perf_counter() + 8 * SLICE_S
    while time.perf_counter() < end:
        key.sign(b"x" * 1024, padding.PKCS1v15(), hashes.SHA256())
        count += 1
    return count
