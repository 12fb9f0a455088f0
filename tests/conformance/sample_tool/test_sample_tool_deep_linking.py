"""Deep linking requests: what the sample tool wants of them, and the picker that it answers with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser, Reply

OpenTool = Callable[..., "Browser"]

SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
REQUEST = "LtiDeepLinkingRequest"
TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
ABSENT_SETTING: Any = object()
REQUIRED = {
    "deep_link_return_url": "https://lms.example/deep-links?launch=1",
    "accept_types": ["link", "ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe"],
}


def settings(**changed: Any) -> dict[str, Any]:
    """The required settings with changes; ABSENT_SETTING takes one away."""
    return {name: value for name, value in (REQUIRED | changed).items() if value is not ABSENT_SETTING}


def ask(browser: Browser, settings: Any = REQUIRED, **changed: Any) -> Reply:
    """A deep linking request, honest but for the changes; null stands for an absent claim."""
    claims: dict[str, Any] = {"message_type": REQUEST, "roles": [TEACHER], "resource_link": None, SETTINGS: settings}
    return browser.launch(**claims | changed)


@pytest.mark.parametrize("policy", ["open", "class"])
def test_the_picker_opens(open_tool: OpenTool, policy: str) -> None:
    """Under either policy a teacher can pick, even one without a Zoom account, and is known afterwards."""
    browser = open_tool(policy=policy)
    page = ask(browser)

    assert page.launched
    assert 'id="picker"' in page.text
    assert "Welcome, Ada Lovelace" in page.text
    assert "Analytical engines" in page.text
    assert browser.me().status == 200


def test_a_request_creates_no_class(open_tool: OpenTool) -> None:
    """Whoever only looks for something to link to has not opened anything yet."""
    browser = open_tool(policy="class")
    store = browser.app.state.store
    store.authorise_zoom("ada@lms.example")
    assert ask(browser).launched

    assert store.find_class(issuer="https://lms.example", deployment_id="1", context_id="course-1") is None


@pytest.mark.parametrize(
    ("types", "offers"),
    [
        (["link", "ltiResourceLink"], 2),
        (["link"], 1),
        (["https://vendor.example/types/badge", "ltiResourceLink"], 1),
        (["file"], 0),
        ([], 0),
    ],
)
def test_only_accepted_types_are_offered(open_tool: OpenTool, types: list[str], offers: int) -> None:
    """What the platform would drop cannot be picked, and where nothing is left the page says so."""
    page = ask(open_tool(), settings(accept_types=types))

    assert page.launched
    assert page.text.count("<li>") == offers
    assert ("takes nothing" in page.text) == (offers == 0)


@pytest.mark.parametrize(
    ("given", "kind", "about"),
    [
        (None, "MissingClaim", "deep_linking_settings"),
        ([REQUIRED], "InvalidClaim", "deep_linking_settings"),
        ("{}", "InvalidClaim", "deep_linking_settings"),
        ({}, "MissingClaim", "deep_link_return_url"),
        (settings(deep_link_return_url=ABSENT_SETTING), "MissingClaim", "deep_link_return_url"),
        (settings(deep_link_return_url=""), "MissingClaim", "deep_link_return_url"),
        (settings(deep_link_return_url=7), "InvalidClaim", "deep_link_return_url"),
        (settings(deep_link_return_url="/deep-links"), "InvalidClaim", "deep_link_return_url"),
        (settings(deep_link_return_url="//lms.example/"), "InvalidClaim", "deep_link_return_url"),
        (settings(deep_link_return_url="javascript:fetch(1)//"), "InvalidClaim", "deep_link_return_url"),
        (settings(deep_link_return_url="data:text/html,x"), "InvalidClaim", "deep_link_return_url"),
        (settings(accept_types=ABSENT_SETTING), "MissingClaim", "accept_types"),
        (settings(accept_types="link"), "InvalidClaim", "accept_types"),
        (settings(accept_types=["link", 7]), "InvalidClaim", "accept_types"),
        (
            settings(accept_presentation_document_targets=ABSENT_SETTING),
            "MissingClaim",
            "accept_presentation_document_targets",
        ),
        (
            settings(accept_presentation_document_targets="iframe"),
            "InvalidClaim",
            "accept_presentation_document_targets",
        ),
    ],
)
def test_what_is_wrong_with_the_settings_is_told(open_tool: OpenTool, given: Any, kind: str, about: str) -> None:
    """A refusal names the setting, tells its type and the general code, and leaves no session."""
    browser = open_tool()
    page = ask(browser, given)

    assert page.status == 400
    assert page.error == f'class=invalid, type="{kind}", code=1001, ref="DL 4.4.1"'
    assert f"<code>{about}</code>" in page.text
    assert browser.me().status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": None},
        {"roles": None},
        {"target_link_uri": None},
        {"resource_link": {"id": "link-1"}},
        {"email": None, "name": None, "context": None},
    ],
)
@pytest.mark.parametrize("policy", ["open", "class"])
def test_a_request_may_lack_what_a_launch_needs(open_tool: OpenTool, policy: str, changed: dict[str, Any]) -> None:
    """Person, roles, target and course need not be there, and a resource link is passed over (DL 4.4)."""
    absent = {name: value for name, value in changed.items() if value is not None}
    browser = open_tool(policy=policy)
    login = browser.begin()
    base = {"message_type": REQUEST, "roles": [TEACHER], SETTINGS: REQUIRED} | absent
    claims = browser.claims(login, **base)
    left_out = {name for name, value in changed.items() if value is None}
    kept = {name: value for name, value in claims.items() if name.rpartition("/")[2] not in left_out}
    page = browser.finish(login, browser.platform.sign(kept, header={"kid": "main"}))

    assert page.launched
    assert 'id="picker"' in page.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"version": "LTI-1p0"}, "code=1021"),
        ({"deployment_id": "9"}, 'type="DeploymentNotFound", code=1002'),
        ({"target_link_uri": "https://phishing.example/"}, 'type="InvalidClaim", code=1001, ref="CORE 5.3.4"'),
        ({"sub": "a\u0000b"}, 'type="InvalidClaim", code=1001, ref="CORE 5.3.6"'),
        ({"roles": "Instructor"}, 'type="InvalidClaim", code=1024'),
        ({"message_type": "LtiDeepLinkingResponse"}, 'type="InvalidClaim", code=1001, ref="CORE 5.3.1"'),
        ({"message_type": "LtiResourceLinkRequest"}, 'type="MissingClaim", code=1001, ref="CORE 5.3.5"'),
    ],
)
def test_a_request_is_checked_like_a_launch(open_tool: OpenTool, changed: dict[str, Any], error: str) -> None:
    """What holds for every message holds for this one (DL 2.2)."""
    page = ask(open_tool(), **changed)

    assert page.status == 400
    assert error in page.error


def test_a_request_is_good_once(open_tool: OpenTool) -> None:
    """The nonce of a request is spent like that of a launch."""
    browser = open_tool()
    login = browser.begin()
    claims = browser.claims(login, **{"message_type": REQUEST, SETTINGS: REQUIRED})
    token = browser.platform.sign(claims, header={"kid": "main"})

    assert browser.finish(login, token).launched
    assert 'type="NonceReused"' in browser.finish(login, token).error


def test_settings_alone_make_no_request(open_tool: OpenTool) -> None:
    """A resource link launch opens the course, whatever claims come along with it (DL 4.4.2)."""
    settings: dict[str, Any] = {SETTINGS: "none"}
    page = open_tool().launch(**settings)

    assert page.launched
    assert 'id="picker"' not in page.text


def test_markup_in_the_picker_is_escaped(open_tool: OpenTool) -> None:
    """The title of the course is text there, too."""
    page = ask(open_tool(), context={"id": "c", "title": "<script>alert(1)</script>"})

    assert page.launched
    assert "<script" not in page.text
