"""The report as Markdown: read by a CommonMark parser, whole whatever a tool says, and never above 1 MiB."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser, LexborNode

from conformance.model import Axis, Status
from conformance.reports.as_markdown import render
from conformance.reports.escaping import fenced, legible, markdown_link, markdown_text, web_address
from conformance.telling.dossier import Area, Chapter, Dossier, FindingRow
from tests.conformance.makers import make_dossier, make_entry
from tests.conformance.report_samples import HOSTILE, RUNS, STATUSES, flawed_run, hostile, many, one_of_each

MIB = 1_048_576
# As GitHub reads it: CommonMark with HTML, tables and strikethrough.
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LEFT_OUT = re.compile(r"… (\d+) more ([\w ]+) left out: a step summary holds 1 MiB\.")


def page(markdown: str) -> LexborHTMLParser:
    return LexborHTMLParser(PARSER.render(markdown))


def first(read: LexborHTMLParser, selector: str) -> LexborNode:
    """The first element that matches; there is one."""
    return read.css(selector)[0]


def tags(markdown: str) -> list[str | None]:
    return [node.tag for node in page(markdown).css("body *")]


def words(text: str) -> str:
    return " ".join(text.split())


def size(text: str) -> int:
    return len(text.encode())


@pytest.mark.parametrize("name", RUNS)
def test_every_kind_of_run_has_its_parts(name: str) -> None:
    """A heading with the verdict, a table of counts, and a fold for each result that did not pass."""
    run = RUNS[name]
    text = render(run)
    read = page(text)
    (heading,) = read.css("h2")
    assert heading.text().startswith("LTI conformance of My tool: ")
    assert read.css("table")
    broken = [entry.id for status in ("failed", "error", "warned") for entry in run.results if entry.status == status]
    assert [one.text().split()[0] for one in read.css("details > summary")] == broken
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_the_run_of_a_flawed_tool_is_told() -> None:
    """Each failure has its command in a block of its own, inside its fold."""
    run = flawed_run()
    read = page(render(run))
    commands = {entry.replay.strip() for entry in run.results if entry.status in ("failed", "error", "warned")}
    assert {one.text().strip() for one in read.css("details pre code")} == commands
    failed = next(row for row in run.codes if row.status == "failed")
    rows = [[cell.text() for cell in row.css("td")] for row in read.css("table tr")]
    assert [str(failed.code), failed.name, "failed", str(len(failed.scenarios))] in rows


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("one of each", ["code", "name", "status", "scenarios"]),
        ("by type", ["type", "status", "scenarios"]),
        ("by area", ["area", "status", "passed", "of"]),
    ],
)
def test_the_table_is_of_what_the_profile_counts(name: str, columns: list[str]) -> None:
    """Codes, types or areas."""
    table = page(render(RUNS[name])).css("table")[1]
    assert [cell.text() for cell in table.css("th")] == columns
    assert len(table.css("tbody tr")) == 1


def test_a_failure_tells_all_that_is_needed() -> None:
    """The reason, what was sent, expected and observed, the rule with its address, and the command."""
    read = page(render(make_dossier(make_entry(status="failed"))))
    told = words(first(read, "details").text())
    for part in (
        "area/name – The title of area/name (failed)",
        "Because: the reason why area/name is failed",
        "Sent: a launch as instructor with claims.expired(by_s=60)",
        "Expected: rejected (1001, TokenExpired, class security)",
        "Observed: rejected, status 400",
        "Says: SEC §5.1.3 step 9 (MUST): The time must lie before exp.",
        "lti-conformance run --demo --profile own --seed 0 --only area/name",
    ):
        assert part in told
    assert first(read, "details a").attributes["href"] == "https://example.org/sec"


def test_a_failure_tells_the_lies() -> None:
    """The first of them, and how many more there are."""
    lies = tuple(f"claim c{number} is left out" for number in range(8))
    told = words(first(page(render(make_dossier(make_entry(status="failed", lies=lies)))), "details").text())
    assert "Instead: claim c0 is left out" in told
    assert "Instead: claim c5 is left out … and 2 more places" in told


def test_a_failure_tells_how_to_mend_the_tool() -> None:
    """Beside what the standard says, and not at all where nobody has written it down."""
    known, unknown = (make_dossier(make_entry(status="failed", fix=fix)) for fix in ("Compare <it>.", ""))
    assert "Fix: Compare <it>." in words(first(page(render(known)), "details").text())
    assert "Fix:" not in render(unknown)


def test_the_rest_of_a_run_is_told() -> None:
    """What is waived with its reason, findings, chapters, and why the run tells less than it could."""
    told = words(page(render(replace(one_of_each(), stopped="the tool is lost", only=("area/*",)))).text())
    for part in (
        "area/waived: the reason why area/waived is waived",
        "unclean-refusal: The refusal is unclean. (1 scenario)",
        "Order of checks The signature comes first.",
        "The run ended early: the tool is lost",
        "Only area/* was chosen.",
    ):
        assert part in told


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_change_no_structure(name: str) -> None:
    """There are the same elements as with harmless texts, in the same order, and the text can be read."""
    text = render(hostile(HOSTILE[name]))
    assert tags(text) == tags(render(hostile("harmless")))
    shown = words(legible(HOSTILE[name]))
    reason = next(one for one in page(text).css("details li") if one.text().startswith("Because:"))
    assert words(reason.text()) == f"Because: {shown}"
    assert page(text).css("details > summary")[0].text() == f"area/failed – {shown} (failed)"
    assert page(text).css('a[href^="javascript"]') == []


@pytest.mark.parametrize("axes", [("outcome",), ("outcome", "type"), ("outcome", "code")], ids=str)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_break_no_table(name: str, axes: tuple[Axis, ...]) -> None:
    """The same rows and cells."""
    run = hostile(HOSTILE[name])
    told = replace(run, axes=axes, areas=tuple(replace(area, name=HOSTILE[name]) for area in run.areas))
    cells = [len(row.css("td, th")) for row in page(render(told)).css("tr")]
    assert cells == [len(row.css("td, th")) for row in page(render(replace(one_of_each(), axes=axes))).css("tr")]


@pytest.mark.parametrize("spoilt", ["a|b", "</details>", "<script>", "# a\n\n# b"])
def test_the_parser_sees_what_is_not_escaped(spoilt: str) -> None:
    """Put into the file as it is, a hostile text does change the structure, so that the other tests mean something."""
    text = render(one_of_each()).replace("FAILED_IMSLTI_VALIDATION", spoilt)
    assert spoilt in text
    assert tags(text) != tags(render(one_of_each())) or "b" not in page(text).css("table")[1].text()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_a_code_block_holds_any_text(text: str) -> None:
    """Its fence is longer than any run of backticks in it."""
    read = page(f"{fenced(text)}\n\nafter")
    (block,) = read.css("pre code")
    assert block.text().splitlines() == legible(text).replace("\r\n", "\n").splitlines()
    assert [one.tag for one in read.css("body > *")] == ["pre", "p"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_an_escaped_text_is_one_paragraph(text: str) -> None:
    """Even where it begins a line, with nothing in it but text."""
    read = page(markdown_text(text))
    assert [one.tag for one in read.css("body *")] == ["p"]
    assert words(first(read, "p").text()) == words(legible(text))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://example.org/a#b", "https://example.org/a#b"),
        ("https://example.org/a b>c\n\\", "https://example.org/a%20b%3Ec%5C"),
        ("https://example.org/%20", "https://example.org/%20"),
        ("javascript:alert(1)", ""),
        ("https://[::1", ""),
        ("//example.org/a", ""),
        ("a b", ""),
    ],
)
def test_only_addresses_of_the_web_are_links(address: str, shown: str) -> None:
    """In a form that ends no link."""
    assert web_address(address) == shown
    links = page(markdown_link("text", address)).css("a")
    assert [one.text() for one in links] == (["text"] if shown else [])


def test_a_large_run_fits() -> None:
    """A thousand scenarios of each status are all in it."""
    run = many(1000)
    text = render(run)
    assert size(text) <= MIB
    assert len(page(text).css("details")) == sum(entry.status in ("failed", "error", "warned") for entry in run.results)
    assert not LEFT_OUT.search(text)


@pytest.mark.parametrize("statuses", [("failed",), ("waived",), STATUSES], ids=str)
def test_a_run_that_is_too_large_is_cut_and_says_so(statuses: tuple[Status, ...]) -> None:
    """What is told and what is left out add up, and the fold before the cut is whole."""
    run = many(30_000, *statuses)
    text = render(run)
    assert MIB - 20_000 < size(text) <= MIB
    left = {noun: int(number) for number, noun in LEFT_OUT.findall(text)}
    broken = sum(entry.status in ("failed", "error", "warned") for entry in run.results)
    assert text.count("<details>") + left.get("results", 0) == broken
    assert text.count("<details>") == text.count("</details>")
    waived = sum(entry.status == "waived" for entry in run.results)
    assert len(re.findall(r"^- area\d+/", text, re.MULTILINE)) + left.get("waived results", 0) == waived


LONG = "`|<é\n" * 60_000


@pytest.mark.parametrize(
    "run",
    [
        hostile(LONG),
        replace(hostile(LONG), stopped=LONG, waivers=(LONG,) * 2000, only=(LONG,) * 20),
        make_dossier(
            *(make_entry(f"a/{n}", "failed", reason=LONG, why=LONG, sent=LONG, replay=LONG) for n in range(100))
        ),
        make_dossier(
            axes=("outcome",),
            areas=tuple(Area(name=f"{LONG}{n}", status="failed", summary={"failed": 1}) for n in range(5000)),
        ),
        make_dossier(
            findings=(FindingRow(id="a", text=LONG),) * 500,
            chapters=(Chapter(id="a", title=LONG, lines=(LONG,) * 50),) * 50,
        ),
        replace(many(3000), tool="é" * 2_000_000, profile="é" * 2_000_000, question="é" * 2_000_000),
    ],
    ids=["everything", "notes", "stories", "areas", "findings and chapters", "head"],
)
def test_no_text_is_too_long(run: Dossier) -> None:
    """Every part is cut by itself, and the whole never passes 1 MiB."""
    assert size(render(run)) <= MIB
