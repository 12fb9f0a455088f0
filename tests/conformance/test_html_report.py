from __future__ import annotations

import dataclasses
import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from conformance.exchanges.legs import Leg, Line, Reply, TokenParts
from conformance.model import Finding
from conformance.reports.as_html import render
from conformance.telling.dossier import Chapter, CodeRow, Dossier, Entry, Expected, FindingRow, Observed, Rule, TypeRow
from tests.conformance.large_dossier import large_dossier
from tests.conformance.makers import make_dossier, make_entry
from tests.conformance.validators.fetched import npm_packages

MARKUP = "</script></style><!--wire--><!--nonce--><img src=x onerror=alert(1)>\"'>&amp;{{7*7}}"
HOSTILE = f"{MARKUP}\ud800\x00\x1b[31m\u202e\ufffe\r"
"""Markup, the report's own marks, half a surrogate pair, and characters that HTML forbids."""
TEXTS = ("id", "title", "reason", "why", "sent", "cause", "replay", "recipe")


def _leg(text: str) -> Leg:
    lines = (Line(name=f"{text} n1", value=f"{text} v1"), Line(name=f"{text} n2", value=f"{text} v2", was=f"{text} w2"))
    return Leg(
        title=f"{text} leg",
        asker="tool",
        method=f"{text} method",
        url=f"{text} url",
        lines=lines,
        token=TokenParts(
            header=(Line(name=f"{text} alg", value=None, was=f"{text} RS256"),),
            claims=(Line(name=f"{text} exp", value=f"{text} exp value", was=""),),
            signature=f"{text} signature",
            trouble=f"{text} token trouble",
        ),
        problems=(f"{text} problem",),
        reply=Reply(
            status=418,
            trouble=f"{text} reply trouble",
            headers=(Line(name=f"{text} header", value=f"{text} header value"),),
            body=f"{text} body",
            elapsed_s=0.321,
        ),
    )


def _entry(text: str, status: Any) -> Entry:
    """An entry with a text of its own in each member that has one."""
    return make_entry(
        f"{text}/entry",
        status,
        **{name: f"{text} {name}" for name in TEXTS if name != "id"},
        requirement=("RULE", f"{text}-unknown"),
        mutations=(f"{text} mutation",),
        faults=(f"{text} fault",),
        steps=(f"{text} step 1", f"{text} step 2"),
        expected=Expected(
            outcome="rejected",
            klass=f"{text} class",
            type=f"{text} type",
            code=1001,
            allowed=(Expected(outcome="rejected", code=1007), Expected(outcome="launched")),
        ),
        observed=Observed(
            outcome="crashed",
            status_code=512,
            klass=f"{text} seen class",
            type=f"{text} seen type",
            code=1013,
            channel=f"{text} channel",
            session=True,
            message=f"{text} message",
            trouble=f"{text} trouble",
        ),
        axes={"outcome": "failed", "class": "allowed", "type": "unobserved", "code": "failed"},
        findings=(Finding(id=f"{text} finding 1", text=f"{text} told 1"), Finding(id="finding 2", text="told 2")),
        duration_s=4.56,
        timeline=() if status in ("passed", "skipped") else (_leg(text), _leg(text)),
    )


def full_dossier(text: str = "text") -> Dossier:
    """A run in which there is something of everything, called so."""
    statuses = ("passed", "failed", "warned", "skipped", "waived", "error")
    entries = [
        _entry(f"{text} {status}".replace(" ", "-") if text == "text" else f"{text}{status}", status)
        for status in statuses
    ]
    ids = tuple(entry.id for entry in entries)
    return make_dossier(
        *entries,
        tool=f"{text} tool",
        profile=f"{text} profile",
        question=f"{text} question",
        axes=("outcome", "class", "code"),
        only=(f"{text} pattern",),
        strict=True,
        complete=False,
        stopped=f"{text} stopped",
        untried=31,
        versions={f"{text} program": f"{text} version"},
        codes=(CodeRow(code=1001, name=f"{text}_CODE", status="failed", scenarios=ids),),
        types=(
            TypeRow(type=f"{text}Type", status="passed", scenarios=ids[:1]),
            TypeRow(type=f"{text}Service", status="not-run", scenarios=(), surface="service", reason=f"{text} why not"),
        ),
        findings=(FindingRow(id=f"{text} found", text=f"{text} found text", scenarios=ids),),
        chapters=(Chapter(id=f"{text} chapter", title=f"{text} title", lines=(f"{text} line 1", f"{text} line 2")),),
        waivers=(f"{text} waiver is stale",),
        rules={"RULE": Rule(citation=f"{text} §1", level="MAY", text=f"{text} rule", url="https://example.org/rule")},
        remedies={"1001": f"{text} remedy"},
    )


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value that a person is to read."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for member in dataclasses.fields(value):
            if member.name not in ("schema", "verdict", "data", "started", "severity", "level", "asker", "surface"):
                yield from _texts(getattr(value, member.name))
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in _texts(part))
    elif isinstance(value, tuple):
        yield from (text for part in value for text in _texts(part))


