"""The least that runs a catalogue under pytest: a plugin whose items are bare launches, each judged by its status.

A file `COUNT.bare` stands for so many scenarios.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mockplatform import KeyRing
from tests.bench.bare_launch import BareLauncher
from tests.bench.bare_tool import create_bare_tool

PLATFORM = "http://127.0.0.1:9400"
TOOL = "http://127.0.0.1:9401"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect such a file."""
    return BareFile.from_parent(parent, path=file_path) if file_path.suffix == ".bare" else None


class BareFile(pytest.File):
    """So many launches of one tool."""

    def collect(self) -> Iterator[pytest.Item]:
        """The launches."""
        ring = KeyRing()
        key = ring.private("platform")
        assert isinstance(key, rsa.RSAPrivateKey)
        app = create_bare_tool(ring.jwk("platform"), issuer=PLATFORM, url=TOOL)
        launcher = BareLauncher(app, key, ring.kid("platform"), issuer=PLATFORM, url=TOOL)
        for number in range(int(self.path.stem)):
            yield BareItem.from_parent(self, name=f"launch-{number}", launcher=launcher)


class BareItem(pytest.Item):
    """One launch."""

    def __init__(self, *, launcher: BareLauncher, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._launcher = launcher

    def runtest(self) -> None:
        """Launch."""
        self._launcher.loop.run_until_complete(self._launcher.launch())
