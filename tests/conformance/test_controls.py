"""Refusals prove nothing once a tool refuses everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from conformance.conduct import Agenda, conduct
from conformance.demo import demo_lab
from conformance.model import Scenario
from conformance.phases import Depth, Phase, Telling
from conformance.profile import load_profile
from conformance.runner import Options, Runner
from conformance.target import Start
from conformance.transport import Request, Response
from tests.conformance.makers import NOW, make_result, make_scenario


class OneProperty:
    """A phase whose only property passes, after which the tool may lock everybody out."""

    NAME = "one"
    RANK = 1

    def __init__(self, *, locks: bool) -> None:
        self.locks = locks

    def properties(self) -> tuple[Scenario, ...]:
        return (replace(make_scenario(), id="one/property"),)

    def run(self, runner: Runner, chosen: Sequence[Scenario], depth: Depth) -> Iterator[Telling]:
        if self.locks:
            runner.lab.transport.send = locked  # type: ignore[method-assign]
        yield make_result(status="passed", scenario=chosen[0])


def locked(request: Request) -> Response:
    return Response(status=429, headers=(), body=b"Too many requests")


@pytest.mark.parametrize(("locks", "status", "cause"), [(False, "passed", None), (True, "error", "control-failed")])
def test_a_property_passes_only_while_honest_launches_do(
    monkeypatch: pytest.MonkeyPatch, locks: bool, status: str, cause: str | None
):
    """After the launches of a property an honest one has to be let in."""
    phase: Phase = OneProperty(locks=locks)
    monkeypatch.setattr("conformance.conduct.phases", lambda: (phase,))
    profile = load_profile("core")
    agenda = Agenda(scenarios=(), properties=phase.properties())
    report = conduct(demo_lab(profile, Start(seed=0)), agenda, Options(), now=NOW)
    (result,) = report.results
    assert (result.status, result.verdict.cause) == (status, cause)
