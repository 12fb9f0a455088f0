"""Values that many tests need, each with one good default."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, get_args

from conformance.browser import Visit
from conformance.catalogue import read_scenarios
from conformance.model import (
    AXES,
    Answer,
    Attempt,
    Expectation,
    Observation,
    Profile,
    Result,
    Scenario,
    Status,
    Verdict,
)
from conformance.report import Report
from conformance.sighting import Page
from conformance.telling.dossier import Dossier, Entry, Expected, Observed, Rule
from conformance.telling.tally import areas_of
from conformance.toolvalues import Tool, ToolSettings
from conformance.transport import Request, Response

__all__ = [
    "LAUNCH_URL",
    "LOGIN_URL",
    "NOW",
    "make_dossier",
    "make_entry",
    "make_observation",
    "make_page",
    "make_profile",
    "make_report",
    "make_result",
    "make_scenario",
    "make_tool",
    "make_visit",
    "reject",
    "scenarios_of",
]

NOW = datetime.datetime(2027, 3, 1, 12, 30, 15, tzinfo=datetime.UTC)
LOGIN_URL = "http://127.0.0.1:9555/login"
LAUNCH_URL = "http://127.0.0.1:9555/launch"


def make_profile(*axes: Any, **changes: Any) -> Profile:
    """A profile that counts the outcome and these axes, and fails crashes."""
    values: dict[str, Any] = {
        "name": "own",
        "title": "Own",
        "question": "Does it?",
        "axes": ("outcome", *axes),
        "lineage": ("own", "any"),
        "crash": "failure",
        "policy": "open",
        "states": {},
    }
    return Profile(**(values | changes))


def reject(**axes: Any) -> Answer:
    """A refusal."""
    return Answer(outcome="rejected", **axes)


def make_observation(outcome: Any = "rejected", **facts: Any) -> Observation:
    """What a tool did; a status that goes with it unless another is given."""
    status = {"launched": 200, "rejected": 400, "crashed": 500}.get(outcome)
    return Observation(outcome=outcome, **({"status_code": status} | facts))


def make_scenario(id_: str = "area/name", **changes: Any) -> Scenario:
    """A scenario that sends an honest launch and wants it refused under every profile."""
    values: dict[str, Any] = {
        "id": id_,
        "title": f"The title of {id_}",
        "why": f"The reason for {id_}.",
        "requirement": ("SEC-5.1.3-09",),
        "attempt": Attempt(name="judged"),
        "before": (),
        "role": "instructor",
        "registration": "main",
        "needs": (),
        "states": None,
        "faults": (),
        "checks": (),
        "guards": (),
        "expect": {"any": Expectation(preferred=reject())},
    }
    return Scenario(**(values | changes))


def make_result(id_: str = "area/name", status: Any = "passed", **changes: Any) -> Result:
    """A result with this status; its verdict's reason names both."""
    axes: Any = dict.fromkeys(AXES, "failed" if status == "failed" else "passed")
    values: dict[str, Any] = {
        "scenario": make_scenario(id_),
        "expectation": Expectation(preferred=reject(klass="security", type="TokenExpired", code=1001)),
        "verdict": Verdict(status=status, axes=axes, reason=f"the reason why {id_} is {status}"),
        "observation": make_observation(),
        "replay": f"lti-conformance run --demo --profile own --seed 0 --only {id_}",
    }
    return Result(**(values | changes))


def make_report(*results: Result, **changes: Any) -> Report:
    """A finished report of these results."""
    values: dict[str, Any] = {
        "tool": "My tool",
        "profile": make_profile("code"),
        "seed": 7,
        "started": NOW,
        "duration_s": 1.25,
        "complete": True,
        "results": results,
        "versions": {"lti-conformance": "0", "python": "3"},
    }
    return Report(**(values | changes))


def make_entry(id_: str = "area/name", status: Any = "passed", **changes: Any) -> Entry:
    """An entry of a dossier with this status; its reason names both."""
    values: dict[str, Any] = {
        "id": id_,
        "title": f"The title of {id_}",
        "severity": "must",
        "requirement": ("SEC-5.1.3-09",),
        "mutations": ("claims.expired(by_s=60)",),
        "faults": (),
        "status": status,
        "outcome": None if status == "skipped" else "rejected",
        "expected": Expected(outcome="rejected", klass="security", type="TokenExpired", code=1001),
        "observed": None if status == "skipped" else Observed(outcome="rejected", status_code=400),
        "axes": dict.fromkeys(AXES, "failed" if status == "failed" else "passed"),
        "cause": {"skipped": "missing-capability", "error": "control-failed"}.get(status),
        "reason": f"the reason why {id_} is {status}",
        "findings": (),
        "duration_s": 0.25,
        "replay": f"lti-conformance run --demo --profile own --seed 0 --only {id_}",
        "why": f"The reason for {id_}.",
        "sent": "a launch as instructor with claims.expired(by_s=60)",
    }
    return Entry(**(values | changes))


def make_dossier(*entries: Entry, **changes: Any) -> Dossier:
    """A finished run with these results; its rows are empty unless given."""
    values: dict[str, Any] = {
        "tool": "My tool",
        "profile": "own",
        "question": "Does it?",
        "axes": ("outcome", "code"),
        "seed": 7,
        "started": "2027-03-01T12:30:15Z",
        "duration_s": 1.25,
        "complete": True,
        "exit_code": 1 if any(entry.status in ("failed", "error") for entry in entries) else 0,
        "versions": {"lti-conformance": "0", "python": "3"},
        "summary": {status: sum(entry.status == status for entry in entries) for status in get_args(Status)},
        "codes": (),
        "types": (),
        "areas": areas_of(entries),
        "findings": (),
        "rules": {
            "SEC-5.1.3-09": Rule(
                citation="SEC §5.1.3 step 9",
                level="MUST",
                text="The time must lie before exp.",
                url="https://example.org/sec",
            )
        },
        "remedies": {"1001": "Launch again."},
        "results": entries,
    }
    return Dossier(**(values | changes))


def make_page(body: bytes | str = b"", **changes: Any) -> Page:
    """A page at the launch URL, 200 and HTML unless said otherwise."""
    values: dict[str, Any] = {
        "url": LAUNCH_URL,
        "status": 200,
        "headers": (("content-type", "text/html"),),
        "body": body.encode() if isinstance(body, str) else body,
    }
    return Page(**(values | changes))


def make_visit(status: int | None = 200, body: bytes | str = b"", *, url: str = LAUNCH_URL, **changes: Any) -> Visit:
    """A navigation that ended at an answer, or without one if the status is None."""
    headers = changes.pop("headers", (("content-type", "text/html"),))
    raw = body.encode() if isinstance(body, str) else body
    cut = changes.pop("cut", False)
    response = None if status is None else Response(status=status, headers=headers, body=raw, cut=cut)
    return Visit(request=Request(method="GET", url=url), response=response, **changes)


def make_tool(**changes: Any) -> Tool:
    """A tool at loopback."""
    values: dict[str, Any] = {"tool": ToolSettings(login_url=LOGIN_URL, launch_url=LAUNCH_URL)}
    return Tool(**(values | changes))


def scenarios_of(folder: Path, text: str, *, area: str = "own") -> tuple[Scenario, ...]:
    """The scenarios of a file with this text, alone in the folder."""
    (folder / f"{area}.toml").write_text(text, encoding="utf-8")
    return read_scenarios(folder)
