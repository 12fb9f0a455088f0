"""The driver `upstream`: what it takes, what it reaches, and what it leaves behind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from conformance.driver import Binding, FaultPoint, Order, OutOfReachError, Site
from conformance.faultpoints import upstream
from conformance.faults import fault_points, opened, settings_of
from conformance.modes import BASE_MODES, MODES
from conformance.upstream import FakeZoom, Fault
from mockplatform.errors import UsageError
from mockplatform.tables import build
from tests.conformance.loopback import free_port
from tests.conformance.upstream.asking import Clock, asked, fresh_token

SITE = Site(where="tool.toml", tool_url=str, send=lambda _: pytest.fail("it sends nothing to the tool"))
CALLS = ("class.create", "deferred.create", "zoom.session")
ADA = {"email": "ada@lms.example", "sub": "user-1", "context_id": "course-1"}


def bound(**tables: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Tables of `[faults]`, by the names of points with an underscore for the dot."""
    names = {name.replace(".", "_"): name for name in fault_points()}
    return {names[key]: {"driver": "upstream", **table} for key, table in tables.items()}


def point(name: str) -> FaultPoint:
    return fault_points()[name]


def test_the_points_that_it_reaches() -> None:
    """Calls to Zoom in every way, a record kept there in the ways of records, and nothing else."""
    reached = {name: modes for name, each in fault_points().items() if (modes := upstream.modes(each))}
    assert reached == {"zoom_auth.read": BASE_MODES, **dict.fromkeys(CALLS, tuple(MODES))}


@pytest.mark.parametrize("name", [*CALLS, "zoom_auth.read"])
def test_the_example_of_a_point_is_right(name: str) -> None:
    """It can be read as it stands, and binds the point."""
    import tomllib

    tables = tomllib.loads(f"[faults]\n{upstream.example(point(name))}")["faults"]
    assert list(tables) == [name]
    assert settings_of(tables, where="tool.toml")["upstream"][point(name)].listen == "http://127.0.0.1:9500"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "expected either listen, such as 'http://127.0.0.1:9500', or in Python zoom, a FakeZoom"),
        ({"listen": "http://127.0.0.1:9500", "zoom": "x"}, "expected either listen"),
        ({"zoom": "tests.fake:zoom"}, "zoom is no FakeZoom; in a file give listen"),
        ({"listen": "9500"}, "listen is '9500', expected the address of plain http such as"),
        ({"listen": "https://127.0.0.1:9500"}, "expected the address of plain http"),
        ({"listen": "http://127.0.0.1:9500/v2"}, "expected the address of plain http"),
        ({"listen": "http://127.0.0.1:x"}, "expected the address of plain http"),
        ({"listen": "http://127.0.0.1:9500", "route": "/v2"}, "route is '/v2', expected a method and a path such as"),
        ({"listen": "http://127.0.0.1:9500", "match": "name"}, "match: expected 'email', 'sub' or 'context_id'"),
        ({"listen": "http://127.0.0.1:9500", "mach": "email"}, "mach: unknown key; did you mean 'match'?"),
    ],
)
def test_settings_that_cannot_be_used(table: dict[str, Any], problem: str) -> None:
    """Each is told in one line that shows how it looks when it is right."""
    with pytest.raises(UsageError) as told:
        build(upstream.Settings, table, where="tool.toml")
    assert problem in str(told.value)
    assert "\n" not in str(told.value)


def test_points_share_an_address() -> None:
    """One fake stands there, is told apart by its routes, and is gone after the run."""
    url = f"http://127.0.0.1:{free_port()}"
    with opened(bound(class_create={"listen": url}, zoom_session={"listen": f"{url}/"}), SITE) as bindings:
        with bindings["zoom.session"].arm(Order(point="zoom.session", mode="error")) as armed:
            assert httpx2.get(f"{url}/v2/users/me").status_code == 500
            assert httpx2.post(f"{url}/v2/users/ada/meetings").status_code == 401
        assert armed.hits == 1
        with bindings["class.create"].arm(Order(point="class.create", mode="not-found")) as armed:
            assert httpx2.post(f"{url}/v2/users/ada/meetings").status_code == 404
        assert armed.hits == 1
        assert httpx2.get(f"{url}/v2/users/me").status_code == 401
    assert "lti-server" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/v2/users/me")


