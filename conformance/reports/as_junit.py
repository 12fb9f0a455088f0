"""The report as JUnit XML, valid against the xunit2 schema `junit-10.xsd` of Jenkins' xUnit plugin.

That schema allows properties for a suite and none for a case. Those of a case stand in its `system-out` as lines
`[[PROPERTY|name=value]]`, which several readers of JUnit files know. The type of a failure or an error is the result's
cause where it has one and its status elsewhere. What was warned has passed, with its story in `system-err`. A run that
says more than its results, by ending early or by its exit code, has a suite of its own for it, so that the file is red
whenever `run` is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from xml.etree import ElementTree as ET

from conformance.model import Status
from conformance.reports.as_text import failure_text
from conformance.reports.escaping import legible
from conformance.telling.dossier import Dossier, Entry

__all__ = ["HEAD", "render"]

HEAD = re.compile(r'<property name="version\.lti-conformance"|<testsuite name="[a-z]+\.run"')
"""How an earlier report of this format is known."""

_TAGS: Mapping[Status, str] = {"failed": "failure", "error": "error", "skipped": "skipped", "waived": "skipped"}
_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(dossier: Dossier) -> str:
    """The report as an XML document."""
    cases: dict[str, list[ET.Element]] = {}
    for entry in dossier.results:
        cases.setdefault(entry.area, []).append(_case(entry, dossier))
    suites = [_suite(area, found, dossier) for area, found in cases.items()]
    about = list(_about_the_run(dossier))
    if about:
        suites.append(_suite("run", about, dossier))
    counts = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in ("tests", "failures", "errors")}
    root = _element("testsuites", name=dossier.tool, time=_seconds(dossier.duration_s), **counts)
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(area: str, cases: Iterable[ET.Element], dossier: Dossier) -> ET.Element:
    """The cases of a part of the catalogue, with what is true of the whole run as properties."""
    held = list(cases)
    tags = [child.tag for case in held for child in case]
    suite = _element(
        "testsuite",
        name=f"{dossier.profile}.{area}",
        tests=str(len(held)),
        **{name: str(tags.count(tag)) for name, tag in _COUNTS.items()},
        time=_seconds(sum(float(case.get("time", "0")) for case in held)),
        timestamp=dossier.started,
    )
    properties = ET.SubElement(suite, "properties")
    properties.extend(_element("property", name=name, value=value) for name, value in _of_the_run(dossier).items())
    suite.extend(held)
    return suite


def _of_the_run(dossier: Dossier) -> Mapping[str, str]:
    return {
        "tool": dossier.tool,
        "profile": dossier.profile,
        "axes": ", ".join(dossier.axes),
        "seed": str(dossier.seed),
        "only": ", ".join(dossier.only),
        "strict": str(dossier.strict).lower(),
        "complete": str(dossier.complete).lower(),
        "exit_code": str(dossier.exit_code),
        "verdict": dossier.verdict,
        "headline": dossier.headline,
        **{f"version.{name}": version for name, version in dossier.versions.items()},
    }


def _case(entry: Entry, dossier: Dossier) -> ET.Element:
    case = _element(
        "testcase",
        classname=f"{dossier.profile}.{entry.area}",
        name=f"{entry.id} – {entry.title}",
        time=_seconds(entry.duration_s),
    )
    tag = _TAGS.get(entry.status)
    story = "" if entry.status in ("passed", "skipped") else failure_text(entry, dossier.rules, dossier.remedies)
    if tag is not None:
        kind = entry.cause or entry.status
        case.append(_element(tag, story or entry.reason, type=kind, message=entry.reason))
    case.append(_element("system-out", "\n".join(_properties(entry))))
    if story and tag is None:
        case.append(_element("system-err", story))
    return case


def _properties(entry: Entry) -> Iterator[str]:
    told = {
        "id": entry.id,
        "status": entry.status,
        "severity": entry.severity,
        "outcome": entry.outcome,
        "expected": str(entry.expected),
        "observed": str(entry.observed) if entry.observed else "",
        "cause": entry.cause,
        "requirement": ", ".join(entry.requirement),
        "mutations": ", ".join(entry.mutations),
        "faults": ", ".join(entry.faults),
        **{f"axis.{axis}": grade for axis, grade in entry.axes.items()},
        **{f"finding.{finding.id}": finding.text for finding in entry.findings},
        "replay": entry.replay,
    }
    for name, value in told.items():
        if value:
            yield f"[[PROPERTY|{name}={' '.join(value.split())}]]"


def _about_the_run(dossier: Dossier) -> Iterator[ET.Element]:
    """A case for each thing that is wrong with the run and with none of its results."""
    partial = dossier.stopped or not dossier.complete
    name, kind = (
        ("the run came to its end", "incomplete") if partial else ("the exit code is 0", f"exit-{dossier.exit_code}")
    )
    for sentence in dossier.reservations:
        yield _trouble(dossier, name, "error", kind, sentence)
    for sentence in dossier.waivers:
        yield _trouble(dossier, sentence.partition(":")[0], "failure", "waiver", sentence)


def _trouble(dossier: Dossier, name: str, tag: str, kind: str, sentence: str) -> ET.Element:
    case = _element("testcase", classname=f"{dossier.profile}.run", name=name, time=_seconds(0))
    case.append(_element(tag, sentence, type=kind, message=sentence))
    return case


def _element(tag: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.Element(tag, {name: legible(value) for name, value in attributes.items()})
    element.text = legible(text) or None
    return element


def _seconds(duration_s: float) -> str:
    return f"{duration_s:.3f}"
