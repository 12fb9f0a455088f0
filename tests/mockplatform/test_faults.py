from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import httpx2
import pytest
import pytest_asyncio

from mockplatform.app import create_app
from mockplatform.endpoints import wire
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.misbehaving.faults import endpoint_names, verbs
from mockplatform.misbehaving.wire_call import Answer, NoAnswerError, WireCall
from mockplatform.store import MemoryStore
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    NOW_S,
    PERSON,
    PLATFORM,
    make_auth_request,
    make_platform,
    make_registration,
)

pytestmark = pytest.mark.asyncio

OBJECT = Answer(headers=(("content-type", "application/json"),), body=b'{"access_token": "abc", "expires_in": 3600}')
ARRAY = Answer(
    headers=(("content-type", "application/json"), ("link", '<http://127.0.0.1/2>; rel="next"')),
    body=b'[{"id": "1"}, {"id": "2"}]',
)
ASKED = f"{PLATFORM}/lti/things?page=1"


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys, registrations=(make_registration(), make_registration(client_id="Client-B")))


@pytest_asyncio.fixture
async def http(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as client:
        yield client


def begin(platform: Platform, which: int = 0) -> dict[str, str]:
    """A right authentication request of a launch under way."""
    tool = platform.registrations[which]
    launch = platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE)
    return dict(make_auth_request(platform.begin(launch).login, client_id=tool.client_id).params)


@dataclass(slots=True)
class Sent:
    """What a verb made of an honest answer."""

    answer: Answer = field(default_factory=Answer)
    parts: list[bytes] = field(default_factory=list)
    slept_s: list[float] = field(default_factory=list)
    complete: bool = False


async def answered(verb: str, honest: Answer = OBJECT, **settings: Any) -> Sent:
    """What a client gets from an endpoint whose honest answer is given."""
    sent = Sent()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(name.encode(), value.encode()) for name, value in honest.headers]
        headers.append((b"content-length", str(len(honest.body)).encode()))
        await send({"type": "http.response.start", "status": honest.status, "headers": headers})
        await send({"type": "http.response.body", "body": honest.body})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = tuple((name.decode(), value.decode()) for name, value in message["headers"])
            sent.answer = Answer(status=message["status"], headers=headers)
        else:
            sent.parts.append(message["body"])
            sent.complete = not message.get("more_body", False)

    async def sleep(seconds: float) -> None:
        sent.slept_s.append(seconds)

    call = WireCall(app=app, scope={}, receive=receive, send=send, sleep=sleep, url=ASKED, now_s=NOW_S)
    verbs()[verb].check(settings, where="test")
    await verbs()[verb].function(call, **settings)
    sent.answer = Answer(status=sent.answer.status, headers=sent.answer.headers, body=b"".join(sent.parts))
    return sent


async def test_the_call_that_is_named_fails_and_the_next_one_does_not(
    http: httpx2.AsyncClient, platform: Platform
) -> None:
    """A fault begins with its nth call and ends after so many; every matching call and every hit is counted."""
    fault = platform.faults.arm(endpoint="jwks", verb="status", settings={"code": 503}, nth=2, times=2)
    codes = [(await http.get("/jwks")).status_code for _ in range(5)]
    (await http.get("/.well-known/openid-configuration")).raise_for_status()

    assert codes == [200, 503, 503, 200, 200]
    (counted,) = platform.faults.all()
    assert (counted.id, counted.calls, counted.hits) == (fault.id, 5, 2)


async def test_a_fault_lasts_until_it_is_taken_away(http: httpx2.AsyncClient, platform: Platform) -> None:
    """Without a number it answers every call, until it is disarmed or all are reset."""
    fault = platform.faults.arm(endpoint="jwks", verb="empty")
    platform.faults.arm(endpoint="configuration", verb="empty")
    assert [(await http.get("/jwks")).content for _ in range(3)] == [b"", b"", b""]

    assert platform.faults.disarm(fault.id).hits == 3
    assert (await http.get("/jwks")).json()["keys"]
    assert [left.endpoint for left in platform.faults.all()] == ["configuration"]
    platform.faults.reset()
    assert platform.faults.all() == []
    assert (await http.get("/.well-known/openid-configuration")).json()["issuer"] == PLATFORM


