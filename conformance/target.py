"""Brings a tool and the platform up for a run, and takes everything down again on every way out."""

from __future__ import annotations

import contextlib
import datetime
import os
import random
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from conformance.driver import Site
from conformance.faults import opened
from conformance.lab import Lab, is_loopback, registrations
from conformance.loading import load_object
from conformance.model import Profile
from conformance.observe import Reader, checked
from conformance.offering import offer_services
from conformance.remote import refuse_remote
from conformance.start import Start
from conformance.toolvalues import Tool
from conformance.transport import HttpTransport, Request, Transport, TransportTrouble
from mockplatform.app import create_app
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform

__all__ = ["Start", "as_asgi", "faults_ready", "lab_for", "open_lab", "platform_for", "process_keys"]

_KEYS = KeyRing()


def process_keys() -> KeyRing:
    """The keys of this process; making one costs more than a hundred signatures."""
    return _KEYS


def platform_for(start: Start, *, url: str) -> Platform:
    """A platform that answers every tool and notes its mistakes, reachable at `url` once somebody serves it."""
    # The run as well: a tool keeps the nonces of LTI 1.1 for longer than from one run to the next.
    drawn = random.Random(f"{start.seed} {start.run_id}")  # noqa: S311 - ids that a seed must be able to repeat
    return Platform(
        url=url,
        clock=start.clock,
        new_id=lambda: f"{drawn.getrandbits(128):032x}",
        keys=process_keys(),
        on_problem="note",
        flavour=start.flavour,
        quirks=start.quirks,
    )


def lab_for(
    tool: Tool,
    profile: Profile,
    transport: Transport,
    start: Start,
    *,
    url: str,
    platform: Platform | None = None,
    where: str = "tool file:",
    allow_remote: bool = False,
) -> Lab:
    """A lab with a platform of its own, reachable at `url` once somebody serves it, or with one that is there."""
    platform = platform or platform_for(start, url=url)
    platform.registrations = tuple(registrations(tool).values())
    offer_services(platform, tool, transport)
    for name, action in tool.actions.items():
        checked(action.granted, f"{where} actions.{name}.granted")
    hosts = {urlsplit(url).hostname for url in (tool.tool.login_url, tool.address)}
    return Lab(
        tool=tool,
        profile=profile,
        platform=platform,
        transport=transport,
        reader=Reader(tool.observe, where=where),
        seed=start.seed,
        run_id=start.run_id,
        may_contact=lambda asked: is_loopback(asked) or (allow_remote and urlsplit(asked).hostname in hosts),
    )


@contextlib.contextmanager
def faults_ready(lab: Lab, where: str) -> Iterator[None]:
    """The fault points of the tool file can be armed in the block; afterwards nothing is left of them.

    Raises:
        UsageError: a binding does not fit, or a driver cannot begin its work.
    """
    site = Site(where=where, tool_url=lab.tool_url, send=lab.transport.send)
    with opened(lab.tool.faults, site) as bindings:
        lab.faults, lab.notes = bindings, site.notes
        yield


@contextlib.contextmanager
def open_lab(
    tool: Tool,
    profile: Profile,
    start: Start,
    *,
    platform: Platform | None = None,
    where: str = "tool file:",
    allow_remote: bool = False,
) -> Iterator[Lab]:
    """A lab for a running tool, for one that is started by a command, or for an application in this process.

    Args:
        platform: one that is served already; without it the lab serves its own at `platform.url`.

    Raises:
        UsageError: an address is taken or remote, or the tool does not come up.
    """
    # The demonstration needs neither a server nor certificates.
    from mockplatform.server import listen, serve

    refuse_remote(tool, where, allow_remote=allow_remote)
    network = tool.network
    with contextlib.ExitStack() as stack:
        transport = stack.enter_context(
            HttpTransport(timeout_s=network.timeout_s, ca_path=network.ca_path, proxy=network.proxy)
        )
        url = tool.platform.url
        lab = lab_for(
            tool, profile, transport, start, url=url, platform=platform, where=where, allow_remote=allow_remote
        )
        # Before the tool is up: it may need a proxy or an upstream to start, and no table that a killed run has hidden.
        stack.enter_context(faults_ready(lab, where))
        if platform is None:
            stack.enter_context(serve(create_app(lab.platform), listen(*_address(url)), _tls(tool, where)))
        if tool.tool.app is not None:
            stack.enter_context(_application(tool, where))
        elif tool.tool.start is not None:
            stack.enter_context(_command(tool, transport, where))
        yield lab


