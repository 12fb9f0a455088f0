"""The driver `callback`: what a callable of the user's is told, and when it is imported."""

from __future__ import annotations

import contextlib
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.driver import Binding, Order, OutOfReachError, Site
from conformance.faultpoints import callback
from conformance.faults import fault_points, opened, settings_of
from mockplatform.errors import UsageError

POINT = "class.create"


@dataclass
class Counter:
    """What a callable's context manager yields."""

    hits: int = 0


class Saboteur:
    """A callable that takes the mode alone, and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    @contextlib.contextmanager
    def __call__(self, mode: str) -> Iterator[Counter]:
        self.told.append(mode)
        yield Counter(hits=7)
        self.told.append("disarmed")


class Limited:
    """One that can fail a given number of times."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    @contextlib.contextmanager
    def __call__(self, mode: str, times: int | None = None) -> Iterator[Counter]:
        self.told.append((mode, times))
        yield Counter()


class Thorough:
    """One that wants the whole order."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    @contextlib.contextmanager
    def __call__(self, mode: str, *, order: Order) -> Iterator[Counter]:
        self.told.append((mode, order))
        yield Counter()


@contextlib.contextmanager
def bound(target: Any, **settings: Any) -> Iterator[Binding]:
    """`POINT`, bound to a callable or to the name of one."""
    site = Site(where="tool.toml:", tool_url=str, send=lambda request: pytest.fail(f"{request} was sent"))
    with opened({POINT: {"driver": "callback", "target": target, **settings}}, site) as bindings:
        yield bindings[POINT]


def order(**changes: Any) -> Order:
    """A failure of `POINT` until it is disarmed."""
    return Order(**({"point": POINT, "mode": "garbage"} | changes))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module in the current folder that nobody has imported yet."""
    name = "faults_of_a_test"
    (tmp_path / f"{name}.py").write_text(
        "import contextlib, types\n"
        "@contextlib.contextmanager\n"
        "def fails(mode):\n"
        "    yield types.SimpleNamespace(hits=len(mode))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield name
    sys.modules.pop(name, None)


def test_the_callable_is_told_the_mode() -> None:
    """It is called when the point is armed, and its context ends with the block."""
    saboteur = Saboteur()
    with bound(saboteur) as binding:
        assert saboteur.told == []
        with binding.arm(order()) as armed:
            assert saboteur.told == ["garbage"]
            assert armed.hits == 7
        assert saboteur.told == ["garbage", "disarmed"]


@pytest.mark.parametrize("times", [None, 2])
def test_a_callable_that_takes_times_is_told_them(times: int | None) -> None:
    """None as well: until it is disarmed."""
    limited = Limited()
    with bound(limited) as binding, binding.arm(order(times=times)):
        assert limited.told == [("garbage", times)]


def test_a_callable_that_takes_the_order_is_given_all_of_it() -> None:
    """Point, marks and time to live are for those who can use them."""
    thorough, wanted = Thorough(), order(times=1, marks={"email": "ada@example.org"})
    with bound(thorough) as binding, binding.arm(wanted):
        assert thorough.told == [("garbage", wanted)]


def test_a_callable_that_takes_the_mode_alone_cannot_fail_a_number_of_times() -> None:
    """It would fail until it is disarmed, and the scenario would blame the tool."""
    saboteur = Saboteur()
    with bound(saboteur) as binding, pytest.raises(OutOfReachError, match="let it take `times`"):
        binding.arm(order(times=1))
    assert saboteur.told == []


def test_a_name_is_imported_when_it_is_first_needed(module: str) -> None:
    """The tool, and with it the module, may not be there when the run opens."""
    with bound(f"{module}:fails") as binding:
        assert module not in sys.modules
        with binding.arm(order()) as armed:
            assert armed.hits == len("garbage")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("no_such_module_here:fails", "cannot import 'no_such_module_here:fails'"),
        ("faults_of_a_test:missing", "the module 'faults_of_a_test' has no 'missing'"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_its_place(module: str, target: str, words: str) -> None:
    """The line names the file and the point."""
    with bound(target) as binding, pytest.raises(UsageError) as caught:
        binding.arm(order())
    assert str(caught.value).startswith(f'tool.toml: faults."class.create": {words}')


@pytest.mark.parametrize("target", ["tests.lti_faults", 7, None])
def test_a_target_that_is_neither_callable_nor_a_name_is_refused(target: object) -> None:
    """The line says what a target looks like."""
    with pytest.raises(UsageError, match=r"target is neither a callable nor a text such as package\.module:function"):
        settings_of({POINT: {"driver": "callback", "target": target}}, where="tool.toml:")


def test_modes_are_those_of_the_settings() -> None:
    """By default the base modes."""
    with bound(Saboteur()) as binding:
        assert binding.modes == ("error", "timeout", "garbage", "empty")
    with bound(Saboteur(), modes=["error"]) as binding:
        assert binding.modes == ("error",)


@pytest.mark.parametrize("point", fault_points().values(), ids=lambda point: point.name)
def test_the_example_of_a_point_can_be_copied(point: Any) -> None:
    """It is TOML and fits; what only the platform breaks has no modes."""
    if point.access == "platform":
        assert callback.modes(point) == ()
        return
    found = settings_of(tomllib.loads(callback.example(point)), where="tool.toml:")
    assert list(found["callback"]) == [point]
