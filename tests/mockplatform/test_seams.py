"""Where the next one goes: every place that `explain adding` names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADDING = (ROOT / "conformance/topics/adding.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`((?:mockplatform|conformance)/[^`]+)`", ADDING)))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_of_the_topic_is_there(place: str) -> None:
    """A folder or file that a contributor is sent to exists, and a pattern fits some file."""
    pattern = re.sub(r"<[^>]+>", "*", place)
    assert list(ROOT.glob(pattern)), place


def test_the_topic_names_places() -> None:
    """As many as there are kinds of things to add, and the README sends contributors there."""
    assert len(PLACES) > 18
    assert "`lti-conformance explain adding`" in (ROOT / "README.md").read_text(encoding="utf-8")
