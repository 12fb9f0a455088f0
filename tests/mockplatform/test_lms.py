from __future__ import annotations

import threading

import jwt
import pytest

from mockplatform import lms
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import AuthResponse, Launch
from mockplatform.mutation import Context, Spoilt, bind
from mockplatform.pending import AuthRefusal, PendingBasic, PendingLaunch
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LTI11,
    NOW_S,
    PERSON,
    make_auth_request,
    make_platform,
    make_registration,
)
from tests.patience import ended


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys)


def intend(platform: Platform, registration: int = 0) -> Launch:
    return platform.intend(platform.registrations[registration], person=PERSON, roles=[INSTRUCTOR], course=COURSE)


def begin(platform: Platform, *lies: str) -> PendingLaunch:
    return platform.begin(intend(platform), tuple(bound(lie) for lie in lies))


def bound(text: str) -> Spoilt:
    return bind(text, where="test")


def claims_in(response: AuthResponse | AuthRefusal) -> dict[str, object]:
    assert isinstance(response, AuthResponse)
    claims: dict[str, object] = jwt.decode(dict(response.fields)["id_token"], options={"verify_signature": False})
    return claims


def test_an_intent_is_a_resource_link_launch(platform: Platform) -> None:
    """A launch is of the first deployment unless another is chosen, and comes back to this platform."""
    launch = intend(platform)

    assert (launch.id, launch.deployment_id) == ("launch-1", "Dep-1")
    assert launch.target_link_uri == "http://127.0.0.1:8000/lti/launch"
    assert launch.return_url == "http://127.0.0.1:9400/return?launch=launch-1"
    assert launch.resource_link.id == "link-course-9"
    other = platform.intend(platform.registrations[0], person=PERSON, roles=[], course=COURSE, deployment_id="Dep-2")
    assert (other.id, other.deployment_id) == ("launch-2", "Dep-2")


def test_an_honest_launch(platform: Platform, keys: KeyRing) -> None:
    """The authentication request of a begun launch gets a signed token and its state back."""
    pending = begin(platform)
    request = make_auth_request(pending.login)

    response = platform.authorize(request)

    assert isinstance(response, AuthResponse)
    assert response.url == "http://127.0.0.1:8000/lti/launch"
    assert dict(response.fields)["state"] == "State-ß/+ =&"
    text = dict(response.fields)["id_token"]
    signed = jwt.PyJWS().decode_complete(text, jwt.PyJWK(dict(keys.jwk("platform"))).key, algorithms=["RS256"])
    assert signed["header"]["kid"] == keys.kid("platform")
    assert claims_in(response)["nonce"] == "Nonce-1"
    assert claims_in(response)["iat"] == int(NOW_S) - 5
    assert (pending.auth_request, pending.auth_problems, pending.response) == (request, (), response)
    assert pending.token is not None
    assert pending.token.text == text
    assert pending.earlier.auth_request is request
    assert pending.earlier.response is response


def test_two_launches_are_told_apart_by_their_hint(platform: Platform) -> None:
    """Of two launches of the same person each gets its own answer."""
    one, other = begin(platform), begin(platform)

    platform.authorize(make_auth_request(one.login))

    assert one.auth_request is not None
    assert other.auth_request is None


@pytest.mark.parametrize(
    "lies",
    [
        ["login.changed(name='lti_message_hint', value='odd+/=')"],
        ["login.message_hint_with(suffix='%2B')"],
        ["login.changed(name='login_hint', value='x')"],
        ["login.without(name='lti_message_hint')"],
        ["login.empty(name='lti_message_hint')"],
        ["login.without(name='lti_message_hint')", "login.changed(name='login_hint', value='x')"],
        ["login.without(name='login_hint')"],
    ],
)
def test_a_launch_is_found_by_the_hints_it_was_begun_with(platform: Platform, lies: list[str]) -> None:
    """A tool that returns spoilt hints as it got them reaches its launch."""
    pending = begin(platform, *lies)
    sent = dict(pending.login.params)
    request = make_auth_request(login_hint=sent.get("login_hint"), lti_message_hint=sent.get("lti_message_hint"))

    platform.authorize(request)

    assert pending.auth_request is request


