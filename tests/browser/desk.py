"""A real browser, and the thread in which everything of it happens."""

from __future__ import annotations

import contextlib
import json
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

__all__ = ["ARGUMENTS", "NAMES", "Desk", "StuckError"]

NAMES = ("chromium", "chromium-browser", "google-chrome")

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name of the world is known to the browser.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class StuckError(AssertionError):
    """What was to be done in the browser did not come to an end."""


class _Seat:
    """A thread for one browser; a daemon, so that one that is stuck keeps nobody from leaving."""

    def __init__(self) -> None:
        self.playwright: Playwright | None = None
        self.browser: Browser | None = None
        self._given: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="browser", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        for done, work in iter(self._given.get, None):
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - whatever it is, whoever asked is told
                done.set_exception(error)

    def is_here(self) -> bool:
        return threading.current_thread() is self._thread

    def its_playwright(self) -> Playwright:
        self.playwright = self.playwright or sync_playwright().start()
        return self.playwright

    def its_browser(self, found: str) -> Browser:
        if self.browser is None:
            self.browser = self.its_playwright().chromium.launch(
                executable_path=found, headless=True, args=list(ARGUMENTS)
            )
        return self.browser

    def begin(self, work: Callable[[], Any]) -> Future[Any]:
        done: Future[Any] = Future()
        self._given.put((done, work))
        return done

    def leave(self) -> None:
        self._given.put(None)

    def doing(self) -> str:
        """Where the thread is."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        return "".join(traceback.format_stack(frame))


class Desk:
    """The browser of this machine, for tests that are run in its thread.

    Playwright keeps an event loop running in the thread that uses it, and no asynchronous test could run beside it.
    Some of what it does has no time limit of its own: work that does not end fails alone, and the next work gets
    another browser. After `patience` such ends nothing more is tried.
    """

    def __init__(self, found: str, *, limit_s: float = 120, patience: int = 3) -> None:
        self.found = found
        self.limit_s = limit_s
        self._patience = patience
        self._seat = _Seat()

    def do(self, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What the work returns, done in the browser's thread.

        Raises:
            StuckError: it did not come to an end within the limit; says where it stood. Or it was not begun, since
                earlier work had hung too often.
        """
        if self._patience == 0:
            raise StuckError("the browser of this machine has hung too often")
        seat = self._seat
        done = seat.begin(lambda: work(*given, **named))
        try:
            # An error of the work itself may be a TimeoutError too.
            error = done.exception(timeout=self.limit_s)
        except TimeoutError:
            self._patience -= 1
            self._seat = _Seat()
            seat.leave()
            raise StuckError(f"no end after {self.limit_s:g} s; the browser's thread is at\n{seat.doing()}") from None
        if error is not None:
            raise error
        return done.result()

    def browser(self) -> Browser:
        """The browser; to be asked for in its thread."""
        return self._seat_of_this_thread().its_browser(self.found)

    def profile(self, folder: Path, preferences: Mapping[str, Any]) -> BrowserContext:
        """A browser of its own with these preferences, which only a profile on disk can have; to be closed."""
        (folder / "Default").mkdir(parents=True)
        (folder / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
        return (
            self._seat_of_this_thread()
            .its_playwright()
            .chromium.launch_persistent_context(folder, executable_path=self.found, headless=True, args=list(ARGUMENTS))
        )

    def _seat_of_this_thread(self) -> _Seat:
        if not self._seat.is_here():
            raise StuckError("this work had hung, and another browser has taken its place")
        return self._seat

    def close(self) -> None:
        """Leave nothing running; what hangs ends with the process."""
        seat = self._seat
        with contextlib.suppress(StuckError), contextlib.ExitStack() as stack:
            stack.callback(seat.leave)
            if seat.playwright is not None:
                stack.callback(self.do, seat.playwright.stop)
            if seat.browser is not None:
                stack.callback(self.do, seat.browser.close)
