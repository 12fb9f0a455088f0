"""A launch by LTI 1.1: let in once and now, told why not, and sent back only by whom the tool knows."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conformance.catalogue import scenarios, select
from conformance.demo import demo_lab
from conformance.profile import load_profile
from conformance.runner import Options, Runner
from conformance.sample_tool.consumers import spend_nonce
from conformance.target import Start
from tests.conformance.sample_tool.conftest import INTEGRATION
from tests.conformance.sample_tool.old_lti import (
    CONSUMER,
    MESSAGE,
    OTHER_CONSUMER,
    RETURN_URL,
    SECRET,
    changed,
    launch,
    post,
    signed,
)

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser, Reply

OpenTool = Callable[..., "Browser"]


@pytest.fixture
def browser(open_tool: OpenTool) -> Browser:
    """A browser before a tool with registrations of both versions."""
    return open_tool(integrations=(INTEGRATION, CONSUMER, OTHER_CONSUMER))


@pytest.fixture
def of_class(open_tool: OpenTool) -> Browser:
    """The same before the class product."""
    return open_tool(integrations=(INTEGRATION, CONSUMER, OTHER_CONSUMER), policy="class")


def told(reply: Reply) -> dict[str, str]:
    """What the way back says."""
    query = parse_qs(urlsplit(reply.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


class TestAccepted:
    def test_an_honest_launch_opens_a_session(self, browser: Browser) -> None:
        """The person is who the form says."""
        assert launch(browser).launched
        me = json.loads(browser.me().text)
        assert (me["name"], me["email"], me["id"]) == ("Ada Lovelace", "ada@lms.example", "person-1")
        assert (me["roles"], me["course"], me["privileged"]) == (["Learner"], "Analytical engines", False)

    def test_only_three_parameters_are_required(self, browser: Browser) -> None:
        """Everybody else may be a guest, in a course without a name."""
        fields = [(name, MESSAGE[name]) for name in ("lti_message_type", "lti_version", "resource_link_id")]
        page = post(browser, signed(fields))
        assert page.launched
        assert "Welcome, guest" in page.text
        assert json.loads(browser.me().text)["account"] is None

    @pytest.mark.parametrize(
        ("roles", "privileged"),
        [
            ("Instructor", True),
            ("Learner , Instructor", True),
            ("urn:lti:role:ims/lis/Instructor", True),
            ("urn:lti:role:ims/lis/TeachingAssistant/GraderTA", True),
            ("urn:lti:instrole:ims/lis/Instructor,Learner", False),
            ("FormerInstructor", False),
            (" , ,", False),
            ("", False),
            (None, False),
        ],
    )
    def test_roles_are_a_list(self, browser: Browser, roles: str | None, *, privileged: bool) -> None:
        """Short names and URNs of the course count, blanks do not."""
        assert launch(browser, {"roles": roles}).launched
        assert json.loads(browser.me().text)["privileged"] is privileged

    def test_a_class_belongs_to_one_key(self, of_class: Browser) -> None:
        """The same course id under two keys is two courses."""
        of_class.app.state.store.authorise_zoom("ada@lms.example")
        assert launch(of_class, {"roles": "Instructor"}).launched
        assert launch(of_class).launched
        other = launch(of_class, key=OTHER_CONSUMER.client_id, secret=OTHER_CONSUMER.secret)
        assert "code=1011" in other.headers["lti-error"]

    def test_custom_fields_go_by_their_travelling_name(self, open_tool: OpenTool) -> None:
        """What is Course-Code in the settings is custom_course_code in the form."""
        named = dataclasses.replace(CONSUMER, attributes={"course_id": "Course-Code"})
        tool = open_tool(integrations=(named,), policy="class")
        tool.app.state.store.authorise_zoom("ada@lms.example")
        assert launch(tool, {"roles": "Instructor", "custom_course_code": "AE-1"}).launched
        missed = launch(tool, {"roles": "Instructor", "custom_Course-Code": "AE-1"})
        assert "code=1005" in missed.headers["lti-error"]


REFUSALS: list[tuple[str, dict[str, Any], int, str, int]] = [
    ("oauth_signature", {}, 400, "MissingParameter", 1001),
    ("oauth_nonce", {}, 400, "MissingParameter", 1001),
    ("oauth_timestamp", {}, 400, "MissingParameter", 1001),
    ("oauth_signature_method", {}, 400, "MissingParameter", 1001),
    ("oauth_consumer_key", {}, 400, "MissingParameter", 1020),
    ("", {"key": "key-1"}, 400, "RegistrationNotFound", 1002),
    ("", {"key": "Key-1 "}, 400, "RegistrationNotFound", 1002),
    ("", {"key": INTEGRATION.client_id}, 400, "RegistrationNotFound", 1002),
    ("", {"secret": "another"}, 401, "SignatureInvalid", 1001),
    ("", {"secret": OTHER_CONSUMER.secret}, 401, "SignatureInvalid", 1001),
    ("", {"method": "HMAC-SHA256"}, 401, "AlgorithmNotAllowed", 1001),
    ("", {"method": "PLAINTEXT"}, 401, "AlgorithmNotAllowed", 1001),
    ("", {"timestamp": 0}, 400, "InvalidClaim", 1001),
    ("", {"timestamp": 10**30}, 400, "InvalidClaim", 1001),
    ("", {"timestamp": 1}, 401, "TokenExpired", 1001),
    ("", {"timestamp": 9_999_999_999}, 401, "TokenExpired", 1001),
]


class TestUnverified:
    @pytest.mark.parametrize(("lost", "signature", "status", "kind", "code"), REFUSALS)
    def test_it_is_refused_on_a_page_of_the_tool(
        self, browser: Browser, lost: str, signature: dict[str, Any], status: int, kind: str, code: int
    ) -> None:
        """Whoever is not verified is told why, and sent nowhere; nobody has a session."""
        fields = [pair for pair in signed(changed({}), **signature) if pair[0] != lost]
        reply = post(browser, fields)
        assert (reply.status, "location" in reply.headers) == (status, False)
        assert f'type="{kind}", code={code}' in reply.error
        assert RETURN_URL not in reply.text
        assert browser.me().status == 401

    @pytest.mark.parametrize("name", ["oauth_nonce", "oauth_timestamp", "oauth_signature", "oauth_consumer_key"])
    def test_what_is_given_twice_is_not_given(self, browser: Browser, name: str) -> None:
        """Two values for one parameter of OAuth are none, even if they are equal."""
        fields = signed(changed({}))
        assert 'type="MissingParameter"' in post(browser, [*fields, (name, dict(fields)[name])]).error

    @pytest.mark.parametrize(("version", "accepted"), [("1.0", True), ("2.0", False), ("", False)])
    def test_the_version_of_oauth(self, browser: Browser, version: str, *, accepted: bool) -> None:
        """If there is one it is 1.0; oauthlib always sends it, so another one comes first."""
        fields = [pair for pair in signed(changed({})) if pair[0] != "oauth_version"]
        reply = post(browser, [*fields, ("oauth_version", version)])
        assert reply.launched is accepted
        assert accepted or "oauth_version" in reply.text

    def test_a_key_without_a_secret_opens_nothing(self, open_tool: OpenTool) -> None:
        """Everybody could sign with an empty secret."""
        tool = open_tool(integrations=(dataclasses.replace(CONSUMER, secret=""),))
        assert "code=1003" in launch(tool, secret="").error

    def test_a_form_is_good_once(self, browser: Browser) -> None:
        """Repeated as it is, from whatever browser, or signed anew with the same nonce."""
        fields = signed(changed({}), nonce="once")
        assert post(browser, fields).launched
        browser.cookies.clear()
        again = post(browser, fields)
        assert 'type="NonceReused"' in again.error
        assert "location" not in again.headers
        assert 'type="NonceReused"' in launch(browser, {"roles": "Instructor"}, nonce="once").error

    def test_two_platforms_may_use_one_nonce(self, browser: Browser) -> None:
        """Nonces belong to a key."""
        assert launch(browser, nonce="same").launched
        assert launch(browser, nonce="same", key=OTHER_CONSUMER.client_id, secret=OTHER_CONSUMER.secret).launched

    def test_a_forged_form_spends_no_nonce(self, browser: Browser) -> None:
        """Somebody without the secret cannot use up what another is about to send."""
        assert not launch(browser, nonce="next", secret="another").launched
        assert launch(browser, nonce="next").launched

    def test_a_nonce_is_remembered_as_long_as_its_form_is_fresh(self, open_tool: OpenTool) -> None:
        """A timestamp may lie ahead, and then its form is fresh for longer."""
        now = [time.time()]
        tool = open_tool(integrations=(CONSUMER,), clock=lambda: now[0])
        fields = signed(changed({}), timestamp=now[0] + 299)
        assert post(tool, fields).launched
        now[0] += 597
        assert 'type="NonceReused"' in post(tool, fields).error
        now[0] += 10
        assert 'type="TokenExpired"' in post(tool, fields).error

    def test_a_nonce_is_spent_in_one_act(self, browser: Browser) -> None:
        """The second of two tries fails by the table itself, and an expired nonce is new again."""
        store = browser.app.state.store
        assert spend_nonce(store, "n", key="k", now=0, expires=10)
        assert not spend_nonce(store, "n", key="k", now=10, expires=20)
        assert spend_nonce(store, "n", key="k", now=11, expires=20)


class TestVerified:
    @pytest.mark.parametrize(
        ("message", "kind", "about"),
        [
            ({"resource_link_id": None}, "MissingParameter", "resource_link_id"),
            ({"resource_link_id": ""}, "MissingParameter", "resource_link_id"),
            ({"lti_message_type": None}, "MissingParameter", "lti_message_type"),
            ({"lti_message_type": "ContentItemSelectionRequest"}, "InvalidClaim", "lti_message_type"),
            ({"lti_version": None}, "MissingParameter", "lti_version"),
            ({"lti_version": "LTI-1p1"}, "InvalidClaim", "lti_version"),
        ],
    )
    def test_a_bad_message_goes_back(
        self, browser: Browser, message: dict[str, str | None], kind: str, about: str
    ) -> None:
        """The query of the return URL stays; the header comes along; without the URL there is a page."""
        reply = launch(browser, message)
        assert (reply.status, reply.headers["location"].partition("&")[0]) == (302, RETURN_URL)
        assert f'class=invalid, type="{kind}", code=1001' in reply.error
        assert "code=1001" in told(reply)["lti_errorlog"]
        assert len(told(reply)["lti_errormsg"]) > 20
        page = launch(browser, {**message, "launch_presentation_return_url": None})
        assert (page.status, about in page.text) == (400, True)
        assert browser.me().status == 401

    @pytest.mark.parametrize(
        "address", ["javascript:alert(1)", "/back", "ftp://lms.example/", "//lms.example/", "http://"]
    )
    def test_only_web_addresses_are_returned_to(self, browser: Browser, address: str) -> None:
        """Anything else counts as no way back."""
        reply = launch(browser, {"resource_link_id": None, "launch_presentation_return_url": address})
        assert (reply.status, "location" in reply.headers) == (400, False)

    @pytest.mark.parametrize(
        ("message", "code"),
        [
            ({"lis_person_contact_email_primary": None}, 1006),
            ({"context_id": ""}, 1007),
            ({"lis_person_name_full": None}, 1019),
            ({"user_id": None}, 1022),
            ({"context_title": "  "}, 1023),
            ({"roles": None}, 1024),
            ({"roles": "Instructor"}, 1009),
            ({}, 1011),
        ],
    )
    def test_what_the_product_lacks_goes_back_without_a_name(
        self, of_class: Browser, message: dict[str, str | None], code: int
    ) -> None:
        """The codes are those of LTI 1.3, and the way back says nothing about the person."""
        reply = launch(of_class, message)
        assert reply.status == 302
        assert f"code={code}" in told(reply)["lti_errorlog"]
        for private in ("ada", "lovelace", "person-1", SECRET[:8].lower()):
            assert private not in reply.headers["location"].lower()


class TestCrossing:
    def test_a_form_at_the_address_for_lti_13(self, browser: Browser) -> None:
        """It has no token, however it was signed."""
        address = "https://tool.example/lti/launch"
        assert "code=1001" in post(browser, signed(changed({}), address=address), path="/lti/launch").error

    def test_a_token_at_the_address_for_lti_11(self, browser: Browser) -> None:
        """A good one brings nobody in, and can still be used where it belongs."""
        login = browser.begin()
        token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
        state = parse_qs(urlsplit(login.headers["location"]).query)["state"][0]
        reply = post(browser, [("id_token", token), ("state", state)])
        assert 'type="MissingParameter", code=1001' in reply.error
        assert browser.finish(login, token).launched

    @pytest.mark.parametrize("login", [{"iss": "", "client_id": "Key-1"}, {"iss": ""}, {"client_id": "Key-1"}])
    def test_a_login_never_finds_a_consumer_key(self, browser: Browser, login: dict[str, str]) -> None:
        """A key has no issuer, and nobody may log in with none."""
        assert browser.begin(**login).status == 400
        store = browser.app.state.store
        assert store.find_integration(issuer="", client_id="Key-1") is None
        assert list(store.find_integrations(issuer="")) == []

    def test_a_get_is_no_launch(self, browser: Browser) -> None:
        """What stands in the address is signed with the rest and otherwise not read."""
        assert "code=1001" in browser.send("GET", "/lti/launch11", dict(signed(changed({})))).error


def test_a_second_run_against_the_same_database(tmp_path: Path) -> None:
    """The tool keeps its nonces, so those of another run with the same seed have to be others."""
    profile, url = load_profile("core"), f"sqlite:///{tmp_path / 'tool.sqlite'}"
    chosen = select(scenarios(), profile, ["basic/replayed", "basic/plain"])
    for began in (1_800_000_000.0, 1_800_000_060.0):
        with demo_lab(profile, Start(seed=0, clock=lambda now=began: now), database_url=url) as lab:  # type: ignore[misc]
            runner = Runner(lab, Options())
            runner.plain_launch()
            assert [result.status for result in runner.run(chosen)] == ["passed", "passed"]
