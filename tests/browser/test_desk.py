from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.browser.desk import Desk, StuckError


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What does not happen while a test runs."""
    event = threading.Event()
    yield event
    event.set()


def test_work_without_an_end_fails_alone(never: threading.Event) -> None:
    """It says where it stands; what comes next, and the closing, are done in another thread."""
    desk = Desk("no browser", limit_s=0.05)
    with pytest.raises(StuckError, match=r"(?s)no end after 0\.05 s.*never\.wait"):
        desk.do(lambda: never.wait())  # noqa: PLW0108 - the line is to be told

    assert desk.do(lambda: "done") == "done"
    desk.close()


def test_a_browser_that_keeps_hanging_is_not_tried_again(never: threading.Event) -> None:
    """The tests that are left fail at once."""
    desk = Desk("no browser", limit_s=0.05, patience=2)
    for _ in range(2):
        with pytest.raises(StuckError, match="no end after"):
            desk.do(never.wait)
    with pytest.raises(StuckError, match="has hung too often"):
        desk.do(lambda: "never begun")
    desk.close()


def test_an_error_of_the_work_is_told() -> None:
    """What a test raises is raised where it was asked for, a timeout of the browser included."""
    desk = Desk("no browser")

    def fails() -> None:
        raise TimeoutError("20 s")

    with pytest.raises(TimeoutError, match="20 s"):
        desk.do(fails)
    desk.close()
