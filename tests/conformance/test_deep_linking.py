"""Scenarios whose launch is a deep linking request: what they need, and the honest launches that prove them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.conduct import ignored_settings
from conformance.toolvalues import Capabilities, Launched, Observe, Probe
from tests.conformance.makers import make_tool, scenarios_of
from tests.conformance.miniatures import Miniature, lab_of, refused, welcome
from tests.conformance.running import EXPIRED, PLAIN, results_of, table, tried

MESSAGE_TYPE = "https://purl.imsglobal.org/spec/lti/claim/message_type"
PICKS = 'message = "deep_linking"'
PICKING = table("picking", PICKS, 'mutations = ["claims.expired"]', "expect.any = { code = 1001 }")
PICKER = make_tool(
    capabilities=Capabilities(services=("deep_linking",)),
    observe=Observe(launched=Launched(text="Welcome"), probe=Probe(request="GET /me"), error=({"kind": "header"},)),
)


def messages(tool: Miniature) -> list[str]:
    """What each launch that came was, in short."""
    return [claims[MESSAGE_TYPE].removeprefix("Lti").removesuffix("Request") for claims in tool.launches]


def no_picker(tool: Miniature, claims: Mapping[str, Any]) -> Any:
    """Refuses deep linking requests."""
    return refused(1001) if "DeepLinking" in claims[MESSAGE_TYPE] else welcome(tool, claims)


@pytest.mark.parametrize(
    ("lines", "needed"),
    [
        ((PICKS,), True),
        (('before = [{ name = "first", message = "deep_linking" }]',), True),
        ((PICKS, 'before = [{ name = "first", message = "resource_link" }]'), True),
        (('before = [{ name = "first" }]',), False),
    ],
)
def test_a_deep_linking_request_needs_a_tool_that_takes_them(
    tmp_path: Path, lines: tuple[str, ...], needed: bool
) -> None:
    """Any launch of the story decides; a launch before the judged one is of its kind unless it says otherwise."""
    (scenario,) = scenarios_of(tmp_path, table("x", *lines, "expect.any = {}"))

    assert ("deep_linking" in scenario.needs) == needed


def test_without_the_capability_nothing_is_sent(tmp_path: Path) -> None:
    """The reason says what to put where."""
    tool = Miniature()
    with lab_of(tool) as lab:
        results, _ = results_of(lab, scenarios_of(tmp_path, PICKING), plain=False)

    verdict = results["picking"].verdict
    assert (verdict.status, verdict.cause) == ("skipped", "missing-capability")
    assert '"deep_linking" into [capabilities] services' in verdict.reason
    assert tool.launches == []


def test_twin_and_recovery_are_of_the_same_kind(tmp_path: Path) -> None:
    """A refused request is proved by an accepted one before it and another behind it."""
    tool = Miniature()
    results = tried(tool, tmp_path, PICKING, tool=PICKER)

    assert results["picking"].status == "passed"
    # The plain launch, the twin, the judged one, and the recovery.
    assert messages(tool) == ["ResourceLink", "DeepLinking", "DeepLinking", "DeepLinking"]


def test_each_kind_has_one_twin(tmp_path: Path) -> None:
    """Two scenarios of a kind share theirs, and never with the other kind."""
    tool = Miniature()
    opened = table("opened", PICKS, 'expect.any = { outcome = "launched" }')
    results = tried(tool, tmp_path, PICKING + EXPIRED + opened + PLAIN, tool=PICKER)

    assert {result.status for result in results.values()} == {"passed"}
    # Twin, judged and recovery of a refusal, and an accepted one; the plain launch is no request.
    assert messages(tool).count("DeepLinking") == 1 + 2 + 1
    assert messages(tool).count("ResourceLink") == 1 + 1 + 2 + 1


def test_a_tool_that_refuses_all_requests_proves_nothing(tmp_path: Path) -> None:
    """It refuses the broken one for the wrong reason, and its launches still count."""
    results = tried(Miniature(no_picker), tmp_path, PICKING + EXPIRED, tool=PICKER)

    assert results["expired"].status == "passed"
    assert (results["picking"].status, results["picking"].verdict.cause) == ("error", "control-failed")


def test_a_tool_that_is_shut_by_a_request_has_not_recovered(tmp_path: Path) -> None:
    """The next honest request of the same person has to work, not some other launch."""

    def shut(tool: Miniature, claims: Mapping[str, Any]) -> Any:
        answer = welcome(tool, claims)
        return no_picker(tool, claims) if messages(tool).count("DeepLinking") > 2 else answer

    results = tried(Miniature(shut), tmp_path, PICKING, tool=PICKER, options={"repeat_failures": False})

    assert (results["picking"].status, results["picking"].verdict.cause) == ("failed", "no-recovery")


@pytest.mark.parametrize(
    ("services", "named"),
    [((), ""), (("deep_linking", "ags", "nrps"), ""), (("notices",), "notices"), (("pns", "ags", "x"), "pns and x")],
)
def test_services_that_nobody_asks_for_are_named(services: tuple[str, ...], named: str) -> None:
    """A service that the platform does not have is told to be of no use."""
    findings = ignored_settings(make_tool(capabilities=Capabilities(services=services)))

    assert [finding.text.rpartition("services ")[2] for finding in findings] == ([named] if named else [])
