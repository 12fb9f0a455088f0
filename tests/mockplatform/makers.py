"""Values of a launch that many tests need, each with one good default."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from hypothesis import settings

from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import (
    AuthRequest,
    Course,
    Launch,
    LoginRequest,
    Person,
    Registration,
    ResourceLink,
)

__all__ = [
    "COURSE",
    "INSTRUCTOR",
    "LAW",
    "LTI11",
    "NOW_S",
    "PERSON",
    "PLATFORM",
    "make_auth_request",
    "make_launch",
    "make_platform",
    "make_registration",
]

PLATFORM = "http://127.0.0.1:9400"
NOW_S = 1_800_000_000.75
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
PERSON = Person(sub="person-7", given_name="Zoë", family_name="Nguyễn", email="zoe@example.org", locale="de-DE")
COURSE = Course(id="course-9", label="BIO 7", title="Zellen & Gewebe")

LTI11 = {
    "lti11_launch_url": "http://tool.example/lti/basic",
    "consumer_key": "Key4consumer0of0LTI11aa",
    "consumer_secret": "s&cret of LTI ü",
}
"""What makes a registration one for LTI 1.1, too; the host is never asked."""

LAW = settings(derandomize=True, deadline=None, database=None, max_examples=60)
"""The same examples in every run; none is timed."""


def make_registration(**values: Any) -> Registration:
    given: dict[str, Any] = {
        "issuer": PLATFORM,
        "client_id": "Client-A",
        "deployment_ids": ("Dep-1", "Dep-2"),
        "login_url": "http://127.0.0.1:8000/lti/login",
        "launch_url": "http://127.0.0.1:8000/lti/launch",
        "name": "Quiz",
    }
    return Registration(**given | values)


def make_launch(**values: Any) -> Launch:
    given: dict[str, Any] = {
        "id": "launch-1",
        "registration": make_registration(),
        "deployment_id": "Dep-1",
        "person": PERSON,
        "roles": (INSTRUCTOR,),
        "course": COURSE,
        "resource_link": ResourceLink(id="link-3", title="Quiz 3"),
        "target_link_uri": "http://127.0.0.1:8000/lti/launch",
        "return_url": f"{PLATFORM}/return?launch=1",
        "deep_link_return_url": f"{PLATFORM}/deep-links?launch=1",
        "platform_guid": "guid-1",
    }
    return Launch(**given | values)


def make_auth_request(login: LoginRequest | Mapping[str, str] | None = None, /, **values: str | None) -> AuthRequest:
    """A right answer to a login; None takes a parameter out."""
    sent = dict(login.params) if isinstance(login, LoginRequest) else dict(login or {})
    params: dict[str, str | None] = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": "Client-A",
        "redirect_uri": "http://127.0.0.1:8000/lti/launch",
        "login_hint": sent.get("login_hint", "hint-person-7"),
        "lti_message_hint": sent.get("lti_message_hint", "launch-1"),
        "state": "State-ß/+ =&",
        "nonce": "Nonce-1",
    }
    return AuthRequest(params={name: value for name, value in (params | values).items() if value is not None})


def make_platform(keys: KeyRing, **values: Any) -> Platform:
    numbers = itertools.count(1)
    given: dict[str, Any] = {
        "url": PLATFORM,
        "clock": lambda: NOW_S,
        "new_id": lambda: f"launch-{next(numbers)}",
        "keys": keys,
        "registrations": (make_registration(),),
        "people": (PERSON,),
        "courses": (COURSE,),
    }
    return Platform(**given | values)
