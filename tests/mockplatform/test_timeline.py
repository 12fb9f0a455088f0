from __future__ import annotations

import base64
import shlex
from collections.abc import Callable

import pytest

from mockplatform.keys import KeyRing, b64url, encode_json
from mockplatform.lms import Platform
from mockplatform.model import Exchange
from mockplatform.mutation import Context, bind
from mockplatform.pending import PendingLaunch
from mockplatform.telling.curl import curl, curl_of
from mockplatform.telling.lines import Line, compared, shown
from mockplatform.telling.masking import (
    TOKEN_LIKE,
    masked,
    masked_exchange,
    masked_headers,
    masked_params,
    masked_text,
)
from mockplatform.telling.rehearsal import idle_lies
from mockplatform.telling.timeline import Leg, Story, exchanges_of, story
from mockplatform.telling.token_views import taken_apart
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LTI11,
    NOW_S,
    PERSON,
    PLATFORM,
    make_auth_request,
    make_platform,
    make_registration,
)


def launched(platform: Platform, *lies: str, **asked: str | None) -> PendingLaunch:
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)
    pending = platform.begin(launch, [bind(lie, where="test") for lie in lies])
    platform.authorize(make_auth_request(pending.login, **asked))
    return pending


def told(platform: Platform, *lies: str, **asked: str | None) -> Story:
    return story(platform, launched(platform, *lies, **asked), [])


def words(command: str) -> list[str]:
    """The words of a command that a shell makes of it."""
    return shlex.split(command.replace(" \\\n  ", " "))


def lies_of(lines: tuple[Line, ...]) -> dict[str, tuple[str | None, str | None]]:
    return {line.name: (line.value, line.was) for line in lines if line.was is not None}


def lies_in(leg: Leg) -> dict[str, tuple[str | None, str | None]]:
    assert leg.token is not None
    return lies_of((*leg.token.header, *leg.token.claims))


def exchange(**values: object) -> Exchange:
    given = {"asker": "tool", "method": "GET", "url": f"{PLATFORM}/jwks", "status": 200, "at_s": NOW_S}
    return Exchange(**given | values)  # type: ignore[arg-type]


def test_an_honest_launch_has_three_legs_without_lies(keys: KeyRing) -> None:
    """Login, authentication request and response are told in order, the token taken apart, and nothing is marked."""
    legs = told(make_platform(keys)).legs

    assert [leg.title.partition(":")[0] for leg in legs] == [
        "Login request",
        "Authentication request",
        "Authentication response",
    ]
    assert [leg.has_lies for leg in legs] == [False, False, False]
    token = legs[2].token
    assert token is not None
    assert {line.name: line.value for line in token.header}["alg"] == "RS256"
    assert {line.name: line.value for line in token.claims}["sub"] == "person-7"
    assert (token.fits, token.trouble) == (True, "")


def test_a_launch_that_only_began_has_one_leg(keys: KeyRing) -> None:
    """What was not said is not told."""
    platform = make_platform(keys)
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)

    assert len(story(platform, platform.begin(launch), []).legs) == 1


def test_a_spoilt_claim_is_shown_with_the_honest_one(keys: KeyRing) -> None:
    """Of a claim that a lie has changed both values are told, of the others none is marked."""
    leg = told(make_platform(keys), "claims.value(claim='sub', value='someone-else')").legs[2]

    assert lies_in(leg) == {"sub": ("someone-else", "person-7")}
    assert leg.has_lies


def test_a_claim_that_was_left_out_is_shown(keys: KeyRing) -> None:
    """What a lie has taken away stands there as left out, with what it was."""
    leg = told(make_platform(keys), "claims.without(claim='nonce')").legs[2]

    assert lies_in(leg) == {"nonce": (None, "Nonce-1")}


def test_a_number_as_text_is_a_lie(keys: KeyRing) -> None:
    """What differs by its type alone is shown as JSON has it, so that a reader sees the difference."""
    lies = lies_in(told(make_platform(keys), "claims.expiry_as(form='text')").legs[2])
    assert list(lies) == ["exp"]
    sent, honest = lies["exp"]
    assert honest is not None
    assert honest.isdecimal()
    assert sent == f'"{honest}"'


