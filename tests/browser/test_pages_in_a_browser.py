from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from mockplatform.keys import KeyRing
from tests.browser.desk import Desk
from tests.browser.sites import Site, visiting
from tests.mockplatform.hostile import fill
from tests.mockplatform.makers import INSTRUCTOR, make_registration
from tests.mockplatform.test_deep_link_return import DL, right_claims, signed

MARKUP = "\"'></textarea></script><img src=x onerror=alert(1)><svg onload=alert(2)><script>alert(3)</script>{{7*7}}"
URL = "javascript:alert(4)"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3

PAGES: Mapping[str, str] = {
    "home": "/",
    "home, options open": "/",
    "broken": "/broken?mutation=claims.expired&claims.expired.by_s=3600",
    "launches": "/launches",
    "launch": "/launches/one?launch={launch}",
    "frame": "/frame?launch={launch}",
    "journal": "/journal",
    "courses": "/courses",
    "gradebook": "/courses/gradebook?course=course-1",
    "roster": "/courses/roster?course=course-5",
    "links": "/courses/links?course=course-1",
    "groups": "/courses/groups?course=course-1",
    "registrations": "/registrations",
    "registration": "/registrations/edit?key={tool}",
    "addresses": "/addresses",
    "faults": "/faults?verb=status",
    "settings": "/settings",
    "returned": "/return?lti_msg={text}&lti_errormsg={text}&lti_log={text}&lti_errorlog={text}",
    "refused": "/auth?redirect_uri={text}&lti_message_hint={text}",
    "gone": "/launches/one?launch={text}",
}


def filled(site: Site, text: str, url: str) -> dict[str, str]:
    """Let everything that somebody from outside can name be called this; the values for `PAGES`."""
    pending = fill(site.platform, text, url=url, course_id="course-1")
    return {"launch": pending.key, "tool": pending.launch.registration.key, "text": text}


def opened(page: Page, site: Site, name: str, values: Mapping[str, str]) -> None:
    """Open a page, and everything in it that can be unfolded."""
    page.goto(site.url + PAGES[name].format(**{key: quote(value, safe="") for key, value in values.items()}))
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")


def test_every_page_opens_without_an_error(desk: Desk, site: Site) -> None:
    """The console stays silent, with the strict policy for scripts and styles."""
    values = filled(site, "Ordinary", "https://tool.example/")
    with visiting(desk.browser()) as page:
        for name in PAGES:
            opened(page, site, name, values)
            assert page.locator("h1").count() == 1, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_every_page(desk: Desk, site: Site, scheme: Literal["light", "dark"]) -> None:
    """There is nothing serious for axe to find on any page, everything unfolded."""
    values = filled(site, "Ordinary", "https://tool.example/")
    with visiting(desk.browser(), color_scheme=scheme) as page:
        for name in PAGES:
            opened(page, site, name, values)
            # The tool's own page is the tool's business.
            found: Any = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]})
            grave = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
            assert [(v["id"], [node["html"] for node in v["nodes"][:3]]) for v in grave] == [], name


@pytest.mark.parametrize("text", ["Ordinary", LONG], ids=["ordinary", "long words"])
def test_every_page_fits_a_narrow_screen(desk: Desk, site: Site, text: str) -> None:
    """At a width of 360 pixels no page is wider than the screen, however long the words are."""
    values = filled(site, text, f"https://tool.example/{text}")
    with visiting(desk.browser(), viewport={"width": 360, "height": 740}) as page:
        wide = {}
        for name in PAGES:
            opened(page, site, name, values)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 360:
                wide[name] = width
        assert wide == {}


def test_markup_from_outside_does_nothing(desk: Desk, site: Site) -> None:
    """Whatever names, titles, messages, headers and bodies hold, no dialog opens and it never becomes an element."""
    values = filled(site, MARKUP, URL)
    with visiting(desk.browser()) as page:
        for name in PAGES:
            opened(page, site, name, values)
            assert page.locator("img, svg, [onerror], [onload], script:not([src])").count() == 0, name
            assert page.locator("a[href^='javascript' i], form[action^='javascript' i]").count() == 0, name
            assert "49" not in page.title()


def hostile_return(site: Site, keys: KeyRing, items: list[Any]) -> str:
    """A deep linking response whose every text is markup, signed by the tool that was asked."""
    tool = make_registration(issuer=site.url, jwks={"keys": [dict(keys.jwk("foreign"))]})
    site.platform.register(tool)
    course = site.platform.course("course-1")
    assert course is not None
    intended = site.platform.intend(
        tool, person=site.platform.people[0], roles=(INSTRUCTOR,), course=course, message="deep_linking"
    )
    launch = site.platform.begin(intended).launch
    texts = {DL + name: MARKUP for name in ("msg", "log", "errormsg", "errorlog")}
    now = time.time()
    changed = {"aud": site.url, "iat": now - 2, "exp": now + 300, MARKUP: MARKUP} | texts
    return signed(keys, right_claims(launch, *items, **changed))


@pytest.mark.parametrize("type_", ["link", "ltiResourceLink", MARKUP])
@pytest.mark.parametrize("url", ["https://tool.example/", URL])
def test_returned_content_does_nothing(desk: Desk, site: Site, keys: KeyRing, type_: str, url: str) -> None:
    """Titles, texts, addresses and messages of a deep linking response are shown, or refused, as text."""
    items = [{"type": type_, "url": url, "title": MARKUP, "text": MARKUP, "custom": {"a": MARKUP}, MARKUP: MARKUP}]
    token = hostile_return(site, keys, items)
    with visiting(desk.browser()) as page:
        page.set_content(f"<form method=post action='{site.url}/deep-links'><input name=JWT value='{token}'></form>")
        with page.expect_navigation():
            page.evaluate("document.forms[0].submit()")
        assert page.url == f"{site.url}/deep-links"
        assert MARKUP in page.locator("main").inner_text() or page.get_by_text("Nothing was placed").is_visible()
        for address in ("", f"{site.url}/courses/links?course=course-1", f"{site.url}/journal"):
            if address:
                page.goto(address)
            page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
            assert page.locator("img, svg, [onerror], [onload], script:not([src])").count() == 0
            assert page.locator("a[href^='javascript' i]").count() == 0


def test_even_a_script_in_a_page_would_not_run(desk: Desk, site: Site) -> None:
    """As a control: markup that came into a page would be stopped by its policy."""
    with contextlib.closing(desk.browser().new_context()) as context:
        page = context.new_page()
        page.goto(f"{site.url}/")
        blocked = page.evaluate(
            """() => new Promise((resolve) => {
              addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
              const script = document.createElement("script");
              script.textContent = "alert(5)";
              document.body.append(script);
            })"""
        )
        assert blocked == "script-src-elem"
