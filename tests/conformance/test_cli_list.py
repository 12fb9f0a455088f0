from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.catalogue import scenarios
from conformance.command_table import LISTED
from conformance.errors import codes, types
from conformance.faults import fault_points
from conformance.rulings import rulings
from mockplatform.dialects.flavour import flavours
from mockplatform.dialects.quirk import quirks
from mockplatform.mutation import mutations


class TestList:
    def rows(self, run: Any, *options: str) -> Any:
        ran = run("list", *options, "--json")
        assert (ran.code, ran.err) == (0, "")
        return json.loads(ran.out)

    def test_scenarios(self, run: Any) -> None:
        """All of them by id, with the profiles that have a part for each."""
        rows = self.rows(run)

        assert [row["id"] for row in rows] == [scenario.id for scenario in scenarios()]
        assert all(row["profiles"] and row["summary"] and row["requirement"] for row in rows)

    def test_codes(self, run: Any) -> None:
        """Names, and the integer codes."""
        rows = self.rows(run, "--codes")

        assert [(row["name"], row["code"]) for row in rows] == [(c.name, c.code) for c in codes().values()]
        assert len(rows) == 25

    @pytest.mark.parametrize(
        ("option", "names"),
        [
            ("--errors", list(types())),
            ("--mutations", list(mutations())),
            ("--profiles", ["certification", "class", "core", "ltix"]),
            ("--faultpoints", list(fault_points())),
            ("--flavours", list(flavours())),
            ("--quirks", list(quirks())),
            ("--rulings", list(rulings())),
        ],
    )
    def test_the_other_kinds(self, run: Any, option: str, names: list[str]) -> None:
        """By name, each with a summary."""
        rows = self.rows(run, option)

        assert [row["name"] for row in rows] == names
        assert all(row["summary"] for row in rows)

    @pytest.mark.parametrize("option", ["", *(f"--{kind}" for kind in LISTED if kind != "scenarios")])
    def test_a_table_for_people(self, run: Any, option: str) -> None:
        """One line for each row of the JSON."""
        ran = run("list", *option.split())
        rows = self.rows(run, *option.split())

        assert (ran.code, len(ran.out.splitlines())) == (0, len(rows))
        for line, row in zip(ran.out.splitlines(), rows, strict=True):
            assert row.get("id", row.get("name")) in line

    def test_two_kinds_at_once_are_refused(self, run: Any) -> None:
        """One array has one kind."""
        assert run("list", "--codes", "--errors").code == 2


class TestExplain:
    @pytest.mark.parametrize(
        ("word", "told"),
        [
            ("1006", ("1006 INVALID_USER_EMAIL (class invalid)", "Remedy", "Scenarios")),
            ("INVALID_USER_EMAIL", ("1006 INVALID_USER_EMAIL",)),
            ("TokenExpired", ("TokenExpired (class security, launch)", "Cause", "Source")),
            (
                "class.create",
                (
                    "class.create – the class is created",
                    "Fails as      1014",
                    "Bind",
                    '"class.create" = { driver = "callback"',
                ),
            ),
            ("jwks.fetch", ("the platform spoils its own key set",)),
            ("AccessDenied", ("AccessDenied (class security, service)", "services/forbidden")),
            ("InvalidEndpoint", ("InvalidEndpoint (class invalid, service)", "Not run", "none: no launch provokes it")),
        ],
    )
    def test_a_code_a_type_and_a_fault_point(self, run: Any, word: str, told: tuple[str, ...]) -> None:
        """What it is and what to do about it."""
        ran = run("explain", word)

        assert ran.code == 0
        assert all(text in ran.out for text in told)

    def test_every_scenario(self, run: Any) -> None:
        """Title, reason, the rules and how to repeat it."""
        for scenario in scenarios():
            ran = run("explain", scenario.id)
            flat = " ".join(ran.out.split())
            assert ran.code == 0
            assert ran.out.startswith(f"{scenario.id} – {scenario.title}\n")
            assert " ".join(scenario.why.split()) in flat
            assert f"lti-conformance run --only {scenario.id}" in flat

    def test_every_code_and_type(self, run: Any) -> None:
        """None is forgotten."""
        for word in (*codes(), *types(), *fault_points()):
            assert run("explain", str(word)).code == 0

    @pytest.mark.parametrize(
        ("word", "near"), [("1337x", "1337"), ("TokenExpird", "TokenExpired"), ("class.creat", "class.create")]
    )
    def test_a_near_miss_is_told(self, run: Any, word: str, near: str) -> None:
        """With the nearest thing that exists."""
        told = run("explain", word).complaint

        assert told == f"lti-conformance: nothing is called '{word}'; did you mean '{near}'?\n"

    def test_something_quite_different(self, run: Any) -> None:
        """Without a guess."""
        assert run("explain", "§§§§").complaint == "lti-conformance: nothing is called '§§§§'\n"
