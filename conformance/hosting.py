"""The tool under test where the harness brings it up itself: an application in this process, or a command."""

from __future__ import annotations

import contextlib
import inspect
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, TextIO
from urllib.parse import urlsplit

from conformance.leaving import LEFT, made
from conformance.loading import ImportFailedError, load_object
from conformance.started import Leftover, leftover_at, noted, stop
from conformance.tool_output import as_the_tool, output_kept, written_to
from conformance.toolvalues import Tool
from conformance.transport import Request, Transport, TransportTrouble
from mockplatform.errors import UsageError

__all__ = ["LOG", "address_of", "as_asgi", "hosted"]

LOG = LEFT / "tool.log"
_LONGEST_LOG = 4 * 1024 * 1024
_SHOWN_LOG = 64 * 1024


@contextlib.contextmanager
def hosted(tool: Tool, transport: Transport, environment: Mapping[str, str], where: str) -> Iterator[Callable[[], str]]:
    """The tool is up in the block, if its tool file says how; what it prints is kept in a file of the run.

    The block is given what tells the end of what the tool has printed so far.

    Args:
        environment: the variables that tell it what to register.

    Raises:
        UsageError: it does not come up.
    """
    if tool.tool.app is None and tool.tool.start is None:
        yield str
        return
    with tempfile.TemporaryFile() as log:
        if tool.tool.app is not None:
            up = _application(tool, environment, log, where)
        else:
            up = _command(tool, transport, environment, log, where)
        kept = False
        try:
            with up:
                yield lambda: _printed(log)
        finally:
            kept = _keep(log)
    if kept:
        sys.stderr.write(f"What the tool itself printed is in {LOG}.\n")


def address_of(url: str) -> tuple[str, int]:
    """The host and port of a URL."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or {"http": 80, "https": 443}[parts.scheme]


def as_asgi(app: Any, errors: TextIO | None = None) -> Callable[..., Any]:
    """The application as ASGI: as it is, or wrapped if it is WSGI.

    Args:
        errors: where a WSGI application writes its errors (PEP 3333, `wsgi.errors`).
    """
    if not callable(app):
        raise UsageError(f"tool.app: {app!r} is not an application that can be called")
    call = app if inspect.isfunction(app) else getattr(app, "__call__", app)  # noqa: B004
    if inspect.iscoroutinefunction(call) or len(inspect.signature(call).parameters) == 3:
        asgi: Callable[..., Any] = app
        return asgi
    from a2wsgi import WSGIMiddleware

    def heard(environ: Any, start_response: Any) -> Any:
        return app(environ | ({"wsgi.errors": errors} if errors is not None else {}), start_response)

    wrapped: Callable[..., Any] = WSGIMiddleware(heard)
    return wrapped


def _heard(app: Callable[..., Any], errors: TextIO) -> Callable[..., Any]:
    """The application; what it raises is written down, for a server tells nobody more than that it failed.

    What it prints is known as its own.
    """

    async def call(scope: Any, receive: Any, send: Any) -> None:
        with as_the_tool():
            try:
                await app(scope, receive, send)
            except Exception:
                # An application without a lifespan refuses that by an exception (ASGI, Lifespan Protocol).
                if scope["type"] == "http":
                    traceback.print_exc(file=errors)
                raise

    return call


@contextlib.contextmanager
def _application(tool: Tool, environment: Mapping[str, str], log: BinaryIO, where: str) -> Iterator[None]:
    """The tool's own application, imported once the variables are set, and served in a thread."""
    from mockplatform.server import listen, serve

    os.environ.update(environment)
    with output_kept(log):
        with as_the_tool():
            app = _imported(tool, log, where)
        heard = _heard(as_asgi(app, written_to(log)), written_to(log))
        # What breaks inside it is seen by its answers, and there may be thousands of them.
        with serve(heard, listen(*address_of(tool.entrance)), tell=lambda _: None):
            yield


def _imported(tool: Tool, log: BinaryIO, where: str) -> Any:
    try:
        return load_object(str(tool.tool.app), where=f"{where} tool.app")
    except ImportFailedError as failed:
        traceback.print_exception(failed.__cause__, file=written_to(log))
        raise UsageError(f"{failed}; the whole traceback is in {LOG}") from failed


@contextlib.contextmanager
def _command(
    tool: Tool, transport: Transport, environment: Mapping[str, str], log: BinaryIO, where: str
) -> Iterator[None]:
    """The tool's start command in a process group of its own, which is stopped as a whole at the end."""
    address = address_of(tool.entrance)
    _refuse_stranger(tool, where, _left_alone(leftover_at(address), tool))
    process = subprocess.Popen(  # noqa: S602 - the user's own command line, from the user's own file
        str(tool.tool.start),
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, **environment},
    )
    with noted(address, process.pid):
        try:
            _wait_until_up(tool, transport, process, log, where)
            yield
        finally:
            _stop_group(process)


def _keep(log: BinaryIO) -> bool:
    """Leave what the tool has printed where its makers find it; of too much, the end. Whether there was anything."""
    with contextlib.suppress(OSError):
        size = log.seek(0, os.SEEK_END)
        if not size:
            return False
        log.seek(max(0, size - _LONGEST_LOG))
        made(LEFT)
        LOG.write_bytes(log.read())
        return True
    return False


def _left_alone(leftover: Leftover | None, tool: Tool) -> Leftover | None:
    """What a killed run has left running is stopped if that is certainly what it is; else it is returned."""
    if leftover is None or leftover.is_of_a_run_that_goes_on or not leftover.is_certain:
        return leftover
    stop(leftover)
    text = f"was stopped first: an earlier run, which was killed, had left it running (process {leftover.tool.id})"
    sys.stderr.write(f"The tool at {_origin(tool)} {text}.\n")
    return None


def _printed(log: BinaryIO) -> str:
    """The end of a log that is still written to, read without moving the place where the tool writes next."""
    handle = log.fileno()
    return os.pread(handle, _SHOWN_LOG, max(0, os.fstat(handle).st_size - _SHOWN_LOG)).decode("utf-8", "replace")


def _refuse_stranger(tool: Tool, where: str, leftover: Leftover | None) -> None:
    """Something else at the tool's address, an older run perhaps, would be tested in its place."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection(address_of(tool.entrance), timeout=1),
    ):
        advice = "stop it, or drop 'start' to test it as it is"
        if leftover is not None and leftover.is_of_a_run_that_goes_on:
            advice = (
                f"it is the tool of another run, process {leftover.run.id}, which goes on; wait until that has ended"
            )
        elif leftover is not None:
            what = "it seems to be what an earlier run, which was killed, had left running"
            advice = f"{what}; stop it by `{leftover.stopped_by}`, or drop 'start' to test it as it is"
        raise UsageError(
            f"{where} tool.start: something answers at {_origin(tool)} before the tool is started; {advice}"
        )


def _origin(tool: Tool) -> str:
    parts = urlsplit(tool.entrance)
    return f"{parts.scheme}://{parts.netloc}"


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
