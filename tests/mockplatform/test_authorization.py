from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from mockplatform import flow
from mockplatform.app import create_app
from mockplatform.authorization import Asked, AuthProblem, auth_problems, may_redirect, told_error
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import AuthRequest, AuthResponse, LoginRequest
from mockplatform.pending import AuthRefusal, PendingLaunch
from mockplatform.stores.sql import SqlStore
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    NOW_S,
    PERSON,
    PLATFORM,
    make_auth_request,
    make_launch,
    make_platform,
    make_registration,
)


def found(request: AuthRequest, **registration: object) -> tuple[AuthProblem, ...]:
    launch = make_launch(registration=make_registration(**registration))
    return auth_problems(Asked(request=request, login=flow.login_request(launch), launch=launch))


def sentences(request: AuthRequest, **registration: object) -> tuple[str, ...]:
    return tuple(problem.text for problem in found(request, **registration))


def answered(request: AuthRequest, login: LoginRequest) -> tuple[str, ...]:
    """The sentences about an answer to a login that was sent as it stands."""
    return tuple(problem.text for problem in auth_problems(Asked(request=request, login=login, launch=make_launch())))


def begin(platform: Platform) -> PendingLaunch:
    tool = platform.registrations[0]
    return platform.begin(platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE))


def error_in(answer: AuthResponse | AuthRefusal) -> tuple[str, str]:
    assert isinstance(answer, AuthResponse)
    fields = dict(answer.fields)
    return fields["error"], fields["error_description"]


def test_a_right_authentication_request_has_no_problems() -> None:
    """The answer that SEC 5.1.1.2 asks for is accepted."""
    assert sentences(make_auth_request()) == ()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("scope", "openid"),
        ("response_type", "id_token"),
        ("response_mode", "form_post"),
        ("prompt", "none"),
        ("client_id", "Client-A"),
        ("login_hint", "hint-person-7"),
        ("lti_message_hint", "launch-1"),
    ],
)
def test_each_prescribed_parameter_is_checked(name: str, wanted: str) -> None:
    """A parameter with one right value is a problem when it is absent, empty or another, and then only it is."""
    assert sentences(make_auth_request(**{name: None})) == (f"{name} is missing",)
    assert sentences(make_auth_request(**{name: ""})) == (f"{name} is '', expected '{wanted}'",)
    assert sentences(make_auth_request(**{name: wanted.upper()})) == (
        f"{name} is '{wanted.upper()}', expected '{wanted}'",
    )


@pytest.mark.parametrize("name", ["nonce", "redirect_uri"])
@pytest.mark.parametrize("value", [None, ""])
def test_each_chosen_parameter_has_to_be_there(name: str, value: str | None) -> None:
    """Nonce and redirect URI are the tool's to choose, but neither absent nor empty."""
    assert sentences(make_auth_request(**{name: value})) == (f"{name} is missing or empty",)


def test_a_registered_redirect_uri_is_compared_whole() -> None:
    """With registered addresses another one is a problem, even one that only adds a slash."""
    registered = {"redirect_uris": ("http://127.0.0.1:8000/a", "http://127.0.0.1:8000/b")}

    assert sentences(make_auth_request(redirect_uri="http://127.0.0.1:8000/b"), **registered) == ()
    assert sentences(make_auth_request(redirect_uri="http://127.0.0.1:8000/b/"), **registered) == (
        "redirect_uri is 'http://127.0.0.1:8000/b/', registered are http://127.0.0.1:8000/a, http://127.0.0.1:8000/b",
    )


@pytest.mark.parametrize("changed", [{"state": None}, {"scope": "openid profile"}])
def test_what_the_standard_leaves_open_is_no_mistake(changed: dict[str, str | None]) -> None:
    """A state is only recommended, and a scope beside openid is the tool's own affair (SEC 5.1.1.2)."""
    assert sentences(make_auth_request(**changed)) == ()


def test_a_hint_without_a_value_counts_as_left_out() -> None:
    """An empty parameter and none at all say the same (RFC 6749, section 3.1)."""
    login = flow.login_request(make_launch())
    bare = dataclasses.replace(login, params=tuple(p for p in login.params if p[0] != "lti_message_hint"))
    assert answered(make_auth_request(lti_message_hint=""), bare) == ()


def test_all_problems_are_told() -> None:
    """A request with many mistakes gets one sentence for each."""
    assert len(sentences(AuthRequest(params={}))) == 9


