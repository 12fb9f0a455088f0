"""The sample tool as a client of a platform's services, against a platform that is written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.sample_tool.services.model import Answered
from tests.conformance.sample_tool.conftest import Browser
from tests.conformance.sample_tool.services_at import AGS, HOST, NRPS, Asked, Lms, launched, told

Tools = Callable[..., Browser]
MEMBER = {"user_id": "u-1", "roles": [], "name": "Ada"}


def roster(*names: str, **headers: Any) -> Answered:
    return told({"members": [{**MEMBER, "user_id": name, "name": name} for name in names]}, **headers)


def test_a_roster_is_read_with_a_token_of_the_tools_own(open_tool: Tools) -> None:
    """The assertion says who asks whom, and the call shows the token and names the media type."""
    lms = Lms(replies={"/members": lambda _: roster("Ada", "Grace")})
    browser = launched(open_tool, lms)
    page = browser.send("POST", "/services/roster")
    token, call = lms.asked
    assert (page.status, "Ada" in page.text, "Grace" in page.text) == (200, True, True)
    claims = token.assertion
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("client-1", "client-1", f"{HOST}/token")
    assert claims["exp"] - claims["iat"] == 300
    assert call.headers["Authorization"] == "Bearer t1"
    assert call.headers["Accept"] == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


def test_the_key_set_verifies_what_the_tool_signs(open_tool: Tools) -> None:
    """The assertion's signature is good by the key that the tool publishes."""
    import jwt

    lms = Lms(replies={"/members": lambda _: roster("Ada")})
    browser = launched(open_tool, lms)
    browser.send("POST", "/services/roster")
    (entry,) = json.loads(browser.send("GET", "/lti/jwks").text)["keys"]
    text = lms.asked[0].form["client_assertion"]
    assert jwt.get_unverified_header(text)["kid"] == entry["kid"]
    assert jwt.decode(text, jwt.PyJWK(entry).key, algorithms=["RS256"], audience=f"{HOST}/token")


def test_a_token_is_kept_until_it_is_refused(open_tool: Tools) -> None:
    """Two calls need one token; after a 401 there is another one, with another jti, and one more call."""
    answers = [roster("Ada"), roster("Ada"), told({}, 401), roster("Ada")]
    lms = Lms(replies={"/members": lambda _: answers.pop(0)})
    browser = launched(open_tool, lms)
    statuses = [browser.send("POST", "/services/roster").status for _ in range(3)]
    assert statuses == [200, 200, 200]
    first, second = lms.to("/token")
    assert first.assertion["jti"] != second.assertion["jti"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told({"error": "invalid_client"}, 401), "TokenRequestFailed"),
        (told({"error": "invalid_scope"}, 400), "TokenRequestFailed"),
        (Answered(status=200, body=b"<html>"), "MalformedResponse"),
        (told([]), "MalformedResponse"),
        (told({"token_type": "Bearer"}), "MalformedResponse"),
        (told({"access_token": 7, "token_type": "Bearer"}), "MalformedResponse"),
        (told({"access_token": "a b", "token_type": "Bearer"}), "MalformedResponse"),
        (told({"access_token": "x", "token_type": "mac"}), "MalformedResponse"),
        (told({"access_token": "x", "token_type": "Bearer", "scope": "other"}), "ScopeMismatch"),
        (told({"access_token": "x", "token_type": "Bearer", "expires_in": 0}), "AccessTokenExpired"),
        (told({"access_token": "x", "token_type": "Bearer", "expires_in": -1e400}), "AccessTokenExpired"),
        (told({"access_token": "x", "token_type": "Bearer", "expires_in": []}), "MalformedResponse"),
    ],
)
def test_a_token_answer_is_told_for_what_it_is(open_tool: Tools, answer: Answered, error: str) -> None:
    """Each answer that is no good token ends in one of the documented types, with its reference."""
    lms = Lms(replies={"/token": lambda _: answer})
    reply = launched(open_tool, lms).send("POST", "/services/roster")
    assert f'type="{error}"' in reply.error
    assert 'ref="SEC ' in reply.error
    assert lms.to("/members") == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told({}, 403), 'class=security, type="AccessDenied"'),
        (told({}, 401), 'class=security, type="AccessDenied"'),
        (told({}, 500), 'class=unknown, type="TransportError"'),
        (told({}, 302, location="/members"), 'class=unknown, type="TransportError"'),
        (Answered(status=200, body=b"<html>"), 'class=invalid, type="MalformedResponse"'),
        (told([MEMBER]), 'class=invalid, type="MalformedResponse"'),
        (told({"members": {}}), 'class=invalid, type="MalformedResponse"'),
        (told({"members": [7]}), 'class=invalid, type="MalformedResponse"'),
        (told({"members": [{"roles": []}]}), 'class=invalid, type="MalformedResponse"'),
        (roster(*"abcdef"), 'class=invalid, type="RosterTooLarge"'),
        (roster("a", link=f'<{HOST}/members>; rel="next"'), 'class=invalid, type="MalformedResponse"'),
        (roster("a", link='<https://other.example/members>; rel="next"'), 'class=invalid, type="MalformedResponse"'),
        (roster("a", link='<http://lms.example/members>; rel="next"'), 'class=invalid, type="MalformedResponse"'),
        (told({}, 429, retry_after="86400"), 'class=unknown, type="TransportError"'),
        (told({}, 503, retry_after="soon"), 'class=unknown, type="TransportError"'),
    ],
)
def test_a_roster_answer_is_told_for_what_it_is(open_tool: Tools, answer: Answered, error: str) -> None:
    """Refusals, outages and junk end in the documented types, and no call leaves the platform's host."""
    lms = Lms(replies={"/members": lambda _: answer})
    reply = launched(open_tool, lms).send("POST", "/services/roster")
    assert reply.error.startswith(error)
    assert {request.url for request in lms.asked} == {f"{HOST}/token", f"{HOST}/members"}


