"""A platform that speaks LTI 1.1, whose forms are signed by oauthlib and by nothing of this project."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from oauthlib.oauth1 import SIGNATURE_TYPE_BODY, Client

from conformance.sample_tool import Integration
from tests.conformance.sample_tool.conftest import request

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser, Reply

ADDRESS = "https://tool.example/lti/launch11"
FORM = "application/x-www-form-urlencoded"
RETURN_URL = "https://lms.example/back?tab=2"
SECRET = secrets.token_urlsafe(16) + " &+%é"
CONSUMER = Integration(issuer="", client_id="Key-1", auth_url="", jwks_url="", deployment_ids=(), secret=SECRET)
OTHER_CONSUMER = dataclasses.replace(CONSUMER, client_id="key-2", secret=secrets.token_urlsafe(16))
MESSAGE = {
    "lti_message_type": "basic-lti-launch-request",
    "lti_version": "LTI-1p0",
    "resource_link_id": "link-1",
    "user_id": "person-1",
    "roles": "Learner",
    "lis_person_name_full": "Ada Lovelace",
    "lis_person_contact_email_primary": "ada@lms.example",
    "context_id": "course-1",
    "context_title": "Analytical engines",
    "launch_presentation_return_url": RETURN_URL,
}


def signed(
    fields: list[tuple[str, str]],
    *,
    key: str = CONSUMER.client_id,
    secret: str = SECRET,
    address: str = ADDRESS,
    timestamp: float | None = None,
    nonce: str | None = None,
    method: str = "HMAC-SHA1",
) -> list[tuple[str, str]]:
    """The fields of a form with those of its signature."""
    client = Client(
        key,
        client_secret=secret,
        signature_type=SIGNATURE_TYPE_BODY,
        signature_method=method,
        timestamp=str(int(time.time() if timestamp is None else timestamp)),
        nonce=nonce or secrets.token_hex(12),
    )
    _, _, body = client.sign(address, "POST", body=urlencode(fields), headers={"Content-Type": FORM})
    return parse_qsl(str(body), keep_blank_values=True)


def changed(message: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """The honest message with changes; None takes a parameter away."""
    return [(name, value) for name, value in {**MESSAGE, **message}.items() if value is not None]


def post(
    browser: Browser,
    fields: list[tuple[str, str]],
    *,
    path: str = "/lti/launch11",
    query: str = "",
    host: str = "tool.example",
) -> Reply:
    """Posts a form as it is, and keeps the cookies of the answer."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"host": host, "cookie": cookies, "content-type": FORM}
    reply = asyncio.run(request(browser.app, "POST", path, query, urlencode(fields).encode(), headers))
    browser.cookies |= reply.cookies
    return reply


def launch(browser: Browser, message: Mapping[str, str | None] | None = None, **signature: Any) -> Reply:
    """A whole launch, honest but for the changes."""
    return post(browser, signed(changed(message or {}), **signature))