def test_a_secret_that_the_tool_sends_along_is_masked(keys: KeyRing) -> None:
    """An authentication request needs none, but a tool may send one."""
    lines = {line.name: line.value for line in told(make_platform(keys), client_secret="hush-hush-hush").legs[1].lines}
    assert lines["client_secret"] == "hush" + "•" * 10


def test_a_spoilt_signature_does_not_fit(keys: KeyRing) -> None:
    """A token signed with a foreign key under the platform's key id is told apart from an honest one."""
    leg = told(make_platform(keys), "signature.by_foreign_key").legs[2]

    assert leg.token is not None
    assert leg.token.fits is False


def test_a_spoilt_login_request_is_shown(keys: KeyRing) -> None:
    """A lie of the first leg is marked there and nowhere else."""
    legs = told(make_platform(keys), "login.without(name='client_id')").legs

    assert lies_of(legs[0].lines) == {"client_id": (None, "Client-A")}
    assert [leg.has_lies for leg in legs] == [True, False, False]


def test_a_spoilt_response_is_shown(keys: KeyRing) -> None:
    """A state that the tool did not send is marked with the one that it sent."""
    leg = told(make_platform(keys), "response.state_altered").legs[2]

    assert lies_of(leg.lines) == {"state": ("State-ß/+ =&x", "State-ß/+ =&")}


def test_mistakes_of_the_tool_are_told(keys: KeyRing) -> None:
    """What was wrong with the authentication request stands at its leg; there is no token then."""
    legs = told(make_platform(keys), prompt="login").legs

    assert legs[1].problems == ("prompt is 'login', expected 'none'",)
    assert len(legs) == 2


def test_a_parameter_that_comes_twice() -> None:
    """Of two values the one that an honest platform does not send is marked."""
    assert compared((("a", "1"), ("a", "2")), (("a", "1"),)) == (
        Line(name="a", value="1"),
        Line(name="a", value="2", was=""),
    )


def test_what_is_left_out_and_what_is_changed() -> None:
    """A changed value has the honest one beside it, a missing one comes last."""
    assert compared((("b", "2"),), (("a", "1"), ("b", "1"))) == (
        Line(name="b", value="2", was="1"),
        Line(name="a", value=None, was="1"),
    )


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "it has 1 parts in place of 3"),
        ("a.b", "it has 2 parts in place of 3"),
        ("e30.e30.", ""),
        ("e30.W10.x", "its payload is no JSON object"),
        ("e30.%.x", "its payload is not JSON"),
        ("e30.a.x", "its payload is not Base64url"),
        ("eyJ9.e30.x", "its header is not JSON"),
    ],
)
def test_a_token_that_is_none(text: str, trouble: str) -> None:
    """Whatever stands in place of a token, its story can be told."""
    assert taken_apart(text)[2] == trouble


def test_the_calls_of_a_launch(keys: KeyRing) -> None:
    """To a launch belongs what names it, and what its tool asks in its course until the next launch."""
    pending = launched(make_platform(keys))
    own = exchange(about={"endpoint": "auth", "launch": pending.key})
    keys_asked = exchange(about={"endpoint": "jwks"})
    scores = exchange(about={"endpoint": "scores", "client_id": "Client-A", "course": "course-9"})
    strange = [
        exchange(about={"endpoint": "auth", "launch": "other"}),
        exchange(about={"endpoint": "scores", "client_id": "Client-B", "course": "course-9"}),
        exchange(about={"endpoint": "scores", "client_id": "Client-A", "course": "course-1"}),
        exchange(about={"endpoint": "jwks"}, at_s=NOW_S - 1),
        exchange(about={"endpoint": "jwks"}, at_s=NOW_S + 60),
        exchange(about={"endpoint": "auth"}),
    ]
    journal = [own, keys_asked, *strange, scores]

    assert exchanges_of(pending, journal, until_s=NOW_S + 60) == [own, keys_asked, scores]


