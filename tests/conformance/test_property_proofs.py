"""Every property is broken by a flaw: also one that guards none of its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from conformance.catalogue import scenarios
from conformance.demo import demo_lab
from conformance.model import Result, Scenario
from conformance.phases import Depth, properties, run_property
from conformance.profile import load_profile
from conformance.runner import Options, Runner
from conformance.sample_tool import FLAWS
from conformance.sample_tool.flaws.kinds import Flaw
from conformance.target import Start
from conformance.veins import AREA, veins
from tests.conformance.narrow_tools import NARROW

KNOWN: Final[Mapping[str, Flaw]] = {**FLAWS, **NARROW}
EXAMPLES: Final = 30
UNGUARDED: Final = {wanted.id: wanted for wanted in properties() if not wanted.guards}

BY_HAND: Final[Mapping[str, str]] = {
    "generated/any-locale": "locale-with-country",
    "generated/course-of-any-id": "ids-of-letters-and-digits",
    "generated/custom-fields-of-any-text": "custom-in-ascii",
    "generated/custom-fields-of-any-type": "custom-null-crashes",
    "generated/further-parameters-of-any-name": "login-closed",
    "generated/header-member-that-nobody-knows": "header-closed",
    "generated/issue-time-of-any-past-number": "old-tokens-crash",
    "generated/issued-at-any-moment-before": "minute-old-refused",
    "generated/link-texts-of-any-type": "link-as-text",
    "generated/members-in-any-order": "claims-in-order",
    "generated/never-crashes": "login-parameters-crash",
    "generated/presentation-of-any-type": "odd-return-url-crashes",
    "generated/resource-link-of-any-id": "ids-of-letters-and-digits",
    "generated/school-identifiers-of-any-type": "migration-claim-crashes",
    "generated/services-of-any-type": "services-as-objects",
    "generated/titles-of-any-text": "non-latin-names-crash",
    "generated/type-in-any-case": "type-in-capitals",
    "generated/unknown-members-of-known-claims": "claims-closed",
    "generated/user-of-any-id": "ids-of-letters-and-digits",
    "generated/valid-since-any-past-moment": "valid-before-issued-refused",
    "sequences/forged-tokens-spend-nothing": "nonce-burnt-early",
    "sequences/honest-launches-work": "signed-in-refused",
    "sequences/keys-rotated": "first-key-of-the-set",
    "sequences/nonce-of-its-browser": "nonce-not-bound",
    "sequences/nonce-once": "nonce-unchecked",
}
"""The flaw that breaks a property which no guard of the scenario that it is like does."""


def candidates(wanted: Scenario) -> Sequence[Flaw]:
    """The flaws that may break a property: that chosen for it, or the guards of the scenario that it is like."""
    if wanted.id in BY_HAND:
        return [KNOWN[BY_HAND[wanted.id]]]
    area, _, name = wanted.id.partition("/")
    if area != AREA:
        return []
    exemplar = veins()[name].exemplar
    guards = next(each.guards for each in scenarios() if exemplar in (each.id, *each.aliases))
    return [flaw for flaw in map(KNOWN.__getitem__, guards) if load_profile(flaw.profile).expectation(wanted)]


def held(wanted: Scenario, flaw: Flaw) -> Result:
    """What comes of a property at a tool with a flaw, which lets an honest launch in; nothing was sent to it before."""
    with demo_lab(load_profile(flaw.profile), Start(seed=0), without=flaw.name) as lab:
        runner = Runner(lab, Options())
        assert runner.plain_launch()
        result = run_property(runner, wanted, Depth(examples=EXAMPLES))
    assert result is not None
    return result


def is_broken(result: Result) -> bool:
    """Whether a property is broken as seriously as it is meant."""
    return result.status == ("failed" if result.expectation.severity == "must" else "warned")


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The sample tool can have the flaws of narrow tools as well; one that breaks down says so at length."""
    monkeypatch.setattr("conformance.sample_tool.flaws.FLAWS", KNOWN)
    caplog.set_level(logging.CRITICAL)


@pytest.mark.parametrize("wanted", UNGUARDED.values(), ids=list(UNGUARDED))
def test_a_property_without_guards_is_broken_by_some_flaw(wanted: Scenario):
    """What no flaw could break would demand nothing."""
    seen: dict[str, str] = {}
    for flaw in candidates(wanted):
        result = held(wanted, flaw)
        if is_broken(result):
            return
        seen[flaw.name] = f"{result.status}: {result.verdict.reason}"
    pytest.fail(f"nothing breaks {wanted.id}: {seen or 'no flaw was tried'}")


def test_what_was_chosen_by_hand_is_needed():
    """Each names a property without guards, and each narrow tool is there for one."""
    assert set(BY_HAND) - set(UNGUARDED) == set()
    assert set(NARROW) - set(BY_HAND.values()) == set()
    assert set(NARROW) & set(FLAWS) == set()