def test_a_spoilt_hint_has_to_come_back_spoilt() -> None:
    """Hints are opaque: what the login said is what the tool has to say, right or wrong."""
    login = flow.login_request(make_launch())
    spoilt = dataclasses.replace(login, params=(*login.params, ("login_hint", "odd+/=")))

    assert answered(make_auth_request(login_hint="odd+/="), spoilt) == ()
    assert answered(make_auth_request(), spoilt) == ("login_hint is 'hint-person-7', expected 'odd+/='",)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"scope": None}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"prompt": "login"}, "login_required"),
        ({"prompt": "consent"}, "consent_required"),
        ({"prompt": "select_account"}, "account_selection_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": None}, "invalid_request"),
        ({"client_id": "Client-Z"}, "unauthorized_client"),
        ({"client_id": None}, "invalid_request"),
        ({"login_hint": "hint-person-8"}, "login_required"),
        ({"login_hint": None}, "invalid_request"),
        ({"lti_message_hint": "launch-2"}, "login_required"),
        ({"nonce": None}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:8000/lti/launch#a"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://tool.example/r"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
)
def test_each_mistake_has_its_error(changed: dict[str, str | None], error: str) -> None:
    """Every mistake by itself is told under the error that OAuth and OpenID Connect have for it (OIDC 3.1.2.6)."""
    (problem,) = found(make_auth_request(**changed))

    assert (problem.parameter, problem.error) == (next(iter(changed)), error)
    assert told_error([problem]) == (error, problem.text)


def test_the_error_is_that_of_the_worst_mistake() -> None:
    """All sentences are told, under the error of what stands in the way of all the rest."""
    problems = found(make_auth_request(prompt="login", scope="profile", nonce=None))

    assert told_error(problems) == (
        "invalid_request",
        "scope is 'profile', expected 'openid'; prompt is 'login', expected 'none'; nonce is missing or empty",
    )


def test_a_parameter_comes_once() -> None:
    """Two values of one parameter are a mistake, even if they are the same (RFC 6749 3.1)."""
    request = dataclasses.replace(make_auth_request(), repeated=("nonce", "state"))

    assert [(problem.parameter, problem.error, problem.text) for problem in found(request)] == [
        ("nonce", "invalid_request", "nonce comes more than once"),
        ("state", "invalid_request", "state comes more than once"),
    ]


def test_the_client_of_another_tool_is_told_apart() -> None:
    """A client id that is registered here, but not for this launch, is called another registration."""
    launch = make_launch()
    asked = Asked(
        request=make_auth_request(client_id="Client-B"),
        login=flow.login_request(launch),
        launch=launch,
        known_clients=("Client-A", "Client-B"),
    )

    assert [(problem.error, problem.text) for problem in auth_problems(asked)] == [
        ("unauthorized_client", "client_id is 'Client-B', which is another registration, expected 'Client-A'")
    ]