def test_service_calls_and_the_way_back_are_told_apart(keys: KeyRing) -> None:
    """After the legs come the tool's calls, and last what it has sent people back with."""
    platform = make_platform(keys)
    pending = launched(platform)
    back = exchange(url=f"{PLATFORM}/return?lti_msg=bye", about={"endpoint": "return"})
    found = story(platform, pending, [exchange(about={"endpoint": "line_items"}), back])

    assert [leg.title for leg in found.calls] == ["line items"]
    assert [leg.url for leg in found.way_back] == [f"{PLATFORM}/return?lti_msg=bye"]


def test_a_story_holds_no_access_token(keys: KeyRing) -> None:
    """The bearer token of a service call is unreadable in the call and in its command."""
    secret = "s3cr3t-token-of-some-length"
    call = exchange(request_headers=(("Authorization", f"Bearer {secret}"),), about={"endpoint": "line_items"})
    platform = make_platform(keys)

    assert secret not in repr(story(platform, launched(platform), [call]))


def test_a_dialect_is_no_lie(keys: KeyRing) -> None:
    """What a flavour says otherwise than the neutral platform is honest for it."""
    platform = make_platform(keys, flavour="canvas")
    legs = told(platform, "claims.value(claim='locale', value='xx')").legs

    assert set(lies_in(legs[2])) == {"locale"}


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("", ""),
        ("short", "•••••"),
        ("a-long-secret==", "a-lo•••••••••=="),
        ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln••••••••"),
    ],
)
def test_the_shape_of_a_secret_stays(secret: str, shown: str) -> None:
    """Length and padding can be seen, of a JWT header and claims, too."""
    assert masked(secret) == shown


def test_secrets_in_headers() -> None:
    """Whatever proves who somebody is is masked; schemes, names and attributes are not."""
    headers = (
        ("Authorization", "Bearer abcdefghij"),
        ("Cookie", "session=abcdefghij; theme=dark-and-long"),
        ("set-cookie", "session=abcdefghij; Path=/; HttpOnly"),
        ("Accept", "application/json"),
        ("X-Api-Key", "abcdefghij"),
        ("X-Forwarded-Authorization", "Bearer abcdefghij"),
        ("x-csrf-token", "abcdefghij"),
        ("X-Note", "see eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"),
    )

    assert masked_headers(headers) == (
        ("Authorization", "Bearer abcd••••••"),
        ("Cookie", "session=abcd••••••; theme=dark•••••••••"),
        ("set-cookie", "session=abcd••••••; Path=/; HttpOnly"),
        ("Accept", "application/json"),
        ("X-Api-Key", "abcd••••••"),
        ("X-Forwarded-Authorization", "Bearer abcd••••••"),
        ("x-csrf-token", "abcd••••••"),
        ("X-Note", "see eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln••••••••"),
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "grant_type=x&client_assertion=a.b.c1234567890&scope=s",
            "grant_type=x&client_assertion=a.b.c123•••••••&scope=s",
        ),
        ('{"access_token": "abcdefghij", "n": 1}', '{"access_token": "abcd••••••", "n": 1}'),
        ("http://tool/?registration_token=abcdefghij&a=1", "http://tool/?registration_token=abcd••••••&a=1"),
        ('<input name="client_secret" value="abcdefghij">', '<input name="client_secret" value="abcd••••••">'),
        ("error near Bearer abcdefghij", "error near Bearer abcd••••••"),
        ("state=x&id_token=a.b.c1234567890", "state=x&id_token=a.b.c123•••••••"),
        ("JWT=a.b.c1234567890", "JWT=a.b.c123•••••••"),
        (
            '<input type="hidden" name="JWT" value="a.b.c1234567890">',
            '<input type="hidden" name="JWT" value="a.b.c123•••••••">',
        ),
        (
            "told: eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl",
            "told: eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln••••••••",
        ),
        ("api_key=abcdefghij", "api_key=abcd••••••"),
    ],
)
def test_secrets_in_texts(text: str, shown: str) -> None:
    """Forms, JSON, addresses and pages are looked through, also for tokens, whose signatures alone are masked."""
    assert masked_text(text) == shown
    assert masked_exchange(exchange(url=text, request_body=text, response_body=text)).response_body == shown


