from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockplatform.dialects.flavour import CONFIDENCES, flavours
from mockplatform.dialects.quirk import quirks

WRONGLY_EXPECTED = """
[[scenario]]
name = "bad"
title = "A token without a key id"
why = "It cannot be checked."
requirement = ["SEC-3-01"]
mutations = ["header.without(member='kid')"]
expect.any = { outcome = "launched" }
"""


class TestShow:
    @pytest.mark.parametrize("name", flavours())
    def test_every_quirk_with_its_source(self, run: Any, name: str) -> None:
        """What it is, its setting, how that is known, and from where."""
        ran = run("flavour", "show", name)
        flat = " ".join(ran.out.split())

        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"{flavours()[name].title} ({name})\n")
        for quirk, seen in flavours()[name].settings.items():
            assert f"{quirk} ({quirks()[quirk].reference})" in flat
            assert f"{CONFIDENCES[seen.confidence]}: {' '.join(seen.source.split())}" in flat
        for fact, seen in flavours()[name].facts.items():
            assert f"registration: {fact} {seen.value} {CONFIDENCES[seen.confidence]}: {seen.source}" in flat
        assert max(map(len, ran.out.splitlines())) <= 120

    def test_a_broken_rule_is_told(self, run: Any) -> None:
        """Where a real platform breaks one."""
        assert "breaks a rule: its only value is a simple name" in run("flavour", "show", "moodle").out
        assert "breaks a rule" not in run("flavour", "show", "alien").out

    def test_as_json(self, run: Any) -> None:
        """One document with the same facts."""
        told = json.loads(run("flavour", "show", "moodle", "--json").out)

        assert told["name"] == "moodle"
        assert [row["quirk"] for row in told["quirks"]] == list(flavours()["moodle"].settings)
        assert all(row["source"] and row["confidence"] and row["summary"] for row in told["quirks"])


class TestDiff:
    def test_what_changes_for_a_tool(self, run: Any) -> None:
        """Both settings, each with its source, and what is neutral because nobody has looked."""
        ran = run("flavour", "diff", "canvas", "moodle")
        flat = " ".join(ran.out.split())

        assert ran.code == 0
        assert ran.out.startswith("What changes for a tool from Canvas to Moodle\n")
        assert (
            "id_token.lifetime_s (SEC 5.1.2) How many seconds lie between `iat` and `exp`."
            " canvas = 3600 read in the platform's source: Canvas source, JWT message of a launch"
            " moodle = 60 read in the platform's source: Moodle source, local library of mod_lti" in flat
        )
        assert "moodle = absent neutral: no source says otherwise" in flat
        assert "login.method" not in ran.out

    def test_as_json(self, run: Any) -> None:
        """Each difference with both sides."""
        told = json.loads(run("flavour", "diff", "neutral", "schoology", "--json").out)
        audience = next(row for row in told["differences"] if row["quirk"] == "id_token.aud")

        assert (told["one"], told["other"]) == ("neutral", "schoology")
        assert audience["one"] == {"value": "string", "source": "", "confidence": "", "date": ""}
        assert audience["other"]["value"] == "array_of_one"
        assert audience["other"]["source"]

    def test_registrations_differ_too(self, run: Any) -> None:
        """A platform with one issuer for all schools is another thing than one with an issuer for each."""
        told = json.loads(run("flavour", "diff", "blackboard", "ims-ri", "--json").out)["registration"]
        flat = " ".join(run("flavour", "diff", "blackboard", "ims-ri").out.split())

        assert told["issuer"]["one"]["value"] == "https://blackboard.com for every school"
        assert told["issuer"]["other"] is None
        assert "registration: issuer blackboard = https://blackboard.com for every school said by" in flat
        assert "ims-ri = not known" in flat

    def test_no_difference(self, run: Any) -> None:
        """It is said in a sentence."""
        ran = run("flavour", "diff", "canvas", "canvas")

        assert (ran.code, ran.out) == (0, "canvas and canvas do not differ, as far as is known\n")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("diff", "canvas", "moodel"), "flavour: unknown flavour 'moodel'; did you mean 'moodle'?"),
            (("diff", "Canvas", "moodle"), "flavour: unknown flavour 'Canvas'; did you mean 'canvas'?"),
            (("show", "§§"), f"flavour: unknown flavour '§§'; there are {', '.join(flavours())}"),
        ],
    )
    def test_an_unknown_flavour(self, run: Any, words: tuple[str, ...], told: str) -> None:
        """With the nearest that exists, and exit code 2."""
        assert run("flavour", *words).complaint == f"lti-conformance: {told}\n"

    def test_an_action_is_needed(self, run: Any) -> None:
        """The command alone says what there is."""
        assert run("flavour").code == 2


