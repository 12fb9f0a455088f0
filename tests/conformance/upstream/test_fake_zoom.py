"""The fake Zoom is honest until it is told to fail, and then fails what it was told, as often and as long as told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conformance.modes import MODES, Mode
from conformance.upstream import FakeZoom, Fault, Silence
from tests.conformance.upstream.asking import BASIC, Clock, asked, bearer, fresh_token, granted

MEETINGS = "/v2/users/ada@lms.example/meetings"
CREATE = "POST /v2/users/*/meetings"
STRUCK: dict[Mode, tuple[int | None, bytes]] = {
    "error": (500, b'"code": 500'),
    "timeout": (None, b""),
    "garbage": (201, b'{"id": 86'),
    "empty": (201, b"{}"),
    "token-refused": (401, b'{"code": 124, "message": "Invalid access token."}'),
    "grant-refused": (401, b'"code": 124'),
    "not-found": (404, b'"code": 1001'),
    "rate-limited": (429, b'"code": 429'),
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zoom(clock: Clock) -> FakeZoom:
    return FakeZoom(clock=clock)


@pytest.mark.parametrize(
    ("fields", "refreshable"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "r"}, True),
        ({"grant_type": "authorization_code", "code": "c", "redirect_uri": "https://tool.example"}, True),
        ({"grant_type": "account_credentials", "account_id": "a"}, False),
    ],
)
def test_each_grant_gives_a_token_that_works(zoom: FakeZoom, fields: dict[str, str], *, refreshable: bool) -> None:
    """A token for an hour; a server's own grant has nothing to refresh."""
    answer = granted(zoom, **fields)
    document = answer.json()
    assert (answer.status, document["token_type"], document["expires_in"]) == (200, "bearer", 3600)
    assert ("refresh_token" in document) == refreshable
    assert asked(zoom, "GET", "/v2/users/me", token=document["access_token"]).status == 200


def test_the_parameters_of_a_grant_may_stand_in_the_query(zoom: FakeZoom) -> None:
    """Zoom's own examples send them so."""
    answer = zoom.answer("POST", "/oauth/token?grant_type=account_credentials&account_id=a", BASIC)
    assert not isinstance(answer, Silence)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "fields", "status", "error"),
    [
        ({}, {"grant_type": "refresh_token", "refresh_token": "r"}, 401, "invalid_client"),
        ({"Authorization": "Basic %"}, {"grant_type": "refresh_token", "refresh_token": "r"}, 401, "invalid_client"),
        (BASIC, {}, 400, "unsupported_grant_type"),
        (BASIC, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (BASIC, {"grant_type": "refresh_token"}, 400, "invalid_request"),
    ],
)
def test_bad_requests_for_a_token(zoom: FakeZoom, headers: Any, fields: Any, status: int, error: str) -> None:
    """They are refused in the form of OAuth, not in that of the API."""
    answer = granted(zoom, headers, **fields)
    assert (answer.status, answer.json()["error"]) == (status, error)


def test_clients_may_be_given() -> None:
    """Then only these are known, by header or by form."""
    zoom = FakeZoom(clock=Clock(), clients={"client": "other"})
    grant = {"grant_type": "refresh_token", "refresh_token": "r"}
    assert granted(zoom, **grant).status == 401
    assert granted(zoom, {}, client_id="client", client_secret="other", **grant).status == 200


def test_a_code_is_spent_once(zoom: FakeZoom) -> None:
    """Its second use is no grant."""
    answers = [granted(zoom, grant_type="authorization_code", code="c") for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 400]
    assert answers[1].json()["error"] == "invalid_grant"


def test_refresh_tokens_lead_back_to_their_person(zoom: FakeZoom, clock: Clock) -> None:
    """However often they were exchanged, and in the eyes of a later fake as well."""
    refresh = "ada@lms.example"
    for each in (zoom, zoom, FakeZoom(clock=clock, seed=5)):
        document = granted(each, grant_type="refresh_token", refresh_token=refresh).json()
        assert document["refresh_token"] != refresh
        refresh = document["refresh_token"]
        me = asked(each, "GET", "/v2/users/me", token=document["access_token"]).json()
        assert me["email"] == "ada@lms.example"