def test_secrets_in_parameters() -> None:
    """A parameter is masked by its name, a code also by what it looks like."""
    given = (("client_secret", "abcdefghij"), ("state", "abcdefghij"), ("code", "SplxlOBeZQQYbYS6"), ("code", "1019"))

    assert [value for _, value in masked_params(given)] == ["abcd••••••", "abcdefghij", "Splx••••••••••••", "1019"]


def test_a_command_for_a_form() -> None:
    """Fields are sent URL-encoded by curl itself, quoted so that a shell changes nothing."""
    found = words(curl("POST", "http://tool/?a=1&b=2", form=(("state", "it's $HOME `x`"), ("empty", ""))))

    assert found == [
        *("curl", "--include", "http://tool/?a=1&b=2"),
        *("--data-urlencode", "state=it's $HOME `x`", "--data-urlencode", "empty="),
    ]


def test_a_command_for_a_form_by_get() -> None:
    """The fields of a GET form go into the query."""
    assert words(curl("GET", "http://tool/", form=(("a", "1"),)))[3:] == ["--get", "--data-urlencode", "a=1"]


def test_a_command_for_an_exchange() -> None:
    """Method, body and the headers that count are there; what curl says by itself is not."""
    said = exchange(
        method="PUT",
        url="http://lms/x",
        request_headers=(
            ("Host", "lms"),
            ("Content-Type", "application/json"),
            ("sec-fetch-site", "none"),
            ("X-A", ""),
        ),
        request_body='{"a": 1}',
    )

    assert words(curl_of(said)) == [
        *("curl", "--include", "http://lms/x", "--request", "PUT"),
        *("--header", "Content-Type: application/json", "--header", "X-A;", "--data-raw", '{"a": 1}'),
    ]


def test_a_registration_with_another_issuer_is_no_lie(keys: KeyRing) -> None:
    """What the registration says is what an honest platform says."""
    platform = make_platform(keys, registrations=(make_registration(issuer="https://other.example"),))

    assert not any(leg.has_lies for leg in told(platform, "claims.extra").legs[:2])


def test_a_story_holds_no_whole_token(keys: KeyRing) -> None:
    """Header and claims of the launch's token can be read everywhere in its story, its signature nowhere."""
    platform = make_platform(keys)
    pending = launched(platform)
    assert pending.token is not None
    signed, _, signature = pending.token.text.rpartition(".")
    legs = story(platform, pending, []).legs

    assert signed in repr(legs)
    assert signature not in repr(legs)
    assert signature in story(platform, pending, [], commands="whole").legs[2].curl


def test_a_response_with_another_token_is_a_lie_although_masked(keys: KeyRing) -> None:
    """Signatures are compared as they are, not as they are shown."""
    one = (("id_token", "a.b.c12345678901"),)
    other = (("id_token", "a.b.c12345678902"),)

    assert [line.was for line in shown(one, other)] == ["a.b.c123••••••••"]


@pytest.mark.parametrize(
    ("lie", "idle"),
    [
        ("claims.without(claim='nope')", True),
        ("claims.without(claim='nonce')", False),
        ("login.without(name='nope')", True),
        ("signature.by_foreign_key", False),
        ("response.state_altered", False),
        ("header.without(member='nope')", True),
    ],
)
def test_a_lie_that_changes_nothing_is_told(keys: KeyRing, lie: str, idle: bool) -> None:
    """A story says of each lie whether anything came out otherwise for it."""
    assert [str(spoilt) for spoilt in told(make_platform(keys), lie).idle] == ([lie] if idle else [])


TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"
TOKEN_SHOWN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln••••••••"


