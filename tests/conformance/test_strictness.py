from __future__ import annotations

from typing import Any

import pytest

from conformance.model import Expectation
from conformance.strictness import strict_status, strictly
from tests.conformance.makers import make_result, reject


@pytest.mark.parametrize(
    ("status", "severity", "after"),
    [
        ("warned", "should", "failed"),
        ("warned", "must", "failed"),
        ("warned", "may", "warned"),
        ("passed", "should", "passed"),
        ("error", "must", "error"),
        ("skipped", "must", "skipped"),
        ("waived", "must", "waived"),
    ],
)
def test_only_a_warning_of_more_than_a_may_fails(status: Any, severity: Any, after: str) -> None:
    """A result and a bare status are judged alike."""
    result = make_result(status=status, expectation=Expectation(preferred=reject(), severity=severity))

    assert strict_status(status, severity) == after
    assert strictly(result).status == after
    assert strictly(result).verdict.reason == result.verdict.reason
