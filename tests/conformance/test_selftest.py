"""The law is counted rightly; `make test` runs the whole of it as `lti-conformance selftest`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance import selftest
from conformance.catalogue import scenarios, select
from conformance.cli import main
from conformance.commands import selftest_command
from conformance.model import Answer
from conformance.profile import load_profile, profile_names
from conformance.sample_tool import FLAWS
from conformance.selftest import Law, Seen, Trial, guarding, prove


def trial(flaw: str | None, broke: tuple[str, ...], expected: tuple[str, ...]) -> Trial:
    return Trial(flaw=flaw, profile="core", broke=broke, expected=expected, seen={})


def seen(*, told: bool = True, at_launch: bool = True, **answer: Any) -> Seen:
    return Seen(answer=Answer(**answer), told=told, at_launch=at_launch)


def test_a_flaw_is_killed_by_exactly_its_guards():
    """Equal sets kill; a silent guard is a survivor, a surplus failure a false alarm."""
    law = Law(
        trials=(
            trial(None, (), ()),
            trial("killed", ("a", "b"), ("a", "b")),
            trial("half noticed", ("a",), ("a", "b")),
            trial("noticed by too many", ("a", "c"), ("a",)),
        )
    )
    assert json.loads(law.as_json()) == {
        "flaws": 3,
        "killed": 1,
        "survivors": [{"flaw": "half noticed", "missing": ["b"]}],
        "false_alarms": [{"flaw": "noticed by too many", "scenario": "c"}],
    }
    assert not law.holds


def test_a_flaw_that_nothing_guards_survives():
    """Nothing expected and nothing broken is no proof."""
    law = Law(trials=(trial("unguarded", (), ()),))
    assert [survivor.flaw for survivor in law.survivors] == ["unguarded"]
    assert (law.killed, law.holds) == (0, False)


def test_a_failure_of_the_correct_tool_is_a_false_alarm_without_a_flaw():
    """The correct tool stands as null in the result."""
    law = Law(trials=(trial(None, ("time/expired-an-hour-ago",), ()),))
    assert law.false_alarms == ((None, "time/expired-an-hour-ago"),)
    assert not law.holds


@pytest.mark.parametrize(
    ("flaw", "answer", "noticed"),
    [
        ("everything-500", seen(type="TokenExpired", klass="security", code=1001), True),
        ("everything-500", seen(told=False), False),
        ("session-before-validation", seen(code=1001), True),
        ("session-before-validation", seen(code=1001, at_launch=False), False),
        ("code-blurred", seen(code=1001), True),
        ("codes-off-by-one", seen(code=1001), True),
    ],
)
def test_a_global_flaw_must_be_noticed_where_it_spoils_the_answer(flaw: str, answer: Seen, noticed: bool):
    """Which scenarios that are follows from what the correct tool answered."""
    profile = load_profile(FLAWS[flaw].profile)
    found = guarding(FLAWS[flaw], profile, {"time/expired-an-hour-ago": answer})
    assert found == (("time/expired-an-hour-ago",) if noticed else ())


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """What the command will have tried."""
    tried: list[Trial] = []

    def noted(only: Sequence[str]) -> Iterator[Trial]:
        for each in prove(only):
            tried.append(each)
            yield each

    monkeypatch.setattr(selftest_command, "prove", noted)
    return tried


def test_one_flaw_is_found_from_end_to_end(capsys, tmp_path, trials):
    """The command tries a flaw, writes the result, and returns 0 when it is killed.

    Before it the correct tool passes everything, and nothing is left without an observation.
    """
    path = tmp_path / "law.json"
    assert main(["selftest", "--only", "score-by-email", "--json", str(path)]) == 0
    assert json.loads(path.read_text())["killed"] == 1
    assert "1 of 1 flaws killed (100 %), 0 false alarms" in capsys.readouterr().out
    correct, flawed = trials
    assert (correct.flaw, correct.broke, flawed.flaw) == (None, (), "score-by-email")
    assert len(correct.seen) > 250


@pytest.mark.parametrize("name", profile_names())
def test_the_correct_tool_is_tried_under_every_profile(name: str, monkeypatch: pytest.MonkeyPatch):
    """Also in depth, and what fails for it is a false alarm. `make test` runs `selftest`, which does try it."""
    asked: list[tuple[str | None, str, Sequence[str] | None, bool]] = []

    def broken(flaw: str | None, profile: str, only: Sequence[str] | None = None, *, deep: bool = False) -> Trial:
        asked.append((flaw, profile, only, deep))
        told = ("time/expired-an-hour-ago",) if profile == name else ()
        return replace(trial(flaw, told, ()), profile=profile)

    monkeypatch.setattr(selftest, "try_flaw", broken)
    monkeypatch.setattr(selftest, "FLAWS", {})
    law = Law(trials=tuple(prove(processes=1)))
    assert asked == [(None, each, None, True) for each in profile_names()]
    assert law.false_alarms == ((None, "time/expired-an-hour-ago"),)
    assert len(select(scenarios(), load_profile(name))) > 250


def test_an_unknown_flaw_is_named(capsys):
    """A misspelt flaw is one line with a hint, and exit code 2."""
    assert main(["selftest", "--only", "accepts-alg-nome"]) == 2
    assert "did you mean 'accepts-alg-none'?" in capsys.readouterr().err