def environment(tool: Tool) -> Mapping[str, str]:
    """The variables that tell a tool what to register."""
    url = tool.network.public_url or tool.platform.url
    return {
        "LTI_PLATFORM_ISSUER": tool.issuer,
        "LTI_PLATFORM_AUTH_URL": f"{url}/auth",
        "LTI_PLATFORM_TOKEN_URL": f"{url}/token",
        "LTI_PLATFORM_JWKS_URL": f"{url}/jwks",
        "LTI_CLIENT_ID": tool.platform.client_id,
        "LTI_DEPLOYMENT_ID": tool.platform.deployment_id,
        **({"LTI_CONSUMER_KEY": tool.platform.consumer_key} if tool.platform.consumer_key else {}),
        **({"LTI_CONSUMER_SECRET": tool.platform.consumer_secret} if tool.platform.consumer_secret else {}),
    }


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or {"http": 80, "https": 443}[parts.scheme]


def _tls(tool: Tool, where: str) -> ssl.SSLContext | None:
    """What the platform speaks TLS with: a test CA, exported to `platform.ca_path` for the tool to trust."""
    parts = urlsplit(tool.platform.url)
    if parts.scheme == "http":
        if tool.platform.ca_path is not None:
            raise UsageError(f"{where} platform.ca_path: there is nothing to trust, platform.url is plain http")
        return None
    from mockplatform.tls import authority_at, new_authority, server_context

    now = datetime.datetime.now(datetime.UTC)
    path = tool.platform.ca_path
    authority = authority_at(Path(path), now) if path is not None else new_authority(now)
    return server_context(authority, parts.hostname or "localhost", now)


@contextlib.contextmanager
def _application(tool: Tool, where: str) -> Iterator[None]:
    """The tool's own application, imported once the variables are set, and served in a thread."""
    from mockplatform.server import listen, serve

    os.environ.update(environment(tool))
    app = load_object(str(tool.tool.app), where=f"{where} tool.app")
    # What breaks inside it is seen by its answers, and there may be thousands of them.
    with serve(as_asgi(app), listen(*_address(tool.entrance)), tell=lambda _: None):
        yield


def as_asgi(app: Any) -> Callable[..., Any]:
    """The application as ASGI: as it is, or wrapped if it is WSGI."""
    import inspect

    if not callable(app):
        raise UsageError(f"tool.app: {app!r} is not an application that can be called")
    call = app if inspect.isfunction(app) else getattr(app, "__call__", app)  # noqa: B004
    if inspect.iscoroutinefunction(call) or len(inspect.signature(call).parameters) == 3:
        asgi: Callable[..., Any] = app
        return asgi
    from a2wsgi import WSGIMiddleware

    wrapped: Callable[..., Any] = WSGIMiddleware(app)
    return wrapped


@contextlib.contextmanager
def _command(tool: Tool, transport: Transport, where: str) -> Iterator[None]:
    """The tool's start command in a process group of its own, which is stopped as a whole at the end."""
    _refuse_stranger(tool, where)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S602 - the user's own command line, from the user's own file
            str(tool.tool.start),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environment(tool)},
        )
        try:
            _wait_until_up(tool, transport, process, log, where)
            yield
        finally:
            _stop_group(process)


def _refuse_stranger(tool: Tool, where: str) -> None:
    """Something else at the tool's address, an older run perhaps, would be tested in its place."""
    parts = urlsplit(tool.entrance)
    with (
        contextlib.suppress(OSError),
        socket.create_connection(_address(tool.entrance), timeout=1),
    ):
        raise UsageError(
            f"{where} tool.start: something answers at {parts.scheme}://{parts.netloc} before the tool is started; "
            "stop it, or drop 'start' to test it as it is"
        )


def _wait_until_up(
    tool: Tool, transport: Transport, process: subprocess.Popen[bytes], log: BinaryIO, where: str
) -> None:
    url = tool.tool.ready_url or tool.entrance
    deadline = time.monotonic() + tool.tool.ready_timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(TransportTrouble):
            transport.send(Request(method="GET", url=url))
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(timeout=0.05)
            raise UsageError(f"{where} tool.start: '{tool.tool.start}' ended with {status}{_last_lines(log)}")
    raise UsageError(
        f"{where} tool.start: '{tool.tool.start}' did not answer at {url} within "
        f"{tool.tool.ready_timeout_s:g} s{_last_lines(log)}"
    )


def _last_lines(log: BinaryIO) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").strip().splitlines()[-5:]
    return "; its last words: " + " | ".join(lines) if lines else ""


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
