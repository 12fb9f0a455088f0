"""The driver `control`: a tool that keeps the contract, one that breaks it, and one that hides that it has it."""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
from starlette.applications import Starlette

from conformance.driver import Binding, Order, OutOfReachError, Site
from conformance.faultpoints import control
from conformance.faults import fault_points, opened, settings_of
from conformance.sample_tool.control import PATH, control_routes
from conformance.sample_tool.faults import BackendError, Faults, Point
from conformance.transport import AsgiTransport, Request, Response, TransportTrouble
from mockplatform.errors import UsageError
from tests.conformance.readers import block

SECRET = "correct-horse-battery"
HOST = "http://tool.test"
BASE = f"{HOST}{PATH}"
POINT: Point = "class.create"
TABLE = {"driver": "control", "secret": SECRET}
AUTHORISED = (("authorization", f"Bearer {SECRET}"),)


@dataclass(kw_only=True)
class Tool:
    """A tool with the endpoint, called in this process, whose clock stands still until it is moved."""

    faults: Faults = field(default_factory=Faults)
    now: float = 1000.0
    up: bool = True
    asked: list[Request] = field(default_factory=list)
    transport: AsgiTransport | None = None

    def __enter__(self) -> Self:
        app = Starlette(routes=control_routes(self.faults, secret=SECRET, clock=lambda: self.now))
        self.transport = AsgiTransport(app, timeout_s=5).__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.transport is not None
        self.transport.__exit__(None, None, None)

    def send(self, request: Request) -> Response:
        assert self.transport is not None
        self.asked.append(request)
        if not self.up:
            raise TransportTrouble("refused", "nobody answers at tool.test")
        return self.transport.send(request)

    def works(self, point: Point = POINT) -> bool:
        """Whether the back end gets past a point."""
        try:
            return self.faults.reach(point)
        except BackendError:
            return False

    def ask(self, method: str, path: str = "", value: Any = None) -> Response:
        body = b"" if value is None else json.dumps(value).encode()
        return self.send(Request(method=method, url=BASE + path, headers=AUTHORISED, body=body))


@pytest.fixture
def tool() -> Iterator[Tool]:
    with Tool() as running:
        yield running


def site_of(send: Callable[[Request], Response]) -> Site:
    """A run against whatever `send` reaches."""
    return Site(where="tool.toml:", tool_url=lambda path: path if "://" in path else HOST + path, send=send)


@contextlib.contextmanager
def bound(send: Callable[[Request], Response], point: str = POINT, **settings: Any) -> Iterator[Binding]:
    """One point, bound to the endpoint."""
    with opened({point: TABLE | settings}, site_of(send)) as bindings:
        yield bindings[point]


def order(**changes: Any) -> Order:
    """A failure of `POINT` until it is disarmed."""
    return Order(**({"point": POINT, "mode": "error"} | changes))