def test_without_a_message_hint_the_latest_launch_of_the_person_is_meant(platform: Platform) -> None:
    """A tool that loses the message hint is answered by the login hint, and told what it lost."""
    first, latest = begin(platform), begin(platform)

    answer = platform.authorize(make_auth_request(lti_message_hint=None))

    assert first.auth_request is None
    assert latest.auth_problems == ("lti_message_hint is missing",)
    assert isinstance(answer, AuthResponse)
    assert dict(answer.fields)["error"] == "invalid_request"


@pytest.mark.parametrize("hints", [{"login_hint": "nobody"}, {"login_hint": None}, {"login_hint": ""}])
def test_unknown_hints_are_refused(platform: Platform, hints: dict[str, str | None]) -> None:
    """A request that belongs to no launch under way gets no answer at all."""
    begin(platform)

    assert platform.authorize(make_auth_request(lti_message_hint="unknown", **hints)) == AuthRefusal(
        problems=("no launch under way has this lti_message_hint or login_hint",)
    )


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/lti/launch",
        "http://127.0.0.1.evil.example/",
        "http://evil.example@evil.example/",
        "//127.0.0.1:8000/lti/launch",
        "javascript://127.0.0.1/%0aalert(1)",
        "http://[",
    ],
)
@pytest.mark.parametrize("on_problem", ["refuse", "note"])
def test_a_browser_is_not_sent_to_another_host(keys: KeyRing, redirect_uri: str, on_problem: str) -> None:
    """Without registered addresses the redirect URI has to be on the tool's host, even where mistakes are noted."""
    platform = make_platform(keys, on_problem=on_problem)
    begin(platform)

    assert platform.authorize(make_auth_request(redirect_uri=redirect_uri)) == AuthRefusal(
        problems=("redirect_uri is not on the tool's host",)
    )


def test_another_mistake_does_not_hide_a_foreign_redirect(platform: Platform) -> None:
    """A refusal names the redirect URI beside whatever else is wrong."""
    begin(platform)

    assert platform.authorize(make_auth_request(redirect_uri="https://evil.example/", nonce=None)) == AuthRefusal(
        problems=("nonce is missing or empty", "redirect_uri is not on the tool's host")
    )


def test_a_browser_is_sent_to_registered_addresses_only(keys: KeyRing) -> None:
    """With registered addresses any other is refused, on the same host too."""
    registered = "http://127.0.0.1:8000/one"
    platform = make_platform(keys, registrations=(make_registration(redirect_uris=(registered,)),))
    begin(platform)
    other = begin(platform)

    assert isinstance(platform.authorize(make_auth_request(redirect_uri=registered)), AuthResponse)
    assert platform.authorize(make_auth_request(other.login, redirect_uri=registered + "/")) == AuthRefusal(
        problems=("redirect_uri is 'http://127.0.0.1:8000/one/', registered are http://127.0.0.1:8000/one",)
    )


def test_a_mistake_is_refused(platform: Platform) -> None:
    """The honest platform answers a bad authentication request with an error and no token (SEC 5.1.1.5)."""
    pending = begin(platform)

    answer = platform.authorize(make_auth_request(pending.login, nonce=None, scope="profile"))

    assert isinstance(answer, AuthResponse)
    assert answer.fields == (
        ("error", "invalid_request"),
        ("error_description", "scope is 'profile', expected 'openid'; nonce is missing or empty"),
        ("state", "State-ß/+ =&"),
    )
    assert pending.token is None


