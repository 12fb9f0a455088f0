from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from conformance.reports import as_html
from conformance.reports.as_html import render
from conformance.telling.dossier import CodeRow, Dossier
from tests.browser.desk import Desk
from tests.browser.sites import visiting
from tests.conformance.large_dossier import large_dossier
from tests.conformance.makers import make_dossier, make_entry
from tests.conformance.test_html_report import HOSTILE, full_dossier

FAILED = "scenario-text-failed/entry"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3


@contextmanager
def reading(desk: Desk, folder: Path, dossier: Dossier, **options: Any) -> Iterator[Page]:
    """The report of a run in a browser, which asks for nothing but that file and finds no fault with it."""
    path = folder / "report.html"
    path.write_text(render(dossier), encoding="utf-8")
    asked: list[str] = []
    with visiting(desk.browser(), **options) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        yield page
    assert {url.partition("#")[0] for url in asked if not url.startswith("data:")} == {path.as_uri()}


def unfold(page: Page) -> None:
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")


def shown(page: Page) -> list[str]:
    """The parts that the filter lets through."""
    found: list[str] = page.locator(".part:not([hidden])").evaluate_all("parts => parts.map((part) => part.id)")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_everybody_can_use_the_report(desk: Desk, tmp_path: Path, scheme: Literal["light", "dark"], width: int) -> None:
    """There is nothing serious for axe to find, everything unfolded, and the page is no wider than the screen."""
    screen: Any = {"width": width, "height": 900}
    with reading(desk, tmp_path, full_dossier(), color_scheme=scheme, viewport=screen) as page:
        unfold(page)
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        grave = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
        assert [(v["id"], [node["html"] for node in v["nodes"][:3]]) for v in grave] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("text", [LONG, HOSTILE], ids=["long words", "hostile"])
def test_texts_of_a_tool_fit_and_do_nothing(desk: Desk, tmp_path: Path, text: str) -> None:
    """At a width of 360 pixels no word makes the page wider, and markup neither runs nor becomes an element."""
    with reading(desk, tmp_path, full_dossier(text), viewport={"width": 360, "height": 740}) as page:
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator("img, [onerror]").count() == 0


def test_words_are_searched_from_the_keyboard(desk: Desk, tmp_path: Path) -> None:
    """The slash leads to the search, words narrow parts and cells, and Escape shows everything again."""
    with reading(desk, tmp_path, full_dossier()) as page:
        page.keyboard.press("/")
        expect(page.locator("#words")).to_be_focused()
        page.keyboard.type("text-failed message")
        assert shown(page) == [FAILED]
        assert page.locator(".cells li:not([hidden])").count() == 1
        expect(page.locator("#shown")).to_have_text("1 of 6 scenarios")
        page.keyboard.press("Escape")
        assert len(shown(page)) == 6


def test_a_status_is_chosen_from_the_keyboard(desk: Desk, tmp_path: Path) -> None:
    """The choice narrows the list and stands in the address, so that the address shows it to somebody else."""
    with reading(desk, tmp_path, full_dossier()) as page:
        page.locator("#by-status").focus()
        page.keyboard.type("warned")
        assert shown(page) == ["scenario-text-warned/entry"]
        assert page.url.endswith("#status=warned")
        page.reload()
        assert shown(page) == ["scenario-text-warned/entry"]
        page.get_by_role("button", name="Show all").first.press("Enter")
        assert len(shown(page)) == 6


def test_area_and_code_narrow_together(desk: Desk, tmp_path: Path) -> None:
    """Each choice takes away what does not fit; where nothing is left, the page says so."""
    entries = (make_entry("a/one", "failed"), make_entry("b/two", "failed"), make_entry("a/three"))
    dossier = make_dossier(
        *entries, codes=(CodeRow(code=1001, name="X", status="failed", scenarios=("a/one", "b/two")),)
    )
    with reading(desk, tmp_path, dossier) as page:
        page.locator("#by-about").select_option("1001")
        page.locator("#by-area").select_option("a")
        assert shown(page) == ["scenario-a/one"]
        page.locator("#by-status").select_option("passed")
        expect(page.locator("#none")).to_be_visible()


def test_a_cell_leads_to_its_scenario(desk: Desk, tmp_path: Path) -> None:
    """It is unfolded, whatever the filter shows at the time, and focus can go on from there."""
    with reading(desk, tmp_path, full_dossier()) as page:
        page.locator("#by-status").select_option("failed")
        page.evaluate("location.hash = 'scenario-text-passed/entry'")
        passed = page.locator(f"[id='{'scenario-text-passed/entry'}']")
        expect(passed).to_have_attribute("open", "")
        expect(passed).to_be_in_viewport()
        page.locator(".cells a").nth(1).press("Enter")
        expect(page.locator(f"[id='{FAILED}']")).to_be_in_viewport()
        assert page.url.endswith(f"#{quote(FAILED)}")


def test_what_was_packed_is_shown_when_asked_for(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a long report each scenario that did not pass tells what was said on the wire, and the search finds it."""
    monkeypatch.setattr(as_html, "SIZE", 120_000)
    with reading(desk, tmp_path, large_dossier(30)) as page:
        ids: list[str] = page.locator(".part:has(.packed)").evaluate_all("parts => parts.map((part) => part.id)")
        assert len(ids) > 1
        part = page.locator(f"[id='{ids[-1]}']")
        part.get_by_role("button", name="Show what was said").press("Enter")
        expect(part.locator(".wire > summary")).to_be_focused()
        assert part.locator(".legs > li").count() == 6
        assert f"Launch {ids[-1].rpartition('-')[2]} was refused" in (part.text_content() or "")
        page.locator("#words").fill("was refused")
        assert ids[-1] in shown(page)
        assert ids[-2] not in shown(page)


def test_the_command_is_copied(desk: Desk, tmp_path: Path) -> None:
    """The button says what it has done, whether or not the browser lets it use the clipboard."""
    with reading(desk, tmp_path, full_dossier()) as page:
        button = page.get_by_role("button", name="Copy the command for text-failed/entry")
        button.press("Enter")
        expect(button).to_have_text(("Copied", "Marked")[page.evaluate("!navigator.clipboard")])


def test_everything_can_be_read_without_scripts(desk: Desk, tmp_path: Path) -> None:
    """Where no script runs, no control is offered that does nothing, and the timelines are there."""
    with reading(desk, tmp_path, full_dossier(), java_script_enabled=False) as page:
        assert page.locator("button:visible, input:visible, select:visible").count() == 0
        part = page.locator(f"[id='{FAILED}']")
        part.locator(".wire > summary").click()
        expect(part.locator(".legs").get_by_text("text-failed body").first).to_be_visible()


def test_what_did_not_pass_is_printed_unfolded(desk: Desk, tmp_path: Path) -> None:
    """Paper cannot be unfolded; afterwards the screen is as it was."""
    with reading(desk, tmp_path, full_dossier()) as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        expect(page.locator(f"[id='{FAILED}'] .legs").get_by_text("text-failed body").first).to_be_visible()
        expect(page.locator("#filter")).to_be_hidden()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator(".wire[open]").count() == 0
