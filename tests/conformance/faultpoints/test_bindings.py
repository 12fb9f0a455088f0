"""Fault points, drivers, and the tool file that binds the one to the other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from conformance import errors
from conformance.driver import Binding, Site
from conformance.faults import drivers, fault_points, opened, reachable, settings_of
from conformance.modes import MODES
from conformance.transport import Request, Response
from mockplatform.errors import UsageError

SITE = Site(
    where="tool.toml:",
    tool_url=lambda path: f"http://tool.test{path}",
    send=lambda _: Response(status=204, headers=(), body=b""),
)


@contextlib.contextmanager
def callable_fault(mode: str) -> Iterator[SimpleNamespace]:
    """What a user's callable looks like."""
    yield SimpleNamespace(hits=mode)


def complaint_of(tables: Any) -> str:
    """The line about tables that do not fit."""
    with pytest.raises(UsageError) as caught:
        settings_of(tables, where="tool.toml:")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_point_that_nobody_knows_is_told() -> None:
    """The line lists those that there are."""
    text = complaint_of({"class.creat": {"driver": "callback", "target": callable_fault}})
    assert text.startswith('tool.toml: faults."class.creat": unknown fault point; known are credentials.read, ')


@pytest.mark.parametrize("table", [{}, {"driver": "magic"}, {"driver": ["control"]}])
def test_a_driver_that_nobody_knows_is_told(table: Any) -> None:
    """The line lists those that reach the point and can be bound."""
    text = complaint_of({"class.create": table})
    assert text.startswith('tool.toml: faults."class.create": driver')
    listed = text.partition("expected one of ")[2].split(", ")
    assert {"callback", "control"} <= set(listed)
    assert "natural" not in listed


def test_a_driver_with_nothing_to_bind_is_told() -> None:
    """Nature needs no entry, and does not make a read fail."""
    text = complaint_of({"credentials.read": {"driver": "natural"}})
    assert "the driver 'natural' does not reach this point; bind it to one of " in text


def test_the_platforms_own_point_cannot_be_bound() -> None:
    """The platform breaks its key set itself."""
    text = complaint_of({"jwks.fetch": {"driver": "control", "secret": "s"}})
    assert (
        text
        == "tool.toml: faults.\"jwks.fetch\": the driver 'control' does not reach this point; there is nothing to bind"
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"driver": "control"}, "secret: missing, expected a string"),
        ({"driver": "control", "secret": 7}, "secret: expected a string, got an integer"),
        ({"driver": "callback", "target": "a:b", "mode": "error"}, "mode: unknown key; did you mean 'modes'?"),
    ],
)
def test_a_key_that_does_not_fit_is_told(table: Any, words: str) -> None:
    """Each driver reads its own keys, and the line names point and key."""
    assert complaint_of({"class.read": table}) == f'tool.toml: faults."class.read": {words}'


def test_settings_are_sorted_by_driver() -> None:
    """Each driver is opened once, with all its points."""
    found = settings_of(
        {
            "class.create": {"driver": "control", "secret": "s"},
            "class.read": {"driver": "callback", "target": callable_fault},
            "zoom_auth.read": {"driver": "control", "secret": "s"},
        },
        where="tool.toml:",
    )
    names = {kind: [point.name for point in bound] for kind, bound in found.items()}
    assert names == {"control": ["class.create", "zoom_auth.read"], "callback": ["class.read"]}


def test_every_bound_point_has_its_binding() -> None:
    """Scenarios find a point by its name, whatever drives it."""
    tables: dict[str, dict[str, Any]] = {
        "class.create": {"driver": "control", "secret": "s"},
        "class.read": {"driver": "callback", "target": callable_fault},
    }
    with opened(tables, SITE) as bindings:
        assert {name: type(binding) for name, binding in bindings.items()} == dict.fromkeys(tables, Binding)


def test_a_tool_file_without_faults_opens_nothing() -> None:
    """Nothing is sent and nothing is bound."""

    def refuse(request: Request) -> Response:
        pytest.fail(f"{request} was sent")

    with opened({}, Site(where="tool.toml:", tool_url=str, send=refuse)) as bindings:
        assert dict(bindings) == {}


def test_points_stand_in_the_order_of_a_launch() -> None:
    """The registration is looked up first, the class is shown last, and an edit follows."""
    names = [name for name, point in fault_points().items() if point.access != "platform"]
    assert (names[0], names[-2:]) == ("credentials.read", ["class.read", "zoom.session"])


@pytest.mark.parametrize("point", fault_points().values(), ids=lambda point: point.name)
def test_a_point_is_called_by_codes_that_there_are(point: Any) -> None:
    """The failure and the honest empty answer are both in the list of codes."""
    assert {point.code, point.absent or point.code} <= set(errors.codes())


@pytest.mark.parametrize("point", fault_points().values(), ids=lambda point: point.name)
def test_every_point_of_the_back_end_can_be_bound(point: Any) -> None:
    """In any language by `control`, in Python by `callback`; what a driver can do are modes that there are."""
    found = reachable(point)
    assert {"control", "callback"} <= set(found) or point.access == "platform"
    assert [kind for kind, modes in found.items() if not set(modes) <= set(MODES)] == []


def test_every_driver_says_what_it_is() -> None:
    """A name for the tool file, a title, and the modes of every point."""
    for kind, driver in drivers().items():
        assert kind == driver.KIND
        assert driver.TITLE
        assert any(driver.modes(point) for point in fault_points().values())
