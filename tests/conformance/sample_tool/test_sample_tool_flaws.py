"""Each flaw is a changed plan with a reason; what it breaks, and what it must not, is the law of `selftest`."""

from __future__ import annotations

import pytest

from conformance.sample_tool import FLAWS, create_tool
from conformance.sample_tool.flaws import flawed
from conformance.sample_tool.model import Policy
from conformance.sample_tool.steps import plan_of


@pytest.mark.parametrize("name", FLAWS)
def test_flaw_is_described(name: str) -> None:
    """A flaw has a name in lower case, a reason, and a plan of its own."""
    flaw = FLAWS[name]
    policy: Policy = "class" if flaw.profile == "class" else "open"
    assert flaw.name == name == name.lower()
    assert len(flaw.why) > 20
    assert flaw.why.endswith(".")
    assert flawed(plan_of(policy), name) != plan_of(policy)


def test_unknown_flaw_names_near_ones() -> None:
    """A misspelt flaw is a mistake of the caller, with a hint."""
    with pytest.raises(ValueError, match="nonce-never-consumed"):
        create_tool((), without="nonce-never-consumd")
    with pytest.raises(ValueError, match=r"there are .*everything-refused"):
        create_tool((), without="???")
