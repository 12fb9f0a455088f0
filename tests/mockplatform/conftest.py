"""What the tests of the platform share."""

from __future__ import annotations

import pytest

from mockplatform.keys import KeyRing


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    """Keys that are made once: a key costs more than a test."""
    return KeyRing()
