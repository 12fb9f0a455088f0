"""What a run comes to is told once, and every format tells it in the same words."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.reports import formats
from conformance.telling.conclusion import Verdict
from conformance.telling.dossier import Dossier
from conformance.telling.reading import read_dossier
from tests.conformance.makers import make_dossier, make_entry
from tests.conformance.report_samples import RUNS

WORDS: dict[str, tuple[Verdict, str]] = {
    "one of each": ("not conformant", "Not conformant (exit code 1)"),
    "empty": ("not tested", "Not tested (exit code 2: usage or nothing executed)"),
    "all passed": ("conformant", "Conformant (exit code 0)"),
    "nothing tested": ("not tested", "Not tested (exit code 2: usage or nothing executed)"),
    "stopped": (
        "not conformant",
        "Not conformant (exit code 3: the plain launch fails, the tool is lost, or the run was cut off)",
    ),
    "partial": ("partial", "Partial (exit code 2: not everything was executed)"),
    "chosen": ("partial", "Partial (exit code 0: nothing that was tried has failed)"),
    "stale waiver": ("waivers to clear", "Waivers to clear (exit code 4: stale or expired waiver)"),
    "regressed": ("regressed", "Regressed (exit code 5: worse than the baseline)"),
}
SHOWN = ("text", "markdown", "html", "junit", "sarif", "json")


@pytest.mark.parametrize("name", WORDS)
def test_a_run_has_a_word_and_a_headline(name: str) -> None:
    """The word is that of the badge, and the headline says what the exit code means."""
    assert (RUNS[name].verdict, RUNS[name].headline) == WORDS[name]


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("format_", SHOWN)
def test_every_format_tells_the_headline_and_the_reservations(format_: str, name: str) -> None:
    """In the same words, so that no two tell a run differently."""
    run = RUNS[name]
    text = " ".join(html.unescape(formats()[format_](run)).replace("\\", "").split())

    for sentence in (run.headline, *run.reservations, *run.waivers):
        assert sentence in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ()),
        ({"stopped": "it is lost.", "exit_code": 3}, ("The run ended early: it is lost.",)),
        ({"complete": False, "untried": 1, "exit_code": 2}, ("The run is incomplete: 1 scenario not tried.",)),
        ({"complete": False, "untried": 2, "exit_code": 2}, ("The run is incomplete: 2 scenarios not tried.",)),
        (
            {"complete": False, "exit_code": 2},
            ("The run did not come to its end: there may be results that are not told here.",),
        ),
        (
            {"exit_code": 5},
            ("The baseline was better: something that was right is wrong now, or is not tested any more.",),
        ),
        ({"exit_code": 1}, ("The exit code of the run is 1, which no single result explains.",)),
        ({"exit_code": 4, "waivers": ("w",)}, ()),
        ({"results": (), "exit_code": 2}, ("Nothing was tested.",)),
    ],
)
def test_what_no_result_tells(changes: Any, told: tuple[str, ...]) -> None:
    """A sentence each; what waivers say is said by them."""
    assert make_dossier(make_entry(), **changes).reservations == told


def test_a_regression_is_told_beside_failures() -> None:
    """The word stays, and the exit code says what came first."""
    run = make_dossier(make_entry(status="failed"), exit_code=5)

    assert run.headline == "Not conformant (exit code 5: worse than the baseline)"
    assert len(run.reservations) == 1


def changed(run: Dossier) -> Dossier:
    return replace(run, exit_code=5)


def test_what_is_changed_is_told_anew() -> None:
    """A baseline that decides the exit code decides the rest with it."""
    run = make_dossier(make_entry())

    assert (run.verdict, changed(run).verdict) == ("conformant", "regressed")
    assert changed(run).headline.startswith("Regressed (exit code 5")
    assert changed(run).reservations != run.reservations


def test_a_report_cannot_contradict_itself() -> None:
    """What follows from the rest follows from it again when a report is read, and may be missing in an old one."""
    document = json.loads(formats()["json"](make_dossier(make_entry(status="failed"))))
    document["verdict"] = "conformant"
    del document["headline"]
    read = read_dossier(json.dumps(document), where="r.json")

    assert (read.verdict, read.headline) == ("not conformant", "Not conformant (exit code 1)")


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, ""),
        (1, "Only p0 was chosen."),
        (2, "Only p0, p1 were chosen."),
        (7, "Only p0, p1, p2, p3, p4 and 2 more were chosen."),
    ],
)
def test_what_was_chosen(count: int, told: str) -> None:
    """The first patterns, and how many more there are."""
    assert make_dossier(only=tuple(f"p{number}" for number in range(count))).choice == told