def test_only_live_tokens_of_its_own_are_good(zoom: FakeZoom, clock: Clock) -> None:
    """Unknown, absent and expired ones are refused with the code by which clients know."""
    good = fresh_token(zoom)
    for token in ("", "made-up", good + "x"):
        refused = asked(zoom, "GET", "/v2/users/me", token=token)
        assert (refused.status, refused.json()["code"]) == (401, 124)
    assert asked(zoom, "GET", "/v2/users/me", token=good).status == 200
    clock.now += 3600
    assert asked(zoom, "GET", "/v2/users/me", token=good).json()["code"] == 124


def test_tokens_and_ids_of_two_fakes_differ(clock: Clock) -> None:
    """A tool that keeps what an earlier run gave it cannot take it for that of this run."""
    found = []
    for seed in (1, 1_000):
        zoom = FakeZoom(clock=clock, seed=seed)
        token = fresh_token(zoom)
        found.append((token, asked(zoom, "POST", MEETINGS, {}, token=token).json()["id"]))
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]


def test_a_meeting_from_birth_to_death(zoom: FakeZoom) -> None:
    """Created, read, changed, deleted, and then not there."""
    token = fresh_token(zoom)
    made = asked(zoom, "POST", MEETINGS, {"topic": "Engines", "settings": {"waiting_room": True}}, token=token)
    meeting = made.json()
    path = f"/v2/meetings/{meeting['id']}"
    assert made.status == 201
    assert meeting["topic"] == "Engines"
    assert meeting["settings"] == {"waiting_room": True}
    assert meeting["host_email"] == "ada@lms.example"
    assert meeting["created_at"] == "2027-01-15T08:00:00Z"
    assert str(meeting["id"]) in meeting["join_url"]
    assert str(meeting["id"]) in meeting["start_url"]
    assert asked(zoom, "GET", path, token=token).json() == meeting
    assert asked(zoom, "PATCH", path, {"topic": "New"}, token=token).status == 204
    assert asked(zoom, "PATCH", path, {"topic": 1}, token=token).status == 400
    assert asked(zoom, "GET", path, token=token).json() == {**meeting, "topic": "New"}
    assert list(zoom.meetings) == [str(meeting["id"])]
    assert asked(zoom, "DELETE", path, token=token).status == 204
    for method in ("GET", "DELETE"):
        gone = asked(zoom, method, path, token=token)
        assert (gone.status, gone.json()["code"]) == (404, 3001)
    assert not zoom.meetings


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"[" * 100_000, {"topic": 1}, {"topic": "x" * 201}, {"type": 4}, {"settings": []}]
)
def test_a_meeting_that_cannot_be_made(zoom: FakeZoom, body: Any) -> None:
    """What cannot be read or taken is refused, and nothing comes of it."""
    refused = asked(zoom, "POST", MEETINGS, body, token=fresh_token(zoom))
    assert (refused.status, refused.json()["code"]) == (400, 300)
    assert not zoom.meetings


def test_users_may_be_given(clock: Clock) -> None:
    """Then all others do not exist; without them everybody does."""
    zoom = FakeZoom(clock=clock, users={"grace@lms.example"})
    token = fresh_token(zoom)
    for method, path in (("POST", MEETINGS), ("GET", "/v2/users/ada@lms.example")):
        refused = asked(zoom, method, path, {}, token=token)
        assert (refused.status, refused.json()["code"]) == (404, 1001)
    assert asked(zoom, "POST", "/v2/users/grace%40lms.example/meetings", {}, token=token).status == 201
    assert asked(zoom, "POST", "/v2/users/me/meetings", {}, token=token).status == 201


def test_parts_of_the_api_that_are_not_there(zoom: FakeZoom) -> None:
    """They are not found, and not by mistake: first the token has to be good."""
    assert asked(zoom, "GET", "/v2/webinars/1").status == 401
    assert asked(zoom, "GET", "/v2/webinars/1", token=fresh_token(zoom)).status == 404


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(zoom: FakeZoom, mode: Mode) -> None:
    """While armed the request fails and makes nothing; before and afterwards it works."""
    token = fresh_token(zoom)
    with zoom.arm(Fault(route=CREATE, mode=mode)) as armed:
        answer = zoom.answer("POST", MEETINGS, bearer(token), b"{}")
        status, part = STRUCK[mode]
        if isinstance(answer, Silence):
            assert status is None
        else:
            assert answer.status == status
            assert part in answer.body
        assert armed.hits == 1
        assert asked(zoom, "GET", "/v2/users/me", token=token).status == 200
        assert armed.hits == 1
    assert not zoom.meetings
    assert asked(zoom, "POST", MEETINGS, {}, token=token).status == 201


