from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from conformance.browser import MAX_HOPS, Browser, Visit, form_request
from conformance.transport import Request, Response, TransportTrouble

HOST = "http://127.0.0.1:9555"
FORM = "application/x-www-form-urlencoded"

Pages = Mapping[str, Response | TransportTrouble]


def page(body: str = "", status: int = 200, **headers: str) -> Response:
    return Response(
        status=status,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=body.encode(),
    )


def cookies(*texts: str, status: int = 200) -> Response:
    return Response(status=status, headers=tuple(("Set-Cookie", text) for text in texts), body=b"")


def to(location: str, status: int = 302) -> Response:
    return page(status=status, Location=location)


class FakeTransport:
    """Answers by path, and keeps what was asked."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.asked: list[Request] = []

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.pages[request.url.removeprefix(HOST)]
        if isinstance(answer, TransportTrouble):
            raise answer
        return answer


def browse(pages: Pages, *, may_contact: Callable[[str], bool] | None = None) -> tuple[Browser, FakeTransport]:
    transport = FakeTransport(pages)
    return Browser(transport, may_contact or (lambda url: url.startswith(HOST))), transport


def get(path: str) -> Request:
    return Request(method="GET", url=HOST + path)


def navigate(pages: Pages, path: str = "/a") -> tuple[Visit, FakeTransport]:
    browser, transport = browse(pages)
    return browser.navigate(get(path), stop_at=lambda _: False), transport


def cookies_sent(answers: Pages, *paths: str) -> str:
    """The cookies of the last of these requests, each to a page that is there."""
    browser, transport = browse({path: answers.get(path, page()) for path in paths})
    for path in paths:
        browser.send(get(path))
    return dict(transport.asked[-1].headers).get("cookie", "")


class TestCookies:
    @pytest.mark.parametrize(
        ("text", "sent"),
        [
            ("s=1", "s=1"),
            ("s=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned", "s=1"),
            ("__Host-s=1; Path=/; Secure", "__Host-s=1"),
            ("s=a=b==; Path=/", "s=a=b=="),
            ('s="quoted"; Path=/', 's="quoted"'),
            ("s=; Path=/", "s="),
            ("s=1; Path=/; Max-Age=60", "s=1"),
            ("s=1; Path=/; Max-Age=nonsense", "s=1"),
            ("s=1; Path=/; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "s=1"),
            ("s=1; Path=/; Expires=nonsense", "s=1"),
            ("s=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "s=1"),
            ("s=1; Path=/; Max-Age=0", ""),
            ("s=1; Path=/; Max-Age=-1", ""),
            ("s=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""),
            ("s=1; Path=/; Expires=Thu, 01-Jan-1970 00:00:01 GMT", ""),
            ("s=1; path=/; max-age=0", ""),
        ],
    )
    def test_a_cookie_that_is_kept_or_over(self, text: str, sent: str) -> None:
        """Loopback counts as secure, `Max-Age` wins over `Expires`, and what is over is not kept."""
        assert sent == cookies_sent({"/a": cookies(text)}, "/a", "/b")

    @pytest.mark.parametrize(
        ("scope", "path", "is_sent"),
        [
            ("/", "/anything", True),
            ("/lti", "/lti", True),
            ("/lti", "/lti/launch", True),
            ("/lti/", "/lti/launch", True),
            ("/lti", "/lti2", False),
            ("/lti", "/", False),
            ("/lti/launch", "/lti", False),
        ],
    )
    def test_a_path(self, scope: str, path: str, *, is_sent: bool) -> None:
        """A path covers itself and what lies below it."""
        assert ("s=1" if is_sent else "") == cookies_sent({"/x": cookies(f"s=1; Path={scope}")}, "/x", path)

    @pytest.mark.parametrize("text", ["s=1", "s=1; Path=", "s=1; Path=relative"])
    def test_without_a_path_it_is_that_of_the_folder(self, text: str) -> None:
        """The folder of the page that set it (RFC 6265, section 5.1.4)."""
        answers = {"/lti/login": cookies(text)}

        assert cookies_sent(answers, "/lti/login", "/lti/launch") == "s=1"
        assert cookies_sent(answers, "/lti/login", "/other") == ""

    def test_a_cookie_is_replaced_by_the_next_of_its_name_and_path(self) -> None:
        """The last value counts; another path is another cookie, and the longer path comes first."""
        answers = {
            "/a": cookies("s=1; Path=/"),
            "/b": cookies("s=2; Path=/"),
            "/c": cookies("s=3; Path=/a"),
        }

        assert cookies_sent(answers, "/a", "/b", "/d") == "s=2"
        assert cookies_sent(answers, "/a", "/c", "/a") == "s=3; s=1"

    def test_a_cookie_is_deleted(self) -> None:
        """A cookie that has run out takes the earlier one of its name and path away."""
        answers = {"/a": cookies("s=1; Path=/", "t=2; Path=/"), "/b": cookies("s=; Path=/; Max-Age=0")}

        assert cookies_sent(answers, "/a", "/b", "/c") == "t=2"

    def test_a_cookie_of_another_host_is_not_sent(self) -> None:
        """`localhost` and `127.0.0.1` are two hosts, whatever the cookie says of its domain."""
        other = "http://localhost:9555/b"
        browser, transport = browse({"/a": cookies("s=1; Path=/; Domain=localhost"), other: page()})
        browser.send(get("/a"))
        browser.send(Request(method="GET", url=other))

        assert dict(transport.asked[-1].headers) == {}

    def test_another_port_of_the_host_gets_the_cookie(self) -> None:
        """Cookies know no ports."""
        other = "http://127.0.0.1:9666/b"
        browser, transport = browse({"/a": cookies("s=1; Path=/"), other: page()})
        browser.send(get("/a"))
        browser.send(Request(method="GET", url=other))

        assert dict(transport.asked[-1].headers) == {"cookie": "s=1"}

    def test_two_browsers_share_nothing(self) -> None:
        """Each has cookies of its own."""
        first, transport = browse({"/a": cookies("s=1; Path=/")})
        second = Browser(transport, lambda _: True)
        first.send(get("/a"))
        second.send(get("/a"))

        assert dict(transport.asked[-1].headers) == {}

    def test_a_cookie_set_on_the_way_is_there_after_the_redirect(self) -> None:
        """The answer that redirects sets cookies like any other."""
        answers = {
            "/a": Response(status=302, headers=(("set-cookie", "s=1"), ("location", "/b")), body=b""),
            "/b": page(),
        }
        _, transport = navigate(answers)

        assert dict(transport.asked[-1].headers) == {"cookie": "s=1"}


class TestRedirects:
    @pytest.mark.parametrize(
        ("status", "method", "body"),
        [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b"x=1"), (308, "POST", b"x=1")],
    )
    def test_a_post_is_repeated_by_307_and_308_only(self, status: int, method: str, body: bytes) -> None:
        """The others become a GET without a body."""
        browser, transport = browse({"/a": to("/b", status), "/b": page("end")})
        visit = browser.navigate(form_request("POST", f"{HOST}/a", (("x", "1"),)), stop_at=lambda _: False)

        sent = transport.asked[-1]
        assert (sent.method, sent.url, sent.body) == (method, f"{HOST}/b", body)
        assert dict(sent.headers) == ({"content-type": FORM} if body else {})
        assert visit.response is not None
        assert visit.response.body == b"end"

    @pytest.mark.parametrize(
        ("location", "path"),
        [
            ("/b?x=1", "/b?x=1"),
            ("b", "/dir/b"),
            ("../b", "/b"),
            ("?x=1", "/dir/a?x=1"),
            ("//127.0.0.1:9555/b", "/b"),
            (" /b ", "/b"),
            ("/b c", "/b%20c"),
            ("/é?q=ü", "/%C3%A9?q=%C3%BC"),
            ("/b%20c?d=%2F", "/b%20c?d=%2F"),
        ],
    )
    def test_a_relative_location(self, location: str, path: str) -> None:
        """Resolved against the page, with what no request can carry escaped."""
        visit, transport = navigate({"/dir/a": to(location), path: page()}, "/dir/a")

        assert transport.asked[-1].url == HOST + path
        assert visit.response is not None

    def test_the_fragment_is_not_sent(self) -> None:
        """It is the browser's own."""
        _, transport = navigate({"/a": to("/b#part"), "/b": page()})

        assert transport.asked[-1].url == f"{HOST}/b"

    @pytest.mark.parametrize("status", [200, 201, 300, 304, 400, 500])
    def test_other_statuses_lead_nowhere(self, status: int) -> None:
        """A location beside them is not followed."""
        visit, transport = navigate({"/a": to("/b", status)})

        assert len(transport.asked) == 1
        assert visit.response is not None
        assert visit.response.status == status

    def test_a_redirect_without_a_location_ends_there(self) -> None:
        """There is nowhere to go."""
        visit, _ = navigate({"/a": page(status=302)})

        assert visit.response is not None
        assert visit.response.status == 302

    def test_redirecting_for_ever_ends_after_20_hops(self) -> None:
        """A loop is trouble and not a hang."""
        visit, transport = navigate({"/a": to("/b"), "/b": to("/a")})

        assert (visit.trouble_kind, visit.response) == ("loop", None)
        assert len(transport.asked) == MAX_HOPS == 20
        assert not visit.stopped

    @pytest.mark.parametrize(
        "location",
        [
            "http://example.org/x",
            "https://example.org",
            "//example.org/x",
            "http://127.0.0.1.example.org:9555/",
            "http://127.0.0.1:9555@example.org/",
            "mailto:a@example.org",
            "javascript:alert(1)",
            "http://[::1",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:abc/",
            "file:///etc/passwd",
        ],
    )
    def test_nothing_else_is_contacted(self, location: str) -> None:
        """A foreign host, another scheme or no address at all ends the way before anything is sent."""
        hosts = ("127.0.0.1",)
        browser, transport = browse({"/a": to(location)}, may_contact=lambda url: _host(url) in hosts)
        visit = browser.navigate(get("/a"), stop_at=lambda _: False)

        assert len(transport.asked) == 1
        assert (visit.trouble_kind, visit.response) == ("foreign", None)
        assert visit.trouble.startswith("led to ")

    def test_the_first_request_is_checked_as_well(self) -> None:
        """Not even the first request goes to a foreign host."""
        browser, transport = browse({})
        visit = browser.navigate(Request(method="GET", url="http://example.org/"), stop_at=lambda _: False)

        assert (visit.trouble_kind, transport.asked, browser.exchanges) == ("foreign", [], [])

    @pytest.mark.parametrize("kind", ["refused", "dropped", "timeout"])
    def test_trouble_on_the_way(self, kind: str) -> None:
        """No answer ends the way with what happened."""
        visit, _ = navigate({"/a": to("/b"), "/b": TransportTrouble(kind, "it broke")})  # type: ignore[arg-type]

        assert (visit.trouble_kind, visit.trouble, visit.response) == (kind, "it broke", None)
        assert visit.request.url == f"{HOST}/b"


