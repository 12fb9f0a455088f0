from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mockplatform.model import Registration
from tests.browser.cookieless_tool import cookieless_tool
from tests.browser.desk import Desk
from tests.browser.sites import Site, visiting

ALLOWED = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
BLOCKED = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
"""Preferences of Chromium about cookies of third parties. Without a profile it decides by itself."""


def choose(page: Page, group: str, name: str) -> None:
    page.get_by_role("group", name=group, exact=True).get_by_role("radio", name=re.compile(f"^{name}")).check()


def test_one_click_launches_the_sample_tool(desk: Desk, site: Site) -> None:
    """From the first page one click leads into the tool."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/")
        page.get_by_role("button", name="Launch", exact=True).click()
        expect(page.get_by_text("Welcome, Amina Okonkwo")).to_be_visible()
        assert page.url.startswith(site.tool_url)


def test_a_launch_in_a_new_tab(desk: Desk, site: Site) -> None:
    """The tool opens beside the platform, which stays where it is."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/")
        with page.expect_popup() as opened:
            page.get_by_role("button", name="In a new tab").click()
        expect(opened.value.get_by_text("Welcome, Amina Okonkwo")).to_be_visible()
        assert page.url == f"{site.url}/"


def test_a_launch_in_a_frame_by_somebody_else(desk: Desk, site: Site) -> None:
    """Whoever was chosen is in the tool, inside a page of the platform, and the story of the launch is a link away."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/")
        choose(page, "Person", "芽衣 佐藤")
        choose(page, "Course", "日本語入門")
        page.get_by_role("button", name="In an iframe").click()
        tool = page.frame_locator("iframe[name=tool]")
        expect(tool.get_by_text("芽衣 佐藤")).to_be_visible()
        assert page.url.startswith(f"{site.url}/frame")
        page.get_by_role("link", name="What was said").click()
        expect(page.get_by_role("heading", name=re.compile("Authentication response"))).to_be_visible()


def test_a_launch_by_keyboard_alone(desk: Desk, site: Site) -> None:
    """Tab, arrows and Enter are enough to choose another person and to launch; where one is can always be seen."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/")
        steps = 0
        while not page.evaluate("document.activeElement?.name === 'person'"):
            page.keyboard.press("Tab")
            steps += 1
            assert steps < 60
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
        while not page.evaluate(
            "document.activeElement?.textContent === 'Launch' && document.activeElement.tagName === 'BUTTON'"
        ):
            page.keyboard.press("Tab")
            steps += 1
            assert steps < 120
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Enter")
        expect(page.get_by_text("Welcome, Zoë")).to_be_visible()


def test_typing_narrows_the_lists(desk: Desk, site: Site) -> None:
    """With scripts the list follows the search box; without them the button does the same."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/")
        page.get_by_label("Find a person").fill("mentor")
        people = page.get_by_role("group", name="Person", exact=True)
        expect(people.get_by_role("radio", name=re.compile("Henrik Solberg"))).to_be_visible()
        expect(people.get_by_role("radio", name=re.compile("Sam Student"))).to_have_count(0)
    with visiting(desk.browser(), java_script_enabled=False) as page:
        page.goto(f"{site.url}/")
        page.get_by_label("Find a person").fill("role_scope_mentor")
        page.get_by_label("Find a person").press("Enter")
        people = page.get_by_role("group", name="Person", exact=True)
        expect(people.get_by_role("radio")).to_have_count(1)


def test_without_scripts_a_button_leads_on(desk: Desk, site: Site) -> None:
    """A browser without scripts launches by a click on each form."""
    with visiting(desk.browser(), java_script_enabled=False) as page:
        page.goto(f"{site.url}/")
        page.get_by_role("button", name="Launch", exact=True).click()
        page.get_by_role("button", name="Go on to the tool").click()
        page.get_by_role("button", name="Go on to the tool").click()
        expect(page.get_by_text("Welcome, Amina Okonkwo")).to_be_visible()


def test_content_is_picked_and_launched(desk: Desk, site: Site) -> None:
    """What the tool offers is picked, placed in the course and launched from there."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/")
        page.get_by_role("button", name="Pick content").click()
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", name=re.compile("1 item placed"))).to_be_visible()
        assert page.url.startswith(site.url)
        page.goto(f"{site.url}/courses/links?course=course-1")
        page.get_by_role("button", name=re.compile("Choose who launches")).click()
        page.get_by_role("button", name="Launch", exact=True).click()
        expect(page.get_by_text("Welcome, Amina Okonkwo")).to_be_visible()
    (link,) = site.platform.state.links.page()
    assert site.platform.launches.page(newest_first=True)[0].launch.resource_link.id == link.id


