"""Platforms and tools on loopback for a real browser, and what a page is watched for."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

from conformance.sample_tool.standalone import attach
from mockplatform.app import create_app
from mockplatform.config import load_school
from mockplatform.fetching import fetcher
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import Registration
from mockplatform.server import listen, serve
from mockplatform.service import services

__all__ = ["Site", "Watch", "served", "visiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A platform that is served, with the sample tool as its first."""

    platform: Platform
    url: str
    tool_url: str
    registration: Registration
    before: dict[str, Callable[[], None]]
    """What happens, each time, before the platform answers a path."""


@contextlib.contextmanager
def served(keys: KeyRing) -> Iterator[Site]:
    """The shipped school and the sample tool, each on a port of its own, for the block."""
    with contextlib.ExitStack() as stack:
        bound, tool_bound = listen(), listen()
        stack.callback(bound.close)
        stack.callback(tool_bound.close)
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        tool_url = f"http://127.0.0.1:{tool_bound.getsockname()[1]}"
        tool = attach(platform_url=url, issuer=url, tool_url=tool_url)
        school = load_school()
        platform = Platform(
            url=url,
            clock=time.time,
            new_id=lambda: secrets.token_urlsafe(12),
            keys=keys,
            registrations=(tool.registration,),
            people=school.people,
            courses=school.courses,
            services=tuple(services()),
            fetch=fetcher(),
        )
        stack.enter_context(serve(tool.app, tool_bound))
        before: dict[str, Callable[[], None]] = {}
        stack.enter_context(serve(_watched(create_app(platform), before), bound))
        yield Site(platform=platform, url=url, tool_url=tool_url, registration=tool.registration, before=before)


def _watched(app: Callable[..., Any], before: Mapping[str, Callable[[], None]]) -> Callable[..., Any]:
    async def watched(scope: Any, receive: Any, send: Any) -> None:
        if (act := before.get(scope.get("path", ""))) is not None:
            act()
        await app(scope, receive, send)

    return watched


@dataclass
class Watch:
    """What must not happen while somebody visits: errors in the console, dialogs, scripts that came with data."""

    troubles: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Watch a page, and what opens from it."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("dialog", self._dialog)
        page.on("popup", self.over)

    def _said(self, message: ConsoleMessage) -> None:
        # That an answer had a bad status is no mistake of the page that shows it.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.troubles.append(f"console: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextlib.contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of a fresh profile for the block, after which nothing is found to have gone wrong in it."""
    watch = Watch()
    context = browser.new_context(**options)
    context.set_default_timeout(20_000)
    try:
        page = context.new_page()
        watch.over(page)
        yield page
    finally:
        context.close()
    assert watch.troubles == []