@dataclass
class Scripted:
    """An endpoint that gives the same answer to each request of a method; it is swept, and forgets, without a word."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        honest = {"POST": (201, b'{"id": "f1"}'), "GET": (200, b'{"hits": 1}'), "DELETE": (204, b"")}
        status, body = (honest | self.answers)[request.method]
        return Response(status=status, headers=(), body=body)


def complaint_of(send: Callable[[Request], Response]) -> str:
    """What the driver says when a point is armed and asked for its hits; always one line without the secret."""
    raised = pytest.raises((UsageError, OutOfReachError))
    with bound(send) as binding, raised as caught, binding.arm(order()) as armed:
        assert armed.hits is None
    text = str(caught.value)
    assert "\n" not in text
    assert SECRET not in text
    return text


# A tool that keeps the contract.


def test_a_point_fails_while_it_is_armed(tool: Tool) -> None:
    """It works before and after the block, fails inside it, and each time it is reached is counted."""
    with bound(tool.send) as binding:
        assert tool.works()
        with binding.arm(order()) as armed:
            assert armed.hits == 0
            assert [tool.works(), tool.works()] == [False, False]
            assert armed.hits == 2
        assert tool.works()


def test_only_the_armed_point_fails(tool: Tool) -> None:
    """The others go on working."""
    with bound(tool.send) as binding, binding.arm(order()) as armed:
        assert tool.works("class.read")
        assert armed.hits == 0


def test_a_point_that_shall_find_nothing_finds_nothing(tool: Tool) -> None:
    """The mode reaches the tool: `empty` raises nothing, and nothing is found."""
    with bound(tool.send) as binding, binding.arm(order(mode="empty")):
        assert tool.faults.reach(POINT) is False


@pytest.mark.parametrize("times", [1, 3])
def test_a_point_fails_as_often_as_is_asked(tool: Tool, times: int) -> None:
    """Then it works again though it is still armed, and has kept the count."""
    with bound(tool.send) as binding, binding.arm(order(times=times)) as armed:
        assert [tool.works() for _ in range(times + 2)] == [False] * times + [True] * 2
        assert armed.hits == times


def test_a_fault_ends_with_its_time(tool: Tool) -> None:
    """Whoever armed it may be dead: after its seconds the point works again."""
    with bound(tool.send) as binding, binding.arm(order(ttl_s=30)):
        tool.now += 29
        assert not tool.works()
        tool.now += 1
        assert tool.works()


def test_hits_are_not_guessed_once_the_fault_is_over(tool: Tool) -> None:
    """A fault that ended before it was asked for its hits proves nothing, and the message says so."""
    with bound(tool.send) as binding, binding.arm(order(ttl_s=30)) as armed:
        tool.now += 30
        with pytest.raises(UsageError, match=r"class\.create.*has forgotten a fault.*30 s"):
            assert armed.hits is None


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_a_point_is_disarmed_on_every_way_out(tool: Tool, stop: type[BaseException]) -> None:
    """An exception leaves the block, and leaves nothing armed."""
    with bound(tool.send) as binding:
        with pytest.raises(stop), binding.arm(order()):
            raise stop
        assert tool.works()


def test_several_points_can_be_armed_at_once(tool: Tool) -> None:
    """Each has its own mode and its own count."""
    with (
        opened({POINT: TABLE, "class.read": TABLE}, site_of(tool.send)) as bindings,
        bindings[POINT].arm(order()) as one,
        bindings["class.read"].arm(order(point="class.read", mode="empty")) as other,
    ):
        assert [tool.works(), tool.works("class.read"), tool.works("class.read")] == [False] * 3
        assert tool.faults.reach("class.read") is False
        assert (one.hits, other.hits) == (1, 3)


def test_what_a_killed_run_left_behind_is_disarmed_at_the_start(tool: Tool) -> None:
    """A fault that was armed over the endpoint before the run began is gone when the bindings are there."""
    assert tool.ask("POST", value={"point": POINT, "mode": "error", "times": None, "ttl_s": 60}).status == 201
    with bound(tool.send):
        assert tool.works()


def test_a_tool_that_is_not_up_yet_is_swept_when_it_is(tool: Tool) -> None:
    """The run opens without it, and the first point that is armed disarms everything else first."""
    assert tool.ask("POST", value={"point": "class.read", "mode": "error", "times": None, "ttl_s": 60}).status == 201
    tool.up = False
    with bound(tool.send) as binding:
        tool.up = True
        with binding.arm(order()):
            assert tool.works("class.read")
            assert not tool.works()
        sweeps = [r for r in tool.asked if (r.method, r.url) == ("DELETE", BASE)]
        assert len(sweeps) == 2, "once in vain, once at the first fault"
        with binding.arm(order()):
            assert [r for r in tool.asked if (r.method, r.url) == ("DELETE", BASE)] == sweeps


def test_everything_is_disarmed_at_the_end(tool: Tool) -> None:
    """A fault that somebody else armed during the run does not outlive it."""
    with bound(tool.send):
        tool.ask("POST", value={"point": POINT, "mode": "error", "times": None, "ttl_s": 60})
    assert tool.works()


def test_the_end_needs_no_tool(tool: Tool) -> None:
    """A tool that has been stopped before the driver is no error."""
    with bound(tool.send):
        tool.up = False
    assert tool.asked[-1].method == "DELETE"


def test_a_point_that_is_armed_already_is_told(tool: Tool) -> None:
    """409 is somebody else's fault, and the first one stays armed."""
    with bound(tool.send) as binding, binding.arm(order()):
        with pytest.raises(UsageError, match=r"has armed class\.create already; another run"), binding.arm(order()):
            pass
        assert not tool.works()