def _page(text: str) -> LexborHTMLParser:
    return LexborHTMLParser(text)


def _words(page: LexborHTMLParser) -> str:
    """What a reader sees, and the names of the cells."""
    for node in page.css("script, style"):
        node.decompose()
    titles = " ".join(node.attributes.get("title") or "" for node in page.css("[title]"))
    links = " ".join(node.attributes.get("href") or "" for node in page.css("a[href]"))
    return re.sub(r"\s+", " ", f"{page.text(deep=True)} {titles} {links}")


def test_everything_of_a_run_is_told():
    """Each text of the dossier and its entries stands in the page, whatever the status."""
    dossier = full_dossier()
    words = _words(_page(render(dossier)))
    missing = {text for text in _texts(dossier) if text and text not in words}
    # Rules are named by citation, chapters by title; what has passed is told without trouble and recipe.
    brief = {f"text-{status} {name}" for status in ("passed", "skipped") for name in ("recipe", "trouble")}
    assert missing <= {"RULE", "text chapter", "not-run", *brief}
    for number in ("31", "1.2 s", "4.56 s", "512", "1013", "1007", "418", "321 ms", "2027-03-01 12:30:15 UTC"):
        assert number in words, number


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "Conformant"),
        ({"exit_code": 5}, "Regressed"),
        ({"exit_code": 4, "waivers": ("w is stale",)}, "Waivers to clear"),
        ({"only": ("nonce/*",)}, "Partial"),
        ({"results": (), "summary": {}, "exit_code": 3, "stopped": "lost", "complete": False}, "Not tested"),
    ],
)
def test_what_became_of_the_run_stands_at_its_head(changes: dict[str, Any], told: str):
    """In the words of the other formats, and with the mark that goes with them."""
    node = _page(render(make_dossier(make_entry(), **changes))).css_first(".verdict")
    assert node is not None
    assert node.text().split(maxsplit=1)[1].strip() == told


def test_a_partial_report_says_so():
    """A run that was cut short is not shown as conformant without more."""
    page = _page(render(make_dossier(make_entry(), complete=False, stopped="Stopped by a person.", untried=3)))
    words = _words(page)
    assert "Partial" in words
    assert "Partial report. The run ended early: Stopped by a person." in words
    assert "The run is incomplete: 3 scenarios not tried." in words


def test_each_link_leads_to_a_part():
    """Cells, codes, types, findings and rules lead to a part that exists, and no id is given twice."""
    page = _page(render(full_dossier()))
    ids = [node.attributes["id"] for node in page.css("[id]")]
    assert len(ids) == len(set(ids))
    targets = {html.unescape(node.attributes["href"] or "")[1:] for node in page.css("a[href^='#']")}
    assert {"scenario-text-failed/entry", "summary", "rule-RULE"} <= targets
    # What has no rule in the dossier has no part of its own.
    assert {target for target in targets if target not in ids} == {
        "rule-text-passed-unknown",
        "rule-text-skipped-unknown",
    }


def test_what_has_passed_is_told_without_its_timeline_and_folded():
    """A person reads what did not pass first, and it is open."""
    page = _page(render(full_dossier()))
    parts = [(node.attributes.get("data-s"), "open" in node.attributes) for node in page.css("details.part")]
    assert parts == [
        ("failed", True),
        ("error", True),
        ("warned", True),
        ("waived", False),
        ("skipped", False),
        ("passed", False),
    ]
    assert len(page.css("details.part[data-s='failed'] .legs > li")) == 2


