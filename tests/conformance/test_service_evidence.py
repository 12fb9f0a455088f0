"""Scenarios about services are not passed by silence: what they are about must have been heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.catalogue import SERVICE_OF, scenarios, select
from conformance.checks import checks
from conformance.demo import demo_lab
from conformance.evidence import unheard
from conformance.lab import Lab
from conformance.line import ASKED_BY, LATE_S, Line
from conformance.model import Observation, Scenario
from conformance.profile import load_profile
from conformance.runner import Options, Runner
from conformance.story import Told
from conformance.target import Start
from conformance.toolvalues import Action
from conformance.wire import asks_for_tokens, told
from mockplatform.misbehaving.faults import endpoint_names
from mockplatform.model import Exchange
from tests.conformance.miniatures import Miniature, lab_of
from tests.conformance.test_services import token_request

FIRST = ("roster/read", "roster/groups", "grades/score", "grades/results", "deep_linking_answer/right")


@pytest.fixture(scope="module", params=["core", "ltix"])
def silent(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A lab around a tool whose actions never ask the platform for anything."""
    with demo_lab(load_profile(request.param), Start(seed=0)) as lab:
        lab.tool = replace(lab.tool, actions=dict.fromkeys(SERVICE_OF, Action(request="GET /api/me")))
        yield lab


def acting(lab: Lab) -> tuple[Scenario, ...]:
    return tuple(s for s in select(scenarios(), lab.profile) if s.serviced and s.attempt.action)


def test_a_tool_that_calls_nothing_passes_no_scenario_about_services(silent: Lab) -> None:
    """Whatever page it shows, nothing has happened."""
    results = list(Runner(silent, Options(repeat_failures=False)).run(acting(silent)))
    assert len(results) > 60
    assert [result.scenario.id for result in results if result.status == "passed"] == []


@pytest.mark.parametrize("name", FIRST)
def test_the_plain_call_of_a_service_has_to_be_made(silent: Lab, name: str) -> None:
    """People and course are fresh, so nothing that the tool has kept could spare it the call."""
    (scenario,) = select(scenarios(), silent.profile, [name])
    assert ASKED_BY[scenario.attempt.action] in scenario.about
    verdict = Runner(silent, Options(repeat_failures=False, strict=True)).try_scenario(scenario).verdict
    assert verdict.status == "failed"


@pytest.mark.parametrize("name", ["grades/again", "roster/pages", "tokens/assertion", "deep_linking_answer/twice"])
def test_any_other_scenario_about_a_call_is_skipped_without_it(silent: Lab, name: str) -> None:
    """The tool may have kept what it shows, and the reason says what was not asked."""
    (scenario,) = select(scenarios(), silent.profile, [name])
    verdict = Runner(silent, Options()).try_scenario(scenario).verdict
    assert (verdict.status, verdict.cause) == ("skipped", "unasked")
    assert ASKED_BY[scenario.attempt.action] in verdict.reason


@pytest.mark.parametrize(
    ("status", "about", "verdict"),
    [(200, {}, None), (415, {}, "failed"), (None, {}, "failed"), (500, {"fault": "status"}, None)],
)
def test_a_call_that_the_platform_refused_is_not_carried_out(
    status: int | None, about: Mapping[str, str], verdict: str | None
) -> None:
    """A tool that grants the action all the same has told the person what is not so; a fault is no refusal."""
    (scenario,) = (s for s in scenarios() if s.id == "grades/score")
    told_of = {"endpoint": "scores", "attempt": scenario.attempt.name, **about}
    call = Exchange(asker="tool", method="POST", url="http://127.0.0.1:9400/scores", status=status, about=told_of)
    seen = Observation(outcome="launched", calls=(call,))
    story: Any = SimpleNamespace(outcomes={scenario.attempt.name: "launched"})
    performed: Any = None
    found = unheard(scenario, scenario.expect["any"], Told(story=story, performed=performed, seen=seen))
    assert (found and found.status) == verdict


def test_every_action_of_a_service_has_an_endpoint() -> None:
    """Without it, the action could be carried out in silence."""
    assert set(ASKED_BY) == set(SERVICE_OF)
    named = {endpoint for scenario in scenarios() for endpoint in scenario.about}
    assert named | set(ASKED_BY.values()) <= set(endpoint_names())


