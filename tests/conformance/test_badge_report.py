"""The report as a badge: what shields.io documents, and green for nothing but a whole conformant run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from conformance.reports.as_badge import render
from conformance.telling.dossier import Dossier
from tests.conformance.makers import make_dossier, make_entry
from tests.conformance.report_samples import HOSTILE, RUNS, flawed_run, hostile, many, one_of_each

# https://shields.io/badges/endpoint-badge, and its eight named colours.
ENDPOINT: Mapping[str, Any] = {
    "type": "object",
    "required": ["schemaVersion", "label", "message"],
    "additionalProperties": False,
    "properties": {
        "schemaVersion": {"const": 1},
        "label": {"type": "string"},
        "message": {"type": "string", "minLength": 1},
        "color": {"enum": ["brightgreen", "green", "yellowgreen", "yellow", "orange", "red", "blue", "lightgrey"]},
        "isError": {"type": "boolean"},
    },
}
GREENS = {"brightgreen", "green", "yellowgreen"}
VALIDATOR = jsonschema.Draft202012Validator(ENDPOINT)


def badge(dossier: Dossier) -> Any:
    """The badge, which is valid."""
    text = render(dossier)
    assert text.endswith("}\n")
    told = json.loads(text.encode())
    VALIDATOR.validate(told)
    return told


def seen(dossier: Dossier) -> tuple[str, str, bool]:
    told = badge(dossier)
    return told["message"], told["color"], told["isError"]


@pytest.mark.parametrize(
    ("name", "message", "colour"),
    [
        ("one of each", "1 failed, 1 error", "red"),
        ("empty", "not tested", "lightgrey"),
        ("all passed", "conformant", "brightgreen"),
        ("nothing tested", "not tested", "lightgrey"),
        ("stopped", "1 failed, partial", "red"),
        ("partial", "partial", "yellow"),
        ("chosen", "partial", "yellow"),
        ("stale waiver", "waivers to clear", "yellow"),
        ("regressed", "regressed", "red"),
    ],
)
def test_a_badge_tells_what_a_run_came_to(name: str, message: str, colour: str) -> None:
    """In a word or in counts; whatever is not conformant keeps its colour."""
    assert seen(RUNS[name]) == (message, colour, message != "conformant")


@pytest.mark.parametrize(
    ("statuses", "message", "colour"),
    [
        (("passed", "skipped"), "conformant, 1 skipped", "green"),
        (("passed", "warned"), "conformant, 1 warned", "yellowgreen"),
        (("passed", "waived", "skipped"), "conformant, 1 waived, 1 skipped", "yellowgreen"),
        (("passed", "error"), "1 error", "orange"),
        (("failed", "failed", "waived"), "2 failed", "red"),
    ],
)
def test_what_did_not_pass_is_counted(statuses: tuple[str, ...], message: str, colour: str) -> None:
    """A conformant tool says what was left aside."""
    entries = [make_entry(f"area/{number}", status) for number, status in enumerate(statuses)]
    assert seen(make_dossier(*entries))[:2] == (message, colour)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize(
    "changes",
    [{"complete": False}, {"stopped": "it is lost"}, {"only": ("1001",)}, {"waivers": ("stale",)}, {"exit_code": 1}],
    ids=str,
)
def test_no_run_with_a_fault_is_green(name: str, changes: Any) -> None:
    """Neither one that ended early, nor a part of the catalogue, nor one that `run` does not call good."""
    assert badge(replace(RUNS[name], **changes))["color"] not in GREENS


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_profile_is_legible(text: str) -> None:
    """The label is one that a file can hold."""
    assert badge(hostile(text))["label"].startswith("LTI ")


def test_a_long_label_is_cut() -> None:
    """A badge stays a badge."""
    assert len(badge(replace(one_of_each(), profile="p" * 5000))["label"]) == 60


def test_the_label_names_the_profile() -> None:
    """So that two badges can stand side by side."""
    assert badge(flawed_run())["label"] == "LTI class"


def test_a_large_run_has_a_small_badge() -> None:
    """The size of the run is nothing to it."""
    assert seen(many(30_000)) == ("5000 failed, 5000 error", "red", True)


@pytest.mark.parametrize(
    "spoilt", [{"message": ""}, {"schemaVersion": 2}, {"color": "#0f0"}, {"isError": "yes"}, {"logo": "lti"}], ids=str
)
def test_the_schema_refuses_what_is_wrong(spoilt: Any) -> None:
    """A spoilt badge does not pass, so that the other tests mean something."""
    told = badge(one_of_each())
    assert not VALIDATOR.is_valid(told | spoilt)
    assert all(not VALIDATOR.is_valid({k: v for k, v in told.items() if k != key}) for key in ENDPOINT["required"])