def test_a_tool_registers_itself(desk: Desk, site: Site) -> None:
    """The page with the tool's registration ends by itself, and the tool can be launched then."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/registrations")
        page.get_by_label("Or let it register itself").fill(f"{site.tool_url}/lti/register")
        page.get_by_role("button", name="Begin").click()
        page.wait_for_url(f"{site.url}/registrations")
        expect(page.get_by_role("link", name=re.compile("^Edit"))).to_have_count(2)
        new = site.platform.registrations[-1]
        page.goto(f"{site.url}/")
        page.locator(f"input[name=registration][value='{new.key}']").check()
        page.get_by_role("button", name="Launch", exact=True).click()
        expect(page.get_by_text("Welcome, Amina Okonkwo")).to_be_visible()


def test_a_broken_launch_is_refused_and_explained(desk: Desk, site: Site) -> None:
    """A lie is found, its expected error read, the launch made; its story shows what was spoilt."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/broken")
        page.get_by_label("Find a lie").fill("expired this many seconds")
        page.get_by_role("checkbox", name=re.compile("^claims.expired")).check()
        page.get_by_label(re.compile("^by_s")).first.fill("3600")
        page.get_by_role("button", name="Show what is expected").click()
        expect(page.get_by_role("cell", name="TokenExpired").first).to_be_visible()
        page.get_by_role("button", name="Launch", exact=True).click()
        expect(page.get_by_text("1001").first).to_be_visible()
        page.goto(f"{site.url}/launches")
        page.locator("tbody a").first.click()
        expect(page.locator(".lie", has_text="honest").first).to_be_visible()


def test_a_launch_is_taken_home(desk: Desk, site: Site) -> None:
    """The story of a launch comes as one file that opens from a disk without asking anybody for anything."""
    with visiting(desk.browser()) as page:
        page.goto(f"{site.url}/")
        page.get_by_role("button", name="Launch", exact=True).click()
        expect(page.get_by_text("Welcome, Amina Okonkwo")).to_be_visible()
        page.goto(f"{site.url}/launches")
        page.locator("tbody a").first.click()
        with page.expect_download() as saved:
            page.get_by_role("link", name="As one file").click()
        text = saved.value.path().read_text(encoding="utf-8")
    with visiting(desk.browser(), offline=True) as page:
        page.set_content(text)
        expect(page.get_by_role("heading", name=re.compile("Authentication response"))).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('section')).borderRadius") == "8px"


def frame_says(desk: Desk, site: Site, profile: Path, preferences: Mapping[str, Any], *, storage: str) -> str:
    """What a tool of another site says in its frame after a launch from the first page."""
    with cookieless_tool(site) as tool, contextlib.closing(desk.profile(profile, preferences)) as context:
        site.platform.register(tool)
        page = context.new_page()
        page.goto(f"{site.url}/?tool=cookieless")
        page.get_by_text("Role, link, deployment and more").click()
        page.get_by_label("Storage for the tool").select_option(storage)
        page.get_by_role("button", name="In an iframe").click()
        told = page.frame_locator("iframe[name=tool]").locator("#told")
        expect(told).not_to_have_text("")
        return told.inner_text()


@pytest.mark.parametrize(
    ("preferences", "storage", "told"),
    [
        (ALLOWED, "", "launched by cookie"),
        (BLOCKED, "", "state is lost"),
        (BLOCKED, "_parent", "launched by storage"),
        (BLOCKED, "storage", "launched by storage"),
    ],
    ids=[
        "control: cookies",
        "control: cookies blocked, no storage",
        "storage of the parent",
        "storage of a named frame",
    ],
)
def test_a_tool_of_another_site_in_a_frame(
    desk: Desk, site: Site, tmp_path: Path, preferences: Mapping[str, Any], storage: str, told: str
) -> None:
    """Where the browser blocks a tool's cookies its launch fails, unless the platform's storage takes their place."""
    assert frame_says(desk, site, tmp_path / "profile", preferences, storage=storage) == told


def test_a_tool_that_nobody_knows_gets_no_storage(desk: Desk, site: Site) -> None:
    """A frame of an origin that no registration has is told so."""
    with cookieless_tool(site) as tool, visiting(desk.browser()) as page:
        site.platform.register(tool)
        page.goto(f"{site.url}/?tool=cookieless")
        page.get_by_text("Role, link, deployment and more").click()
        page.get_by_label("Storage for the tool").select_option("_parent")
        stranger = Registration(
            issuer=site.url,
            client_id=tool.client_id,
            deployment_ids=("1",),
            login_url=site.tool_url,
            launch_url=site.tool_url,
        )

        # The launch began with the tool's own addresses; the script for its storage is asked for afterwards.
        site.before["/storage.js"] = lambda: site.platform.register(stranger)
        page.get_by_role("button", name="In an iframe").click()
        told = page.frame_locator("iframe[name=tool]").locator("#told")
        expect(told).to_contain_text("wrong_origin")
        assert json.loads(told.inner_text())["code"] == "wrong_origin"
