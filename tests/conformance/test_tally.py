from __future__ import annotations

from typing import Any

import pytest

from conformance.errors import codes, types
from conformance.model import Expectation, Finding, Result, Verdict
from conformance.telling.documenting import dossier_of, entry_of
from conformance.telling.tally import worst
from tests.conformance.makers import make_observation, make_profile, make_report, make_result, reject

EMAIL = Expectation(preferred=reject(code=1006, type="MissingClaim"), allowed=(reject(code=1007),))


def result(id_: str, status: Any, expectation: Expectation = EMAIL, **changes: Any) -> Result:
    return make_result(id_, status, expectation=expectation, **changes)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], "not-run"),
        (["skipped"], "not-run"),
        (["skipped", "skipped"], "not-run"),
        (["passed"], "passed"),
        (["passed", "skipped"], "passed"),
        (["passed", "waived"], "waived"),
        (["waived", "warned"], "warned"),
        (["warned", "error"], "error"),
        (["error", "failed"], "failed"),
        (["passed", "skipped", "waived", "warned", "error", "failed"], "failed"),
    ],
)
def test_the_worst_status_counts(statuses: list[str], expected: str) -> None:
    """Failed, error, warned, waived, passed; skipped is left aside, in any order."""
    results = [result(f"a/n{n}", status) for n, status in enumerate(statuses)]

    entries = [*map(entry_of, results)]
    assert worst(entries) == worst(reversed(entries)) == expected


def test_every_code_has_a_row() -> None:
    """With the worst of the scenarios that prefer it; alternates do not count."""
    report = make_report(result("a/one", "passed"), result("a/two", "failed"), profile=make_profile("code"))
    rows = {row.code: row for row in dossier_of(report).codes}

    assert list(rows) == list(codes())
    assert (rows[1006].name, rows[1006].status, rows[1006].scenarios) == (
        "INVALID_USER_EMAIL",
        "failed",
        ("a/one", "a/two"),
    )
    assert (rows[1007].status, rows[1007].scenarios) == ("not-run", ())


def test_every_type_has_a_row() -> None:
    """The same for types."""
    report = make_report(result("a/one", "warned"), profile=make_profile("class", "type"))
    rows = {row.type: row for row in dossier_of(report).types}

    assert list(rows) == list(types())
    assert (rows["MissingClaim"].status, rows["MissingClaim"].scenarios) == ("warned", ("a/one",))
    assert rows["TokenExpired"].status == "not-run"


def test_an_axis_that_does_not_count_was_not_run() -> None:
    """A pass on the outcome says nothing about a code."""
    report = make_report(result("a/one", "passed"), profile=make_profile())

    assert {row.status for row in dossier_of(report).codes} == {"not-run"}
    assert {row.status for row in dossier_of(report).types} == {"not-run"}


def test_a_finding_is_told_once_with_all_its_scenarios() -> None:
    """Those of the run first, then in the order of the results; a scenario that shows it twice comes once."""
    unclean, flaky, probe = (Finding(id=id_, text=f"text of {id_}") for id_ in ("unclean", "flaky", "no-probe"))
    report = make_report(
        result("a/one", "passed", verdict=Verdict(status="passed", axes={}, reason="", findings=(unclean,))),
        result("a/two", "passed", observation=make_observation(findings=(flaky, unclean, unclean))),
        findings=(probe,),
    )

    assert [(row.id, row.text, row.scenarios) for row in dossier_of(report).findings] == [
        ("no-probe", "text of no-probe", ()),
        ("unclean", "text of unclean", ("a/one", "a/two")),
        ("flaky", "text of flaky", ("a/two",)),
    ]


@pytest.mark.parametrize(
    ("statuses", "changes", "code"),
    [
        (["passed"], {}, 0),
        (["passed", "warned", "waived", "skipped"], {}, 0),
        (["passed", "failed"], {}, 1),
        (["passed", "error"], {}, 1),
        ([], {}, 2),
        (["skipped", "skipped"], {}, 2),
        (["passed"], {"stopped": "the tool is gone", "complete": False}, 3),
        (["failed"], {"stopped": "the tool is gone", "complete": False}, 3),
        ([], {"stopped": "the plain launch fails", "complete": False}, 3),
        (["passed"], {"waivers": ("stale",)}, 4),
        (["failed"], {"waivers": ("stale",)}, 1),
        (["skipped"], {"waivers": ("stale",)}, 2),
    ],
)
def test_the_exit_code(statuses: list[str], changes: dict[str, Any], code: int) -> None:
    """The first that applies of 3, 2, 1, 4 and 0."""
    results = [result(f"a/n{n}", status) for n, status in enumerate(statuses)]

    assert dossier_of(make_report(*results, **changes)).exit_code == code


def test_statuses_are_counted() -> None:
    """Each result has one."""
    report = make_report(result("a/one", "passed"), result("a/two", "passed"), result("a/three", "error"))

    counts = {"passed": 2, "failed": 0, "warned": 0, "skipped": 0, "waived": 0, "error": 1}
    assert dossier_of(report).summary == counts
