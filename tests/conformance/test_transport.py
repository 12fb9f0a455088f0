from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from conformance import lifespan as lifespan_module
from conformance.transport import MAX_BODY, AsgiTransport, HttpTransport, Request, TransportTrouble
from mockplatform.errors import UsageError
from tests.conformance.loopback import Talk, keep_still, keep_still_once, reset, say, server, trickle
from tests.patience import ended

URL = "http://127.0.0.1:9555"
LONG_S = 60.0
"""A limit that no test reaches."""
SHORT_S = 0.2
"""A limit that is meant to be reached."""


def http_only(app: Any) -> Any:
    """The application, for one that knows no lifespan."""

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise AssertionError
        await app(scope, receive, send)

    return guarded


async def reply(send: Any, status: int = 200, body: bytes = b"", headers: Any = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def ask(app: Any, request: Request | None = None, *, timeout_s: float = LONG_S) -> Any:
    with AsgiTransport(app if isinstance(app, Starlette) else http_only(app), timeout_s=timeout_s) as transport:
        return transport.send(request or Request(method="GET", url=f"{URL}/a"))


def trouble(app: Any, *, timeout_s: float = LONG_S) -> TransportTrouble:
    with pytest.raises(TransportTrouble) as raised:
        ask(app, timeout_s=timeout_s)
    return raised.value


class TestAsgi:
    def test_the_request_arrives_whole(self) -> None:
        """Method, path, query, headers and body are what was sent."""
        seen: dict[str, Any] = {}

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.update(scope, message=await receive())
            await reply(send)

        url = f"{URL}/b%20c/%C3%A9?x=1&y=%26"
        ask(app, Request(method="POST", url=url, headers=(("Cookie", "s=1; t=2"),), body=b"k=v"))

        assert (seen["method"], seen["path"], seen["query_string"]) == ("POST", "/b c/é", b"x=1&y=%26")
        assert (seen["raw_path"], seen["scheme"], seen["server"]) == (b"/b%20c/%C3%A9", "http", ("127.0.0.1", 9555))
        assert dict(seen["headers"]) == {b"host": b"127.0.0.1:9555", b"content-length": b"3", b"cookie": b"s=1; t=2"}
        assert seen["message"] == {"type": "http.request", "body": b"k=v", "more_body": False}

    @pytest.mark.parametrize(
        ("url", "path", "query", "port"),
        [
            ("http://127.0.0.1", "/", b"", 80),
            ("https://localhost/", "/", b"", 443),
            ("http://localhost:81?x=1", "/", b"x=1", 81),
        ],
    )
    def test_an_address_without_a_path(self, url: str, path: str, query: bytes, port: int) -> None:
        """The root is meant, and the usual port."""
        seen: dict[str, Any] = {}

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.update(scope)
            await reply(send)

        ask(app, Request(method="GET", url=url))
        assert (seen["path"], seen["query_string"], seen["server"][1]) == (path, query, port)

    def test_the_answer_arrives_whole(self) -> None:
        """Status, every header of a name, and a body in pieces."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            headers = [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=\xe9")]
            await send({"type": "http.response.start", "status": 418, "headers": headers})
            for piece in (b"one ", b"two"):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body"})

        answer = ask(app)
        assert (answer.status, answer.body, answer.cut) == (418, b"one two", False)
        assert answer.headers == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=é"))
        assert answer.header("set-cookie") == "a=1"

    def test_an_exception_is_the_500_of_a_server(self) -> None:
        """What leaves the application is its crash."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise ZeroDivisionError

        answer = ask(app)
        assert (answer.status, answer.body) == (500, b"ZeroDivisionError in the application")

    def test_a_timeout_of_the_applications_own_is_a_crash(self) -> None:
        """An application whose database times out has crashed, and does not hang."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise TimeoutError

        assert ask(app).status == 500

    def test_an_application_that_never_answers_times_out(self) -> None:
        """The limit ends it."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.Event().wait()

        assert trouble(app, timeout_s=SHORT_S).kind == "timeout"

    def test_an_answer_that_never_ends_times_out(self) -> None:
        """A status alone is no answer."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.Event().wait()

        assert trouble(app, timeout_s=SHORT_S).kind == "timeout"

    def test_an_application_that_returns_without_an_answer_has_dropped_it(self) -> None:
        """A server would close the connection."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            return

        assert trouble(app).kind == "dropped"

    def test_a_body_of_10_mb_is_cut(self) -> None:
        """No more than the limit is kept, and it says so."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(10):
                await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
            await send({"type": "http.response.body"})

        answer = ask(app)
        assert (len(answer.body), answer.cut) == (MAX_BODY, True)

    def test_a_body_of_just_the_limit_is_whole(self) -> None:
        """The limit itself still fits."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await reply(send, body=b"x" * MAX_BODY)

        answer = ask(app)
        assert (len(answer.body), answer.cut) == (MAX_BODY, False)

    def test_a_streaming_answer_is_not_cut_off(self) -> None:
        """Nobody has gone away while the answer is on its way, through a middleware neither."""

        async def pieces() -> Any:
            for piece in (b"one ", b"two ", b"three"):
                await asyncio.sleep(0)
                yield piece

        async def streamed(_: Any) -> Response:
            return StreamingResponse(pieces())

        async def through(request: Any, call_next: Callable[..., Any]) -> Any:
            return await call_next(request)

        plain = Starlette(routes=[Route("/a", streamed)])
        wrapped = Starlette(
            routes=[Route("/a", streamed)], middleware=[Middleware(BaseHTTPMiddleware, dispatch=through)]
        )
        assert ask(plain).body == b"one two three"
        assert ask(wrapped).body == b"one two three"

    def test_the_lifespan_starts_first_and_ends_last(self) -> None:
        """What the application puts into its state at the start is there in each request."""
        told: list[str] = []

        @contextlib.asynccontextmanager
        async def lifespan(_: Any) -> Any:
            told.append("start")
            yield {"word": "hello"}
            told.append("end")

        def answer(request: Any) -> Response:
            told.append("request")
            return PlainTextResponse(request.state.word)

        assert ask(Starlette(routes=[Route("/a", answer)], lifespan=lifespan)).body == b"hello"
        assert told == ["start", "request", "end"]

    @pytest.mark.parametrize("error", [AssertionError("only http"), KeyError("method")])
    def test_an_application_without_a_lifespan_is_left_alone(self, error: Exception) -> None:
        """Many raise at a scope that they do not know."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                raise error
            await reply(send, body=b"fine")

        with AsgiTransport(app, timeout_s=LONG_S) as transport:
            assert transport.send(Request(method="GET", url=URL)).body == b"fine"

    def test_an_application_that_never_starts_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A start that waits for ever is ended by a limit."""
        monkeypatch.setattr(lifespan_module, "LIFESPAN_S", 0.05)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.Event().wait()

        with pytest.raises(UsageError, match="did not start: it took more than"), AsgiTransport(app, timeout_s=LONG_S):
            pass

    def test_an_application_that_cannot_start_is_named(self) -> None:
        """Its own words come along, in one line."""

        @contextlib.asynccontextmanager
        async def lifespan(_: Any) -> Any:
            raise RuntimeError("no database")
            yield

        with pytest.raises(UsageError, match=r"did not start: .*no database") as raised:
            ask(Starlette(lifespan=lifespan))
        assert "\n" not in str(raised.value)

    def test_several_threads_take_turns(self) -> None:
        """One request at a time, each with its own answer."""
        inside: list[str] = []
        most: list[int] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            inside.append(scope["path"])
            most.append(len(inside))
            await asyncio.sleep(0)
            await reply(send, body=scope["path"].encode())
            inside.remove(scope["path"])

        answers: dict[int, bytes] = {}
        with AsgiTransport(http_only(app), timeout_s=LONG_S) as transport:

            def visit(number: int) -> None:
                answers[number] = transport.send(Request(method="GET", url=f"{URL}/{number}")).body

            threads = [threading.Thread(target=visit, args=(number,)) for number in range(20)]
            for thread in threads:
                thread.start()
            ended(threads, "an answer in each thread")

        assert answers == {number: f"/{number}".encode() for number in range(20)}
        assert max(most) == 1


def http_trouble(url: str, *, timeout_s: float = LONG_S) -> TransportTrouble:
    with HttpTransport(timeout_s=timeout_s) as transport, pytest.raises(TransportTrouble) as raised:
        transport.send(Request(method="GET", url=f"{url}/a"))
    assert "\n" not in str(raised.value)
    return raised.value


class TestHttp:
    def test_an_answer(self) -> None:
        """Status, headers of one name, and the body."""
        talk = say(b"HTTP/1.1 401 No\r\nSet-Cookie: a=1\r\nSet-Cookie: b=\xe9\r\nContent-Length: 4\r\n\r\nstop")
        with server(talk) as url, HttpTransport(timeout_s=LONG_S) as transport:
            answer = transport.send(Request(method="GET", url=url))

        assert (answer.status, answer.body, answer.cut) == (401, b"stop", False)
        assert [value for name, value in answer.headers if name == "Set-Cookie"] == ["a=1", "b=é"]

    def test_the_request_arrives_whole(self) -> None:
        """The line, host, length, cookies in any letters, and the body."""
        got: list[bytes] = []

        def talk(connection: socket.socket, _: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        listening = socket.create_server(("127.0.0.1", 0))
        listening.settimeout(60)

        def serve() -> None:
            connection, _ = listening.accept()
            connection.settimeout(60)
            with connection:
                while not got or not b"".join(got).endswith(b"k=v"):
                    got.append(connection.recv(65536))
                talk(connection, threading.Event())

        thread = threading.Thread(target=serve)
        thread.start()
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        with HttpTransport(timeout_s=LONG_S) as transport:
            headers = (("content-type", "text/plain"), ("cookie", "s=é"))
            transport.send(Request(method="POST", url=f"http://{host}/b%20c?x=1", headers=headers, body=b"k=v"))
        ended([thread], "the end of a server")
        listening.close()

        head, _, body = b"".join(got).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        assert (first, body) == ("POST /b%20c?x=1 HTTP/1.1", b"k=v")
        assert set(lines) == {f"Host: {host}", "Content-Length: 3", "content-type: text/plain", "cookie: s=é"}

    def test_nobody_listens(self) -> None:
        """A port without a server is refused, and the message names it."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        told = http_trouble(f"http://127.0.0.1:{port}")

        assert told.kind == "refused"
        assert f"nobody answers at 127.0.0.1:{port}" in str(told)

    @pytest.mark.parametrize("talk", [say(), reset], ids=["closes", "resets"])
    def test_the_connection_is_dropped(self, talk: Talk) -> None:
        """Accepted and closed without a word."""
        with server(talk) as url:
            assert http_trouble(url).kind == "dropped"

    @pytest.mark.parametrize(
        "said",
        [
            b"\x00\xff\xfegarbage\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntoo short",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx",
            b"HTTP/1.1 200 OK\r\nbad header line\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"a" * 500_000,
        ],
        ids=["bytes", "ssh", "status", "length", "short", "chunks", "header", "endless-header"],
    )
    def test_what_is_no_http_is_a_dropped_connection(self, said: bytes) -> None:
        """Garbage is trouble with a name and never an exception of a library."""
        with server(say(said)) as url:
            assert http_trouble(url).kind == "dropped"

    @pytest.mark.parametrize(
        "talk",
        [
            keep_still,
            trickle(b""),
            trickle(b"HTTP/1.1 200 OK\r\nX: "),
            trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        ],
        ids=["silence", "status-line", "header", "body"],
    )
    def test_an_answer_that_does_not_end_times_out(self, talk: Talk) -> None:
        """One limit holds for the whole answer, however steadily it trickles."""
        with server(talk) as url:
            assert http_trouble(url, timeout_s=SHORT_S).kind == "timeout"

    def test_an_answer_of_10_mb_is_cut(self) -> None:
        """No more than the limit is kept; the rest is not waited for."""

        def talk(connection: socket.socket, _: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
            for _piece in range(10):
                connection.sendall(b"x" * 1_000_000)

        with server(talk) as url, HttpTransport(timeout_s=LONG_S) as transport:
            answer = transport.send(Request(method="GET", url=url))
            again = transport.send(Request(method="GET", url=url))

        assert (answer.status, len(answer.body), answer.cut) == (200, MAX_BODY, True)
        assert again.cut

    def test_trouble_with_one_request_leaves_the_next_alone(self) -> None:
        """The pool survives a timeout."""
        answers = iter([keep_still_once(), say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")])

        def talk(connection: socket.socket, over: threading.Event) -> None:
            next(answers)(connection, over)

        with server(talk) as url, HttpTransport(timeout_s=SHORT_S) as transport:
            with pytest.raises(TransportTrouble):
                transport.send(Request(method="GET", url=url))
            assert transport.send(Request(method="GET", url=url)).body == b"ok"

    def test_a_connection_that_ends_behind_a_500_is_asked_again(self) -> None:
        """Servers close behind an unhandled exception without saying so; that is no answer to the next request."""
        answers = iter(["500 Oops", "200 OK"])

        def talk(connection: socket.socket, _: threading.Event) -> None:
            connection.sendall(f"HTTP/1.1 {next(answers)}\r\nContent-Length: 0\r\n\r\n".encode())
            connection.recv(65536)

        with server(talk) as url, HttpTransport(timeout_s=LONG_S) as transport:
            first, second = (transport.send(Request(method="GET", url=url)) for _ in range(2))

        assert (first.status, second.status) == (500, 200)

    def test_the_certificate_file_must_be_there(self) -> None:
        """A wrong `network.ca_path` is a fault of the tool file."""
        with pytest.raises(UsageError, match="ca_path"):
            HttpTransport(timeout_s=LONG_S, ca_path="/no/such/file.pem")