LOOK_ALIKES = (
    *("eyJ", "eyJ-", "eyJa.", "eyJa.eyJb ", "a.", "-", '"JWT" ', "Bearer ", 'name="JWT" '),
    *("ZXlK", "leU", "V5S", "ZXlKaGJHY2lPaUpTVXpJMU5pSjkK", "ZXlKaGJHY2lPaUpTVXpJMU5pSjk-"),
    *("://", "://a", "https://a ", "%3A%2F%2F", "%3A%2F%2Fa%26", "code=", "code%3D ", "%2525code%25253D ", "xcode=a1 "),
)


@pytest.mark.parametrize("part", LOOK_ALIKES)
def test_a_long_text_of_beginnings_is_looked_through_once(part: str) -> None:
    """A megabyte of what only looks like the beginning of a secret stays as it is; a secret behind it is masked."""
    text = part * (1_000_000 // len(part))

    assert masked_text(f"{text}\n{TOKEN} and\nclient_secret=abcdefghij") == (
        f"{text}\n{TOKEN_SHOWN} and\nclient_secret=abcd••••••"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://abcdefghij@host.example/x", "https://abcd••••••@host.example/x"),
        ("HTTPS://word@host.example/x", "HTTPS://••••@host.example/x"),
        ("redis://abcdef1234@cache/0", "redis://abcd••••••@cache/0"),
        ("postgresql://admin@127.0.0.1/tool", "postgresql://admin@127.0.0.1/tool"),
        ("https://abcdef1234:x-oauth-basic@host.example", "https://abcd••••••:•••••••••••••@host.example"),
        ("next=https%3A%2F%2Fme%3Aword%40host.example", "next=https%3A%2F%2Fme%3A••••%40host.example"),
        ("next=https%3A%2F%2Fhost%3A8443%40host.example", "next=https%3A%2F%2Fhost%3A8443%40host.example"),
        ("/cb?code=SplxlOBeZQQYbYS6&state=x", "/cb?code=Splx••••••••••••&state=x"),
        ("/cb#code=SplxlOBeZQQYbYS6.", "/cb#code=Splx•••••••••••••"),
        ("got authorization_code=SplxlOBeZQQYbYS6", "got authorization_code=Splx••••••••••••"),
        ("/cb?code=1019&state=x", "/cb?code=1019&state=x"),
        ("/cb?code=DeploymentNotRegistered", "/cb?code=DeploymentNotRegistered"),
    ],
)
def test_secrets_in_addresses(text: str, shown: str) -> None:
    """Who is named alone before a host, and codes that are no words; masked once more they stay as they are."""
    assert masked_text(text) == shown
    assert masked_text(shown) == shown


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", '{"id_token": "'])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_token_that_was_encoded_once_more(before: str, encode: Callable[[bytes], bytes]) -> None:
    """Header and claims can still be read, its signature cannot, nor where its end is cut off."""
    text = encode(f"{before}{TOKEN}".encode()).decode().rstrip("=")
    signed = len(before) + TOKEN.rindex(".") + 1
    shown = f"{text[: signed * 4 // 3]}{'•' * (len(text) - signed * 4 // 3)}"

    assert masked_text(f"({text})") == f"({shown})"
    assert masked_text(f"({text}==)") == f"({shown}==)"
    assert masked_text(f"({text[:-5]})") == f"({shown[:-5]})"
    assert masked_text(f"({shown})") == f"({shown})"
    decoded = base64.urlsafe_b64decode(f"{text[: signed * 4 // 3 // 4 * 4]}").decode()
    assert f"{before}{TOKEN}".startswith(decoded)


def test_a_long_secret_of_beginnings_is_masked() -> None:
    """A secret ends where its parameter does, whatever it repeats."""
    text = "JWT=" + "?JWT=" * 200_000

    assert masked_text(f"{text}&b=2") == f"JWT=?JWT={'••••=' * 199_999}&b=2"


