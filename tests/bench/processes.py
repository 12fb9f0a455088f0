"""Servers in processes of their own, and the core that each may use."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Server", "cores", "listening", "on_core", "process_time", "serve_forever", "served", "served_tool"]

ROOT = Path(__file__).parent.parent.parent
_URL = re.compile(r"http://127\.0\.0\.1:\d+")


class Server:
    """A server that runs."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid = pid
        self.url = url

    def processor_s(self) -> float:
        """How long its threads have been running on a core."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9

    def memory_kib(self) -> float:
        """Its share of the memory: what is its own, and its part of what it shares with others."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii")
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        assert found is not None
        return float(found[1])


def cores() -> tuple[int | None, int | None]:
    """A core for the server and another for its clients; None where the system cannot pin."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """This thread, and the processes that it starts, on one core for the block."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def served(arguments: Sequence[str], given: str = "", core: int | None = None) -> Iterator[Server]:
    """A Python module that serves, says where in its first line, and is stopped at the end."""
    with on_core(core):
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(given)
        process.stdin.close()
        found = _URL.search(process.stdout.readline())
        assert found is not None, f"{arguments}: no URL in the first line"
        yield Server(process.pid, found[0])
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def listening() -> socket.socket:
    """A bound socket that knows it speaks TCP: asyncio switches the delay of small packets off only then."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(128)
    return bound


def serve_forever(app: Any, bound: socket.socket) -> None:
    """Serve until terminated; the first line of the output says where."""
    import uvicorn

    sys.stdout.write(f"http://127.0.0.1:{bound.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False)).run(sockets=[bound])


@contextlib.contextmanager
def served_tool(jwk: Mapping[str, Any], issuer: str) -> Iterator[str]:
    """The bare tool on a port; its URL."""
    with served(["tests.bench.serve_tool", issuer], json.dumps(dict(jwk))) as server:
        yield server.url


def process_time(command: Sequence[str], environment: Mapping[str, str], *, status: int = 0) -> Callable[[], float]:
    """The work of running a whole process, from start to end, which must end with that status."""

    def work() -> float:
        began = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        spent = time.perf_counter() - began
        assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return spent

    return work
