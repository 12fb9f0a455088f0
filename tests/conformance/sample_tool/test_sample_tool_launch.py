"""An honest launch works, and leaves exactly one session at its very end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser

OpenTool = Callable[..., "Browser"]
TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"


@pytest.mark.parametrize("policy", ["open", "class"])
def test_honest_launch_shows_the_course(open_tool: OpenTool, policy: str) -> None:
    """A teacher with a Zoom account is launched under both policies."""
    browser = open_tool(policy=policy)
    browser.app.state.store.authorise_zoom("ada@lms.example")
    page = browser.launch(roles=[TEACHER])
    assert page.launched
    assert "Welcome, Ada Lovelace" in page.text
    assert "Analytical engines" in page.text
    assert browser.me().status == 200


def test_session_cookie_works_in_a_frame(open_tool: OpenTool) -> None:
    """The session cookie is for HTTPS, for no script, and for frames of other sites."""
    cookie = open_tool().launch().headers["set-cookie"].lower()
    assert cookie.startswith("sample_session=")
    for attribute in ("httponly", "secure", "samesite=none", "path=/"):
        assert attribute in cookie


def test_no_session_without_a_launch(open_tool: OpenTool) -> None:
    """Neither a fresh browser nor one that has begun a login has a session."""
    browser = open_tool()
    assert browser.me().status == 401
    browser.begin()
    assert browser.me().status == 401


def test_each_launch_gets_a_new_session(open_tool: OpenTool) -> None:
    """A second launch replaces the session of the first, and the first ends."""
    browser = open_tool()
    browser.launch()
    first = browser.cookies["sample_session"]
    browser.launch(sub="person-2", name="Grace Hopper")
    assert "Grace Hopper" in browser.me().text
    browser.cookies["sample_session"] = first
    assert browser.me().status == 401


def test_guest_without_personal_data(open_tool: OpenTool) -> None:
    """Under the open policy a person needs no name, address, course or role."""
    from_nowhere: Any = {"name": None, "email": None, "context": None, "roles": []}
    assert "Welcome, guest" in open_tool().launch(**from_nowhere).text


def test_markup_is_escaped(open_tool: OpenTool) -> None:
    """Names and titles are text, whatever they look like."""
    script = "<script>alert(1)</script>"
    page = open_tool().launch(name=script, context={"id": "c", "title": script})
    assert page.launched
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


def test_two_tabs_work(open_tool: OpenTool) -> None:
    """Two logins of one browser do not disturb each other."""
    browser = open_tool()
    one, two = browser.begin(), browser.begin()
    for login in (one, two):
        token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
        assert browser.finish(login, token).launched


def test_replay_is_refused(open_tool: OpenTool) -> None:
    """The same form is good once."""
    browser = open_tool()
    login = browser.begin()
    token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
    assert browser.finish(login, token).launched
    again = browser.finish(login, token)
    assert again.status == 401
    assert 'type="NonceReused"' in again.error


def test_forged_token_spends_no_nonce(open_tool: OpenTool) -> None:
    """After a token with a bad signature the good one is still accepted."""
    browser = open_tool()
    login = browser.begin()
    token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
    forged = token[:-8] + ("A" * 8 if not token.endswith("A" * 8) else "B" * 8)
    assert not browser.finish(login, forged).launched
    assert browser.finish(login, token).launched


def test_keys_are_fetched_once_and_again_for_a_new_id(open_tool: OpenTool) -> None:
    """The key set is cached, survives an outage, and is fetched once more for an id it lacks."""
    browser = open_tool()
    assert browser.launch().launched
    browser.platform.answer = lambda: (503, b"")
    assert browser.launch().launched
    assert len(browser.platform.fetched) == 1
    browser.platform.answer = None
    browser.platform.entries[0]["kid"] = "rotated"
    assert browser.launch(header={"kid": "rotated"}).launched
    assert len(browser.platform.fetched) == 2
    assert 'type="KidNotFound"' in browser.launch(header={"kid": "main"}).error
    assert len(browser.platform.fetched) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 4_000_000_000.5},
        {"aud": ["client-1"]},
        {"azp": "client-1"},
        {"sub": "é" * 300},
        {"roles": ["urn:example:janitor"]},
        {"https://lms.example/own": {"deep": [1, 2]}},
        {"header": {"typ": "jwt"}},
        {"form": {"session_state": "x", "anything": "else"}},
        {"login": {"method": "POST"}},
    ],
)
def test_what_the_standard_leaves_open_is_accepted(open_tool: OpenTool, changes: dict[str, Any]) -> None:
    """A launch is not refused for what a platform may do."""
    assert open_tool().launch(**changes).launched


@pytest.mark.parametrize(
    "odd", [42, None, {"kty": "XYZ"}, {"kty": "RSA", "kid": "main", "n": "!", "e": 3}, {"kty": "RSA", "kid": "main"}]
)
def test_odd_entries_do_not_spoil_a_key_set(open_tool: OpenTool, odd: object) -> None:
    """The good key is found beside what is no key."""
    browser = open_tool()
    browser.platform.entries.insert(0, odd)
    assert browser.launch().launched


def test_unknown_paths_and_methods(open_tool: OpenTool) -> None:
    """There is nothing else: 404, and a launch by GET brings no token, whatever its address says."""
    browser = open_tool()
    assert browser.send("GET", "/").status == 200
    assert browser.send("GET", "/nowhere").status == 404
    assert browser.send("GET", "/lti/launch", {"id_token": "a.b.c"}).status == 400