@pytest.mark.parametrize("run", ["eyJ" * 5_000, "eyJ-" * 4_000, "x" * 16_000 + "eyJ", "keyJ" * 4_000])
def test_a_run_is_looked_at_once(run: str) -> None:
    """What may be a token begins with a run of its characters and nowhere inside of it, so each run is read once."""
    begun = [at for at in range(len(run)) if TOKEN_LIKE.match(f"{run}.a.b", at)]

    assert begun == [0]
    assert [found["first"] for found in TOKEN_LIKE.finditer(f"{run}.{run}. {run}.a.b")] == [run, run]
    assert [at for at in range(len(run)) if TOKEN_LIKE.match(f"{run} {run}", at)] == []


@pytest.mark.parametrize(
    "text",
    [
        "http://keyJournal.example.org/lti",
        "keyJournal-of-some-length.example.org",
        "see eyJournalism-and-more.example.org",
        "eyJ9.e30.c2lnbmF0dXJl",
        "eyJhbGciOiJSUzI1NiJ9.example",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.",
        "Grading-eyJhbGci.example.org",
    ],
)
def test_what_only_looks_like_a_token_stays(text: str) -> None:
    """A text is a JWT if its first part has the beginning of a JSON object, as long as a header is (RFC 7515, 7.1)."""
    assert masked_text(text) == text
    assert masked_text(f"{text} {TOKEN}") == f"{text} {TOKEN_SHOWN}"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": ""},
        {"typ": "JWT", "alg": "RS256"},
        {"a name of some length, which no standard has": 1},
        {'a"b\\': 1, "alg": "none"},
        {"alg": "RS256", "x5c": ["A" * 4_000]},
    ],
)
def test_every_header_is_known(header: dict[str, object]) -> None:
    """Short and long headers, and names with escapes in them, make a JWT; also behind a host name with dots."""
    token = f"{b64url(encode_json(header))}.eyJpc3MiOiJ4In0."

    for before in ("", "keyJournal.", "keyJournal", "keyJournal.a.", "eyJeyJ"):
        text = f"{before}{token}"
        assert masked_text(f"{text}c2lnbmF0dXJl") == f"{text}c2ln••••••••"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            'No: <a href="http://a/?client_secret=abcdefghij">here</a>',
            'No: <a href="http://a/?client_secret=abcd••••••">here</a>',
        ),
        (
            "No: <a class=x href='http://a/?client_secret=abcdefghij&b=1' id=y>here</a>",
            "No: <a class=x href='http://a/?client_secret=abcd••••••&b=1' id=y>here</a>",
        ),
        (
            "No: <img alt='' src='http://a/?b=1&client_secret=abcdefghij' id=y>here",
            "No: <img alt='' src='http://a/?b=1&client_secret=abcd••••••' id=y>here",
        ),
        ("No: <img src='http://a/?api_key=abcdefghij'/>here", "No: <img src='http://a/?api_key=abcd••••••'/>here"),
        (
            """No: <a href="http://a/?client_secret=abcdefgh'ijkl">here</a>""",
            """No: <a href="http://a/?client_secret=abcd•••••••••">here</a>""",
        ),
        ("client_secret=abcdefgh'ijklmnop", "client_secret=abcd•••••••••••••"),
        ("""client_secret=abcdefgh">ijklmnop&b=2""", "client_secret=abcd••••••••••••••&b=2"),
        ("""client_secret=abcdefgh'/>ijklmnop""", "client_secret=abcd•••••••••••••••"),
    ],
)
def test_an_address_in_a_tag_ends_with_its_quotes(text: str, shown: str) -> None:
    """A text with a tag in it keeps what follows the tag's address; a form without any keeps no end of a secret."""
    assert masked_text(text) == shown


@pytest.mark.parametrize("before", ["-", "x", "a.b.", "x-", "é", "%3D", "\\n", "keyJ", "eyJeyJ"])
def test_a_token_is_found_wherever_it_begins(before: str) -> None:
    """What stands right before a JWT does not hide its signature."""
    assert masked_text(f"told {before}{TOKEN} and") == f"told {before}{TOKEN_SHOWN} and"