def _host(url: str) -> str | None:
    from urllib.parse import urlsplit

    try:
        return urlsplit(url).hostname
    except ValueError:
        return "127.0.0.1"


SELF_POSTING = """<html><body onload="document.forms[0].submit()"><form method="post" action="/target?x=1">
<input type="hidden" name="id_token" value="a&amp;b"><input name="empty" type=HIDDEN><input type=hidden value=unnamed>
<noscript><input type="submit" name="go" value="Go"></noscript></form></body></html>"""


class TestSelfPostingForms:
    @pytest.mark.parametrize(
        "body",
        [
            SELF_POSTING,
            (
                "<form method=post action=/target?x=1><input type=hidden name=id_token value='a&amp;b'>"
                "<input type=hidden name=empty></form><script>document.forms[0].submit()</script>"
            ),
            (
                "<form id=f method=POST action='target?x=1'><input type=hidden name=id_token value='a&amp;b'>"
                "<input type=hidden name=empty value=''><button>Go on</button></form>"
                "<script>window.onload = function () { document.getElementById('f').submit(); };</script>"
            ),
        ],
    )
    def test_a_form_that_a_script_submits_is_sent(self, body: str) -> None:
        """Hidden fields go along, buttons do not, and entities are read."""
        visit, transport = navigate({"/a": page(body), "/target?x=1": page("done")})

        sent = transport.asked[-1]
        assert (sent.method, sent.url) == ("POST", f"{HOST}/target?x=1")
        assert sent.body == b"id_token=a%26b&empty="
        assert dict(sent.headers) == {"content-type": FORM}
        assert visit.response is not None
        assert visit.response.body == b"done"

    def test_a_form_without_a_method_is_a_get(self) -> None:
        """The fields go into the query."""
        body = "<form action=/target><input type=hidden name=a value='b c'></form><script>f.submit()</script>"
        _, transport = navigate({"/a": page(body), "/target?a=b+c": page()})

        assert (transport.asked[-1].method, transport.asked[-1].url) == ("GET", f"{HOST}/target?a=b+c")

    def test_a_form_without_an_action_goes_to_its_own_page(self) -> None:
        """Three libraries answer the launch that way, and a form for ever is a loop."""
        body = "<form method=post><input type=hidden name=a value=b></form><script>f.submit()</script>"
        visit, transport = navigate({"/a": page(body)})

        assert transport.asked[1].url == f"{HOST}/a"
        assert visit.trouble_kind == "loop"

    @pytest.mark.parametrize(
        "body",
        [
            "<form method=post action=/b><input type=hidden name=a></form>",
            "<form action=/b><input type=hidden name=a></form><script>console.log('hello')</script>",
            "<form action=/b><select name=lang onchange='this.form.submit()'></select></form>",
            "<form action=/b><input type=hidden name=a></form><a onclick='f.submit()'>send</a>",
            "<form action=/b><input name=q></form><script>go.onclick = () => f.submit()</script>",
            "<form action=/out><input type=hidden name=csrf></form><script>b.onclick = () => f.submit()</script>",
            "<form action=/b><textarea name=q></textarea></form><script>f.submit()</script>",
            "<form action=/b><input type=hidden name=a></form><p>Call submit() to go on</p>",
            "<form action=/b><input type=hidden name=a></form><form action=/c></form><script>f.submit()</script>",
            "<script>f.submit()</script>",
        ],
    )
    def test_a_page_that_waits_for_a_person_stays(self, body: str) -> None:
        """No script that submits, fields to fill in, or two forms: nobody knows what a person would do."""
        visit, transport = navigate({"/a": page(body)})

        assert len(transport.asked) == 1
        assert visit.response is not None

    @pytest.mark.parametrize("status", [400, 401, 500])
    def test_only_a_200_sends_its_form(self, status: int) -> None:
        """A refusal with a form is a refusal."""
        _, transport = navigate({"/a": page(SELF_POSTING, status)})

        assert len(transport.asked) == 1

    def test_a_form_to_a_foreign_host_is_not_sent(self) -> None:
        """The same rule as for redirects."""
        visit, transport = navigate({"/a": page(SELF_POSTING.replace("/target", "https://example.org/target"))})

        assert (visit.trouble_kind, visit.trouble) == ("foreign", "led to https://example.org")
        assert len(transport.asked) == 1