def test_what_the_tool_cannot_do_is_told_in_its_own_words(tool: Tool) -> None:
    """422 is no error of anybody: the tool has no such mode, and says which it has."""
    raised = pytest.raises(OutOfReachError, match="there is no mode 'rate-limited'; there are error, timeout")
    with bound(tool.send, modes=["rate-limited"]) as binding, raised, binding.arm(order(mode="rate-limited")):
        pass


# What goes over the wire.


def test_arming_sends_the_whole_order() -> None:
    """Point, mode, limit, time and marks are JSON, and each request carries the secret."""
    send = Scripted()
    marks = {"email": "ada@example.org", "sub": "user-1", "context_id": "course-1"}
    with bound(send) as binding, binding.arm(order(mode="timeout", times=2, ttl_s=45.0, marks=marks)) as armed:
        assert armed.hits == 1
    posted = send.asked[1]
    assert json.loads(posted.body) == {
        "point": POINT,
        "mode": "timeout",
        "times": 2,
        "ttl_s": 45.0,
        "marks": marks,
    }
    assert dict(posted.headers)["content-type"] == "application/json"
    assert {dict(request.headers)["authorization"] for request in send.asked} == {f"Bearer {SECRET}"}
    assert [(request.method, request.url) for request in send.asked] == [
        ("DELETE", BASE),
        ("POST", BASE),
        ("GET", f"{BASE}/f1"),
        ("DELETE", f"{BASE}/f1"),
        ("DELETE", BASE),
    ]


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("/ops/faults/", f"{HOST}/ops/faults"),
        ("http://127.0.0.1:9001/faults", "http://127.0.0.1:9001/faults"),
    ],
)
def test_the_endpoint_may_be_elsewhere(url: str, base: str) -> None:
    """`url` is a path on the tool's host or a URL, with or without a slash at its end."""
    send = Scripted()
    with bound(send, url=url) as binding, binding.arm(order()):
        assert [request.url for request in send.asked] == [base, base]


def test_the_tool_may_call_a_point_otherwise() -> None:
    """`name` is what is asked for; the scenario's name stays in our own messages."""
    send = Scripted()
    with bound(send, name="zoom-meeting") as binding, binding.arm(order()):
        assert json.loads(send.asked[1].body)["point"] == "zoom-meeting"


def test_an_id_with_odd_characters_stays_one_part_of_the_path() -> None:
    """The tool chooses its ids; a slash or a space in one is quoted."""
    send = Scripted({"POST": (201, b'{"id": "a/b c?"}')})
    with bound(send) as binding, binding.arm(order()) as armed:
        assert armed.hits == 1
    assert f"{BASE}/a%2Fb%20c%3F" in [request.url for request in send.asked]


def test_points_with_one_endpoint_share_its_sweep() -> None:
    """Nine points are not nine sweeps."""
    send = Scripted()
    with opened(dict.fromkeys(("class.create", "class.read", "zoom_auth.read"), TABLE), site_of(send)):
        assert [request.method for request in send.asked] == ["DELETE"]


def test_modes_are_those_of_the_settings() -> None:
    """By default the base modes, which each tool can have."""
    with bound(Scripted()) as binding:
        assert binding.modes == ("error", "timeout", "garbage", "empty")
    with bound(Scripted(), modes=["error", "token-refused"]) as binding:
        assert binding.modes == ("error", "token-refused")


# A tool that breaks it.