@pytest.mark.parametrize("sign", ["'", '"', "<", ">", "'\"<>"])
def test_a_secret_ends_where_its_parameter_does(sign: str) -> None:
    """Signs that somebody has not encoded are a part of a secret in a form and in an address."""
    for before in ("client_secret=", "a=1&client_secret=", "http://tool/?client_secret="):
        shown_ = masked_text(f"{before}abcdefgh{sign}ijklmnop&b=2")
        assert shown_ == f"{before}abcd{'•' * (12 + len(sign))}&b=2"
    assert masked_text("""{"url": "http://a/?client_secret=abcdefgh'ij", "n": 1}""").endswith(
        """=abcd•••••••", "n": 1}"""
    )


def turned(platform: Platform, *acts: str) -> Platform:
    for act in acts:
        platform.key_set.act(act)
    return platform


LIE = "claims.value(claim='locale', value='xx')"
TURNS = [("rotate",), ("same_kid_new_key",), ("publish_late",), ("rotate", "retire"), ("rotate", "same_kid_new_key")]


@pytest.mark.parametrize("acts", TURNS)
def test_keys_that_have_turned_are_no_lie(keys: KeyRing, acts: tuple[str, ...]) -> None:
    """The key id and the signature of a launch are honest under whichever key the platform signs with by then."""
    leg = told(turned(make_platform(keys), *acts), LIE).legs[2]

    assert set(lies_in(leg)) == {"locale"}
    assert leg.token is not None
    assert leg.token.fits is True


@pytest.mark.parametrize("acts", TURNS)
def test_keys_that_turn_afterwards_are_no_lie(keys: KeyRing, acts: tuple[str, ...]) -> None:
    """A launch is measured by the keys of its own time."""
    platform = make_platform(keys)
    pending = launched(platform, LIE)
    leg = story(turned(platform, *acts), pending, []).legs[2]

    assert set(lies_in(leg)) == {"locale"}
    assert leg.token is not None
    assert leg.token.fits is True


def test_a_key_id_that_lies_is_one_after_the_keys_have_turned(keys: KeyRing) -> None:
    """A token that names the key of before is told with the key id that it ought to name."""
    platform = turned(make_platform(keys), "rotate")
    before = keys.kid("platform")
    leg = told(platform, f"header.member(name='kid', value='{before}')").legs[2]

    assert lies_in(leg) == {"kid": (before, platform.key_set.signing_kid())}
    assert leg.token is not None
    assert leg.token.fits is False


@pytest.mark.parametrize(
    ("quirks", "lie"),
    [
        ({"id_token.aud": "array_of_one"}, "claims.audience_list"),
        ({"login.without": ["lti_deployment_id"]}, "login.without(name='lti_deployment_id')"),
        ({"custom.unknown": "empty"}, "claims.value(claim='custom', value={'resource': 'link-course-9', 'x': ''})"),
        ({"basic.extra": ["ext_lms=moodle-2"]}, "basic.param(name='ext_lms', value='moodle-2')"),
    ],
)
def test_a_lie_that_a_dialect_tells_anyway_changes_nothing(keys: KeyRing, quirks: dict[str, object], lie: str) -> None:
    """What the platform says of itself is no lie, and is said to be none before the launch."""
    tool = make_registration(**LTI11, custom={"x": "$No.such"})
    platform = make_platform(keys, quirks=quirks, registrations=(tool,))
    launch = platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE)
    spoilt, context = bind(lie, where="test"), Context(launch=launch, keys=keys, canary_url="")

    assert idle_lies(platform, launch, (spoilt,), context) == (spoilt,)
    plain = make_platform(keys, registrations=(tool,))
    assert idle_lies(plain, launch, (spoilt,), context) == ()


def test_a_lie_about_a_service_changes_something(keys: KeyRing) -> None:
    """What services say in a launch of LTI 1.1 is there to be taken away."""
    tool = make_registration(**LTI11)
    platform = make_platform(keys, registrations=(tool,), services=("outcomes",))
    launch = platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE)
    spoilt = bind("basic.without(name='lis_outcome_service_url')", where="test")

    assert idle_lies(platform, launch, (spoilt,), Context(launch=launch, keys=keys, canary_url="")) == ()
