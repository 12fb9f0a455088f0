"""A real browser, one for each worker, and platforms for it to visit."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from mockplatform.keys import KeyRing
from tests.browser.sites import Site, served

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name of the world is known to the browser.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class Desk:
    """The thread in which everything of the browser happens.

    Playwright keeps an event loop running in the thread that uses it, and no asynchronous test could run beside it.
    """

    def __init__(self, found: str) -> None:
        self.found = found
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="browser")
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def do(self, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What the work returns, done in the browser's thread."""
        return self._thread.submit(work, *given, **named).result()

    def browser(self) -> Browser:
        """The browser; to be asked for in its thread."""
        if self._browser is None:
            self._browser = self._started().chromium.launch(
                executable_path=self.found, headless=True, args=list(ARGUMENTS)
            )
        return self._browser

    def profile(self, folder: Path, preferences: Mapping[str, Any]) -> BrowserContext:
        """A browser of its own with these preferences, which only a profile on disk can have; to be closed."""
        (folder / "Default").mkdir(parents=True)
        (folder / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
        return self._started().chromium.launch_persistent_context(
            folder, executable_path=self.found, headless=True, args=list(ARGUMENTS)
        )

    def _started(self) -> Playwright:
        self._playwright = self._playwright or sync_playwright().start()
        return self._playwright

    def close(self) -> None:
        """Leave nothing running."""
        if self._browser is not None:
            self.do(self._browser.close)
        if self._playwright is not None:
            self.do(self._playwright.stop)
        self._thread.shutdown()


@pytest.fixture(scope="session")
def desk() -> Iterator[Desk]:
    """The browser of this machine."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        could = os.environ.get("CI") == "true" and os.path.exists("/usr/bin/apt-get") and os.geteuid() == 0  # noqa: PTH110
        told = f"there is no browser: none of {', '.join(NAMES)} is installed (apt-get install chromium)"
        if could:
            pytest.fail(told)
        pytest.skip(told)
    with contextlib.closing(Desk(found)) as made:
        yield made


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    """Keys that are made once."""
    return KeyRing()


@pytest.fixture
def site(keys: KeyRing) -> Iterator[Site]:
    """A platform and the sample tool, served."""
    with served(keys) as made:
        yield made


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that uses the browser in its thread."""
    desk = pyfuncitem.funcargs.get("desk")
    if not isinstance(desk, Desk):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    desk.do(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True