def test_truncated_json_cannot_be_read(zoom: FakeZoom) -> None:
    """Its status and type promise a document."""
    with zoom.arm(Fault(route="GET /v2/users/me", mode="garbage")):
        answer = asked(zoom, "GET", "/v2/users/me")
    assert answer.status == 200
    assert "json" in answer.headers["Content-Type"]
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_limited_rate_says_when_to_come_back(zoom: FakeZoom) -> None:
    """By the headers that clients look at."""
    with zoom.arm(Fault(route=CREATE, mode="rate-limited")):
        headers = asked(zoom, "POST", MEETINGS, {}).headers
    assert headers["Retry-After"] == "0"
    assert headers["X-RateLimit-Remaining"] == "0"
    assert {"X-RateLimit-Category", "X-RateLimit-Type", "X-RateLimit-Limit"} <= set(headers)


@pytest.mark.parametrize(("mode", "status"), [("empty", 204), ("garbage", 200)])
def test_what_has_no_body_when_it_works(zoom: FakeZoom, mode: Mode, status: int) -> None:
    """An empty deletion looks like a good one; junk needs a status that may carry it."""
    with zoom.arm(Fault(route="DELETE /v2/meetings/*", mode=mode)):
        assert asked(zoom, "DELETE", "/v2/meetings/1").status == status


def test_a_refused_grant_is_met_with_and_without_a_token(zoom: FakeZoom) -> None:
    """A tool that has kept an access token is sent to the token endpoint, which refuses."""
    token = fresh_token(zoom)
    with zoom.arm(Fault(route=CREATE, mode="grant-refused")) as armed:
        assert asked(zoom, "POST", MEETINGS, {}, token=token).json()["code"] == 124
        refused = granted(zoom, grant_type="refresh_token", refresh_token="r")
        assert (refused.status, refused.json()["error"]) == (400, "invalid_grant")
        assert armed.hits == 2
    with zoom.arm(Fault(route=CREATE, mode="grant-refused", times=1)):
        assert asked(zoom, "POST", MEETINGS, {}, token=token).status == 401
        assert granted(zoom, grant_type="refresh_token", refresh_token="r").status == 400
        assert granted(zoom, grant_type="refresh_token", refresh_token="r").status == 200
        assert asked(zoom, "POST", MEETINGS, {}, token=token).status == 201


def test_a_fault_that_strikes_so_often(zoom: FakeZoom) -> None:
    """Afterwards it is over, though armed, and counts no more."""
    token = fresh_token(zoom)
    with zoom.arm(Fault(route=CREATE, mode="error", times=2)) as armed:
        statuses = [asked(zoom, "POST", MEETINGS, {}, token=token).status for _ in range(4)]
    assert statuses == [500, 500, 201, 201]
    assert armed.hits == 2


def test_a_fault_ends_by_itself(zoom: FakeZoom, clock: Clock) -> None:
    """Whatever became of who armed it; a later fault on the same route is another."""
    token = fresh_token(zoom)
    armed = zoom.arm(Fault(route=CREATE, mode="error", ttl_s=30))
    assert zoom.seconds_left(armed) == 30
    clock.now += 29
    assert asked(zoom, "POST", MEETINGS, {}, token=token).status == 500
    clock.now += 1
    assert zoom.seconds_left(armed) == 0
    assert asked(zoom, "POST", MEETINGS, {}, token=token).status == 201
    zoom.arm(Fault(route=CREATE, mode="not-found"))
    zoom.disarm_all()
    assert asked(zoom, "POST", MEETINGS, {}, token=token).status == 201


