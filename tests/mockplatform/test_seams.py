"""Where the next one goes: every place that README names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`((?:mockplatform|conformance)/[^`]+)`", README[README.index("## Adding to it") :])))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_of_the_readme_is_there(place: str) -> None:
    """A folder or file that a contributor is sent to exists, and a pattern fits some file."""
    pattern = re.sub(r"<[^>]+>", "*", place)
    assert list(ROOT.glob(pattern)), place
