"""Each flaw is a changed plan that leaves good launches alone; the law of `selftest` shows what it breaks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.sample_tool import FLAWS, Flaw, Integration, create_tool
from conformance.sample_tool.flaws import flawed
from conformance.sample_tool.model import Policy
from conformance.sample_tool.steps import plan_of

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser

OpenTool = Callable[..., "Browser"]

NOW = time.time()
VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
TEACHER = VOCABULARY + "membership#Instructor"
ISSUER = "https://lms.example"
COURSE = (ISSUER, "1", "course-1")
ATTRIBUTES = {"email": "user_email", "course_id": "course_code", "person_id": "person_ref"}
FIRST = Integration(
    issuer=ISSUER,
    client_id="client-1",
    auth_url="https://lms.example/auth",
    jwks_url="https://lms.example/jwks",
    deployment_ids=("1", "Two"),
)
NAMED = replace(FIRST, client_id="client-named", attributes=ATTRIBUTES)
OTHER = replace(FIRST, issuer="https://other.example", client_id="client-2", jwks_url="https://other.example/jwks")

REFUSES_GOOD_LAUNCHES = {"get-login-refused", "everything-refused", "fractional-expiry-refused"}


def school(open_tool: OpenTool, flaw: Flaw, *, without: str | None) -> Browser:
    """A tool under the policy of a flaw, with a class and a teacher who has a Zoom account."""
    policy = "class" if flaw.profile == "class" else "open"
    browser = open_tool(policy=policy, without=without, integrations=(FIRST, NAMED, OTHER))
    browser.app.state.store.authorise_zoom("ada@lms.example")
    browser.app.state.store.create_class(*COURSE, "Analytical engines")
    return browser


@pytest.mark.parametrize("name", FLAWS)
def test_flaw_is_described(name: str) -> None:
    """A flaw has a name in lower case, a reason, and a plan of its own."""
    flaw = FLAWS[name]
    policy: Policy = "class" if flaw.profile == "class" else "open"
    assert flaw.name == name == name.lower()
    assert len(flaw.why) > 20
    assert flaw.why.endswith(".")
    assert flawed(plan_of(policy), name) != plan_of(policy)


@pytest.mark.parametrize("name", sorted(FLAWS.keys() - REFUSES_GOOD_LAUNCHES))
def test_flawed_tool_accepts_good_launches(open_tool: OpenTool, name: str) -> None:
    """A flaw shows in broken launches only, and leaves teachers and students alone."""
    browser = school(open_tool, FLAWS[name], without=name)
    for roles in ([TEACHER], [VOCABULARY + "membership#Learner"]):
        assert browser.launch(roles=roles, exp=int(NOW) + 300).launched


def test_unknown_flaw_names_near_ones() -> None:
    """A misspelt flaw is a mistake of the caller, with a hint."""
    with pytest.raises(ValueError, match="nonce-never-consumed"):
        create_tool((), without="nonce-never-consumd")
    with pytest.raises(ValueError, match=r"there are .*everything-refused"):
        create_tool((), without="???")