@pytest.mark.parametrize(
    ("method", "answer", "words"),
    [
        ("POST", (404, b""), f"the control endpoint at {BASE} is not there or does not know the secret"),
        ("POST", (500, b"<h1>Oops"), f"the control endpoint at {BASE} answers POST with 500, expected 201"),
        (
            "POST",
            (403, b'{"error": "CSRF  token\\n missing"}'),
            "answers POST with 403, expected 201: CSRF token missing",
        ),
        ("POST", (400, f'{{"error": "not {SECRET}"}}'.encode()), "answers POST with 400, expected 201: not …"),
        ("POST", (409, b""), "has armed class.create already"),
        ("POST", (422, b""), "the tool cannot do that: class.create, error"),
        ("POST", (201, b"<h1>Created"), 'answers POST without an id; expected {"id": "…"}'),
        ("POST", (201, b'{"id": 7}'), 'answers POST without an id; expected {"id": "…"}'),
        ("POST", (201, b'{"id": ""}'), 'answers POST without an id; expected {"id": "…"}'),
        ("POST", (201, b'["id"]'), 'answers POST without an id; expected {"id": "…"}'),
        ("POST", (200, b'{"id": "f1"}'), "answers POST with 200, expected 201"),
        ("GET", (500, b""), "answers GET with 500, expected 200"),
        ("GET", (200, b"1"), 'answers GET without a count; expected {"hits": 0} or more'),
        ("GET", (200, b'{"hits": "1"}'), 'answers GET without a count; expected {"hits": 0} or more'),
        ("GET", (200, b'{"hits": true}'), 'answers GET without a count; expected {"hits": 0} or more'),
        ("GET", (200, b'{"hits": -1}'), 'answers GET without a count; expected {"hits": 0} or more'),
    ],
)
def test_a_broken_contract_is_told_in_one_line(method: str, answer: tuple[int, bytes], words: str) -> None:
    """The line names file, point and endpoint, what is wrong, and never the secret."""
    assert words in complaint_of(Scripted({method: answer}))


def test_a_secret_that_the_tool_does_not_know_is_told(tool: Tool) -> None:
    """The endpoint of the sample tool hides from a wrong secret, and the line offers both explanations."""
    with bound(tool.send, secret="another") as binding, pytest.raises(UsageError) as caught, binding.arm(order()):
        pass
    assert str(caught.value) == (
        f'tool.toml: faults."class.create": the control endpoint at {BASE} is not there or does not know the secret; '
        "run the tool in test mode with the same secret"
    )


def test_a_tool_that_does_not_answer_is_told(tool: Tool) -> None:
    """The line says what happened to the request."""
    tool.up = False
    assert complaint_of(tool.send).endswith(f"{BASE} does not answer DELETE: nobody answers at tool.test")


def test_a_point_that_cannot_be_disarmed_is_told() -> None:
    """A fault that stays armed would spoil every launch that follows."""
    send = Scripted()
    raised = pytest.raises(UsageError, match="answers DELETE with 500, expected 204")
    with bound(send) as binding, raised, binding.arm(order()):
        send.answers["DELETE"] = (500, b"")


def test_an_endpoint_that_cannot_sweep_is_told_at_the_first_fault() -> None:
    """Without a sweep nobody knows what else is armed."""
    send = Scripted({"DELETE": (405, b"")})
    assert "answers DELETE with 405, expected 204" in complaint_of(send)
    assert {request.method for request in send.asked} == {"DELETE"}


# The example of `explain control-endpoint`.


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Callable[[str], bool], Callable[[Request], Response]]]:
    """What stands in the topic for Starlette: its `reach`, and the way to its routes."""
    monkeypatch.setenv("LTI_FAULTS_SECRET", SECRET)
    names: dict[str, Any] = {}
    exec(compile(block("python", PATH), "control_endpoint.md", "exec"), names)
    with AsgiTransport(Starlette(routes=names["routes"]), timeout_s=5) as transport:
        yield names["reach"], transport.send


