"""Which parts of the sample tool's plan a scenario goes through: a flaw elsewhere cannot concern it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from conformance.model import LtiVersion, Observation, Scenario
from conformance.sample_tool.control import PATH

__all__ = ["entrances_of"]


def entrances_of(scenario: Scenario, observation: Observation | None) -> frozenset[str]:
    """The parts of the tool's plan that a scenario goes through: as it says, and as was seen."""
    attempts = (*scenario.before, scenario.attempt)
    said = {part for attempt in attempts for part in _VERSIONS[attempt.lti]}
    said |= {"picking"} if any(attempt.message == "deep_linking" for attempt in attempts) else set()
    paths = (urlsplit(exchange.url).path for exchange in (observation.exchanges if observation else ()))
    # An action behind an earlier launch of the story has no exchange of the judged one.
    doors = {_ACTIONS[attempt.action] for attempt in attempts if attempt.action in _ACTIONS}
    return frozenset(said | {part for path in (*paths, *doors) for part in _DOORS.get(path, ())})


_VERSIONS: Mapping[LtiVersion, tuple[str, ...]] = {"1.3": ("login", "launch"), "1.1": ("basic",)}
_CALLS = ("token", "call", "page")
_DOORS: Mapping[str, tuple[str, ...]] = {
    "/lti/login": ("login",),
    "/lti/launch": ("launch",),
    "/lti/launch11": ("basic",),
    "/class/edit": ("edit",),
    "/services/roster": ("roster", *_CALLS),
    "/services/grade": ("grade", *_CALLS),
    "/services/results": ("results", *_CALLS),
    "/services/groups": ("groups", *_CALLS),
    "/lti/pick": ("answer",),
    PATH: ("admits",),
}
_ACTIONS: Mapping[str, str] = {
    "read_roster": "/services/roster",
    "post_score": "/services/grade",
    "read_results": "/services/results",
    "read_groups": "/services/groups",
    "pick_content": "/lti/pick",
}