def test_a_mistake_is_noted(keys: KeyRing) -> None:
    """For a harness the launch goes on and the mistake is kept beside it."""
    platform = make_platform(keys, on_problem="note")
    pending = begin(platform)

    answer = platform.authorize(make_auth_request(pending.login, scope="profile"))

    assert claims_in(answer)["sub"] == "person-7"
    assert pending.auth_problems == ("scope is 'profile', expected 'openid'",)


def test_each_stage_is_spoilt_at_its_place(platform: Platform) -> None:
    """Lies about login, token, signature and response all reach the wire."""
    pending = begin(
        platform,
        "login.changed(name='iss', value='https://other.example')",
        "claims.value(claim='sub', value='other')",
        "signature.empty",
        "response.state_altered",
    )

    answer = platform.authorize(make_auth_request(pending.login))

    assert dict(pending.login.params)["iss"] == "https://other.example"
    assert claims_in(answer)["sub"] == "other"
    assert isinstance(answer, AuthResponse)
    assert dict(answer.fields)["id_token"].endswith(".")
    assert dict(answer.fields)["state"] == "State-ß/+ =&x"


def test_a_launch_can_be_answered_unasked(platform: Platform, keys: KeyRing) -> None:
    """A response to a login that no tool has begun is made of a request that nobody sent, under a chosen kid."""
    pending = platform.begin(intend(platform), kid="fresh-kid")

    response = platform.answer(pending, make_auth_request(nonce="made-up"))

    assert claims_in(response)["nonce"] == "made-up"
    assert jwt.get_unverified_header(dict(response.fields)["id_token"])["kid"] == "fresh-kid"


def begin_basic(platform: Platform, *lies: str, context: Context | None = None) -> PendingBasic:
    return platform.begin_basic(intend(platform), tuple(bound(lie) for lie in lies), context)


def test_an_lti11_launch_is_one_signed_form(keys: KeyRing) -> None:
    """It begins and ends with the form for the browser, under the platform's clock and a fresh nonce."""
    platform = make_platform(keys, registrations=(make_registration(**LTI11),))

    pending, other = begin_basic(platform), begin_basic(platform)

    sent = dict(pending.response.fields)
    assert pending.response.url == "http://tool.example/lti/basic"
    assert (sent["user_id"], sent["oauth_timestamp"]) == ("legacy-person-7", "1800000000")
    assert sent["oauth_nonce"].isalnum()
    assert len(sent["oauth_nonce"]) == 24
    assert sent["oauth_nonce"] != dict(other.response.fields)["oauth_nonce"]
    assert pending.launch.person is PERSON
    assert pending.context.launch is pending.launch
    assert pending.earlier.signed is pending.response


def test_an_lti11_launch_is_spoilt_before_and_after_it_is_signed(keys: KeyRing) -> None:
    """Lies that are signed and lies about what was signed both reach the form; those about LTI 1.3 do not."""
    platform = make_platform(keys, registrations=(make_registration(**LTI11),))
    lies = ["signed.without(name='user_id')", "basic.param(name='roles', value='')", "claims.expired"]

    sent = dict(begin_basic(platform, *lies).response.fields)

    assert "user_id" not in sent
    assert sent["roles"] == ""


def test_an_earlier_lti11_launch_can_be_repeated(keys: KeyRing) -> None:
    """What a launch has sent, a later one may send again."""
    platform = make_platform(keys, registrations=(make_registration(**LTI11),))
    first = begin_basic(platform)
    told = Context(launch=first.launch, keys=keys, canary_url="http://127.0.0.1/canary", earlier=(first.earlier,))

    assert begin_basic(platform, "signed.replayed", context=told).response == first.response


@pytest.mark.parametrize("lacking", LTI11)
def test_a_tool_without_lti11_cannot_be_launched_so(keys: KeyRing, lacking: str) -> None:
    """Without launch URL, consumer key or secret the launch is refused with what to add."""
    platform = make_platform(keys, registrations=(make_registration(**LTI11 | {lacking: ""}),))

    with pytest.raises(UsageError) as caught:
        begin_basic(platform)
    assert str(caught.value) == (
        "registration 'Client-A': not for LTI 1.1; give it lti11_launch_url, consumer_key and consumer_secret"
    )


