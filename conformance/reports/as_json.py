"""The report for machines; its JSON Schema is `conformance/schemas/report.schema.json`."""

from __future__ import annotations

import json
from typing import Any

from conformance.model import AXES, Answer, Observation, Result, Status
from conformance.report import Report
from conformance.tally import code_rows, finding_rows, type_rows

__all__ = ["SCHEMA", "render"]

SCHEMA = "lti-conformance-report/1"
_STATUSES: tuple[Status, ...] = ("passed", "failed", "warned", "skipped", "waived", "error")


def render(report: Report) -> str:
    """The report as one JSON object."""
    document = {
        "schema": SCHEMA,
        "tool": report.tool,
        "profile": report.profile.name,
        "seed": report.seed,
        "started": report.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_s": round(report.duration_s, 3),
        "complete": report.complete,
        "stopped": report.stopped or None,
        "versions": dict(report.versions),
        "summary": {status: report.counted(status) for status in _STATUSES},
        "codes": [
            {"code": row.code, "name": row.name, "status": row.status, "scenarios": list(row.scenarios)}
            for row in code_rows(report)
        ],
        "types": [
            {"type": row.name, "status": row.status, "scenarios": list(row.scenarios)} for row in type_rows(report)
        ],
        "findings": [
            {"id": row.id, "scenarios": list(row.scenarios), "text": row.text} for row in finding_rows(report)
        ],
        "chapters": [
            {"id": chapter.id, "title": chapter.title, "lines": list(chapter.lines), "data": dict(chapter.data)}
            for chapter in report.chapters
        ],
        "waivers": list(report.stale_waivers),
        "results": [_result(result) for result in report.results],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _result(result: Result) -> dict[str, Any]:
    scenario, verdict, expectation = result.scenario, result.verdict, result.expectation
    seen = result.observation
    return {
        "id": scenario.id,
        "title": scenario.title,
        "severity": expectation.severity,
        "requirement": list(scenario.requirement),
        "mutations": list(scenario.mutations),
        "faults": [*map(str, scenario.faults), *map(str, scenario.wire)],
        "status": verdict.status,
        "outcome": seen.outcome if seen else None,
        "expected": {
            **_answer(expectation.preferred),
            "allowed": [_answer(answer) for answer in expectation.allowed],
        },
        "observed": _observed(seen) if seen else None,
        "axes": {axis: verdict.axes.get(axis, "unobserved") for axis in AXES},
        "cause": verdict.cause,
        "reason": verdict.reason,
        "findings": [{"id": finding.id, "text": finding.text} for finding in result.findings],
        "duration_s": round(result.duration_s, 4),
        "replay": result.replay,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {"outcome": answer.outcome, "class": answer.klass, "type": answer.type, "code": answer.code}


def _observed(seen: Observation) -> dict[str, Any]:
    return {
        "outcome": seen.outcome,
        "status_code": seen.status_code,
        "class": seen.klass,
        "type": seen.type,
        "code": seen.code,
        "channel": seen.channel,
        "session": seen.session,
        "message": seen.message,
    }
