"""Each check is needed: without it, a flaw of the sample tool would go unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.catalogue import scenarios, select
from conformance.checks import checks
from conformance.demo import demo_lab
from conformance.model import Scenario
from conformance.profile import load_profile
from conformance.runner import Options, Runner
from conformance.sample_tool import FLAWS
from conformance.target import Start

OF_SEQUENCES = {"sessions_apart"}
"""What no scenario of the catalogue asks for."""


def guarded_by(check: str) -> Iterator[tuple[str, Scenario]]:
    """Each flaw that a scenario with this check has to notice, with that scenario."""
    for scenario in scenarios():
        for flaw in scenario.guards if check in scenario.checks else ():
            if scenario in select(scenarios(), load_profile(FLAWS[flaw].profile)):
                yield flaw, scenario


def is_noticed(flaw: str, scenario: Scenario) -> bool:
    """Whether a scenario fails for the tool with this flaw; one that could not be judged has proven nothing."""
    with demo_lab(load_profile(FLAWS[flaw].profile), Start(seed=0), without=flaw) as lab:
        (result,) = Runner(lab, Options(strict=True, repeat_failures=False)).run([scenario])
    return result.status == "failed"


def test_what_is_left_out_stands_in_no_scenario() -> None:
    """A check that the catalogue asks for is proven here."""
    assert not OF_SEQUENCES.intersection(check for scenario in scenarios() for check in scenario.checks)


@pytest.mark.parametrize("check", sorted(checks().keys() - OF_SEQUENCES))
def test_a_check_is_needed_by_a_flaw(check: str) -> None:
    """Without the check the flaw does not fail: what the tool's answer tells by itself needs none."""
    assert any(
        is_noticed(flaw, scenario)
        and not is_noticed(flaw, replace(scenario, checks=tuple(name for name in scenario.checks if name != check)))
        for flaw, scenario in guarded_by(check)
    )