class TestList:
    @pytest.mark.parametrize(("kind", "known"), [("--flavours", flavours()), ("--quirks", quirks())])
    def test_by_name(self, run: Any, kind: str, known: Any) -> None:
        """As JSON and as a table, one row for each."""
        rows = json.loads(run("list", kind, "--json").out)
        lines = run("list", kind).out.splitlines()

        assert [row["name"] for row in rows] == list(known)
        assert all(row["summary"] for row in rows)
        assert [line.split()[0] for line in lines] == list(known)


class TestRun:
    def ran(self, run: Any, *options: str) -> Any:
        return run("run", "--demo", "--only", "accepted/two-tabs", *options)

    @pytest.mark.parametrize(
        "options",
        [("--flavour", "canvas"), ("--quirk", "aud=array_of_one"), ("--flavour", "moodle", "--quirk", "nbf=iat")],
    )
    def test_in_another_dialect(self, run: Any, options: tuple[str, ...]) -> None:
        """The sample tool takes it."""
        assert self.ran(run, *options).code == 0

    def test_the_dialect_reaches_the_wire(self, run: Any) -> None:
        """A tool that trusts no second audience refuses a token that has one."""
        ran = self.ran(run, "--quirk", "aud=array_with_other")

        assert ran.code == 3
        assert "the plain launch does not work" in ran.out

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--flavour", "canvass"), "--flavour: unknown flavour 'canvass'; did you mean 'canvas'?"),
            (("--quirk", "audd=x"), "--quirk: unknown quirk 'audd'; did you mean 'id_token.aud'?"),
            (
                ("--quirk", "aud"),
                "--quirk: 'aud' is no quirk with its setting, such as id_token.aud=array_of_one",
            ),
        ],
    )
    def test_a_mistake(self, run: Any, options: tuple[str, ...], told: str) -> None:
        """In one line, with exit code 2."""
        assert self.ran(run, *options).complaint == f"lti-conformance: {told}\n"

    def test_what_repeats_a_result_names_the_dialect(self, run: Any, tmp_path: Path) -> None:
        """The command of a report has the same options."""
        path = tmp_path / "report.json"
        options = ("--flavour", "moodle", "--quirk", "login.extra=a=b c", "--report", f"json:{path}")
        assert self.ran(run, *options).code == 0
        report = path.read_text(encoding="utf-8")

        assert "--demo --flavour moodle --quirk 'login.extra=a=b c' --profile core" in report

    def test_a_recipe_keeps_the_dialect(self, run: Any, own: Any, tmp_path: Path) -> None:
        """A failure is sent again in the dialect in which it failed."""
        own(WRONGLY_EXPECTED)
        assert run("run", "--demo", "--flavour", "canvas", "--quirk", "nbf=iat").code == 1
        recipe = next((tmp_path / "recipes").glob("*.json"))
        target = json.loads(recipe.read_text(encoding="utf-8"))["target"]
        again = run("replay", recipe)

        assert (target["flavour"], target["quirks"]) == ("canvas", ["nbf=iat"])
        assert again.code == 1
        assert again.out.startswith("still fails")
