"""A real browser, one for each worker, and platforms for it to visit."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest

from mockplatform.keys import KeyRing
from tests.browser.desk import NAMES, Desk
from tests.browser.sites import Site, served


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