def test_a_scenario_whose_checks_look_at_token_requests_is_about_them() -> None:
    """What complains about token requests when there is nothing else has looked at them."""
    bad = token_request(sub="ada", jti="1", exp=1200)
    only = Observation(outcome="launched", calls=(bad, bad), platform_host="127.0.0.1", person_id="ada")
    looking = {name for name, check in checks().items() if check(replace(only, answers=())) is not None}
    looking -= {name for name, check in checks().items() if check(Observation(outcome="launched")) is not None}
    assert {"assertions_right", "tokens_reused"} <= looking
    forgetful = [s.id for s in scenarios() if looking.intersection(s.checks) and "token" not in s.about]
    assert forgetful == []
    assert all(asks_for_tokens(scenario) for scenario in scenarios() if "token" in scenario.about)


def test_null_is_told_inside_lists() -> None:
    """TOML has no word for it, wherever it stands."""
    assert told({"members": [{"id": "{absent}"}, "{absent}"]}) == {"members": [{"id": None}, None]}


def exchange(number: int) -> Exchange:
    url = f"http://127.0.0.1:9400/{number}"
    return Exchange(asker="tool", method="GET", url=url, status=200, about={"endpoint": "memberships"})


class Copying:
    """A journal whose store keeps text: what comes out is equal to what went in, and another object."""

    def __init__(self) -> None:
        self.kept: list[Exchange] = []

    def page(self, *, limit: int, newest_first: bool) -> list[Exchange]:
        """The newest copies."""
        assert newest_first
        return [replace(kept, about=json.loads(json.dumps(dict(kept.about)))) for kept in reversed(self.kept)][:limit]


@pytest.mark.parametrize("before", [0, 1, 40])
def test_news_are_told_from_what_was_noted_before_by_any_store(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that makes records anew has no identity to compare, and two calls may be alike."""
    with lab_of(Miniature()) as lab:
        journal = Copying()
        monkeypatch.setattr(lab.platform.state, "journal", journal)
        journal.kept = [exchange(1) for _ in range(before)]
        line = Line(lab)
        line.listen("judged", "tool")
        journal.kept += [exchange(1), exchange(2)]
        assert [call.url[-1] for call in line.news()] == ["1", "2"]


def wait(lab: Lab, action: str, pause: Callable[[float], None]) -> None:
    """Wait for what an action has to ask of the platform, with another way to let time pass."""
    line, usual = Line(lab), lab.pause
    line.listen("judged", "client-1")
    lab.pause = pause
    try:
        line.wait(action)
    finally:
        lab.pause = usual


@pytest.mark.parametrize(("late_after", "looks"), [(3, 3), (10_000, round(LATE_S / 0.1))])
def test_a_tool_that_works_behind_its_answer_is_waited_for(silent: Lab, late_after: int, looks: int) -> None:
    """A score that comes from a queue is one; nobody waits for ever for one that does not come."""
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == late_after:
            late = Exchange(asker="tool", method="POST", url="/", status=204, about={"endpoint": "scores"})
            silent.platform.state.note(late, f"late-{late_after}")

    wait(silent, "post_score", pause)
    assert len(waits) == looks


@pytest.mark.parametrize(
    ("first", "second", "looks"),
    [
        ({"about": {"client_id": "client-2"}}, {}, 2),
        ({"response_headers": (("link", '</?page=2>; rel="next"'),)}, {"url": "/?page=2"}, 2),
        ({"response_headers": (("link", '</>; rel="next"'),)}, {}, 1),
    ],
)
def test_what_a_tool_is_still_at_ends_no_wait(
    silent: Lab, first: dict[str, Any], second: dict[str, Any], looks: int
) -> None:
    """One that works from a queue may be at an earlier person's list when the next one asks, or at its first page."""
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        told_of = (first, second)[len(waits) - 1]
        usual_call = exchange(1)
        about = {**usual_call.about, **told_of.get("about", {})}
        call = replace(usual_call, **{"url": "/", **told_of, "about": about})
        silent.platform.state.note(call, f"queued-{silent.platform.new_id()}")

    wait(silent, "read_roster", pause)
    assert len(waits) == looks