@pytest.mark.parametrize(
    ("redirect_uri", "may"),
    [
        ("http://127.0.0.1:8000/lti/launch", True),
        ("http://127.0.0.1:8000/other", True),
        ("https://evil.example/lti/launch", False),
        ("javascript://127.0.0.1/%0aalert(1)", False),
        ("http://evil.example\\@127.0.0.1:8000/lti/launch", False),
        ("http://evil.example\t@127.0.0.1:8000/lti/launch", False),
        ("http://127.0.0.1:8000/lti/launch\n", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_without_registered_addresses_the_host_decides(redirect_uri: str, may: bool) -> None:
    """The browser goes to the tool's host by http or https and nowhere else."""
    assert may_redirect(make_auth_request(redirect_uri=redirect_uri), make_registration()) is may


def test_no_browser_is_sent_to_a_script() -> None:
    """Not even a registered address that is a script is gone to."""
    script = "javascript:alert(1)"

    assert not may_redirect(make_auth_request(redirect_uri=script), make_registration(redirect_uris=(script,)))


def test_a_launch_is_answered_once(keys: KeyRing) -> None:
    """The second request for the same launch gets no token: the person has to launch anew."""
    platform = make_platform(keys)
    pending = begin(platform)
    first = platform.authorize(make_auth_request(pending.login))
    token = pending.token

    second = platform.authorize(make_auth_request(pending.login, nonce="Nonce-2"))

    assert isinstance(first, AuthResponse)
    assert "id_token" in dict(first.fields)
    assert error_in(second) == (
        "interaction_required",
        "lti_message_hint has been used: this launch has had its token",
    )
    assert pending.token is token


def test_of_two_workers_one_answers(keys: KeyRing) -> None:
    """Where two workers read a launch before either has answered it, one gives the token."""
    platform = make_platform(keys)
    pending = begin(platform)
    untouched = dataclasses.replace(pending)
    first = platform.authorize(make_auth_request(pending.login))
    # What the slower worker has read, and perhaps written back.
    platform.launches.put(untouched.key, untouched)

    second = platform.authorize(make_auth_request(pending.login, nonce="Nonce-2"))

    assert isinstance(first, AuthResponse)
    assert "id_token" in dict(first.fields)
    assert error_in(second)[0] == "interaction_required"
    assert untouched.token is None


@pytest.mark.parametrize("settings", [{}, {"on_problem": "note"}, {"quirks": {"login.hint_reuse": "allow"}}])
def test_a_slower_worker_takes_no_answer_away(keys: KeyRing, tmp_path: Path, settings: dict[str, Any]) -> None:
    """A worker that has read a launch before another answered it leaves the token and the response where they are."""
    store = f"sqlite:///{tmp_path}/launches.db"
    first: list[AuthResponse | AuthRefusal] = []
    quick = make_platform(keys, store=SqlStore(store), **settings)
    pending = begin(quick)

    def slow_clock() -> float:
        # The clock is looked at once the launch has been read.
        if not first:
            first.append(quick.authorize(make_auth_request(pending.login)))
        return NOW_S

    slow = make_platform(keys, store=SqlStore(store), clock=slow_clock, **settings)
    second = slow.authorize(make_auth_request(pending.login, nonce="Nonce-2", scope="none"))
    kept = quick.launches.get(pending.key)

    assert kept is not None
    assert kept.token is not None
    assert kept.auth_request is not None
    assert kept.auth_request.nonce == "Nonce-2"
    assert kept.auth_problems[0] == "scope is 'none', expected 'openid'"
    assert isinstance(second, AuthResponse)
    answered = [answer for answer in (first[0], second) if isinstance(answer, AuthResponse)]
    assert kept.response == [answer for answer in answered if "id_token" in dict(answer.fields)][-1]


def test_many_workers_are_asked_at_once(keys: KeyRing, tmp_path: Path) -> None:
    """Of four workers on one database that are asked for the same launch at the same moment, one gives the token."""
    workers = [make_platform(keys, store=SqlStore(f"sqlite:///{tmp_path}/launches.db")) for _ in range(4)]
    together = threading.Barrier(len(workers), timeout=60)
    pending = [begin(workers[0]) for _ in range(5)]

    def ask(worker: Platform) -> list[bool]:
        answers = []
        for each in pending:
            together.wait()
            answer = worker.authorize(make_auth_request(each.login))
            assert isinstance(answer, AuthResponse)
            answers.append("id_token" in dict(answer.fields))
        return answers

    with ThreadPoolExecutor(len(workers)) as pool:
        answered = list(zip(*pool.map(ask, workers), strict=True))

    assert [each.count(True) for each in answered] == [1] * len(pending)


def test_a_mistake_does_not_use_the_launch_up(keys: KeyRing) -> None:
    """After an error the tool may ask again, with the mistake mended."""
    platform = make_platform(keys)
    pending = begin(platform)
    error_in(platform.authorize(make_auth_request(pending.login, nonce=None)))

    answer = platform.authorize(make_auth_request(pending.login))

    assert isinstance(answer, AuthResponse)
    assert "id_token" in dict(answer.fields)


@pytest.mark.parametrize(
    "given", [{"on_problem": "note"}, {"quirks": {"login.hint_reuse": "allow"}}], ids=["noted", "allowed"]
)
def test_a_platform_may_answer_twice(keys: KeyRing, given: dict[str, object]) -> None:
    """Where mistakes are noted, or where a platform lets hints be used again, every request gets its token."""
    platform = make_platform(keys, **given)
    pending = begin(platform)
    platform.authorize(make_auth_request(pending.login))

    answer = platform.authorize(make_auth_request(pending.login))

    assert isinstance(answer, AuthResponse)
    assert "id_token" in dict(answer.fields)
    assert bool(pending.auth_problems) is ("on_problem" in given)


def test_a_launch_does_not_wait_for_ever(keys: KeyRing) -> None:
    """A request that comes more than ten minutes after its login is refused, and the age is told."""
    now_s = [NOW_S]
    platform = make_platform(keys, clock=lambda: now_s[0])
    pending, late = begin(platform), begin(platform)
    now_s[0] += 600

    in_time = platform.authorize(make_auth_request(pending.login))
    now_s[0] += 1

    assert isinstance(in_time, AuthResponse)
    assert "id_token" in dict(in_time.fields)
    assert error_in(platform.authorize(make_auth_request(late.login))) == (
        "interaction_required",
        "lti_message_hint is too old: this launch was begun 601 s ago, and 600 s are allowed",
    )


@pytest.mark.asyncio
async def test_a_repeated_parameter_is_seen_on_the_wire(keys: KeyRing) -> None:
    """A nonce in both query and body of a request is told to the tool as an error."""
    platform = make_platform(keys)
    right = dict(make_auth_request(begin(platform).login).params)
    app = create_app(platform)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as client:
        answer = await client.post("/auth", params={"nonce": "Nonce-1"}, data=right)

    fields = {
        str(field.attributes["name"]): field.attributes["value"] for field in HTMLParser(answer.text).css("input")
    }
    assert (fields["error"], fields["error_description"]) == ("invalid_request", "nonce comes more than once")


@pytest.mark.asyncio
async def test_a_repeated_redirect_is_not_followed(keys: KeyRing) -> None:
    """Of two redirect URIs none is gone to: the platform shows a page of its own."""
    platform = make_platform(keys)
    right = dict(make_auth_request(begin(platform).login).params)
    app = create_app(platform)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as client:
        answer = await client.post("/auth", params={"redirect_uri": "https://evil.example/"}, data=right)

    assert answer.status_code == 400
    assert HTMLParser(answer.text).css("main form") == []
    assert "redirect_uri comes more than once" in answer.text