class TestStopping:
    def test_it_stops_before_the_door_and_sends_nothing(self) -> None:
        """The request that it would have sent is kept, with its parameters."""
        browser, transport = browse({"/a": to("http://127.0.0.1:9400/auth?state=s&nonce=&state=t")})
        visit = browser.navigate(get("/a"), stop_at=lambda url: "9400" in url)

        assert visit.stopped
        assert visit.params == (("state", "s"), ("nonce", ""), ("state", "t"))
        assert (visit.trouble, visit.trouble_kind) == ("", "")
        assert len(transport.asked) == 1

    def test_a_form_at_the_door_keeps_its_fields(self) -> None:
        """Query and form are both parameters."""
        body = SELF_POSTING.replace("/target", "http://127.0.0.1:9400/auth")
        browser, _ = browse({"/a": page(body)})
        visit = browser.navigate(get("/a"), stop_at=lambda url: "9400" in url)

        assert visit.params == (("x", "1"), ("id_token", "a&b"), ("empty", ""))

    def test_an_answer_is_no_stop(self) -> None:
        """Stopped means that something was not sent."""
        visit, _ = navigate({"/a": page()})

        assert not visit.stopped


class TestExchanges:
    def test_every_exchange_is_noted_in_order(self) -> None:
        """Requests and answers, each with headers and body."""
        browser, _ = browse({"/a": to("/b", 307), "/b": page("hello", X_Y="z")})
        browser.navigate(form_request("POST", f"{HOST}/a", (("q", "ü"),)), stop_at=lambda _: False)

        first, second = browser.exchanges
        assert (first.asker, first.method, first.url, first.status) == ("browser", "POST", f"{HOST}/a", 307)
        assert (second.request_body, second.response_body) == ("q=%C3%BC", "hello")
        assert second.response_headers == (("X-Y", "z"),)
        assert second.elapsed_s >= 0

    def test_trouble_is_noted_too(self) -> None:
        """An exchange without an answer says why."""
        browser, _ = browse({"/a": TransportTrouble("timeout", "no answer")})
        browser.navigate(get("/a"), stop_at=lambda _: False)

        (only,) = browser.exchanges
        assert (only.status, only.trouble) == (None, "no answer")

    def test_long_bodies_are_cut_in_the_notes_and_whole_in_the_answer(self) -> None:
        """Notes go into reports; the answer is what is judged."""
        browser, _ = browse({"/a": page("x" * 20_000)})
        visit = browser.navigate(get("/a"), stop_at=lambda _: False)

        assert len(browser.exchanges[0].response_body) == 16_000
        assert visit.response is not None
        assert len(visit.response.body) == 20_000


@pytest.mark.parametrize(
    ("method", "url", "params", "content_type", "request_made"),
    [
        ("GET", "/a", (("x", "1 2"),), FORM, ("GET", "/a?x=1+2", b"", {})),
        ("GET", "/a?y=0", (("x", "1"), ("x", "2")), FORM, ("GET", "/a?y=0&x=1&x=2", b"", {})),
        ("POST", "/a", (("x", "&="),), FORM, ("POST", "/a", b"x=%26%3D", {"content-type": FORM})),
        ("POST", "/a", (), FORM, ("POST", "/a", b"", {"content-type": FORM})),
        (
            "POST",
            "/a",
            (("", '{"a": "é"}'),),
            "application/json",
            ("POST", "/a", '{"a": "é"}'.encode(), {"content-type": "application/json"}),
        ),
    ],
)
def test_the_request_of_a_form(
    method: str, url: str, params: tuple[tuple[str, str], ...], content_type: str, request_made: object
) -> None:
    """A GET carries its fields in the query, a POST in the body, and JSON goes as it is."""
    made = form_request(method, HOST + url, params, content_type)

    assert (made.method, made.url.removeprefix(HOST), made.body, dict(made.headers)) == request_made
