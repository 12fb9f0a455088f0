"""A regression planted in the sample tool turns `diff` red and names the scenario; a mended one turns it green."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import demo
from conformance.lab import Lab
from conformance.reports import as_json
from conformance.results.baseline import against, baseline_at
from conformance.telling.dossier import Expected
from conformance.toolvalues import Waiver
from mockplatform.errors import UsageError
from tests.conformance.makers import make_dossier, make_entry

FLAW = "expiry-unchecked"
FOUND_BY = "time/expired-an-hour-ago"
CODED = "identity/email-absent"
CORRECT = demo.demo_lab


@pytest.fixture
def tried(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a handful of scenarios against the sample tool, and returns the report's path and the exit code."""

    def try_out(name: str, *more: str, flaw: str | None = None, waiver: Waiver | None = None) -> tuple[Path, int]:
        @contextlib.contextmanager
        def lab(*given: Any, **options: Any) -> Iterator[Lab]:
            with CORRECT(*given, without=flaw, **options) as opened:
                opened.tool = replace(opened.tool, waiver=(waiver,) if waiver else ())
                yield opened

        monkeypatch.setattr(demo, "demo_lab", lab)
        path = tmp_path / f"{name}.json"
        words = ("--only", "nonce/never-issued", "--only", "nonce/absent", "--only", FOUND_BY, *more)
        return path, run("run", "--demo", *words, "--report", f"json:{path}").code

    return try_out


