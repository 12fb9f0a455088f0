"""Runs for the report formats: of every kind and size, and with texts that would break a format."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args

from conformance.catalogue import scenarios, select
from conformance.conduct import Agenda, conduct
from conformance.demo import demo_lab
from conformance.exchanges.legs import Leg, Reply
from conformance.model import Result, Status
from conformance.profile import load_profile
from conformance.runner import Options
from conformance.start import Start
from conformance.telling.documenting import dossier_of
from conformance.telling.dossier import Area, Chapter, CodeRow, Dossier, FindingRow, TypeRow
from tests.conformance.makers import NOW, make_dossier, make_entry

__all__ = ["HOSTILE", "RUNS", "STATUSES", "flawed_run", "hostile", "many", "one_of_each"]

FLAW = "expiry-unchecked"
STATUSES: tuple[Status, ...] = get_args(Status)

# What a tool may say, and how a reader sees it.
HOSTILE: Mapping[str, str] = {
    "control characters": "a\x00b\x07c\x1b[31md\x85e\x7f",
    "half a character": "a\ud800b\udfffc",
    "no character": "a\ufffeb\uffffc",
    "end of CDATA": "a]]>b<![CDATA[c",
    "backticks": "a`b``c```d\n````\ne~~~~",
    "pipes": "a|b\\|c\\\\|d||e",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "closing tags": "</details></summary></code></td></table></div>",
    "comment": "<!-- a --> <!-- b",
    "entities": "&amp;&lt;b&gt;&#60;&nbsp;&copy",
    "quotes": '"a" \'b\' "><b>',
    "links": "[a](javascript:alert(1)) ![b](http://127.0.0.1/c) <http://127.0.0.1/d> [1]: /e",
    "emphasis": "*a* **b** _c_ __d__ ~~e~~ $f$ \\g",
    "lines": "a\n\n# b\n\n---\n\n- c\n1. d\n    e\r\n> f\n\n```\ng",
    "heading at the start": "# a",
    "item at the start": "1. a",
    "bullet at the start": "- [ ] a",
    "placeholders": "{0} {{1}} [a](7) %s ${b}",
    "other direction": "a\u202eb\u2066c",
    "outside of the plane": "a\U0001f600b\U0010ffffc",
    "property": "a]]\n[[PROPERTY|status=passed]]",
}


def one_of_each() -> Dossier:
    """A run with a result of each status, and something in each of the other parts."""
    leg = Leg(title="launch", method="POST", url="http://127.0.0.1/launch", reply=Reply(status=200))
    steps = ("the first launch", "the judged launch")
    entries = [
        make_entry(f"area/{status}", status, timeline=(leg,), steps=steps, recipe="r.json") for status in STATUSES
    ]
    return make_dossier(
        *entries,
        codes=(CodeRow(code=1001, name="FAILED_IMSLTI_VALIDATION", status="failed", scenarios=("area/failed",)),),
        types=(TypeRow(type="TokenExpired", status="failed", scenarios=("area/failed",)),),
        areas=(Area(name="area", status="failed", summary=dict.fromkeys(STATUSES, 1)),),
        findings=(FindingRow(id="unclean-refusal", text="The refusal is unclean.", scenarios=("area/failed",)),),
        chapters=(Chapter(id="order", title="Order of checks", lines=("The signature comes first.",)),),
    )


@functools.cache
def many(count: int, *statuses: Status) -> Dossier:
    """A run of so many results, whose statuses take turns and whose severities do so too."""
    severities = ("must", "should", "may")
    return make_dossier(
        *(
            make_entry(
                f"area{number % 20}/scenario-{number}",
                (statuses or STATUSES)[number % len(statuses or STATUSES)],
                severity=severities[number // 7 % 3],
            )
            for number in range(count)
        )
    )


RUNS: Mapping[str, Dossier] = {
    "one of each": one_of_each(),
    "empty": make_dossier(exit_code=2),
    "all passed": make_dossier(make_entry()),
    "nothing tested": make_dossier(make_entry(status="skipped"), exit_code=2),
    "stopped": make_dossier(
        make_entry(status="failed"), complete=False, untried=7, stopped="the plain launch fails", exit_code=3
    ),
    "partial": make_dossier(make_entry(), complete=False, untried=3, exit_code=2),
    "chosen": make_dossier(make_entry(), only=("area/*",)),
    "stale waiver": make_dossier(make_entry(), waivers=("waiver 'a' is stale: nothing fails; remove it",), exit_code=4),
    "regressed": make_dossier(make_entry(status="warned"), exit_code=5),
    "by type": replace(one_of_each(), axes=("outcome", "class", "type")),
    "by area": replace(one_of_each(), axes=("outcome",)),
}


def hostile(text: str) -> Dossier:
    """A run in which whatever a tool, its people or its author can word has this text."""
    told: Dossier = _spoken(one_of_each(), text)
    return told


def _spoken(value: Any, text: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: _said(getattr(value, f.name), text, f.name, str(f.type)) for f in fields(value) if f.init}
        )
    return value


def _said(value: Any, text: str, name: str, kind: str) -> Any:
    if name in ("schema", "started", "id", "requirement"):
        return value
    if isinstance(value, str) and kind in ("str", "str | None"):
        return text
    if isinstance(value, tuple):
        return tuple(text if isinstance(one, str) and "tuple[str" in kind else _spoken(one, text) for one in value)
    if isinstance(value, Mapping) and name in ("rules", "remedies"):
        return {key: _spoken(one, text) if is_dataclass(one) else text for key, one in value.items()}
    return _spoken(value, text)


@functools.cache
def flawed_run() -> Dossier:
    """The sample tool with a flaw, tried by a part of the catalogue."""
    profile = load_profile("class")
    agenda = Agenda(scenarios=select(scenarios(), profile, ["time/*", "signature/*", "identity/*"]))
    lab = demo_lab(profile, Start(seed=0), without=FLAW)
    return dossier_of(conduct(lab, agenda, Options(), now=NOW, replay=_repeating))


def _repeating(result: Result) -> str:
    return f"lti-conformance run --demo --profile class --only {result.scenario.id}"