def test_marks_tell_launches_apart(zoom: FakeZoom) -> None:
    """By what stands in the path, in the body, or behind the token."""
    ada, grace = fresh_token(zoom, "of ada@lms.example"), fresh_token(zoom, "of grace@lms.example")
    with (
        zoom.arm(Fault(route=CREATE, mode="error", marks=("ada@lms.example",))),
        zoom.arm(Fault(route="* /v2/users/me", mode="not-found", marks=("grace@lms.example",))),
        zoom.arm(Fault(route="* /v2/users/x", mode="grant-refused", marks=("alan@lms.example",))),
        zoom.arm(Fault(route=CREATE, mode="rate-limited", marks=("grace@", "Prepared"))),
    ):
        assert asked(zoom, "POST", "/v2/users/ada%40lms.example/meetings", {}, token=grace).status == 500
        assert asked(zoom, "POST", "/v2/users/grace@lms.example/meetings", {}, token=grace).status == 201
        prepared = {"topic": "Prepared"}
        assert asked(zoom, "POST", "/v2/users/grace@lms.example/meetings", prepared, token=grace).status == 429
        assert asked(zoom, "POST", "/v2/users/me/meetings", {}, token=ada).status == 500
        assert asked(zoom, "GET", "/v2/users/me", token=ada).status == 200
        assert asked(zoom, "GET", "/v2/users/me", token=grace).status == 404
        refused = granted(zoom, grant_type="refresh_token", refresh_token="of alan@lms.example")
        assert refused.status == 400
        assert granted(zoom, grant_type="refresh_token", refresh_token="of ada@lms.example").status == 200


def test_a_star_is_one_part_of_the_path(zoom: FakeZoom) -> None:
    """Creating a meeting is not looking at a user."""
    token = fresh_token(zoom)
    with zoom.arm(Fault(route="POST /v2/users/*", mode="error")) as armed:
        assert asked(zoom, "POST", MEETINGS, {}, token=token).status == 201
    assert armed.hits == 0


@pytest.mark.parametrize("route", ["", "POST", "/v2", "post /v2", "POST v2", "POST /v2?x=1", "POST  /v2"])
def test_a_route_that_is_none(route: str) -> None:
    """It is a mistake of the caller, who is shown how one looks."""
    with pytest.raises(ValueError, match=r"expected a method and a path such as 'POST /v2/users/\*/meetings'"):
        Fault(route=route, mode="error")


def test_a_mode_that_is_none() -> None:
    """It is a mistake of the caller."""
    with pytest.raises(ValueError, match="unknown mode 'slow'; there are error, timeout"):
        Fault(route=CREATE, mode="slow")  # type: ignore[arg-type]


def test_the_journal_tells_what_came(zoom: FakeZoom) -> None:
    """With the body and the answer, and without credentials."""
    token = fresh_token(zoom)
    with zoom.arm(Fault(route=CREATE, mode="timeout")):
        zoom.answer("POST", f"{MEETINGS}?x=1", bearer(token), b'{"topic": "T"}')
    asked(zoom, "GET", "/v2/users/me", token=token)
    first, second, third = zoom.journal
    assert (first.method, first.path, first.status, first.fault) == ("POST", "/oauth/token", 200, None)
    assert (second.path, second.body, second.status, second.fault) == (MEETINGS, b'{"topic": "T"}', None, "timeout")
    assert second.grant == "of ada@lms.example"
    assert (third.path, third.status, third.fault) == ("/v2/users/me", 200, None)
    assert token not in repr(zoom.journal)


async def _ask(zoom: FakeZoom, method: str, path: str) -> tuple[int, bytes]:
    return await zoom.ask(method, path, BASIC, b"grant_type=refresh_token&refresh_token=r")


@pytest.mark.asyncio
async def test_asking_within_the_process(zoom: FakeZoom) -> None:
    """Status and body come back, and silence is patience lost at once."""
    status, body = await _ask(zoom, "POST", "/oauth/token")
    assert (status, json.loads(body)["token_type"]) == (200, "bearer")
    with zoom.arm(Fault(route="POST /oauth/token", mode="timeout")), pytest.raises(TimeoutError, match="/oauth/token"):
        await _ask(zoom, "POST", "/oauth/token")


def test_many_at_once(zoom: FakeZoom) -> None:
    """Ids are given once, and a fault strikes no more often than it may."""
    token = fresh_token(zoom)
    with zoom.arm(Fault(route=CREATE, mode="error", times=5)) as armed, ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: asked(zoom, "POST", MEETINGS, {}, token=token), range(105)))
    assert armed.hits == 5
    assert len({answer.json()["id"] for answer in made if answer.status == 201}) == 100 == len(zoom.meetings)