def test_a_taken_address_is_told_in_one_line() -> None:
    """With the key that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(UsageError, match=r'^tool.toml faults."class.create": listen: cannot listen on .*; choose '),
            opened(bound(class_create={"listen": url}), SITE),
        ):
            pytest.fail("the address was taken")


def test_a_record_kept_remotely_needs_a_route() -> None:
    """There is no usual one."""
    zoom = FakeZoom(clock=Clock())
    with (
        pytest.raises(UsageError, match=r'^tool.toml faults."zoom_auth.read": route is missing; name the request'),
        opened(bound(zoom_auth_read={"zoom": zoom}), SITE),
    ):
        pytest.fail("there was no route")
    with opened(bound(zoom_auth_read={"zoom": zoom, "route": "GET /v2/users/*"}), SITE) as bindings:
        binding = bindings["zoom_auth.read"]
        assert binding.modes == BASE_MODES
        token = fresh_token(zoom)
        with binding.arm(Order(point="zoom_auth.read", mode="empty")):
            assert asked(zoom, "GET", "/v2/users/ada@lms.example", token=token).body == b"{}"


def in_process(zoom: FakeZoom, **table: Any) -> Binding:
    """The binding of `class.create` to a fake in this process."""
    with opened(bound(class_create={"zoom": zoom, **table}), SITE) as bindings:
        return bindings["class.create"]


def test_a_launch_is_told_by_its_mark() -> None:
    """Then only its requests fail, and others may run beside it."""
    zoom = FakeZoom(clock=Clock())
    token = fresh_token(zoom, "of grace@lms.example")
    binding = in_process(zoom, match="email")
    assert binding.isolated
    with binding.arm(Order(point="class.create", mode="error", marks=ADA)) as armed:
        assert asked(zoom, "POST", "/v2/users/grace@lms.example/meetings", {}, token=token).status == 201
        assert asked(zoom, "POST", "/v2/users/ada@lms.example/meetings", {}, token=token).status == 500
    assert armed.hits == 1


def test_a_launch_without_the_mark_is_out_of_reach() -> None:
    """What cannot be told apart is not failed at a guess."""
    binding = in_process(FakeZoom(clock=Clock()), match="email")
    with pytest.raises(OutOfReachError, match="the email of the launch, which has none; drop `match`"):
        binding.arm(Order(point="class.create", mode="error", marks={"sub": "user-1"}))


def test_requests_that_look_alike_are_told_by_a_text() -> None:
    """A deferred class has another topic than that of the launch."""
    zoom = FakeZoom(clock=Clock())
    token = fresh_token(zoom)
    binding = in_process(zoom, contains="Prepared")
    assert not binding.isolated
    with binding.arm(Order(point="class.create", mode="error")):
        assert asked(zoom, "POST", "/v2/users/me/meetings", {"topic": "Course"}, token=token).status == 201
        assert asked(zoom, "POST", "/v2/users/me/meetings", {"topic": "Prepared"}, token=token).status == 500


def test_times_and_ttl_are_kept() -> None:
    """As the order says."""
    clock = Clock()
    zoom = FakeZoom(clock=clock)
    token = fresh_token(zoom)
    binding = in_process(zoom)
    with binding.arm(Order(point="class.create", mode="error", times=1, ttl_s=5)):
        assert asked(zoom, "POST", "/v2/users/me/meetings", {}, token=token).status == 500
        assert asked(zoom, "POST", "/v2/users/me/meetings", {}, token=token).status == 201
    with binding.arm(Order(point="class.create", mode="error", ttl_s=5)):
        clock.now += 5
        assert asked(zoom, "POST", "/v2/users/me/meetings", {}, token=token).status == 201


def test_nothing_stays_armed_after_the_run() -> None:
    """Neither what the run armed nor what was there before."""
    zoom = FakeZoom(clock=Clock())
    zoom.arm(Fault(route="GET /v2/users/me", mode="error"))
    in_process(zoom).arm(Order(point="class.create", mode="error"))
    with opened(bound(zoom_session={"zoom": zoom}), SITE):
        pass
    token = fresh_token(zoom)
    assert asked(zoom, "POST", "/v2/users/me/meetings", {}, token=token).status == 201
    assert asked(zoom, "GET", "/v2/users/me", token=token).status == 200