def test_the_example_of_the_topic_keeps_the_contract(example: Any) -> None:
    """What a stranger copies fails as it is asked, counts, is disarmed, and says what it cannot do."""
    reach, send = example
    with bound(send, modes=["error", "empty"]) as binding:
        with binding.arm(order(mode="error")), pytest.raises(ConnectionError):
            reach(POINT)
        with binding.arm(order(mode="empty")) as armed:
            assert [reach(POINT), reach(POINT), armed.hits] == [False, False, 2]
            with pytest.raises(UsageError, match="has armed class.create already"), binding.arm(order()):
                pass
        assert reach(POINT)
        with binding.arm(order(mode="empty", times=1)) as armed:
            assert [reach(POINT), reach(POINT), armed.hits] == [False, True, 1]
    raised = pytest.raises(OutOfReachError, match="there are")
    with bound(send, "zoom_auth.read") as binding, raised, binding.arm(order(point="zoom_auth.read")):
        pass


def test_the_example_of_the_topic_hides_without_the_secret(example: Any) -> None:
    """Each request of the contract is a 404, with no secret and with a wrong one."""
    for headers in ((), (("authorization", "Bearer clé"),)):
        asked = [("POST", ""), ("GET", "/class.create"), ("DELETE", "/class.create"), ("DELETE", "")]
        requests = [Request(method=method, url=BASE + path, headers=headers) for method, path in asked]
        assert [example[1](request).status for request in requests] == [404] * 4


# Settings.


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "secret: missing, expected a string"),
        ({"secret": ""}, 'secret is empty; let it be "${LTI_FAULTS_SECRET}"'),
        ({"secret": "two words"}, "secret has characters that a header cannot carry"),
        ({"secret": "line\nfeed"}, "secret has characters that a header cannot carry"),
        ({"secret": "clé"}, "secret has characters that a header cannot carry"),
        ({"secret": "s", "url": "faults"}, "url 'faults' is neither a path such as /faults nor an http or https URL"),
        ({"secret": "s", "url": "ftp://127.0.0.1/"}, "is neither a path such as /faults nor an http or https URL"),
        ({"secret": "s", "url": "http://[::1/"}, "is neither a path such as /faults nor an http or https URL"),
        ({"secret": "s", "url": "/faults?a=b"}, "is neither a path such as /faults nor an http or https URL"),
        ({"secret": "s", "modes": ["slow"]}, "modes[0]: expected"),
        ({"secret": "s", "token": "t"}, "token: unknown key"),
    ],
)
def test_settings_that_do_not_fit_are_told(table: dict[str, Any], words: str) -> None:
    """The line names the point and the key, and does not repeat the secret."""
    with pytest.raises(UsageError) as caught:
        settings_of({POINT: {"driver": "control", **table}}, where="tool.toml:")
    text = str(caught.value)
    assert text.startswith('tool.toml: faults."class.create":')
    assert words in text
    assert "\n" not in text
    assert [word for word in ("two words", "clé", "feed") if word in text] == []


def test_the_secret_does_not_show_when_settings_are_printed() -> None:
    """Assertions and logs print dataclasses."""
    assert SECRET not in repr(control.Settings(secret=SECRET))


@pytest.mark.parametrize("point", fault_points().values(), ids=lambda point: point.name)
def test_the_example_of_a_point_can_be_copied(point: Any) -> None:
    """It is TOML, and is read once the variable is filled in; what only the platform breaks has no modes."""
    if point.access == "platform":
        assert control.modes(point) == ()
        return
    table = tomllib.loads(control.example(point).replace("${LTI_FAULTS_SECRET}", SECRET))
    assert settings_of(table, where="") == {"control": {point: control.Settings(secret=SECRET)}}
    assert set(control.Settings(secret=SECRET).modes) <= set(control.modes(point))


# The endpoint of the sample tool.


@pytest.mark.parametrize("secret", [None, "", "Bearer", f"Bearer {SECRET}x", f"Basic {SECRET}", "Bearer clé"])
@pytest.mark.parametrize("path", ["", "/", "/f1", "/f1/", "/a/b", "x"])
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "PUT", "OPTIONS"])
def test_without_the_secret_there_is_no_endpoint(tool: Tool, method: str, path: str, secret: str | None) -> None:
    """Status, headers and body are those of a tool without it, whatever the method and the path."""
    headers = () if secret is None else (("authorization", secret),)
    request = Request(method=method, url=BASE + path, headers=headers, body=b"{}")
    with AsgiTransport(Starlette(), timeout_s=5) as absent:
        assert tool.send(request) == absent.send(request)
        assert absent.send(request).status == 404


