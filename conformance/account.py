"""In which account of the tool a browser is signed in."""

from __future__ import annotations

import json

from conformance.attempt import ask
from conformance.browser import Browser
from conformance.extractors.json_body import at_path
from conformance.lab import Lab

__all__ = ["account_of"]


def account_of(lab: Lab, browser: Browser) -> str | None:
    """What `[observe] probe.account` finds in the probe's answer; None if it finds nothing."""
    probe = lab.tool.observe.probe
    if probe is None or probe.account is None:
        return None
    answer = ask(lab, browser, probe)
    if answer is None:
        return None
    try:
        found = at_path(json.loads(answer.body), probe.account)
    except ValueError:
        return None
    return None if found is None else str(found)
