"""What is not told need not be made: timelines that no report shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.selftest import try_flaw
from conformance.timeline import timeline_of
from tests.conformance.miniatures import Miniature, launched
from tests.conformance.running import EXPIRED, tried

LET_IN = Miniature(lambda tool, _: launched(**tool.session()))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The attempts of which a timeline was made."""
    names: list[str] = []

    def noted(lab: Any, told: Any) -> Any:
        names.append(told.attempt.name)
        return timeline_of(lab, told)

    monkeypatch.setattr("conformance.runner.timeline_of", noted)
    return names


def test_a_failure_has_a_timeline_unless_nobody_reads_it(tmp_path: Path, made: list[str]):
    """The verdict is the same without it."""
    told = tried(LET_IN, tmp_path, EXPIRED)["expired"]
    assert told.timeline
    assert made == ["judged"]
    untold = tried(LET_IN, tmp_path, EXPIRED, options={"timelines": False})["expired"]
    assert not untold.timeline
    assert untold.verdict == told.verdict
    assert made == ["judged"]


def test_the_selftest_makes_no_timelines(made: list[str]):
    """It asks only which scenarios failed, and most flaws are found many times over."""
    trial = try_flaw("everything-accepted", "core", ["time/expired-an-hour-ago"])
    assert trial.broke == ("time/expired-an-hour-ago",)
    assert made == []