def test_without_the_secret_nothing_is_armed_or_disarmed(tool: Tool) -> None:
    """What stands in the body counts for nothing."""
    wanted = {"point": POINT, "mode": "error", "times": None, "ttl_s": 60}
    tool.send(Request(method="POST", url=BASE, body=json.dumps(wanted).encode()))
    assert tool.works()
    assert tool.ask("POST", value=wanted).status == 201
    tool.send(Request(method="DELETE", url=BASE))
    assert not tool.works()


def test_an_endpoint_without_a_secret_is_not_made() -> None:
    """An empty secret would be everybody's."""
    with pytest.raises(ValueError, match="needs a secret"):
        control_routes(Faults(), secret="", clock=lambda: 0.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"point": "no.such"}, "there is no point 'no.such'; there are class.create"),
        ({"point": ["class.create"]}, "there is no point ['class.create']"),
        ({"mode": "slow"}, "there is no mode 'slow'; there are error, timeout, garbage, empty"),
        ({"times": 0}, "times is 0, expected null or a number of failures"),
        ({"times": True}, "times is True, expected null or a number of failures"),
        ({"times": 1.5}, "times is 1.5, expected null or a number of failures"),
        ({"ttl_s": None}, "ttl_s is None, expected a number of seconds"),
        ({"ttl_s": -1}, "ttl_s is -1, expected a number of seconds"),
    ],
)
def test_the_sample_tool_says_what_it_cannot_do(tool: Tool, change: dict[str, Any], words: str) -> None:
    """422 with its own words, and nothing is armed."""
    answer = tool.ask("POST", value={"point": POINT, "mode": "error", "times": None, "ttl_s": 60} | change)
    assert (answer.status, json.loads(answer.body)["error"].startswith(words)) == (422, True)
    assert tool.works()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(tool: Tool, body: bytes) -> None:
    """Junk is answered like an order that cannot be carried out."""
    answer = tool.send(Request(method="POST", url=BASE, headers=AUTHORISED, body=body))
    assert (answer.status, json.loads(answer.body)) == (422, {"error": "the body is no JSON object"})


def test_a_fault_that_is_used_up_is_armed_until_it_is_disarmed(tool: Tool) -> None:
    """The point works again and the count is kept, so a second fault at the same point has to wait."""
    wanted = {"point": POINT, "mode": "error", "times": 1, "ttl_s": 60}
    first = json.loads(tool.ask("POST", value=wanted).body)["id"]
    assert [tool.works(), tool.works()] == [False, True]
    assert tool.ask("POST", value=wanted).status == 409
    assert json.loads(tool.ask("GET", f"/{first}").body) == {"hits": 1}
    assert tool.ask("DELETE", f"/{first}").status == 204
    assert tool.ask("POST", value=wanted).status == 201


def test_a_fault_that_was_armed_in_process_is_armed_already(tool: Tool) -> None:
    """Both ways to arm a point are one."""
    with tool.faults.arm(POINT, "error"):
        assert tool.ask("POST", value={"point": POINT, "mode": "error", "times": None, "ttl_s": 60}).status == 409


def test_a_fault_is_unknown_after_it_has_ended(tool: Tool) -> None:
    """Disarmed or over, nobody can ask for it or disarm it any more; the time frees the point for the next one."""
    wanted = {"point": POINT, "mode": "error", "times": None, "ttl_s": 60}
    first = json.loads(tool.ask("POST", value=wanted).body)["id"]
    tool.now += 60
    assert [tool.ask(method, f"/{first}").status for method in ("GET", "DELETE")] == [404, 404]
    second = json.loads(tool.ask("POST", value=wanted).body)["id"]
    assert second != first
    assert [tool.ask("DELETE", f"/{second}").status for _ in range(2)] == [204, 404]
    assert tool.works()