class TestPlanted:
    def test_a_regression_turns_it_red(self, run: Any, tried: Any) -> None:
        """Exactly the scenario that notices the flaw is named, with why and how to see it again."""
        (old, was), (new, now) = tried("old"), tried("new", flaw=FLAW)
        ran = run("diff", old, new)

        assert (was, now, ran.code) == (0, 1, 5)
        first, _, heading, scenario, *rest = ran.out.splitlines()
        assert first.startswith("1 regression since ")
        assert heading == "Regressions:"
        assert scenario.startswith(f"  {FOUND_BY} – ")
        assert scenario.endswith(" (passed → failed)")
        assert rest[0].startswith("    because  ")
        assert rest[-1].startswith("    repeat   lti-conformance replay ")

    def test_a_broken_should_turns_it_red_for_those_who_are_strict(self, run: Any, tried: Any) -> None:
        """It fails a strict run, and only warns in any other: that is told, and green."""
        should = ("--only", "time/expired-ten-minutes-ago")
        (old, _), (new, _) = tried("old", *should), tried("new", *should, flaw=FLAW)
        (strict_old, _), (strict_new, _) = tried("a", *should, "--strict"), tried("b", *should, "--strict", flaw=FLAW)

        assert run("diff", old, new).out.startswith("1 regression, 1 only warns now since ")
        assert run("diff", strict_old, strict_new).out.startswith("2 regressions since ")

    def test_the_same_for_machines(self, run: Any, tried: Any) -> None:
        """One document, the same verdict."""
        (old, _), (new, _) = tried("old"), tried("new", flaw=FLAW)
        ran = run("diff", old, new, "--json")
        told = json.loads(ran.out)

        assert (ran.code, told["exit_code"]) == (5, 5)
        assert [(c["id"], c["kind"]) for c in told["changes"]] == [(FOUND_BY, "regression")]

    def test_a_mended_one_turns_it_green_and_asks_to_drop_the_waiver(self, run: Any, tried: Any) -> None:
        """The waiver was right as long as the flaw was there."""
        known = Waiver(scenario=FOUND_BY, reason="Known", expires=datetime.date(9999, 1, 1))
        (old, was), (new, now) = tried("old", flaw=FLAW, waiver=known), tried("new", waiver=known)
        ran = run("diff", old, new)

        assert (was, now, ran.code) == (0, 4, 0)
        assert ran.out.startswith("no regression, 1 fixed since ")
        assert f"  {FOUND_BY} – " in ran.out
        assert "(waived → passed)" in ran.out
        assert "drop its waiver: `lti-conformance waive --from REPORT --drop-stale`" in ran.out

    def test_nothing_has_changed(self, run: Any, tried: Any) -> None:
        """One line, whether the tool is right or as wrong as before."""
        (old, _), (same, _), (flawed, _) = tried("old"), tried("same"), tried("flawed", flaw=FLAW)

        for one, other, told in ((old, same, "no regression since "), (flawed, flawed, "no regression, 1 still fails")):
            ran = run("diff", one, other)
            assert (ran.code, len(ran.out.splitlines())) == (0, 1)
            assert ran.out.startswith(told)


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Keeps a report in a file."""

    def write(name: str, *entries: Any, **changes: Any) -> Path:
        path = tmp_path / f"{name}.json"
        path.write_text(as_json.render(make_dossier(*entries, **changes)), encoding="utf-8")
        return path

    return write


class TestCommand:
    def test_a_scenario_that_stopped_asserting(self, run: Any, written: Any) -> None:
        """Nobody has failed, and yet it is red."""
        ran = run("diff", written("old", make_entry(FOUND_BY)), written("new", make_entry(FOUND_BY, "skipped")))

        assert ran.code == 5
        assert ran.out.startswith("1 scenario stopped asserting since ")

    def test_what_the_catalogue_knows(self, run: Any, written: Any) -> None:
        """Old ids, removed scenarios, and the areas of a deep run."""
        old = written(
            "old",
            make_entry("product/class-unreadable"),
            make_entry("gone/by-now"),
            make_entry("generated/single-lie"),
        )
        ran = run("diff", old, written("new", make_entry("backend/class-unreadable", "failed")), "--json")
        told = json.loads(ran.out)["summary"]

        assert ran.code == 5
        assert (told["regression"], told["gone"] + told["not-chosen"], told["silenced"]) == (1, 2, 0)

    @pytest.mark.parametrize("only", ["1006", "MissingClaim"])
    def test_a_pattern_that_another_profile_explains(self, run: Any, written: Any, only: str) -> None:
        """Under core no code is expected, and yet `--only 1006` was to try it."""
        expected = Expected(outcome="rejected")
        entries = [make_entry(id_, expected=expected) for id_ in (CODED, FOUND_BY)]
        old = written("old", *entries, profile="core", only=(only,))
        ran = run("diff", old, written("new", entries[1], profile="core", only=(only,)))

        assert ran.code == 5
        assert CODED in ran.out

    def test_a_partial_report_is_2(self, run: Any, written: Any) -> None:
        """It cannot say that nothing is worse."""
        old, new = written("old", make_entry(FOUND_BY)), written("new", complete=False, stopped="the tool is gone")
        ran = run("diff", old, new)

        assert ran.code == 2
        assert "The new report is partial: the tool is gone." in ran.out

    @pytest.mark.parametrize("side", [0, 1])
    @pytest.mark.parametrize(
        ("text", "told"), [(None, "cannot be read"), ("", "is empty"), ("{}", "no report"), ("\ud800", "UTF-8")]
    )
    def test_an_unusable_file_is_2(
        self, run: Any, written: Any, tmp_path: Path, side: int, text: Any, told: str
    ) -> None:
        """One line that names it."""
        paths = [written("good", make_entry(FOUND_BY)), tmp_path / "bad.json"]
        if text is not None:
            paths[1].write_bytes(text.encode("utf-8", "surrogatepass"))

        complaint = run("diff", *(paths if side else reversed(paths))).complaint
        assert complaint.startswith(f"lti-conformance: {paths[1]}: ")
        assert told in complaint

    def test_two_profiles_are_2(self, run: Any, written: Any) -> None:
        """The line names both."""
        ran = run("diff", written("old", profile="core"), written("new", profile="class"))

        assert "the old one is of the profile core, the new one of class" in ran.complaint


class TestBaseline:
    def test_it_is_read_before_the_run(self, written: Any) -> None:
        """A report of another profile would make the run vain."""
        path = written("old", profile="core")

        assert baseline_at(str(path), profile="core").profile == "core"
        with pytest.raises(UsageError, match=r"--baseline .*: this report is of the profile core and the run of class"):
            baseline_at(str(path), profile="class")

    def test_a_run_is_held_against_it(self, written: Any) -> None:
        """With what today's catalogue knows of old names."""
        baseline = baseline_at(str(written("old", make_entry("product/class-unreadable"))), profile="own")
        comparison = against(baseline, make_dossier(make_entry("backend/class-unreadable", "failed")))

        assert [change.entry.id for change in comparison.regressions] == ["backend/class-unreadable"]
        assert comparison.settled(1) == 5
