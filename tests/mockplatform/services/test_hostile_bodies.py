"""Whatever a tool sends, a service answers it or refuses it; nothing else happens."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from mockplatform.keys import KeyRing
from mockplatform.records import Grant, LineItem
from mockplatform.service import Call, Reply, ServiceError
from mockplatform.services.ags import create_line_item, line_items, results, scores, update_line_item
from mockplatform.services.token import grant_token
from tests.mockplatform.makers import LAW, NOW_S, PLATFORM
from tests.mockplatform.services.asserting import assertion, form, make_granting

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("2026-11-22T08:00:00.0Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    *("id", "label", "scoreMaximum", "resourceId", "tag", "resourceLinkId", "startDateTime", "gradesReleased"),
    *("submissionReview", "userId", "timestamp", "activityProgress", "gradingProgress", "scoreGiven", "comment"),
    *("scoringUserId", "submission", "https://tool.example/x", "x", ""),
)
RIGHT = {
    "label": "Quiz",
    "userId": "u",
    "timestamp": "2026-11-22T08:00:00.0Z",
    "activityProgress": "Started",
    "gradingProgress": "NotReady",
}
BODIES = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4).map(
    lambda drawn: RIGHT | {"scoreMaximum": 1} | drawn
)
GRANT = Grant(token="t", client_id="Client-A", issuer=PLATFORM, scopes=(), expires_s=NOW_S + 1)
ITEM = LineItem(id="i", course_id="course-9", client_id="Client-A", label="L", score_maximum=60)
KEYS = KeyRing()


def outcome(ask: Callable[[], Reply]) -> Reply | ServiceError:
    """What comes of a call; anything else that is raised is a fault of the platform."""
    try:
        return ask()
    except ServiceError as refusal:
        return refusal


@LAW
@given(body=BODIES.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=40))
def test_a_body_is_answered_or_refused(body: bytes) -> None:
    """Any JSON, and what is none, ends in an answer that is JSON or in a refusal of the 400s."""
    platform = make_granting(KEYS)
    platform.state.line_items.put(ITEM.id, ITEM, group=ITEM.course_id)
    for answer in (create_line_item, update_line_item, scores, line_items, results):
        call = Call(
            platform=platform,
            method="",
            url=f"{PLATFORM}/x",
            path={"course": "course-9", "item": "i"},
            body=body if answer in (create_line_item, update_line_item, scores) else b"",
            grant=GRANT,
        )
        said = outcome(functools.partial(answer, call))
        if isinstance(said, ServiceError):
            assert said.status in {400, 404}
            assert said.description.encode()
        else:
            json.dumps(said.json, allow_nan=False, ensure_ascii=False).encode()


def granted(text: str) -> Reply | ServiceError:
    call = Call(
        platform=make_granting(KEYS),
        method="POST",
        url=f"{PLATFORM}/token",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode(form(text), errors="replace").encode(),
    )
    return outcome(lambda: asyncio.run(grant_token(call)))


@LAW
@given(claims=st.dictionaries(st.sampled_from(("iss", "sub", "aud", "iat", "exp", "nbf", "jti", "x")), JSON))
def test_an_assertion_is_accepted_or_refused(claims: dict[str, Any]) -> None:
    """Whatever an assertion claims, it is granted a token or refused as invalid_client."""
    said = granted(assertion(KEYS, **claims))

    if isinstance(said, ServiceError):
        assert (said.status, said.error) == (401, "invalid_client")
    else:
        assert said.json["token_type"] == "Bearer"


@LAW
@given(header=JSON, claims=JSON, signature=st.text(max_size=5))
def test_what_the_tool_has_not_signed_is_refused(header: Any, claims: Any, signature: str) -> None:
    """Nothing that only looks like a token is granted anything."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    said = granted(f"{'.'.join(parts)}.{signature}")

    assert isinstance(said, ServiceError)
    assert (said.status, said.error) == (401, "invalid_client")
