"""How a request reaches the tool: a socket, or the ASGI application itself.

Both speak `Request` and `Response`; both turn whatever goes wrong into one `TransportTrouble`. Sockets go
through httpcore2, the layer below httpx2: cookies and redirects are the browser's own business here, and
without a client library on top a launch costs less than half.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from urllib.parse import unquote, urlsplit

from conformance.lifespan import Lifespan
from mockplatform.errors import UsageError
from mockplatform.model import Params

__all__ = [
    "AsgiTransport",
    "HttpTransport",
    "Request",
    "Response",
    "Transport",
    "TransportTrouble",
    "call_application",
]

MAX_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request."""

    method: str
    url: str
    headers: Params = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP answer; a body beyond `MAX_BODY` is cut."""

    status: int
    headers: Params
    body: bytes
    cut: bool = False

    def header(self, name: str) -> str | None:
        """The first header of that name, any case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class TransportTrouble(Exception):  # noqa: N818 - what happened to a request, not an error of ours
    """There is no answer: nobody listens, the connection was dropped, or time ran out."""

    def __init__(self, kind: Literal["refused", "dropped", "timeout"], text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Transport(Protocol):
    """Sends one request and returns its answer."""

    def send(self, request: Request) -> Response:
        """The answer.

        Raises:
            TransportTrouble: there is none.
        """


class HttpTransport:
    """Sockets, with one pool of connections and one TLS context for a run."""

    def __init__(self, *, timeout_s: float, ca_path: str | None = None, proxy: str | None = None) -> None:
        import httpcore2

        from conformance.deadline import Deadline, PunctualBackend

        self._core = httpcore2
        context = httpcore2.default_ssl_context()
        if ca_path is not None:
            try:
                context.load_verify_locations(ca_path)
            except OSError as error:
                raise UsageError(f"network.ca_path: {ca_path}: {error.strerror or error}") from None
        self._deadline = Deadline()
        pool: Any = functools.partial(httpcore2.HTTPProxy, proxy) if proxy else httpcore2.ConnectionPool
        backend = PunctualBackend(self._deadline)
        # A connection that the tool is about to close must not pass for one that it dropped.
        self._pool = pool(ssl_context=context, network_backend=backend, max_connections=64, keepalive_expiry=1.0)
        self._timeout_s = timeout_s
        self._after_crash = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def send(self, request: Request) -> Response:
        """The answer over a socket."""
        try:
            answer = self._once(request)
        except TransportTrouble as trouble:
            if trouble.kind != "dropped" or not self._after_crash:
                raise
            # Servers close the connection after an unhandled exception without having said so in the 500; like a
            # browser, ask once more on a fresh one before that counts against the tool.
            self._after_crash = False
            answer = self._once(request)
        self._after_crash = answer.status >= 500
        return answer

    def _once(self, request: Request) -> Response:
        core = self._core
        limit = self._timeout_s
        timeouts = {"connect": limit, "read": limit, "write": limit, "pool": limit}
        host = urlsplit(request.url).netloc
        headers = [(b"Host", host.encode()), (b"Content-Length", str(len(request.body)).encode())]
        headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in request.headers]
        self._deadline.start(limit)
        try:
            with self._pool.stream(
                request.method,
                request.url,
                headers=headers if request.body or request.method == "POST" else [headers[0], *headers[2:]],
                content=request.body,
                extensions={"timeout": timeouts},
            ) as answer:
                return self._read(answer)
        except core.TimeoutException:
            raise TransportTrouble("timeout", f"no whole answer within {limit:g} s") from None
        except core.ConnectError as error:
            raise TransportTrouble("refused", f"nobody answers at {host}: {error}") from None
        except (core.NetworkError, core.ProtocolError, core.ProxyError, OSError) as error:
            raise TransportTrouble("dropped", f"the connection ended without an answer: {error}") from None

    def _read(self, answer: Any) -> Response:
        body = bytearray()
        for chunk in answer.iter_stream():
            body += chunk
            if len(body) > MAX_BODY:
                break
        return Response(
            status=answer.status,
            headers=_decoded(answer.headers),
            body=bytes(body[:MAX_BODY]),
            cut=len(body) > MAX_BODY,
        )