async def test_nothing_is_looked_at_while_no_fault_is_armed(
    http: httpx2.AsyncClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call goes straight to its endpoint unless a fault is armed."""
    seen = []

    async def noted(app: Any, endpoint: str, scope: Any, receive: Any, send: Any) -> None:
        seen.append(endpoint)
        await app(scope, receive, send)

    monkeypatch.setattr(wire, "serve_faulty", noted)
    await http.get("/jwks")
    assert seen == []
    platform.faults.arm(endpoint="token", verb="empty")
    await http.get("/jwks")
    assert seen == ["jwks"]


async def test_only_requests_of_a_method(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A fault for POST leaves GET of the same endpoint alone."""
    platform.faults.arm(endpoint="auth", verb="status", method="post")

    assert (await http.get("/auth", params=begin(platform))).status_code == 200
    assert (await http.post("/auth", data=begin(platform))).status_code == 503


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_only_requests_of_a_tool(http: httpx2.AsyncClient, platform: Platform, method: str) -> None:
    """A fault for one tool leaves the others alone, and a request that is looked into still reaches its endpoint."""
    platform.faults.arm(endpoint="auth", verb="status", client_id="Client-B")

    async def code(which: int) -> int:
        sent = {"params": begin(platform, which)} if method == "GET" else {"data": begin(platform, which)}
        return (await http.request(method, "/auth", **sent)).status_code  # type: ignore[arg-type]

    assert [await code(0), await code(1), await code(0)] == [200, 503, 200]
    assert [(fault.calls, fault.hits) for fault in platform.faults.all()] == [(1, 1)]


async def test_a_fault_everywhere(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The endpoint `*` stands for all that is on the wire, and for no page that people read."""
    platform.faults.arm(endpoint="*", verb="status", settings={"code": 500})

    assert (await http.get("/jwks")).status_code == 500
    assert (await http.get("/.well-known/openid-configuration")).status_code == 500
    assert (await http.get("/")).status_code == 200


async def test_the_journal_names_the_fault(http: httpx2.AsyncClient, platform: Platform) -> None:
    """An exchange that a fault answered says so, and shows what the client got."""
    platform.faults.arm(endpoint="jwks", verb="rate_limit", times=1)
    await http.get("/jwks")
    await http.get("/jwks")

    struck, honest = platform.journal
    assert (struck.status, struck.about["endpoint"], struck.about["fault"]) == (429, "jwks", "rate_limit")
    assert (honest.status, "fault" in honest.about) == (200, False)


async def test_two_faults_at_once(http: httpx2.AsyncClient, platform: Platform) -> None:
    """The one armed first changes what the other made; one that is not reached has not hit."""
    platform.faults.arm(endpoint="jwks", verb="header", settings={"name": "X-Marked", "value": "yes"})
    platform.faults.arm(endpoint="jwks", verb="status", settings={"code": 502})
    platform.faults.arm(endpoint="jwks", verb="bom")
    answer = await http.get("/jwks")

    assert (answer.status_code, answer.headers["x-marked"]) == (502, "yes")
    assert [(fault.calls, fault.hits) for fault in platform.faults.all()] == [(1, 1), (1, 1), (1, 0)]
    assert platform.journal[0].about["fault"] == "header, status"


async def test_workers_count_together(keys: KeyRing) -> None:
    """Two platforms on one store have the same faults, and a call to one counts for both."""
    store = MemoryStore()
    here, there = make_platform(keys, store=store), make_platform(keys, store=store)
    here.faults.arm(endpoint="jwks", verb="empty", nth=2, times=1)

    due = [len(worker.faults.due("jwks", "GET")) for worker in (here, there, here)]
    assert due == [0, 1, 0]
    assert here.faults.all() == there.faults.all()


async def test_every_worker_gets_its_share(keys: KeyRing) -> None:
    """However many threads ask at once, exactly as many calls are struck as were ordered."""
    from concurrent.futures import ThreadPoolExecutor

    platform = make_platform(keys)
    platform.faults.arm(endpoint="jwks", verb="empty", nth=11, times=20)
    with ThreadPoolExecutor(8) as pool:
        due = list(pool.map(lambda _: len(platform.faults.due("jwks", "GET")), range(100)))

    assert sum(due) == 20
    assert platform.faults.all()[0].calls == 100


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"endpoint": "jwsk"}, "unknown endpoint 'jwsk'; did you mean 'jwks'?"),
        ({"endpoint": ""}, "unknown endpoint ''; the names are: auth, "),
        ({"verb": "statu"}, "unknown verb 'statu'; did you mean 'status'?"),
        ({"verb": "zzz"}, "unknown verb 'zzz'; the verbs are: bom, "),
        ({"method": "BREW"}, "method is 'BREW', expected one of GET, "),
        ({"nth": 0}, "nth is 0, expected an integer from 1"),
        ({"times": True}, "times is True, expected an integer from 1"),
        ({"settings": {"kode": 500}}, "'status' has no setting 'kode'; did you mean 'code'? (it takes: code, "),
        ({"settings": {"code": "500"}}, "status.code is '500', expected an integer from 200 to 599"),
        ({"settings": {"code": 199}}, "status.code is 199, expected an integer from 200 to 599"),
        ({"settings": {"code": True}}, "status.code is True, expected"),
        ({"settings": {"media_type": "a\r\nb: c"}}, "expected a text without line breaks"),
        ({"verb": "delay", "settings": {"delay_s": float("nan")}}, "delay.delay_s is nan, expected a number from 0"),
        ({"verb": "header"}, "'header' needs the setting 'name': the name of a header other than"),
        ({"verb": "header", "settings": {"name": "content-length"}}, "header.name is 'content-length', expected the"),
        ({"verb": "link", "settings": {"form": "up"}}, "expected one of itself, foreign, unquoted, several, none"),
        ({"verb": "json_merge", "settings": {"patch": 1}}, "json_merge.patch is 1, expected an object"),
    ],
)
async def test_what_cannot_be_armed(platform: Platform, given: dict[str, Any], complaint: str) -> None:
    """A mistake is told with the name that was meant or with what would do, and nothing is armed."""
    with pytest.raises(UsageError) as raised:
        platform.faults.arm(**{"endpoint": "jwks", "verb": "status"} | given)

    assert complaint in str(raised.value)
    assert str(raised.value).startswith("fault: ")
    assert platform.faults.all() == []


async def test_a_fault_that_is_not_there_cannot_be_taken_away(platform: Platform) -> None:
    """Disarming an unknown id is a mistake of the user."""
    with pytest.raises(UsageError, match="none has the id 'nobody'"):
        platform.faults.disarm("nobody")


async def test_faults_are_not_endless(platform: Platform) -> None:
    """Somebody who arms in a loop is told to stop."""
    for _ in range(200):
        platform.faults.arm(endpoint="jwks", verb="empty")
    with pytest.raises(UsageError, match="200 faults are armed already"):
        platform.faults.arm(endpoint="jwks", verb="empty")


async def test_a_fault_that_is_used_up_takes_no_place(platform: Platform) -> None:
    """Only faults that can still strike are counted; of those that are used up the last ones are still told."""
    for _ in range(450):
        platform.faults.arm(endpoint="jwks", verb="empty", times=1)
        platform.faults.due("jwks", "GET")
    lasting = [platform.faults.arm(endpoint="jwks", verb="empty") for _ in range(150)]
    told = platform.faults.all()

    assert len(told) == 200
    assert told[-150:] == lasting
    assert all(fault.is_used_up for fault in told[:50])
    for _ in range(50):
        platform.faults.arm(endpoint="jwks", verb="empty")
    with pytest.raises(UsageError, match="200 faults are armed already"):
        platform.faults.arm(endpoint="jwks", verb="empty")


async def test_endpoints_have_names() -> None:
    """Everything on the wire can be named, services and launches alike; pages for people cannot."""
    names = endpoint_names()

    assert {"auth", "jwks", "configuration", "token", "return"} <= set(names)
    assert "home" not in names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(verbs()))
async def test_a_verb_describes_itself(name: str) -> None:
    """It has a summary in one line, and the default of each setting is one that it accepts."""
    verb = verbs()[name]

    assert verb.summary.endswith((".", ")."))
    for parameter in verb.parameters.values():
        assert parameter.required or parameter.accepts(parameter.default)


async def test_a_status_and_its_body() -> None:
    """Any status can be had, with a text; one that allows of no body has none."""
    sent = await answered("status", code=418, body="no", media_type="text/html")
    assert (sent.answer.status, sent.answer.body) == (418, b"no")
    assert sent.answer.header("content-type") == ["text/html"]
    assert sent.answer.header("content-length") == ["2"]

    none = await answered("status", code=204, body="no")
    assert (none.answer.body, none.answer.header("content-length")) == (b"", [])


async def test_answers_without_a_body() -> None:
    """`empty` is a 200 with no bytes, `no_content` a 204."""
    empty, nothing = await answered("empty"), await answered("no_content")

    assert (empty.answer.status, empty.answer.body, empty.answer.header("content-length")) == (200, b"", ["0"])
    assert (nothing.answer.status, nothing.answer.body) == (204, b"")


@pytest.mark.parametrize(
    ("form", "told"), [("seconds", "90"), ("date", "Fri, 15 Jan 2027 08:01:30 GMT")], ids=["seconds", "date"]
)
async def test_a_rate_limit_says_when_to_come_back(form: str, told: str) -> None:
    """Retry-After is a number of seconds, or a date by the platform's clock (RFC 9110, section 10.2.3)."""
    sent = await answered("rate_limit", retry_after_s=90, form=form)
    assert (sent.answer.status, sent.answer.header("retry-after")) == (429, [told])


async def test_an_access_token_that_is_no_good_any_more() -> None:
    """The challenge names the error (RFC 6750, section 3)."""
    sent = await answered("unauthorized", error="invalid_token", description="too old")

    assert sent.answer.status == 401
    assert sent.answer.header("www-authenticate") == ['Bearer error="invalid_token", error_description="too old"']
    assert sent.answer.json == {"error": "invalid_token", "error_description": "too old"}


async def test_redirects() -> None:
    """Without a target it leads to the very URL that was asked for."""
    loop = await answered("redirect")
    away = await answered("redirect", to="http://127.0.0.1:1/jwks", code=308)

    assert (loop.answer.status, loop.answer.header("location")) == (302, [ASKED])
    assert (away.answer.status, away.answer.header("location")) == (308, ["http://127.0.0.1:1/jwks"])


async def test_a_delay() -> None:
    """The right answer comes, after the time that was asked for."""
    sent = await answered("delay", delay_s=12.5)
    assert (sent.slept_s, sent.answer.body) == ([12.5], OBJECT.body)


async def test_a_drip() -> None:
    """The body comes whole, in small pieces with pauses between them."""
    sent = await answered("drip", Answer(body=b"abcdefg"), chunk_bytes=3, pause_s=2)

    assert sent.parts[:3] == [b"abc", b"def", b"g"]
    assert sent.slept_s == [2, 2, 2]
    assert (sent.complete, sent.answer.header("content-length")) == (True, ["7"])


@pytest.mark.parametrize("verb", ["cut", "close", "reset", "hang"])
async def test_a_connection_that_is_given_up(http: httpx2.AsyncClient, platform: Platform, verb: str) -> None:
    """Where there is no socket, the client gets the error that it would see there; the journal has no status."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    platform.faults.sleep = sleep
    platform.faults.arm(endpoint="jwks", verb=verb, times=1)
    with pytest.raises(ConnectionError, match="as a fault told it to"):
        await http.get("/jwks")

    assert waited == ([300.0] if verb == "hang" else [])
    assert platform.journal[0].about["fault"] == verb
    assert (await http.get("/jwks")).status_code == 200


async def test_a_body_that_ends_too_early() -> None:
    """`cut` announces the whole length and sends a part."""
    with pytest.raises(NoAnswerError):
        await answered("cut", part=0.5)


async def test_a_fault_inside_another_that_gives_up(http: httpx2.AsyncClient, platform: Platform) -> None:
    """A fault that wants the whole answer of an endpoint gives up, too, if it does not come."""
    platform.faults.arm(endpoint="jwks", verb="bom")
    platform.faults.arm(endpoint="jwks", verb="close")

    with pytest.raises(ConnectionError):
        await http.get("/jwks")


async def test_bodies_that_are_no_json() -> None:
    """A page, bytes by chance and half a document are none; the same seed gives the same bytes."""
    page, junk, again = await answered("html"), await answered("junk", seed=1), await answered("junk", seed=1)
    other, half = await answered("junk", seed=2), await answered("malformed_json")

    assert page.answer.header("content-type") == ["text/html; charset=utf-8"]
    assert page.answer.body.startswith(b"<!doctype html>")
    assert junk.answer.body == again.answer.body != other.answer.body
    assert len(junk.answer.body) == 512
    assert junk.answer.header("content-type") == ["application/json"]
    assert half.answer.json is None
    assert OBJECT.body.startswith(half.answer.body)
    assert half.answer.header("content-length") == [str(len(half.answer.body))]


@pytest.mark.parametrize(("right", "read"), [("last", "abc"), ("first", None)])
async def test_members_that_come_twice(right: str, read: str | None) -> None:
    """Each member stands there with its value and with null, and a reader that takes the last sees one of them."""
    sent = await answered("duplicate_keys", right=right)

    pairs = json.loads(sent.answer.body, object_pairs_hook=list)
    assert sorted(name for name, _ in pairs) == ["access_token", "access_token", "expires_in", "expires_in"]
    assert sent.answer.json["access_token"] == read


async def test_an_array_of_objects_with_members_that_come_twice() -> None:
    """In an array it happens to every object; what is no JSON stays."""
    sent = await answered("duplicate_keys", ARRAY)
    assert json.loads(sent.answer.body, object_pairs_hook=list) == [
        [("id", None), ("id", "1")],
        [("id", None), ("id", "2")],
    ]
    assert (await answered("duplicate_keys", Answer(body=b"text"))).answer.body == b"text"


async def test_a_byte_order_mark() -> None:
    """It stands before the body, whose length counts it."""
    sent = await answered("bom")
    assert sent.answer.body == b"\xef\xbb\xbf" + OBJECT.body
    assert sent.answer.header("content-length") == [str(len(OBJECT.body) + 3)]


async def test_a_body_that_is_said_to_be_compressed() -> None:
    """The header says gzip; the body cannot be unpacked."""
    sent = await answered("gzip_lie")

    assert sent.answer.header("content-encoding") == ["gzip"]
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(sent.answer.body)


async def test_a_huge_body() -> None:
    """It is as long as it was asked for, comes in pieces, and says the same as the honest one."""
    sent = await answered("huge", mib=2)

    assert len(sent.answer.body) == len(OBJECT.body) + 2 * 1024 * 1024
    assert max(map(len, sent.parts)) <= 65_536
    assert sent.answer.json == OBJECT.json


async def test_members_of_the_answer_are_changed() -> None:
    """A merge patch takes members away, changes them and adds some (RFC 7396), in each object of an array."""
    token = await answered("json_merge", patch={"access_token": None, "expires_in": "soon", "more": {"a": 1}})
    items = await answered("json_merge", ARRAY, patch={"label": "x", "id": None})
    text = await answered("json_merge", Answer(body=b"text"), patch={"a": 1})

    assert token.answer.json == {"expires_in": "soon", "more": {"a": 1}}
    assert items.answer.json == [{"label": "x"}, {"label": "x"}]
    assert text.answer.body == b"text"


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": "foo"}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ],
)
async def test_a_merge_patch_is_that_of_the_standard(target: Any, patch: dict[str, Any], result: Any) -> None:
    """Examples of RFC 7396, appendix A."""
    sent = await answered("json_merge", Answer(body=json.dumps(target).encode()), patch=patch)
    assert sent.answer.json == result


async def test_headers_are_set_and_taken_away() -> None:
    """A header gets one value, or none, and the body stays."""
    changed = await answered("header", name="Content-Type", value="text/csv")
    gone = await answered("header", name="content-type")
    other = await answered("media_type")

    assert (changed.answer.header("content-type"), changed.answer.body) == (["text/csv"], OBJECT.body)
    assert gone.answer.header("content-type") == []
    assert other.answer.header("content-type") == ["text/plain"]


@pytest.mark.parametrize(
    ("settings", "links"),
    [
        ({}, [f'<{ASKED}>; rel="next"']),
        ({"form": "foreign", "url": "http://127.0.0.1:1/x"}, ['<http://127.0.0.1:1/x>; rel="next"']),
        ({"form": "unquoted"}, ["<http://127.0.0.1/2>; rel=next"]),
        (
            {"form": "several"},
            [f'<{ASKED}>; rel="current"', f'<{ASKED}>; rel="first"', '<http://127.0.0.1/2>; rel="next"'],
        ),
        ({"form": "none"}, []),
    ],
)
async def test_where_the_next_page_is(settings: dict[str, str], links: list[str]) -> None:
    """The Link header leads to the same page, to another host, is spelt otherwise, comes several times, or not."""
    sent = await answered("link", ARRAY, **settings)
    assert (sent.answer.header("link"), sent.answer.body) == (links, ARRAY.body)


@pytest.mark.parametrize("course", ["kurs 日", "a/b", "%"])
async def test_a_loop_leads_to_the_url_that_was_asked(
    platform: Platform, http: httpx2.AsyncClient, course: str
) -> None:
    """A redirect to itself is a URL in ASCII, whatever the id of the course is made of."""
    platform.faults.arm(endpoint="memberships", verb="redirect")
    path = f"/lti/courses/{quote(course, safe='')}/memberships"
    answer = await http.get(path)
    assert answer.is_redirect
    assert unquote(answer.headers["location"]) == unquote(f"{PLATFORM}{path}")
    assert answer.headers["location"].isascii()
