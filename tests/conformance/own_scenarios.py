"""Scenarios for runs of the command line: one that a right tool passes, and two that it cannot pass."""

from __future__ import annotations

__all__ = ["HEAD", "RIGHT", "SHOULD", "WRONG"]

HEAD = 'title = "T"\nwhy = "W."\nrequirement = ["SEC-5.1.3-09"]\n'
RIGHT = f"[[scenario]]\nname = 'right'\n{HEAD}mutations = ['claims.expired']\nexpect.any = {{ code = 1001 }}\n"
WRONG = RIGHT.replace("right", "wrong").replace("expect.any = { code = 1001 }", 'expect.any.outcome = "launched"')
SHOULD = WRONG.replace("wrong", "should").replace("mutations", "severity = 'should'\nmutations")
