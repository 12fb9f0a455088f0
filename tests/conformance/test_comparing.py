"""What has changed between two reports: nothing that is worse or no longer tested goes unsaid."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from conformance.model import Finding, Status
from conformance.results.catalogued import Catalogued
from conformance.results.comparing import KINDS, Comparison, Kind, compare
from conformance.results.comparison_text import TELLINGS, comparison_json, comparison_text
from conformance.telling.dossier import Dossier, Expected
from mockplatform.errors import UsageError
from tests.conformance.makers import make_dossier, make_entry

STATUSES = get_args(Status)
GRADED = {"outcome": "passed", "class": "passed", "type": "passed", "code": "passed"}
FLAKY = (Finding(id="flaky", text="answered differently when repeated"),)


def dossier(told: Any) -> Dossier:
    """A report with one scenario, given by its status or as it is; None: it has none."""
    entry = make_entry("a/b", told) if isinstance(told, str) else told
    return make_dossier() if entry is None else make_dossier(entry)


def compared(old: Any, new: Any, *, renamed: Any = None, **options: Any) -> Comparison:
    return compare(dossier(old), dossier(new), Catalogued(renamed=renamed or {}), **options)


def kind(old: Any, new: Any, **options: Any) -> str:
    (change,) = compared(old, new, **options).changes
    return change.kind


class TestKinds:
    def test_every_pair_of_statuses_has_a_name(self) -> None:
        """And each name but `same` is told."""
        assert set(KINDS) == {(old, new) for old in (*STATUSES, None) for new in STATUSES}
        assert set(KINDS.values()) <= set(get_args(Kind))
        assert {*TELLINGS, "same"} == set(get_args(Kind))

    @pytest.mark.parametrize("old", ["passed", "warned", "waived"])
    @pytest.mark.parametrize("new", ["failed", "error"])
    def test_what_did_not_fail_and_does_is_a_regression(self, old: str, new: str) -> None:
        """A waiver that is gone is no excuse."""
        assert (kind(old, new), compared(old, new).exit_code) == ("regression", 5)

    @pytest.mark.parametrize("old", ["failed", "error", "warned", "waived"])
    def test_what_passes_and_did_not_is_fixed(self, old: str) -> None:
        """The comparison is green then."""
        assert (kind(old, "passed"), compared(old, "passed").exit_code) == ("fixed", 0)

    @pytest.mark.parametrize("old", ["passed", "failed", "warned", "waived"])
    def test_a_verdict_that_became_a_skip_has_stopped_asserting(self, old: str) -> None:
        """Even a failure: it would seem to be mended."""
        assert (kind(old, "skipped"), compared(old, "skipped").exit_code) == ("silenced", 5)

    @pytest.mark.parametrize(
        ("old", "new", "named"),
        [
            ("passed", "warned", "warned"),
            ("passed", "waived", "waived"),
            ("failed", "waived", "waived"),
            ("failed", "failed", "failing"),
            ("failed", "error", "failing"),
            ("error", "failed", "failing"),
            ("skipped", "passed", "begun"),
            ("skipped", "skipped", "same"),
            ("error", "skipped", "same"),
            (None, "passed", "added"),
            (None, "skipped", "added"),
        ],
    )
    def test_what_is_no_step_back(self, old: Any, new: str, named: str) -> None:
        """It is told apart, and the exit code stays 0."""
        assert (kind(old, new), compared(old, new).exit_code) == (named, 0)

    @pytest.mark.parametrize("old", ["skipped", None])
    @pytest.mark.parametrize("new", ["failed", "error"])
    def test_a_failure_without_an_earlier_verdict_is_told_apart(self, old: Any, new: str) -> None:
        """The tool is no worse for a scenario that nobody had tried."""
        found = compared(old, new)

        assert (kind(old, new), found.exit_code, found.regressions) == ("new-failure", 0, ())
        assert len(found.added) == (old is None)
        assert "the reason why a/b is " in comparison_text(found)


class TestStrictness:
    @pytest.mark.parametrize(
        ("severity", "old_strict", "new_strict", "named"),
        [
            ("should", False, True, "failing"),
            ("may", False, True, "regression"),
            ("should", True, True, "regression"),
            ("should", False, False, "regression"),
        ],
    )
    def test_a_warning_that_counts_now_is_no_regression(
        self, severity: str, old_strict: bool, new_strict: bool, named: str
    ) -> None:
        """Nothing about the tool has changed; what even `--strict` forgives is another matter."""
        old = make_dossier(make_entry("a/b", "warned", severity=severity), strict=old_strict)
        new = make_dossier(make_entry("a/b", "failed", severity=severity), strict=new_strict)

        (change,) = compare(old, new, Catalogued()).changes

        assert change.kind == named


class TestAxes:
    @pytest.mark.parametrize("grade", ["passed", "allowed", "failed"])
    @pytest.mark.parametrize("status", ["passed", "warned", "waived"])
    def test_a_counted_axis_that_nobody_observes_any_more(self, grade: str, status: str) -> None:
        """The verdict may be as good as ever, and yet less is tested."""
        old = make_entry("a/b", "passed", axes={**GRADED, "code": grade})
        new = make_entry("a/b", status, axes={**GRADED, "code": "unobserved"})
        found = compared(old, new)

        assert [(c.kind, c.axes) for c in found.changes] == [("silenced", ("code",))]
        assert "its code cannot be observed any more: the reason why" in comparison_text(found)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ({"type": "passed"}, {"type": "unobserved"}),
            ({"code": "unobserved"}, {"code": "unobserved"}),
            ({"code": "passed"}, {"code": "failed"}),
            ({"code": "passed"}, {"code": "unobserved", "outcome": "failed"}),
        ],
    )
    def test_no_silence(self, old: dict[str, str], new: dict[str, str]) -> None:
        """An axis that does not count, that never was observed, or is silent because the outcome was wrong."""
        before = make_entry("a/b", "passed", axes={**GRADED, **old})
        after = make_entry("a/b", "warned", axes={**GRADED, **new})

        assert kind(before, after) == "warned"

    def test_a_pass_on_fewer_axes_is_no_fix(self) -> None:
        """The code was wrong, and nobody can see it any more."""
        before = make_entry("a/b", "failed", axes={**GRADED, "code": "failed"})
        after = make_entry("a/b", "passed", axes={**GRADED, "code": "unobserved"})

        assert kind(before, after) == "silenced"

    def test_a_regression_stays_one(self) -> None:
        """What fails has not stopped asserting."""
        after = make_entry("a/b", "error", axes={**GRADED, "code": "unobserved"})

        assert kind("passed", after) == "regression"

    def test_an_axis_that_the_profile_does_not_count_any_more(self) -> None:
        """A profile can be weakened without a scenario being skipped."""
        entry = make_entry("a/b")
        found = compare(make_dossier(entry), make_dossier(entry, axes=("outcome",)), Catalogued())

        assert (found.dropped, found.exit_code) == (("code",), 5)
        assert comparison_text(found).startswith("the profile does not count the code any more since ")


class TestMissing:
    def test_what_was_to_be_tried(self) -> None:
        """It has stopped asserting, and the text says so."""
        found = compared("passed", None)

        assert [(c.kind, c.new) for c in found.changes] == [("silenced", None)]
        assert found.exit_code == 5
        assert "a/b – The title of a/b (passed → missing)" in comparison_text(found)
        assert "although it was to be tried" in comparison_text(found)

    @pytest.mark.parametrize(
        ("only", "named"),
        [
            ("a/*", "silenced"),
            ("1001", "silenced"),
            ("TokenExp*", "silenced"),
            ("old/*", "silenced"),
            ("c/*", "not-chosen"),
        ],
    )
    def test_the_patterns_of_the_new_run(self, only: str, named: str) -> None:
        """Globs of ids, old ids, codes and types, as `--only` takes them."""
        old, new = make_dossier(make_entry("a/b")), make_dossier(only=(only,))

        (change,) = compare(old, new, Catalogued(renamed={"old/b": "a/b"})).changes

        assert change.kind == named

    def test_what_another_profile_expects(self) -> None:
        """`--only 1006` chooses by the codes of every profile, and so does the comparison."""
        uncoded = make_entry("a/b", expected=Expected(outcome="rejected"))
        old, new = make_dossier(uncoded), make_dossier(only=("1006",))
        words = {"a/b": ("a/b", "1006", "InvalidClaim")}

        for known, named in ((words, "silenced"), ({}, "not-chosen")):
            (change,) = compare(old, new, Catalogued(words=known)).changes
            assert change.kind == named

    def test_one_pattern_of_several_is_enough(self) -> None:
        """As on the command line."""
        (change,) = compare(make_dossier(make_entry("a/b")), make_dossier(only=("c/*", "a/b")), Catalogued()).changes

        assert change.kind == "silenced"

    def test_what_the_catalogue_has_no_more(self) -> None:
        """Nobody could have tried it."""
        assert kind("passed", None, known={"c/d"}) == "gone"
        assert kind("passed", None, known={"a/b"}) == "silenced"

    def test_the_areas_of_a_deep_run(self) -> None:
        """A run that was none is not held to them; one that was is."""
        old = make_dossier(make_entry("generated/one"), make_entry("generated/two"))
        shallow = compare(old, make_dossier(make_entry("a/b")), Catalogued(), deep={"generated"})
        deep = compare(old, make_dossier(make_entry("generated/one")), Catalogued(), deep={"generated"})

        assert (len(shallow.of("not-chosen")), shallow.exit_code) == (2, 0)
        assert (len(deep.silenced), deep.exit_code) == (1, 5)

    def test_a_partial_report_is_never_green(self) -> None:
        """What was not reached may be worse; what was reached and is worse counts."""
        old = make_dossier(make_entry("a/b"), make_entry("a/c"))
        partial = {"complete": False, "untried": 1}
        quiet = compare(old, make_dossier(make_entry("a/b"), **partial), Catalogued())
        worse = compare(old, make_dossier(make_entry("a/b", "failed"), **partial), Catalogued())

        assert [c.entry.id for c in quiet.of("untried")] == ["a/c"]
        assert (quiet.exit_code, worse.exit_code) == (2, 5)
        assert comparison_text(quiet).startswith("no verdict: the new report is partial, 1 not reached")
        assert "The new report is partial: 1 not tried." in comparison_text(quiet)

    def test_a_partial_old_report_is_said(self) -> None:
        """It cannot accuse of what it had not tried."""
        found = compare(make_dossier(complete=False), make_dossier(make_entry("a/b", "failed")), Catalogued())

        assert found.exit_code == 0
        assert "The old report is partial" in comparison_text(found)


class TestNames:
    def test_a_renamed_scenario_is_the_same(self) -> None:
        """Whichever of both reports still has the old id."""
        renamed = {"old/b": "a/b"}

        assert kind(make_entry("old/b"), make_entry("a/b", "failed"), renamed=renamed) == "regression"
        assert kind(make_entry("a/b"), make_entry("old/b", "failed"), renamed=renamed) == "regression"
        assert kind(make_entry("old/b"), make_entry("old/b"), renamed=renamed) == "same"

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"profile": "class"}, "the old one is of the profile own, the new one of class"),
            (
                {"schema": "lti-conformance-report/2"},
                "lti-conformance-report/1, the new one a lti-conformance-report/2",
            ),
        ],
    )
    def test_reports_of_different_questions_are_refused(self, changes: dict[str, Any], told: str) -> None:
        """Both are named."""
        with pytest.raises(UsageError, match=told):
            compare(make_dossier(), make_dossier(**changes), Catalogued())

    def test_two_tools_are_said(self) -> None:
        """A staging tool may be compared with another; nobody should do it unawares."""
        found = compare(make_dossier(tool="One"), make_dossier(tool="Two"), Catalogued())

        assert "The reports name two tools: One before, Two now." in comparison_text(found)


class TestText:
    def test_the_verdict_comes_first(self) -> None:
        """In the order of what matters."""
        old = make_dossier(*(make_entry(f"a/{n}", s) for n, s in enumerate(("passed", "warned", "passed", "failed"))))
        new = make_dossier(*(make_entry(f"a/{n}", s) for n, s in enumerate(("failed", "error", "skipped", "passed"))))
        text = comparison_text(compare(old, new, Catalogued()))

        assert text.splitlines()[0] == (
            "2 regressions, 1 scenario stopped asserting, 1 fixed since 2027-03-01T12:30:15Z (My tool, own)"
        )

    def test_a_regression_is_told_with_all_to_act_on(self) -> None:
        """Scenario, both verdicts, the new reason, and the command that repeats it."""
        told = comparison_text(compared("passed", "failed")).splitlines()

        assert told[2:] == [
            "Regressions:",
            "  a/b – The title of a/b (passed → failed)",
            "    because  the reason why a/b is failed",
            "    repeat   lti-conformance run --demo --profile own --seed 0 --only a/b",
        ]

    def test_nothing_has_changed(self) -> None:
        """One line, and what fails as before is counted."""
        assert comparison_text(compared("failed", "failed")) == (
            "no regression, 1 still fails since 2027-03-01T12:30:15Z (My tool, own)\n"
        )

    @pytest.mark.parametrize(("old", "asks"), [("waived", True), ("failed", False)])
    def test_a_waiver_that_is_needed_no_more(self, old: str, asks: bool) -> None:
        """The text asks to drop it."""
        assert ("drop its waiver: `lti-conformance waive" in comparison_text(compared(old, "passed"))) == asks

    @pytest.mark.parametrize("side", [0, 1])
    def test_a_flaky_answer_is_said(self, side: int) -> None:
        """Whichever report has it: a lucky pass is no fix."""
        entries = [make_entry("a/b", "failed"), make_entry("a/b", "passed")]
        entries[side] = make_entry("a/b", entries[side].status, findings=FLAKY)
        text = comparison_text(compared(*entries))

        assert "Flaky in one of the reports, so look twice: a/b" in text
        assert "(failed → passed) (flaky)" in text

    def test_what_a_report_says_cannot_steer_a_terminal(self) -> None:
        """No line of its own, no colour, no half of a pair."""
        new = make_entry("a/b", "failed", title="T\x1b[31m\nno regression", reason="r\x9b1m\ud800", replay="x\ry")
        text = comparison_text(compared("passed", new))

        assert all(line.isprintable() for line in text.splitlines())
        assert text.encode()
        assert len(text.splitlines()) == 6

    def test_for_machines(self) -> None:
        """Every change with both verdicts, and the code that `diff` ends with."""
        document = json.loads(comparison_json(compared("passed", "failed")))

        assert (document["verdict"], document["exit_code"], document["summary"]["regression"]) == ("worse", 5, 1)
        assert document["changes"] == [
            {
                "id": "a/b",
                "title": "The title of a/b",
                "kind": "regression",
                "old": "passed",
                "new": "failed",
                "axes": [],
                "flaky": False,
                "drop_waiver": False,
                "reason": "the reason why a/b is failed",
                "replay": "lti-conformance run --demo --profile own --seed 0 --only a/b",
            }
        ]


@pytest.mark.parametrize(("code", "settled"), [(0, 5), (1, 5), (4, 5), (2, 5), (3, 3)])
def test_where_5_stands_among_the_codes_of_a_run(code: int, settled: int) -> None:
    """Behind 3, before the rest, also of an incomplete run; without a regression the code stays."""
    assert compared("passed", "failed").settled(code) == settled
    assert compared("passed", "passed").settled(code) == code


@pytest.mark.parametrize("now", ["skipped", None])
def test_where_nothing_was_executed_nothing_is_worse(now: str | None) -> None:
    """A run that has tried nothing ends as one, though all that was right is silent."""
    found = compared("passed", now)

    assert (found.exit_code, found.settled(2)) == (5, 2)
