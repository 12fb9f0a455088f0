"""What the HTML report of a long run costs: to be made, and to be opened in a browser."""

from __future__ import annotations

import contextlib
import html
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from conformance.reports import as_html, as_json
from tests.bench.rounds import Goal, Line, Work, in_turn, ratio, repeated
from tests.browser.desk import ARGUMENTS, NAMES
from tests.conformance.large_dossier import large_dossier

__all__ = ["measure"]

SCENARIOS = 1000
ROUNDS = 9
PAINTED = "() => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 0)))"


def measure() -> Iterator[Line]:
    """The report against `json.dumps` of the same run, and opened against a page of as much plain text."""
    dossier = large_dossier(SCENARIOS)
    document = json.loads(as_json.render(dossier))
    subjects = {
        "html": repeated(lambda: as_html.render(dossier), time.thread_time),
        "json": repeated(lambda: json.dumps(document, indent=1, ensure_ascii=False), time.thread_time),
    }
    yield Line(
        number="",
        name=f"HTML report of {SCENARIOS:,} scenarios made",
        ratio=ratio(in_turn(subjects, ROUNDS), "html", "json"),
        against="json.dumps of the same report",
    )
    yield from _opened(as_html.render(dossier))


def _opened(report: str) -> Iterator[Line]:
    """How long it takes until something is to be seen; nothing where there is no browser."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        return
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        size = len(report.encode())
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=list(ARGUMENTS))
        stack.callback(browser.close)
        page = browser.new_page()
        plain = _opening(page, folder / "plain.html", _plain(report)[:size])
        subjects = {"report": _opening(page, folder / "report.html", report), "plain": plain, "plain again": plain}
        rounds = in_turn(subjects, ROUNDS)
    floor = f"page of {size / 1e6:.1f} MB of plain text"
    name = f"the same, {size / 1e6:.1f} MB, opened in Chromium"
    yield Line(number="", name=name, ratio=ratio(rounds, "report", "plain"), against=floor, goal=Goal("<=", 2.0, 1.0))
    yield Line(number="", name="noise: plain page twice", ratio=ratio(rounds, "plain again", "plain"), against=floor)


def _plain(report: str) -> str:
    """A page that shows the report's source, which is at least as long as the report."""
    return f"<!doctype html><meta charset=utf-8><title>Plain</title><pre>{html.escape(report)}"


def _opening(page: Page, path: Path, text: str) -> Work:
    """The work of opening a page until it has been painted."""
    path.write_text(text, encoding="utf-8")

    def work() -> float:
        page.goto("about:blank")
        began = time.perf_counter()
        page.goto(path.as_uri(), wait_until="load")
        page.evaluate(PAINTED)
        return time.perf_counter() - began

    return work