def test_every_page_is_read_where_its_link_says(open_tool: Tools) -> None:
    """Relative, unquoted, among others and in any case: a next link is followed as it is."""
    pages = {
        f"{HOST}/members": roster("a", link='<x>; rel="first", <members?page=2>; title="a, b"; REL=Next'),
        f"{HOST}/members?page=2": Answered(
            status=200,
            headers=(("Link", '<y>; rel="differences"'), ("Link", f'<{HOST}/members?page=3>; rel="last next"')),
            body=roster("b").body,
        ),
        f"{HOST}/members?page=3": roster("c"),
    }
    lms = Lms(replies={"/members": lambda request: pages[request.url]})
    page = launched(open_tool, lms).send("POST", "/services/roster")
    assert "3 people take part" in page.text
    assert [request.url for request in lms.to("/members")] == list(pages)


def test_pages_without_members_come_to_an_end(open_tool: Tools) -> None:
    """Each leads to another one; the tool gives up after a bounded number."""

    def empty(request: Asked) -> Answered:
        number = int(request.url.partition("=")[2] or 0)
        return roster(link=f'<{HOST}/members?page={number + 1}>; rel="next"')

    lms = Lms(replies={"/members": empty})
    reply = launched(open_tool, lms).send("POST", "/services/roster")
    assert 'type="MalformedResponse"' in reply.error
    assert len(lms.to("/members")) == 200


def test_a_busy_platform_is_asked_again_when_it_says(open_tool: Tools) -> None:
    """The pause is as long as the answer names."""
    answers = [told({}, 429, retry_after="3"), roster("Ada")]
    lms = Lms(replies={"/members": lambda _: answers.pop(0)})
    assert launched(open_tool, lms).send("POST", "/services/roster").status == 200
    assert lms.paused == [3.0]


def test_what_was_not_offered_is_not_asked_for(open_tool: Tools) -> None:
    """Without its claim a service is not available, and nothing is sent."""
    lms = Lms()
    assert 'type="ServiceNotAvailable"' in launched(open_tool, lms, without=NRPS).send("POST", "/services/roster").error
    assert 'type="ServiceNotAvailable"' in launched(open_tool, lms, without=AGS).send("POST", "/services/grade").error
    assert 'type="ServiceNotAvailable"' in launched(open_tool, lms).send("POST", "/services/groups").error
    assert lms.asked == []


@pytest.mark.parametrize("path", ["roster", "grade", "results", "groups"])
def test_a_service_is_for_teachers_and_for_pages_of_the_tool(open_tool: Tools, path: str) -> None:
    """A guest, and a form on another site, are turned away before anything is sent."""
    lms = Lms()
    browser = launched(open_tool, lms)
    assert browser.send("POST", f"/services/{path}", origin="https://other.example").error.startswith("class=security")
    assert Browser(app=browser.app, platform=browser.platform).send("POST", f"/services/{path}").status == 401
    assert lms.asked == []


def test_a_score_goes_into_the_tools_own_column(open_tool: Tools) -> None:
    """It is made once, the query of its address is kept, and each score is later than the last."""
    items: list[dict[str, Any]] = []

    def line_items(request: Asked) -> Answered:
        if request.method == "POST":
            items.append({**json.loads(request.body), "id": f"{HOST}/item?type=a"})
            return told(items[-1], 201)
        return told(items)

    lms = Lms(replies={"/items": line_items, "/item/scores": lambda _: Answered(status=204)})
    browser = launched(open_tool, lms)
    assert [browser.send("POST", "/services/grade").status for _ in range(2)] == [200, 200]
    assert len(items) == 1
    scores = lms.to("/item/scores")
    assert {request.url for request in scores} == {f"{HOST}/item/scores?type=a"}
    assert {request.headers["Content-Type"] for request in scores} == {"application/vnd.ims.lis.v1.score+json"}
    first, second = (json.loads(request.body) for request in scores)
    assert first["timestamp"] < second["timestamp"]
    assert first["userId"] == "person-1"


def test_a_score_that_the_platform_refuses_is_told(open_tool: Tools) -> None:
    """The person does not read that the grade was sent."""
    claim: Any = {"lineitem": f"{HOST}/item", "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"]}
    lms = Lms(replies={"/item/scores": lambda _: told({}, 409)})
    reply = launched(open_tool, lms, **{AGS: claim}).send("POST", "/services/grade")
    assert reply.error.startswith('class=unknown, type="TransportError"')
