"""Accounts: one for a person of a platform, taken over from LTI 1.1 by whoever proves it and by nobody else."""

from __future__ import annotations

import base64
import dataclasses
import hmac
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from conformance.sample_tool.accounts import account_of, migration_signature
from conformance.sample_tool.model import Identity, Launch
from tests.conformance.sample_tool.conftest import INTEGRATION, asked
from tests.conformance.sample_tool.old_lti import CONSUMER, OTHER_CONSUMER, SECRET, launch

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser

OpenTool = Callable[..., "Browser"]
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/lti1p1"


@pytest.fixture
def browser(open_tool: OpenTool) -> Browser:
    """A browser before a tool with registrations of both versions."""
    return open_tool(integrations=(INTEGRATION, CONSUMER, OTHER_CONSUMER))


def account(browser: Browser) -> str:
    """In which account the browser is."""
    found = json.loads(browser.me().text)["account"]
    assert isinstance(found, str)
    return found


def come(browser: Browser, claim: dict[str, Any] | None = None, **changed: Any) -> str:
    """A launch by LTI 1.3, and the account that it ends in.

    Args:
        claim: the members of the claim, but for what is needed to sign it: its secret and the values that are signed.
    """
    login = browser.begin()
    claims = {**browser.claims(login), "exp": int(time.time()) + 300, **changed}
    if claim is not None:
        members = dict(claim)
        secret, order = members.pop("secret", SECRET), members.pop("order", None)
        key = members.setdefault("oauth_consumer_key", CONSUMER.client_id)
        values = [key, "1", INTEGRATION.issuer, INTEGRATION.client_id, claims["exp"], asked(login)["nonce"]]
        signed = [values[place] for place in order] if order else values
        digest = hmac.new(secret.encode(), "&".join(map(str, signed)).encode(), "sha256").digest()
        members.setdefault("oauth_consumer_key_sign", base64.b64encode(digest).decode())
        claims[CLAIM] = members
    token = browser.platform.sign(claims, header={"kid": "main"})
    assert browser.finish(login, token).launched
    return account(browser)


def test_the_signature_of_the_guide() -> None:
    """The migration guide's own example is signed as it says."""
    integration = dataclasses.replace(INTEGRATION, issuer="https://lmsvendor.com", client_id="PM48OJSfGDTAzAo")
    nothing: Any = None
    example = Launch(
        tool=nothing,
        now=0,
        base_url="",
        form={},
        cookies={},
        integration=integration,
        deployment_id="689302",
        claims={"exp": 1551290856, "nonce": "172we8671fd8z"},
    )
    expected = "lWd54kFo5qU7xshAna6v8BwoBm6tmUjc6GTax6+12ps="
    assert migration_signature(example, "179248902", "my-lti11-secret") == expected


def test_a_person_keeps_one_account(browser: Browser) -> None:
    """From launch to launch, whatever else changes; others have others."""
    first = come(browser)
    assert come(browser, name="Ada King", email="other@lms.example") == first
    assert come(browser, sub="person-2") != first


def test_a_person_of_another_key_is_another_person(browser: Browser) -> None:
    """Ids are unique for one platform, and LTI 1.1 is another platform than LTI 1.3."""
    accounts = {come(browser)}
    for consumer in (CONSUMER, OTHER_CONSUMER):
        assert launch(browser, key=consumer.client_id, secret=consumer.secret).launched
        accounts.add(account(browser))
    assert len(accounts) == 3


def test_a_signed_claim_takes_the_account_over_for_good(browser: Browser) -> None:
    """It is kept without the claim, stays where it was, and takes the place of one made in between."""
    assert launch(browser, {"user_id": "old-1"}).launched
    old = account(browser)
    assert come(browser) != old
    assert come(browser, {"user_id": "old-1"}) == old
    assert come(browser) == old
    assert launch(browser, {"user_id": "old-1"}).launched
    assert account(browser) == old


def test_a_claim_may_come_before_the_first_old_launch(browser: Browser) -> None:
    """The old id is known from then on."""
    new = come(browser, {"user_id": "old-1"})
    assert launch(browser, {"user_id": "old-1"}).launched
    assert account(browser) == new


def test_without_a_user_id_the_id_is_the_same(browser: Browser) -> None:
    """The claim leaves out what has not changed."""
    assert launch(browser, {"user_id": "person-1"}).launched
    assert come(browser, {}) == account(browser)


@pytest.mark.parametrize(
    "claim",
    [
        {"secret": "another"},
        {"secret": OTHER_CONSUMER.secret},
        {"secret": ""},
        {"order": [1, 0, 2, 3, 4, 5]},
        {"order": [0, 1, 2, 3, 4]},
        {"oauth_consumer_key": "nobodys"},
        {"oauth_consumer_key": OTHER_CONSUMER.client_id},
        {"oauth_consumer_key": 7},
        {"oauth_consumer_key": ["Key-1"]},
        {"oauth_consumer_key_sign": ""},
        {"oauth_consumer_key_sign": None},
        {"oauth_consumer_key_sign": "ü"},
        {"user_id": 7},
        {"user_id": ""},
        {"user_id": None},
    ],
)
def test_anything_else_takes_nothing_over(browser: Browser, claim: dict[str, Any]) -> None:
    """The launch goes on, in the account that it would have had without the claim."""
    assert launch(browser, {"user_id": "old-1"}).launched
    old, own = account(browser), come(browser)
    assert come(browser, {"user_id": "old-1", **claim}) == own
    assert own != old


@pytest.mark.parametrize("claim", ["old-1", 7, [], None, True])
def test_a_claim_of_another_kind_is_passed_over(browser: Browser, claim: object) -> None:
    """Only an object can prove anything."""
    own = come(browser)
    changed: dict[str, Any] = {CLAIM: claim}
    assert come(browser, **changed) == own


def test_a_key_without_a_secret_proves_nothing(open_tool: OpenTool) -> None:
    """Everybody could sign with an empty secret."""
    empty = dataclasses.replace(CONSUMER, secret="")
    browser = open_tool(integrations=(INTEGRATION, empty))
    own = come(browser)
    assert come(browser, {"user_id": "old-1", "secret": ""}) == own


def test_the_first_of_two_new_accounts_stays(browser: Browser) -> None:
    """Whoever comes second gets what the first has been given."""
    store, who = browser.app.state.store, Identity(issuer="i", client_id="c", person_id="p")
    assert account_of(store, who, otherwise="first") == "first"
    assert account_of(store, who, otherwise="second") == "first"


def test_guests_have_no_account(browser: Browser) -> None:
    """Without an id nobody can be known again."""
    assert launch(browser, {"user_id": None}).launched
    assert json.loads(browser.me().text)["account"] is None
