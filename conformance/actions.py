"""Requests that are no launch: what a person does in the tool afterwards, and doors that ought to be shut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from conformance.attempt import Performed, request_of
from conformance.browser import Browser
from conformance.exchanges.bodies import FORM
from conformance.filling import filled, filled_json
from conformance.lab import Lab
from conformance.toolvalues import Action, Launched, Tool

__all__ = ["act", "action_of"]

CONTROL_PATH: Final = "/.lti-conformance/faults"


def action_of(tool: Tool, name: str) -> Action | None:
    """A request by its name: the harness's own, or one of `[actions]`."""
    return tool.actions.get(name) or _own(tool).get(name)


def _own(tool: Tool) -> Mapping[str, Action]:
    """Requests that need no entry in the tool file."""
    control = next((str(t["url"]) for t in tool.faults.values() if t.get("driver") == "control" and "url" in t), "")
    return {
        # To disarm is the one thing to ask there that harms nobody if it is granted.
        "disarm_faults_without_secret": Action(
            request=f"DELETE {control or CONTROL_PATH}",
            # Not a page to sign in on, to which a tool sends whoever asks for what it does not know.
            granted=Launched(status=204, url=urlsplit(control or CONTROL_PATH).path),
        ),
    }


def act(lab: Lab, action: Action, browser: Browser, values: Mapping[str, str]) -> Performed:
    """Send a request from a browser, with `{email}` and its like filled in."""
    body, content_type = _body(action, values)
    headers = {**content_type, **filled(action.headers, values)}
    request = request_of(lab, filled(action.request, values), headers, body)
    return Performed(visit=browser.navigate(request, stop_at=lab.is_platform))


def _body(action: Action, values: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
    if action.json is not None:
        return filled_json(action.json, values), {"content-type": "application/json"}
    if action.form is not None:
        return urlencode(filled(action.form, values)).encode(), {"content-type": FORM}
    return b"", {}