class AsgiTransport:
    """Calls an ASGI application in this process, in turns, on an event loop of its own."""

    def __init__(self, app: Callable[..., Any], *, timeout_s: float) -> None:
        self._app = app
        self._timeout_s = timeout_s
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {}
        self._lifespan: Lifespan | None = None

    def __enter__(self) -> Self:
        self._lifespan = Lifespan(self._app, self._state)
        try:
            self._loop.run_until_complete(self._lifespan.start())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._lifespan is not None:
                self._loop.run_until_complete(self._lifespan.stop())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def ask(self, request: Request) -> Response:
        """The answer for somebody whom the application itself may be waiting for, as a platform that wants its keys."""
        if asyncio.get_running_loop() is self._loop:
            return await self._call(request)
        return await asyncio.to_thread(self.send, request)

    def send(self, request: Request) -> Response:
        """The application's answer; an exception that leaves it is the 500 that its server would send."""
        with self._lock:
            return self._loop.run_until_complete(self._call(request))

    def send_together(self, requests: Sequence[Request]) -> tuple[Response | TransportTrouble, ...]:
        """The answer to each of several requests that the application works on side by side."""

        async def gathered() -> list[Response | TransportTrouble | BaseException]:
            return await asyncio.gather(*map(self._call, requests), return_exceptions=True)

        with self._lock:
            answers = self._loop.run_until_complete(gathered())
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, TransportTrouble):
                raise answer
        return tuple(answer for answer in answers if isinstance(answer, Response | TransportTrouble))

    async def _call(self, request: Request) -> Response:
        return await call_application(self._app, request, timeout_s=self._timeout_s, state=self._state)


async def call_application(
    app: Callable[..., Any], request: Request, *, timeout_s: float, state: Mapping[str, Any] | None = None
) -> Response:
    """An ASGI application's answer, on the running event loop.

    Raises:
        TransportTrouble: time ran out, or there is no answer.
    """
    exchange = _AsgiExchange(request)
    try:
        async with asyncio.timeout(timeout_s) as limit:
            await app(_scope(request, state or {}), exchange.receive, exchange.send)
    except Exception as error:  # noqa: BLE001 - whatever leaves the application is its crash, and data here
        # A TimeoutError may be the application's own.
        if limit.expired():
            raise TransportTrouble("timeout", f"no whole answer within {timeout_s:g} s") from None
        if exchange.status is None:
            return Response(status=500, headers=(), body=f"{type(error).__name__} in the application".encode())
    if exchange.status is None:
        raise TransportTrouble("dropped", "the application returned without an answer")
    body = bytes(exchange.body)
    return Response(status=exchange.status, headers=exchange.headers, body=body[:MAX_BODY], cut=len(body) > MAX_BODY)


class _AsgiExchange:
    __slots__ = ("_asked", "_over", "body", "headers", "request", "status")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.status: int | None = None
        self.headers: Params = ()
        self.body = bytearray()
        self._asked = False
        self._over = asyncio.Event()

    async def receive(self) -> Mapping[str, Any]:
        if self._asked:
            # A streaming answer watches for this and stops at once when it comes.
            await self._over.wait()
            return {"type": "http.disconnect"}
        self._asked = True
        return {"type": "http.request", "body": self.request.body, "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = _decoded(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            if len(self.body) <= MAX_BODY:
                self.body += message.get("body", b"")
            if not message.get("more_body", False):
                self._over.set()


def _scope(request: Request, state: Mapping[str, Any]) -> dict[str, Any]:
    parts = urlsplit(request.url)
    path = parts.path or "/"
    headers = [(b"host", parts.netloc.encode()), (b"content-length", str(len(request.body)).encode())]
    headers += [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in request.headers]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": _server(parts.scheme, parts.netloc.rpartition("@")[2]),
        "state": dict(state),
    }


@functools.lru_cache(maxsize=64)  # asked for each request, and of the same few hosts
def _server(scheme: str, netloc: str) -> tuple[str | None, int]:
    parts = urlsplit(f"{scheme}://{netloc}")
    return parts.hostname, parts.port or {"http": 80, "https": 443}[scheme]


def _decoded(headers: Any) -> Params:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
