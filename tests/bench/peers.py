"""Goal 3: launches per second against the ID tokens per second of two mock identity providers, in the same rounds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.lean_client import Connection, at_a_time
from tests.bench.processes import cores, on_core, served
from tests.bench.rounds import SLICE_S, Goal, Line, Work, in_turn, ratio
from tests.bench.serving import PLATFORM, Client

__all__ = ["measure"]

ROUNDS = 8
SIDE_BY_SIDE = 8
READY_S = 30.0
BACK = "http://127.0.0.1:8000/back"
NODE_PEER = "oauth2-mock-server@9"

Flow = Callable[[Connection], Awaitable[object]]


def _code(head: bytes) -> str:
    found = re.search(rb"[?&]code=([^&\r]+)", head)
    assert found is not None, head
    return found[1].decode()


def _asked() -> str:
    return urlencode(
        {
            "scope": "openid",
            "response_type": "code",
            "client_id": "client",
            "redirect_uri": BACK,
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
        }
    )


def _exchanged(code: str) -> bytes:
    return urlencode(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "client_id": "client",
            "client_secret": "secret",
        }
    ).encode()


async def python_flow(connection: Connection) -> None:
    """oidc-provider-mock: somebody signs in with one click, and the code is exchanged."""
    head, _ = await connection.ask(
        "POST", f"/oauth2/authorize?{_asked()}", urlencode({"sub": "u"}).encode(), status=302
    )
    _, body = await connection.ask("POST", "/oauth2/token", _exchanged(_code(head)))
    assert "id_token" in json.loads(body)


async def node_flow(connection: Connection) -> None:
    """oauth2-mock-server: a redirect with a code, which is exchanged."""
    head, _ = await connection.ask("GET", f"/authorize?{_asked()}", status=302)
    _, body = await connection.ask("POST", "/token", _exchanged(_code(head)))
    assert "id_token" in json.loads(body)


@contextlib.contextmanager
def peer(command: Sequence[str], port: int, core: int | None) -> Iterator[str]:
    """A server that somebody else wrote, once it can be reached."""
    with on_core(core):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"{command} ended with {process.returncode}"
                assert time.monotonic() < deadline, f"{command} cannot be reached"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def _node_peer() -> Iterator[Path | None]:
    """The program of the Node.js peer, fetched into a folder of its own; None where that is not possible."""
    npm = shutil.which("npm")
    with tempfile.TemporaryDirectory() as folder:
        command = [str(npm), "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, NODE_PEER]
        fetched = npm is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
        yield Path(folder) / "node_modules" / ".bin" / "oauth2-mock-server" if fetched else None


def _work(url: str, flow: Flow, loop: asyncio.AbstractEventLoop, connections: list[Connection]) -> Work:
    mine = [Connection(url) for _ in range(SIDE_BY_SIDE)]
    connections += mine
    return lambda: at_a_time(flow, mine, loop, SLICE_S, time.perf_counter)


def measure() -> Iterator[Line]:
    """Each server on the same core, the clients on another."""
    server_core, client_core = cores()
    loop = asyncio.new_event_loop()
    connections: list[Connection] = []
    with contextlib.ExitStack() as stack:
        platform = Client(stack.enter_context(served(PLATFORM, core=server_core)).url, loop, looks_around=True)
        subjects = {"launch": platform.work(platform.launch)}
        port = _free_port()
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
        url = stack.enter_context(peer(command, port, server_core))
        subjects["python"] = _work(url, python_flow, loop, connections)
        program = stack.enter_context(_node_peer())
        if program is not None:
            port = _free_port()
            url = stack.enter_context(peer([str(program), "-a", "127.0.0.1", "-p", str(port)], port, server_core))
            subjects["node"] = _work(url, node_flow, loop, connections)
        stack.enter_context(on_core(client_core))
        rounds = in_turn(subjects, ROUNDS)
        platform.close()
        for connection in connections:
            connection.close()
        loop.run_until_complete(asyncio.sleep(0))
    rows = {
        "python": (f"oidc-provider-mock {version('oidc-provider-mock')}, code flow", Goal(">=", 3, 4)),
        "node": ("oauth2-mock-server 9, code flow", Goal(">=", 2, 3)),
    }
    for subject, (against, goal) in rows.items():
        if subject in subjects:
            # What a launch costs is the floor: how many of them fit into one token of the peer.
            found = ratio(rounds, subject, "launch")
            name = "whole launches, first form included, 8 at a time"
            yield Line(number="3", name=name, ratio=found, against=against, goal=goal)