@pytest.mark.parametrize("lies", [[], ["login.changed(name='lti_message_hint', value='x')"]])
def test_a_forgotten_launch_is_over(platform: Platform, lies: list[str]) -> None:
    """After it is forgotten, a launch is not found any more; to forget it twice is no error."""
    pending = begin(platform, *lies)

    platform.forget(pending)
    platform.forget(pending)

    assert isinstance(platform.authorize(make_auth_request(pending.login)), AuthRefusal)


def test_the_oldest_launch_makes_room(keys: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform keeps so many launches and no more; the oldest goes first."""
    monkeypatch.setattr(lms, "MAX_PENDING", 2)
    platform = make_platform(keys)
    people = [
        platform.begin(
            platform.intend(platform.registrations[0], person=person, roles=[], course=COURSE),
        )
        for person in (PERSON, PERSON, PERSON)
    ]

    for pending in people:
        platform.authorize(make_auth_request(pending.login, login_hint="nobody"))

    assert [pending.auth_request is not None for pending in people] == [False, True, True]


def test_an_honest_key_set(platform: Platform, keys: KeyRing) -> None:
    """The platform publishes its own key and nothing else."""
    assert platform.key_set.publish().keys == (keys.jwk("platform"),)


def test_a_spoilt_key_set_lists_a_fresh_kid(platform: Platform, keys: KeyRing) -> None:
    """While it is spoilt, the key set also has the platform's key under the fresh kid, and lies about all."""
    context = Context(launch=intend(platform), keys=keys, canary_url="http://127.0.0.1/canary")

    with platform.spoilt_keys([bound("key_set.member(name='use', value='enc')")], context, kid="fresh") as published:
        spoilt = platform.key_set.publish()
        assert platform.key_set is published

    assert [(key["kid"], key["use"]) for key in spoilt.keys] == [(keys.kid("platform"), "enc"), ("fresh", "enc")]
    assert spoilt.keys[0]["n"] == spoilt.keys[1]["n"] == keys.jwk("platform")["n"]
    assert platform.key_set.publish().keys == (keys.jwk("platform"),)


def test_the_key_set_is_honest_again_after_a_failure(platform: Platform, keys: KeyRing) -> None:
    """A key set that was spoilt for a block is mended although the block fails."""
    context = Context(launch=intend(platform), keys=keys, canary_url="http://127.0.0.1/canary")

    def fail() -> None:
        with platform.spoilt_keys([bound("key_set.no_keys")], context, kid="fresh"):
            assert platform.key_set.publish().keys == ()
            raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        fail()
    assert platform.key_set.publish().keys == (keys.jwk("platform"),)


def test_launches_may_begin_side_by_side(platform: Platform) -> None:
    """Launches of several threads do not lose one another."""
    begun: list[PendingLaunch] = []
    threads = [threading.Thread(target=lambda: begun.extend(begin(platform) for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    ended(threads, "the launches of each thread")

    for pending in begun:
        platform.authorize(make_auth_request(pending.login))

    assert len(begun) == 200
    assert all(pending.auth_request is not None for pending in begun)


def test_a_tool_can_be_registered_later(platform: Platform) -> None:
    """A registration comes behind the ones that are there."""
    platform.register(make_registration(client_id="Client-B"))

    assert [tool.client_id for tool in platform.registrations] == ["Client-A", "Client-B"]


def test_the_issuer_is_the_url_unless_it_is_given(keys: KeyRing) -> None:
    """A platform issues under its own address, or under the name that it is given."""
    assert make_platform(keys).issuer == "http://127.0.0.1:9400"
    assert make_platform(keys, issuer="https://lms.example").issuer == "https://lms.example"
