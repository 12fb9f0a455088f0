"""The report as SARIF 2.1.0, for GitHub code scanning and for editors.

A rule is a scenario, its level the scenario's severity. The fingerprint is made of scenario, profile and whether the
tool was found wrong or could not be judged, so that a failure is the same alert from run to run; a warning is the alert
of the failure as well, and what is waived is that alert, suppressed. GitHub takes 25 000 results and as many rules, and
cuts long texts: what is least severe is left out first, and said.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from conformance.model import Severity
from conformance.reports.escaping import clipped, fenced, legible, markdown_link, markdown_text, web_address
from conformance.statuses import BROKEN
from conformance.telling.dossier import Dossier, Entry

__all__ = ["HEAD", "render"]

HEAD = re.compile(r'"driver": \{\s*"name": "lti-conformance"')
"""How an earlier report of this format is known."""

MOST_RESULTS = 25_000
MOST_RULES = 25_000
LONGEST_NAME = 255
LONGEST_TEXT = 1024
LONGEST_HELP = 8192
TOOL_FILE = "lti-conformance.toml"
_LEVELS: Mapping[Severity, str] = {"must": "error", "should": "warning", "may": "note"}
_PROBLEMS: Mapping[Severity, str] = {"must": "error", "should": "warning", "may": "recommendation"}
_UNSUCCESSFUL = (2, 3)
"""The exit codes of a run that proves nothing about the tool as a whole."""


def render(dossier: Dossier) -> str:
    """The report as one JSON object."""
    told = sorted((e for e in dossier.results if e.status in BROKEN), key=_urgency)
    reported = told[:MOST_RESULTS]
    others = (e for e in dossier.results if e.status not in BROKEN)
    ruled = list({entry.id: entry for entry in (*reported, *others)}.values())[:MOST_RULES]
    places = {entry.id: index for index, entry in enumerate(ruled)}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(dossier, ruled)},
                "automationDetails": {"id": f"lti-conformance/{_identifier(dossier.profile)}/"},
                "invocations": [_invocation(dossier, left_out=len(told) - len(reported))],
                "columnKind": "utf16CodeUnits",
                "results": [_result(entry, dossier.profile, places[entry.id], dossier.tool_file) for entry in reported],
                "properties": _of_the_run(dossier),
            }
        ],
    }
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _place(tool_file: str) -> str:
    """A URI below the root of the repository, which is all that a viewer can open."""
    path = PurePosixPath(tool_file or TOOL_FILE)
    return quote(legible(str(path))) if not path.is_absolute() and ".." not in path.parts else TOOL_FILE


def _urgency(entry: Entry) -> tuple[bool, int]:
    return entry.status == "waived", list(_LEVELS).index(entry.severity)


def _driver(dossier: Dossier, entries: Iterable[Entry]) -> Mapping[str, Any]:
    driver: dict[str, Any] = {"name": "lti-conformance"}
    if version := dossier.versions.get("lti-conformance"):
        driver["version"] = legible(version)
    return driver | {"rules": [_rule(entry, dossier) for entry in entries]}


def _rule(entry: Entry, dossier: Dossier) -> Mapping[str, Any]:
    words = re.split(r"[^0-9A-Za-z]+", entry.id)
    told: dict[str, Any] = {
        "id": legible(entry.id),
        "name": clipped("".join(word[:1].upper() + word[1:] for word in words) or "Scenario", LONGEST_NAME),
        "shortDescription": {"text": _text(entry.title)},
        "fullDescription": {"text": _text(entry.why or entry.title)},
        "help": {
            "text": clipped(legible("\n".join(_help_lines(entry, dossier))), LONGEST_HELP),
            "markdown": "\n\n".join(_help_paragraphs(entry, dossier)),
        },
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
        "properties": {
            "tags": ["lti", legible(entry.area)],
            "precision": "very-high",
            "problem.severity": _PROBLEMS[entry.severity],
        },
    }
    addresses = (web_address(dossier.rules[id_].url) for id_ in entry.requirement if id_ in dossier.rules)
    if address := next(filter(None, addresses), ""):
        told["helpUri"] = address
    return told


def _help_lines(entry: Entry, dossier: Dossier) -> Iterator[str]:
    yield f"Why: {entry.why or entry.title}"
    yield f"How to fix: {_remedy(entry)}"
    for rule in (dossier.rules[id_] for id_ in entry.requirement if id_ in dossier.rules):
        yield f"{rule.citation} ({rule.level}): {rule.text}" + (f" ({rule.url})" if rule.url else "")
    if words := dossier.remedies.get(str(entry.expected.code)):
        yield f"What people are told about {entry.expected.code}: {words}"


def _help_paragraphs(entry: Entry, dossier: Dossier) -> Iterator[str]:
    yield f"**Why:** {_paragraph(entry.why or entry.title)}"
    yield f"**How to fix:** {_paragraph(_remedy(entry))}"
    for rule in (dossier.rules[id_] for id_ in entry.requirement if id_ in dossier.rules):
        yield f"{markdown_link(rule.citation, rule.url)} ({rule.level}): {_paragraph(rule.text)}"
    if words := dossier.remedies.get(str(entry.expected.code)):
        yield f"**What people are told about {entry.expected.code}:** {_paragraph(words)}"
    yield fenced(f"lti-conformance explain {' '.join(clipped(entry.id, LONGEST_NAME).split())}", "sh")


def _remedy(entry: Entry) -> str:
    wanted = f"The tool answers {entry.sent or 'this launch'} as follows: {entry.expected}"
    return f"{entry.fix} {wanted}".lstrip()


def _paragraph(text: str) -> str:
    return markdown_text(clipped(text, LONGEST_TEXT))


def _result(entry: Entry, profile: str, place: int, tool_file: str) -> Mapping[str, Any]:
    mark = hashlib.sha256(legible(f"{entry.id}\n{profile}\n{_alert(entry)}").encode()).hexdigest()
    waived = {"kind": "external", "status": "accepted", "justification": _text(entry.reason)}
    location = {"artifactLocation": {"uri": _place(tool_file)}, "region": {"startLine": 1}}
    return {
        "ruleId": legible(entry.id),
        "ruleIndex": place,
        "level": _LEVELS[entry.severity],
        "message": {"text": _message(entry)},
        "locations": [{"physicalLocation": location}],
        # GitHub reads the second one alone.
        "partialFingerprints": {"ltiConformance/v1": mark, "primaryLocationLineHash": f"{mark[:16]}:1"},
        # Where one result has suppressions, all must have them (SARIF 3.27.23).
        "suppressions": [waived] if entry.status == "waived" else [],
        "properties": {
            "status": entry.status,
            "outcome": entry.outcome,
            "cause": legible(entry.cause) if entry.cause else None,
            "profile": legible(profile),
            "lies": [_text(lie) for lie in entry.lies],
        },
    }


def _alert(entry: Entry) -> str:
    """What an alert is about, whether it is waived by now or not."""
    return "error" if entry.status == "error" else "failed"


def _message(entry: Entry) -> str:
    told = [
        f"{entry.title}: {clipped(entry.reason, LONGEST_TEXT // 4)}",
        f"Expected: {clipped(str(entry.expected), LONGEST_TEXT // 6)}",
        f"Observed: {clipped(str(entry.observed), LONGEST_TEXT // 4)}" if entry.observed else "",
    ]
    repeat = f"Repeat: {entry.replay}" if entry.replay else ""
    room = LONGEST_TEXT - _units("\n".join((*told, repeat))) - 1
    # In a message, `[text](target)` is a link (SARIF 3.11.6).
    return _text("\n".join(filter(None, (*told, *_lies(entry, room), repeat))).replace("](", "] ("))


def _lies(entry: Entry, room: int) -> Iterator[str]:
    """As many of the lies as a message has room for, and how many are left out."""
    more = "Instead: … and {} more"
    for index, lie in enumerate(entry.lies):
        line = f"Instead: {clipped(lie, LONGEST_TEXT // 4)}"
        room -= _units(line) + 1
        if room < len(more) + 3:
            yield more.format(len(entry.lies) - index)
            return
        yield line


def _units(text: str) -> int:
    """How long GitHub takes a text to be, once it is legible."""
    return len(legible(text.replace("](", "] (")).encode("utf-16-le")) // 2


def _text(text: str) -> str:
    return clipped(legible(text), LONGEST_TEXT)


def _invocation(dossier: Dossier, *, left_out: int) -> Mapping[str, Any]:
    sentences = [*dossier.reservations, *dossier.waivers]
    if left_out:
        sentences.append(f"{left_out} results are left out: GitHub takes {MOST_RESULTS} at most. The JSON has all.")
    return {
        "executionSuccessful": dossier.complete and dossier.exit_code not in _UNSUCCESSFUL,
        "exitCode": dossier.exit_code,
        "exitCodeDescription": _text(dossier.headline),
        "startTimeUtc": dossier.started,
        "toolExecutionNotifications": [{"level": "error", "message": {"text": _text(one)}} for one in sentences],
    }


def _of_the_run(dossier: Dossier) -> Mapping[str, Any]:
    return {
        "testedTool": legible(dossier.tool),
        "profile": legible(dossier.profile),
        "seed": dossier.seed,
        "complete": dossier.complete,
        "only": [legible(pattern) for pattern in dossier.only],
        "verdict": dossier.verdict,
        "summary": dict(dossier.summary),
    }


def _identifier(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z._-]+", "-", name) or "own"