def test_cells_grade_the_counted_axes_apart():
    """A cell shows the verdict, then each counted axis; its name says the same in words."""
    entry = make_entry(
        "a/b", "failed", axes={"outcome": "passed", "class": "passed", "type": "failed", "code": "allowed"}
    )
    page = _page(render(make_dossier(entry, axes=("outcome", "class", "code"))))
    cell = page.css_first(".cells a")
    assert cell is not None
    assert (cell.text(), cell.attributes["title"]) == ("✗✓≈", "a/b: failed, class passed, code allowed")


def test_changed_lines_are_marked_in_words():
    """Whoever cannot see colours reads what was changed, and what an honest platform says."""
    lines = (
        Line(name="exp", value="1", was="2"),
        Line(name="azp", value="x", was=""),
        Line(name="nonce", value=None, was="n"),
    )
    entry = make_entry("a/b", "failed", timeline=(Leg(title="t", lines=lines),))
    rows = [row.text().strip() for row in _page(render(make_dossier(entry))).css(".kv tr")]
    assert rows == [
        "expchanged 1 was 2",
        "azpchanged x an honest platform does not send it",
        "noncechanged left out was n",
    ]


def test_texts_of_a_tool_stay_texts():
    """Markup is shown and does nothing, and characters that HTML forbids are shown as escapes."""
    text = render(full_dossier(HOSTILE))
    assert text.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202e\ufffe]", text)
    page = _page(text)
    assert page.css("img, [onerror], iframe, object") == []
    assert len(page.css("script")) == 1
    assert len(page.css("style")) == 1
    words = _words(page)
    assert "<img src=x onerror=alert(1)>\"'>&amp;{{7*7}}\\ud800\\x00\\x1b[31m\\u202e\\ufffe\\x0d" in words
    assert "<!--wire--><!--nonce-->" in words


def test_an_address_that_is_none_is_no_link():
    """A rule of somebody's own report cannot lead to a script."""
    rule = Rule(citation="X §1", level="MUST", text="…", url="javascript:alert(1)")
    page = _page(render(make_dossier(make_entry("a/b", "failed", requirement=("X",)), rules={"X": rule})))
    assert page.css("a[href^='javascript']") == []


def test_nothing_is_fetched():
    """No element loads anything, the style imports nothing, and the page forbids it as well."""
    text = render(large_dossier(30))
    page = _page(text)
    loading = page.css("img, iframe, object, embed, video, audio, source, script[src], link:not([href='data:,']), base")
    assert loading == []
    style = page.css_first("style")
    assert style is not None
    assert not re.search(r"url\(|@import", style.text())
    policy = page.css_first("meta[http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert (policy.attributes["content"] or "").startswith("default-src 'none';")


def test_the_same_run_is_told_in_the_same_way():
    """A report that is made again is the same, byte for byte."""
    assert render(full_dossier()) == render(full_dossier())


def test_a_run_of_a_thousand_scenarios_stays_small():
    """With all that was said on the wire where something did not pass; what has no more room is packed."""
    dossier = large_dossier(1000)
    text = render(dossier)
    assert len(text.encode()) < 5_000_000
    told = sum(bool(entry.timeline) for entry in dossier.results)
    page = _page(text)
    shown, packed = page.css("details.wire"), page.css("p.packed")
    assert len(shown) + len(packed) == told > 300
    assert packed
    assert all("JSON report" in node.text() for node in packed)


def test_a_run_without_results_can_be_told():
    """A run that ended before its first scenario has a report too."""
    words = _words(_page(render(make_dossier(exit_code=2))))
    assert "Nothing was tried." in words


@pytest.fixture(scope="session")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Nu HTML Checker."""
    if shutil.which("java") is None:
        pytest.skip("java is not installed")
    return next((npm_packages("html", tmp_path_factory) / "vnu-jar").rglob("vnu.jar"))


def test_the_nu_html_checker_finds_nothing(validator: Path, tmp_path: Path):
    """No error and no warning on a report with something of everything, a hostile one, a long one and an empty one."""
    reports = {
        "full": full_dossier(),
        "hostile": full_dossier(HOSTILE),
        "long": large_dossier(700),
        "empty": make_dossier(exit_code=2),
    }
    for name, dossier in reports.items():
        (tmp_path / f"{name}.html").write_text(render(dossier), encoding="utf-8")
    files = [str(tmp_path / f"{name}.html") for name in reports]
    command = ["java", "-Xss4m", "-jar", str(validator), "--format", "json", "--stdout", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    found = json.loads(done.stdout)["messages"]
    assert [(Path(m["url"]).name, m["message"], m.get("extract")) for m in found[:5]] == []
