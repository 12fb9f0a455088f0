"""What stories can do beside launching once: copies at the same moment, people by name, and who is signed in where."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.browser import Browser
from conformance.checks import checks
from conformance.demo import demo_lab
from conformance.model import Attempt
from conformance.phases import sequences
from conformance.profile import load_profile
from conformance.sequences.world import AGAIN, EXPIRED
from conformance.simultaneous import together
from conformance.story import begin
from conformance.target import Start
from conformance.transport import AsgiTransport, Request, Response, TransportTrouble
from mockplatform.mutation import bind
from tests.conformance.makers import make_observation

CORE = load_profile("core")
URL = "http://127.0.0.1:9555/"


def property_(name: str) -> Any:
    return next(wanted for wanted in sequences.properties() if wanted.id == f"sequences/{name}")


def attempt(name: str, *lies: str, **how: Any) -> Attempt:
    return Attempt(name=name, mutations=tuple(bind(lie, where="test") for lie in lies), **({"person": "person"} | how))


class TestSightings:
    @pytest.mark.parametrize(
        ("accounts", "complaint"),
        [
            ({"1 / user / person of main": "A"}, None),
            ({"1 / user / person of main": "A", "2 / user / other of main": "B"}, None),
            ({"1 / user / person of main": "A", "2 / user / other of main": "A"}, "the account of person of main"),
            ({"1 / user / person of main": "A", "2 / user / person of main": "B"}, "is another's now"),
            ({"1 / user / person of main": "A", "2 / user / person of main": ""}, None),
            ({"1 / user / person of main": "A", "2 / third / person of main": "B"}, "another account than before"),
            ({"1 / user / person of main": "A", "2 / user / person of second": "A"}, None),
            ({"1 / user / nobody": "A"}, "nobody was let in"),
            ({"1 / user / nobody": "", "2 / user / person of main": "A"}, None),
            # What was wrong after an earlier step is that step's fault.
            (
                {
                    "1 / user / person of main": "A",
                    "2 / user / person of main": "B",
                    "3 / user / person of main": "A",
                },
                None,
            ),
        ],
    )
    def test_who_is_signed_in_where(self, accounts: Mapping[str, str], complaint: str | None) -> None:
        """After a step each browser belongs to whoever was let in there last, or to nobody."""
        said = checks()["sessions_apart"](make_observation("launched", accounts=accounts))
        assert said is None if complaint is None else complaint in (said or "")

    @pytest.mark.parametrize(("let_in", "right"), [(None, True), (1, True), (0, False), (2, False), (20, False)])
    def test_how_many_were_let_in(self, let_in: int | None, *, right: bool) -> None:
        """Of copies exactly one is let in; a launch that was posted once is not asked."""
        said = checks()["one_let_in"](make_observation("launched", let_in=let_in))
        assert (said is None) == right


async def meeting(scope: Any, _receive: Any, send: Any) -> None:
    """Answers nobody before three have come."""
    await asyncio.wait_for(scope["state"]["all"].wait(), 60)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


class Rendezvous:
    """Carries one request at a time in each thread, and answers when three threads are there."""

    def __init__(self) -> None:
        self.all_there = threading.Barrier(3)

    def send(self, request: Request) -> Response:
        self.all_there.wait(timeout=60)
        if request.url.endswith("2"):
            raise TransportTrouble("dropped", "gone")
        return Response(status=200, headers=(), body=request.url[-1].encode())


class TestTogether:
    def test_an_application_works_on_them_side_by_side(self) -> None:
        """None is answered before all have come, and the answers are in the order of the requests."""
        transport = AsgiTransport(with_state(meeting), timeout_s=60)
        with transport:
            answers = together(transport, [Request(method="GET", url=f"{URL}{n}") for n in range(3)])
        assert [answer.body for answer in answers if isinstance(answer, Response)] == [b"/0", b"/1", b"/2"]

    def test_other_transports_are_used_by_several_threads(self) -> None:
        """One that fails does not take the others with it."""
        answers = together(Rendezvous(), [Request(method="GET", url=f"{URL}{n}") for n in range(3)])
        kinds = [answer.kind if isinstance(answer, TransportTrouble) else answer.body for answer in answers]
        assert kinds == [b"0", b"1", "dropped"]

    def test_each_copy_goes_its_own_way_with_its_own_cookies(self) -> None:
        """The copies start with the cookies of the browser; what each answer sets stays with its copy."""
        browser = Browser(Doorman(), lambda _: True)
        browser.send(Request(method="GET", url=f"{URL}login"))
        ways = browser.navigate_together(Request(method="POST", url=f"{URL}launch"), 3, stop_at=lambda _: False)
        bodies = sorted(visit.response.body.decode() for _, visit in ways if visit.response)
        assert bodies == ["login=1; session=1", "login=1; session=2", "login=1; session=3"]
        chosen = next(way for way, visit in ways if visit.response and visit.response.body.endswith(b"2"))
        browser.become(chosen)
        assert browser.send(Request(method="GET", url=f"{URL}me")).body == b"login=1; session=2"
        assert [exchange.method for exchange in browser.exchanges].count("POST") == 3


class Doorman:
    """Gives out cookies: one at the login, and another one to each launch, which leads on to a page."""

    def __init__(self) -> None:
        self.launches = 0
        self.lock = threading.Lock()

    def send(self, request: Request) -> Response:
        if request.url.endswith("login"):
            return Response(status=200, headers=(("set-cookie", "login=1; path=/"),), body=b"")
        if request.method == "POST":
            with self.lock:
                self.launches += 1
                given = ("set-cookie", f"session={self.launches}; path=/")
            return Response(status=303, headers=(("location", "/page"), given), body=b"")
        cookies = next((value for name, value in request.headers if name == "cookie"), "")
        return Response(status=200, headers=(), body="; ".join(sorted(cookies.split("; "))).encode())


def with_state(app: Callable[..., Any]) -> Callable[..., Any]:
    """The application with a barrier for three requests."""
    barrier = asyncio.Barrier(3)

    async def shared(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise AssertionError
        await app(scope | {"state": {"all": barrier}}, receive, send)

    return shared


class TestStories:
    def test_the_person_is_chosen_by_name(self) -> None:
        """A person named by the attempt launches from any browser; otherwise the browser decides."""
        with demo_lab(CORE, Start(seed=0)) as lab:
            story = begin(lab, replace(property_("sessions-stay-apart"), attempt=Attempt()), "1")
            for name, how in {
                "by browser": {},
                "other here": {"person": "other"},
                "other there": {"browser": "other"},
                "first there": {"browser": "other", "person": "person"},
            }.items():
                story.send(Attempt(name=name, **how))  # type: ignore[arg-type]
            accounts = story.accounts
        assert accounts["by browser"] == accounts["first there"]
        assert accounts["other here"] == accounts["other there"] != accounts["by browser"]

    def test_an_answer_that_is_continued_is_the_one_to_send_again(self) -> None:
        """Of several earlier answers the one whose login is named is sent again."""
        with demo_lab(CORE, Start(seed=0)) as lab:
            story = begin(lab, replace(property_("login-once"), attempt=Attempt()), "1")
            first = story.send(attempt("first")).performed.response
            second = story.send(attempt("second")).performed.response
            again = story.send(attempt("again", AGAIN, login="first"))
        assert again.performed.response == first != second
        assert again.seen.type == "NonceReused"

    def test_copies_are_counted(self) -> None:
        """The correct tool lets one of twenty in, whatever came of the others."""
        with demo_lab(CORE, Start(seed=0)) as lab:
            story = begin(lab, replace(property_("one-winner"), attempt=Attempt()), "1")
            seen = story.send(attempt("now", copies=20)).seen
            assert (seen.outcome, seen.let_in, story.session("user")) == ("launched", 1, True)
            assert story.send(attempt("spoilt", EXPIRED, copies=3)).seen.let_in == 0
            assert story.send(attempt("alone")).seen.let_in is None
