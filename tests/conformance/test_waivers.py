from __future__ import annotations

import datetime
from typing import Any

import pytest

from conformance.model import Result
from conformance.results.waivers import check_waivers, stale_waivers, waive
from conformance.toolvalues import Waiver
from mockplatform.errors import UsageError
from tests.conformance.makers import make_profile, make_result, make_scenario

TODAY = datetime.date(2027, 3, 1)
CORE = make_profile()
FOR_ONE = Waiver(scenario="time/expired", reason="Known, planned for May", link="https://tracker.example/7")


def waiver(scenario: str = "time/expired", **changes: Any) -> Waiver:
    return Waiver(**{"scenario": scenario, "reason": "Known", **changes})


def failed(id_: str = "time/expired", status: Any = "failed", **changes: Any) -> Result:
    return make_result(id_, status, **changes)


def status_of(given: Waiver, result: Result) -> str:
    return waive(result, [given], CORE, TODAY).status


def stale(given: Waiver, *results: Result) -> tuple[str, ...]:
    return stale_waivers(results, [given], CORE, TODAY)


def test_a_failure_is_waived_with_its_reason() -> None:
    """The verdict's own reason stays, and the waiver's comes behind."""
    waived = waive(failed(), [FOR_ONE], CORE, TODAY)

    assert waived.status == "waived"
    assert waived.verdict.reason == (
        "the reason why time/expired is failed. Waived: Known, planned for May (https://tracker.example/7)"
    )
    assert waived.verdict.axes == failed().verdict.axes


@pytest.mark.parametrize(
    ("status", "after"),
    [
        ("failed", "waived"),
        ("warned", "waived"),
        ("passed", "passed"),
        ("skipped", "skipped"),
        ("error", "error"),
    ],
)
def test_only_what_fails_is_waived(status: str, after: str) -> None:
    """An error says that nothing was proved, and no waiver makes up for that."""
    assert after == status_of(FOR_ONE, failed(status=status))


@pytest.mark.parametrize(
    ("pattern", "after"),
    [
        ("time/expired", "waived"),
        ("time/*", "waived"),
        ("*", "waived"),
        ("old/expired", "waived"),
        ("time/expire", "failed"),
        ("time/Expired", "failed"),
        ("1001", "failed"),
    ],
)
def test_an_id_an_old_id_or_a_glob(pattern: str, after: str) -> None:
    """A waiver names scenarios, by their present or former id."""
    scenario = make_scenario("time/expired", aliases=("old/expired",))

    assert after == status_of(waiver(pattern), failed(scenario=scenario))


@pytest.mark.parametrize(
    ("profiles", "after"), [((), "waived"), (("own",), "waived"), (("core", "own"), "waived"), (("core",), "failed")]
)
def test_the_profiles_of_a_waiver(profiles: Any, after: str) -> None:
    """Without any it holds under each."""
    assert after == status_of(waiver(profiles=profiles), failed())


@pytest.mark.parametrize(
    ("expires", "after"),
    [
        (None, "waived"),
        (datetime.date(2027, 3, 2), "waived"),
        (TODAY, "waived"),
        (datetime.date(2027, 2, 28), "failed"),
    ],
)
def test_the_last_day_still_counts(expires: Any, after: str) -> None:
    """After it the failure is a failure again."""
    assert after == status_of(waiver(expires=expires), failed())


def test_the_first_waiver_in_force_counts() -> None:
    """One that has expired does not hide another."""
    old = waiver(expires=datetime.date(2020, 1, 1), reason="Old")
    waived = waive(failed(), [old, waiver("time/*", reason="New")], CORE, TODAY)

    assert "Waived: New" in waived.verdict.reason


@pytest.mark.parametrize(
    ("statuses", "is_stale"),
    [
        (["passed"], True),
        (["passed", "passed"], True),
        (["passed", "skipped"], True),
        (["waived"], False),
        (["passed", "waived"], False),
        (["failed"], False),
        (["error"], False),
        (["passed", "error"], False),
        (["skipped"], False),
        ([], False),
    ],
)
def test_a_waiver_is_stale_if_what_it_covers_ran_and_did_not_fail(statuses: list[str], *, is_stale: bool) -> None:
    """Not selected, or skipped, says nothing about it."""
    results = [failed(f"time/n{n}", status) for n, status in enumerate(statuses)]
    told = stale(waiver("time/*"), *results, failed("other/one", "passed"))

    assert bool(told) == is_stale
    if is_stale:
        assert told == (
            "waiver 'time/*' is stale: nothing it covers fails any more; remove it, or run `waive --drop-stale`",
        )


def test_an_expired_waiver_is_told_as_long_as_it_covers_something() -> None:
    """Whatever became of the scenario."""
    old = waiver(expires=datetime.date(2027, 2, 28))

    assert stale(old, failed()) == ("waiver 'time/expired' expired on 2027-02-28: mend the tool or renew the waiver",)
    assert stale(old, failed("other/one")) == ()


def test_a_waiver_for_another_profile_is_not_stale() -> None:
    """It is not asked for here."""
    assert stale(waiver(profiles=("core",)), failed(status="passed")) == ()


def test_a_glob_of_which_only_a_part_was_tried_is_not_stale() -> None:
    """What was not tried may still need it: the command that repeats one failure must not say `remove it`."""
    tried = failed("time/expired", status="passed")
    known = waiver("time/*")

    one, other = make_scenario("time/expired"), make_scenario("time/other")

    assert stale_waivers([tried], [known], CORE, TODAY, [one, other]) == ()
    assert len(stale_waivers([tried], [known], CORE, TODAY, [one])) == 1


def test_an_old_id_covers_what_was_not_tried_as_well() -> None:
    """Whoever waived by it is told nothing before all of it was tried."""
    whole = [make_scenario(id_, aliases=(f"old/{id_[-1]}",)) for id_ in ("time/a", "time/b")]
    tried = failed(status="passed", scenario=whole[0])

    assert stale_waivers([tried], [waiver("old/*")], CORE, TODAY, whole) == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"scenario": "time/expird"}, r"waiver\[0\]\.scenario: no scenario is called 'time/expird'; did you mean"),
        ({"scenario": "nothing/*"}, r"no scenario is called 'nothing/\*'"),
        ({"profiles": ("coer",)}, r"waiver\[0\]\.profiles: unknown profile 'coer'"),
    ],
)
def test_a_waiver_for_what_does_not_exist_is_refused(changes: dict[str, Any], told: str) -> None:
    """It would cover nothing, and nobody would ever notice."""
    with pytest.raises(UsageError, match=told):
        check_waivers([waiver(**changes)], [make_scenario("time/expired")], ["core"], where="lti-conformance.toml:")
