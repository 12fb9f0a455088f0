"""What all reports are made of: complete, the same when it is read again, and without secrets."""

from __future__ import annotations

import base64
import datetime
import html
import json
from dataclasses import fields, replace
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from conformance.exchanges.clearing import Clearing, cleared
from conformance.exchanges.exchange_legs import told
from conformance.exchanges.known_secrets import configured, witnessed
from conformance.exchanges.legs import Leg, Line, Reply, TokenParts
from conformance.judge import judge
from conformance.model import Answer, Expectation, Finding, Verdict
from conformance.reports import formats, is_report
from conformance.reports.as_json import render
from conformance.telling.documenting import dossier_of, entry_of
from conformance.telling.dossier import Chapter, Dossier
from conformance.telling.reading import read_dossier
from conformance.toolvalues import Action, Network, PlatformSettings, Tool, ToolSettings
from mockplatform.errors import UsageError
from mockplatform.keys import b64url
from mockplatform.model import Exchange
from mockplatform.mutation import bind
from tests.conformance.makers import make_dossier, make_entry, make_observation, make_profile, make_report, make_result

every_format = pytest.mark.parametrize("name", formats())

CANARY = "canary-0f9e8d7c6b5a4f3e2d1c"
HEADER = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').decode().rstrip("=")
JWT = f"{HEADER}.eyJzdWIiOiJ4In0.{CANARY}"
BLANK_HEADER = b64url(b'{ "alg":"RS256"}')
LINED_HEADER = b64url(b'{\n"alg":"RS256"}')
BASIC = base64.b64encode(f"user:{CANARY}".encode()).decode()
ENCODED = {
    before: base64.b64encode(f"{before}{JWT}".encode()).decode() for before in ("", "1", "12", "123", '{"id_token": "')
}
"""A token in Base64 once more, by what stands before it there."""
ENCODED_BLANK = base64.b64encode(f"{BLANK_HEADER}.e30.{CANARY}".encode()).decode()
ENCODED_LINED = base64.b64encode(f"{LINED_HEADER}.e30.{CANARY}".encode()).decode()
JSON_ENCODED = base64.b64encode(b'{"course": 1, "title": "Algebra"}')
CLAIMS_WITH_TOKEN = b64url(json.dumps({"lti_message_hint": JWT}).encode())

SECRETS = {
    "bearer token": f"Authorization: Bearer {CANARY}",
    "client assertion": f"client_assertion={JWT}",
    "signature of any token": f"the token {JWT} was refused",
    "access token": f'{{"access_token": "{CANARY}"}}',
    "cookie": f"Cookie: session={CANARY}; other={CANARY}",
    "cookie that is set": f"Set-Cookie: session={CANARY}; Path=/; HttpOnly",
    "OAuth signature in a form": f"oauth_version=1.0&oauth_signature={CANARY}&x=1",
    "OAuth signature in a header": f'OAuth realm="", oauth_signature="{CANARY}"',
    "OAuth secret": f"consumer_secret={CANARY}",
    "password in a DSN": f"could not connect to postgresql://admin:{CANARY}@db.example.org:5432/lti",
    "password of an upstream": f"proxy http://me:{CANARY}@127.0.0.1:3128 answered 407",
    "basic credentials": f"Authorization: Basic {BASIC}",
    "fragment": f"https://tool.example/cb#access_token={CANARY}&t=1",
    "semicolon": f"https://tool.example/cb?a=1;access_token={CANARY}",
    "link of a page": f'<a href="/x?a=1&amp;access_token={CANARY}">',
    "address in an address": f"https://x/?next=https%3A%2F%2Fy%2F%3Faccess_token%3D{CANARY}%26a%3D1",
    "address twice encoded": f"next=https%253A%252F%252Fy%252F%253Faccess_token%253D{CANARY}",
    "encoded name": f"https://x/?client%5Fsecret={CANARY}",
    "JSON in JSON": json.dumps({"error": json.dumps({"client_secret": CANARY})}),
    "JSON in JSON in JSON": json.dumps({"e": json.dumps({"e": json.dumps({"client_secret": CANARY})})}),
    "JSON list": json.dumps({"client_secret": [CANARY, CANARY]}),
    "JSON camel case": json.dumps({"clientSecret": CANARY}),
    "JSON other case": json.dumps({"Client_Secret": CANARY}),
    "JSON escaped name": '{"client\\u005fsecret": "' + CANARY + '"}',
    "page with single quotes": f"<input type='hidden' name='client_secret' value='{CANARY}'>",
    "page with the value first": f'<input type="hidden" value="{CANARY}" name="client_secret">',
    "page with more between": f'<input name="client_secret" type="hidden" value="{CANARY}">',
    "page without quotes": f"<input name=client_secret value={CANARY}>",
    "Python": str({"client_secret": CANARY}),
    "Python on a page": f"<pre>{{&#x27;client_secret&#x27;: &#x27;{CANARY}&#x27;}}</pre>",
    "JSON on a page": f"<pre>{{&quot;client_secret&quot;: &quot;{CANARY}&quot;}}</pre>",
    "prose with a colon": f"client_secret: {CANARY}",
    "prose with a value in quotes": f'consumer_secret = "{CANARY}"',
    "environment": f"LTI_SECRET={CANARY}",
    "after a parenthesis": f"(access_token={CANARY})",
    "after a comma": f"state=1,access_token={CANARY}",
    "in quotes": f"'access_token={CANARY}'",
    "in double quotes": f'"access_token={CANARY}"',
    "bearer in capitals": f"AUTHORIZATION: BEARER {CANARY}",
    "basic in capitals": f"AUTHORIZATION: BASIC {BASIC}",
    "cookie that is set, in capitals": f"SET-COOKIE: sid={CANARY}; Path=/",
    "folded cookie": f"Cookie: a=b;\r\n sid={CANARY}",
    "cookie in JSON": json.dumps({"Cookie": f"sid={CANARY}"}),
    "cookie in a table": f'<td>HTTP_COOKIE</td>\n<td class="code"><pre>&#x27;sid={CANARY}; a=b&#x27;</pre></td>',
    "DSN in capitals": f"POSTGRES://admin:{CANARY}@db.example.org/lti",
    "password with an at sign": f"postgresql://admin:p@{CANARY}@db.example.org/lti",
    "password with a slash": f"postgresql://admin:p/{CANARY}@db.example.org/lti",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY.replace('-', '/')}\n-----END RSA PRIVATE KEY-----",
    "token with encoded dots": f"https://x/?t={JWT.replace('.', '%2E')}",
    "token with blanks in its header": f"told {BLANK_HEADER}.e30.{CANARY}",
    "token with lines in its header": f"told {LINED_HEADER}.e30.{CANARY}",
    "encrypted token": f"told {HEADER}.{CANARY}.aXY.{CANARY}.{CANARY}",
    "user of an address": f"git clone https://{CANARY}@host.example/tool.git failed",
    "user of an address with a port": f"https://{CANARY}@127.0.0.1:8000/launch",
    "user of an address and no path": f"told https://{CANARY}@host.example, twice",
    "user of a DSN": f"https://{CANARY}@o1.ingest.example/1 and redis://{CANARY}@cache.example/0",
    "user of an address, and a word": f"https://{CANARY}:x-oauth-basic@host.example/tool.git",
    "user of an address in JSON of PHP": json.dumps({"url": f"https://{CANARY}@host.example/"}).replace("/", "\\/"),
    "password of an address in JSON of PHP": json.dumps({"url": f"https://me:{CANARY}@host.example/"}).replace(
        "/", "\\/"
    ),
    "user of an address in an address": f"next=https%3A%2F%2F{CANARY}%40host.example%2Fx&a=1",
    "user of an address twice encoded": f"next=https%253A%252F%252F{CANARY}%2540host.example%252Fx",
    "password of an address in an address": f"next=https%3A%2F%2Fme%3A{CANARY}%40host.example%2Fx&a=1",
    "authorization code": f"https://tool.example/cb?code={CANARY}&state=1",
    "authorization code behind others": f"https://tool.example/cb?state=1&code={CANARY}",
    "authorization code in a fragment": f"https://tool.example/cb#code={CANARY}",
    "authorization code in a form": f"code={CANARY}&grant_type=authorization_code",
    "authorization code in an attribute": f'<a href="/cb?state=1&amp;code={CANARY}">on</a>',
    "authorization code in an address": f"next=https%3A%2F%2Fy%2F%3Fcode%3D{CANARY}%26a%3D1",
    "authorization code twice encoded": f"next=https%253A%252F%252Fy%252F%253Fcode%253D{CANARY}",
    "authorization code with a slash": f"https://tool.example/cb?code=4/0{CANARY}&scope=a",
    "authorization code of Go": json.dumps({"url": f"/cb?a=1&code={CANARY}"}).replace("&", "\\u0026"),
    "authorization code in a field": f'<input name="code" value="{CANARY}">',
    **{f"token in Base64 behind {before!r}": f"told {encoded} and" for before, encoded in ENCODED.items()},
    "token in Base64 in a path": f"https://tool.example/x/{ENCODED['']}",
    "tokens in Base64, one right behind the other": f"/{ENCODED['1']}/{ENCODED['12']}/x",
    "token in Base64 as a parameter": f"https://tool.example/x?hint={quote(ENCODED[''], safe='')}&a=1",
    "token in Base64 with blanks in its header": f"told {ENCODED_BLANK}",
    "token in Base64 with lines in its header": f"told {ENCODED_LINED}",
    "authorization code in another case": f"https://tool.example/cb?Code={CANARY}&state=1",
    "password in XML": f"<password>{CANARY}</password>",
    "password in a DSN of Go": f"dial root:{CANARY}@tcp(127.0.0.1:3306)/lti",
    "private member of a key": json.dumps({"kty": "RSA", "n": "abc", "d": CANARY}),
    "token in the claims of a token": f"told {HEADER}.{CLAIMS_WITH_TOKEN}.c2ln",
}
SHOWING = (
    BASIC,
    *(encoded[-24:-8] for encoded in (*ENCODED.values(), ENCODED_BLANK, ENCODED_LINED, CLAIMS_WITH_TOKEN)),
)
"""What shows a secret without its own letters."""
HARMLESS = (
    "nonce",
    "https://purl.imsglobal.org/spec/lti/claim/deployment_id",
    "custom_session_type=plenary&token_endpoint=http://127.0.0.1:9400/token",
    '{"token_endpoint": "http://127.0.0.1:9400/token", "token_type": "bearer", "expires_in": 3600}',
    "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&grant_type=client_credentials",
    "oauth_consumer_key=key-of-some-length-1&oauth_signature_method=HMAC-SHA1&oauth_nonce=a1b2c3d4e5f6a7b8",
    "state=b7f0c3d2a1e94c58&login_hint=user-42&lti_message_hint=course-1234567",
    "Bearer authentication is required",
    "The bearer introduced itself; Basic authentication is not offered",
    "Missing id_token= parameter",
    "Missing client_secret, client_assertion or 'access_token'",
    "the token: expired; the signature: invalid; the session: unknown",
    "Unexpected token '<' at line 1",
    '{"error": "invalid_token", "token": "expired", "session": null}',
    "http://127.0.0.1:9400/x?email=joe@example.org",
    "https://tool.example:8443/lti/launch",
    "Nobody answers at http://127.0.0.1:37623.",
    "http://[::1]:9400/x?email=joe@example.org",
    "Cookie: none; Set-Cookie: missing",
    "<th>Signature</th><td>invalid</td>",
    '<input name="token_type" value="plenary-1234">',
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "session_state=plenary",
    f"{HEADER}.eyJzdWIiOiJ4In0.",
    "mailto:joe@example.org",
    "write to joe.doe-2026@example.org, or to <a1b2c3d4e5@example.org>",
    "https://tool.example/@joe and https://tool.example/a1b2c3d4e5@2",
    "https://lms.example?login_hint=a1b2c3d4e5@example.org",
    "https://lms.example#a1b2c3d4e5@example.org",
    "iss=https://lms.example&login_hint=a1b2c3d4e5@example.org",
    "at https://lms.example, a1b2c3d4e5@example.org",
    "https://lms.example|a1b2c3d4e5@example.org",
    "x=https%3A%2F%2Flms.example%26login_hint%3Da1b2c3d4e5%40example.org",
    "iss=https%3A%2F%2Flms.example&login_hint=a1b2c3d4e5%40example.org",
    "write postgresql://user@host/database, or postgresql://lti_admin@127.0.0.1/lti",
    "https://tool.example@elsewhere.example/",
    "http://127.0.0.1@elsewhere.example/ and http://127.0.0.1:9555@elsewhere.example/",
    "https://tool.example/error?code=1019&lti_errormsg=Too+old",
    "https://tool.example/error?code=1019.",
    "https://tool.example/error#code=1019/",
    "https://tool.example/error?code=TokenExpired",
    "https://tool.example/error?code=JWKSUnreachable&a=1",
    "https://tool.example/error?code=invalid_request and ?code=nonce-reused",
    "https://tool.example/error?code=E-TIME and ?code=ERR_1019, ?code=LTI1019",
    "https://tool.example/error?code=INVALID_USER_EMAIL&amp;code=1006",
    "next=https%3A%2F%2Fy%2F%3Fcode%3D1019%26state%3Da1b2c3d4e5f6",
    "the code=token+has+expired",
    "error_code=a1b2c3d4e5f6&status_code=200&course.code=a1b2c3d4e5f6&zip-code=a1b2c3d4e5f6",
    "response_type=code&grant_type=authorization_code&code_challenge_method=S256",
    "Welcome! Basic ayarları",
    "https://tool.example/error?code=AADSTS50011 and ?code=42P01, ?code=tokenExpired1006",
    f"told {JSON_ENCODED.decode()} and {base64.b64encode(JSON_ENCODED).decode()}",
    f"told {base64.b64encode(f'{HEADER}.eyJzdWIiOiJ4In0.'.encode()).decode()}",
)


def planted(value: Any, secret: str) -> Any:
    """The value with a secret in each of its texts that may hold any words."""
    if isinstance(value, str):
        return f"{value} {secret}"
    if isinstance(value, Leg | Line | Reply | TokenParts | Finding | Chapter):
        kept = {"asker", "id"}
        return replace(
            value, **{f.name: planted(getattr(value, f.name), secret) for f in fields(value) if f.name not in kept}
        )
    if isinstance(value, tuple):
        return tuple(planted(held, secret) for held in value)
    return value


LEG = Leg(
    title="Authentication response",
    method="POST",
    url="http://127.0.0.1:1/launch",
    lines=(Line(name="state", value="s-1", was="s-2"), Line(name="nonce", value=None, was="n")),
    token=TokenParts(
        header=(Line(name="alg", value="RS256"),), claims=(Line(name="iat", value=None, was="1"),), signature="It fits."
    ),
    problems=("no nonce",),
    reply=Reply(status=400, headers=(Line(name="server", value="x"),), body="<p>Sorry</p>"),
)


def leaky_report(secret: str) -> Dossier:
    """A run in which a tool, a driver and a user have put a secret into each text that is theirs."""
    seen = make_observation(message=f"Sorry {secret}", trouble=secret, findings=(Finding(id="a", text=secret),))
    results = [
        make_result(
            f"area/{status}",
            status,
            verdict=Verdict(status=status, axes={}, reason=f"because {secret}", cause="control-failed"),
            observation=seen,
            replay=f"lti-conformance replay {secret}",
            recipe=secret,
            timeline=planted((LEG,), secret),
        )
        for status in ("failed", "warned", "error", "waived", "passed", "skipped")
    ]
    return dossier_of(
        make_report(
            *results,
            tool=f"My tool {secret}",
            findings=(Finding(id="fault-drivers", text=secret),),
            waivers=(secret,),
            stopped=secret,
            complete=False,
            chapters=(Chapter(id="order", title=secret, lines=(secret,), data={"a": [secret], "b": {secret: 1}}),),
            only=(secret,),
            versions={"python": secret},
        )
    )


@every_format
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_no_secret_gets_into_a_report(name: str, secret: str) -> None:
    """Planted in each text of a run, it is in none of the formats, and what stands around it is."""
    text = formats()[name](leaky_report(secret))

    assert CANARY not in text
    assert CANARY.replace("-", "/") not in text
    assert [shown for shown in SHOWING if shown in text] == []
    assert "My tool" in text or name in ("badge", "sarif")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    """Names of claims and of settings, prose about secrets, and what of a token can be read by anybody."""
    assert cleared(text) == text
    assert cleared(Line(name="said", value=text)).value == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("custom_session_type", "plenary"),
        ("token_endpoint", "http://127.0.0.1:9400/token"),
        ("custom_session", "plenary"),
        ("oauth_consumer_key", "key-of-some-length-1"),
        ("state", "b7f0c3d2a1e94c58"),
        ("https://purl.imsglobal.org/spec/lti-ags/claim/endpoint", "{}"),
    ],
)
def test_a_name_that_only_contains_such_a_word_tells_nothing(name: str, value: str) -> None:
    """Of a parameter, a claim or a member of a chapter."""
    line = Line(name=name, value=value)
    chapter = Chapter(id="a", title="t", lines=(), data={name: value})

    assert cleared(line) is line
    assert cleared(chapter).data == {name: value}


@pytest.mark.parametrize("name", ["X-Sid", "X-Auth", "X-JWT", "X-Key", "X-Api-Key", "X-CSRF-Token"])
def test_headers_that_are_nobodys_standard_are_masked(name: str) -> None:
    """In an answer and in a request."""
    line = Line(name=name, value=CANARY)

    assert CANARY not in repr(cleared(Reply(status=200, headers=(line,))))
    assert CANARY not in repr(cleared(line))


def test_members_of_a_chapter_are_masked_by_their_names() -> None:
    """At any depth."""
    data = {"client_secret": CANARY, "a": {"access_token": CANARY}, "b": [{"id_token": JWT}], "password": [CANARY]}
    assert CANARY not in repr(cleared(Chapter(id="a", title="t", lines=(), data=data)))


def test_a_token_that_was_cut_stays_readable() -> None:
    """Header and claims as far as they are there; masked once more it stays the same."""
    long = f"{HEADER}.{b64url(b'x' * 600)}.{CANARY}"
    leg = Leg(title="t", lines=(Line(name="id_token", value=long),), token=LEG.token)
    (once,) = told((leg,))

    assert once.lines[0].value == f"{long[:200]}… cut, {len(long) - 200} characters more"
    (whole,) = told((replace(leg, token=None),))
    assert whole.lines[0].value == long.replace(CANARY, f"{CANARY[:4]}{'•' * (len(CANARY) - 4)}")
    assert cleared(whole) is whole


SECRET = 'ß p@ss"w/<0rd>'
TOOL = Tool(
    tool=ToolSettings(name="t", login_params={"password": "in-a-login"}),
    platform=PlatformSettings(consumer_key="the-public-key", consumer_secret=SECRET),
    actions={
        "edit": Action(
            request="POST /x", headers={"Authorization": "Bearer of-action", "Cookie": "a=of-it; b=of-cookie"}
        )
    },
    faults={"class.create": {"driver": "sql", "dsn": "postgresql://u:of%40dsn@h/db", "secret": "of-a-driver"}},
    network=Network(proxy="http://me:of-proxy@127.0.0.1:3128"),
)


def test_the_secrets_of_a_tool_file_are_known() -> None:
    """By their keys and in addresses; what is too short to be told from a word is left out."""
    wanted = {SECRET, "in-a-login", "of-action", "of-cookie", "of%40dsn", "of@dsn", "of-a-driver", "of-proxy"}
    assert configured(TOOL) == wanted


def test_what_a_tool_file_says_about_codes_and_users_is_no_secret() -> None:
    """A path to the codes of errors, and the name of a user; a user that looks like a token is one."""
    tool = replace(
        TOOL,
        tool=ToolSettings(name="t"),
        platform=PlatformSettings(),
        actions={},
        faults={"class.create": {"code": "$.error.code", "dsn": "postgresql://admin@h/db"}},
        network=Network(proxy="http://abcdefgh12@127.0.0.1:3128"),
    )
    assert configured(tool) == {"abcdefgh12"}


def test_an_authorization_code_is_known_from_its_address() -> None:
    """Whatever tells it again hides it as well; the code of an error stays."""
    exchanges = tuple(
        Exchange(asker="browser", method="GET", url=f"http://127.0.0.1/cb?code={code}", status=400)
        for code in (CANARY, "E_LTI_TOKEN_EXPIRED_1019")
    )
    assert witnessed(make_observation(exchanges=exchanges)) == {CANARY}


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        html.escape(SECRET),
    ],
)
def test_a_known_secret_is_masked_however_it_is_written(written: str) -> None:
    """Whatever stands around it, and also where its end is cut off."""
    assert Clearing().unknown_to(f"told {written} and", frozenset({SECRET})).startswith("told ")
    assert written[-6:] not in Clearing().unknown_to(f"told {written} and", frozenset({SECRET}))
    assert written[4:] not in Clearing().unknown_to(f"told {written[:-1]}", frozenset({SECRET}))


@pytest.mark.parametrize("text", ['{"password": 123456789012345}', '{"client_secret": [1234567890, "a"]}'])
def test_a_number_is_a_secret_as_well(text: str) -> None:
    """Where its name says so."""
    assert "567890" not in cleared(text)


def test_a_known_secret_that_is_a_word_hides_no_other() -> None:
    """Somebody has `secret` or `failed` for a password."""
    known = frozenset({"secret", "failed"})
    entry = entry_of(
        make_result(
            "area/one", "failed", known=known, verdict=Verdict(status="failed", axes={}, reason="failed: secret")
        )
    )

    assert Clearing().unknown_to("consumer_secret is the secret", known) == "consumer_secret is the ••••••"
    assert (entry.status, entry.reason) == ("failed", "••••••: ••••••")


def test_what_a_launch_has_shown_is_masked_wherever_it_is_told_again() -> None:
    """A cookie or a token in a page of the same story; a state in a cookie stays, since addresses show it."""
    exchanges = (
        Exchange(
            asker="browser",
            method="POST",
            url="http://127.0.0.1/login?state=state-1234567",
            request_headers=(("cookie", f"a={CANARY}; lti_state=state-1234567; lang=plenary"),),
            response_body=f"<p>Your session is {CANARY}, state-1234567, plenary",
            status=400,
        ),
    )
    seen = make_observation(exchanges=exchanges, message=f"Session {CANARY} of state-1234567")
    entry = entry_of(make_result("area/one", "failed", observation=seen))

    assert witnessed(seen) == {CANARY}
    assert CANARY not in repr(entry)
    assert "state-1234567, plenary" in repr(entry.timeline[0].reply)
    assert entry.observed is not None
    assert entry.observed.message.endswith("of state-1234567")


@pytest.mark.parametrize("secret", [f"Basic {BASIC}", f"postgresql://admin:{CANARY}@db.example.org/lti"])
@pytest.mark.parametrize("room", range(12, 36))
def test_a_message_is_masked_before_it_is_cut(secret: str, room: int) -> None:
    """The rest of a secret does not look like one."""
    seen = make_observation(message=f"{'x' * (159 - room)} {secret}")
    verdict = judge(Expectation(preferred=Answer(outcome="launched")), seen, make_profile(), (), ())

    assert f"{secret.partition(':')[0]:.10}"[:5] in verdict.reason
    assert CANARY[:6] not in verdict.reason
    assert BASIC[8:12] not in verdict.reason


def test_a_known_secret_that_was_cut_is_masked() -> None:
    """By the browser, by a reader or in a timeline."""
    known = frozenset({CANARY})

    assert CANARY[5:10] not in Clearing().unknown_to(f"told {CANARY[:12]}", known)
    assert CANARY[5:10] not in Clearing().unknown_to(f"told {CANARY[:12]}… cut, 300 characters more", known)


def lies(*lines: Line, token: TokenParts | None = None) -> list[str]:
    return [*entry_of(make_result("a/b", "failed", timeline=(Leg(title="t", lines=lines, token=token),))).lies]


def test_long_values_are_cut_around_their_first_difference() -> None:
    """A reader sees it."""
    one, other = "x" * 300 + "A" + "y" * 300, "x" * 300 + "B" + "y" * 300
    (lie,) = lies(Line(name="roles", value=one, was=other))

    assert lie == f"roles is … '{'x' * 20}A{'y' * 59}' …, in place of … '{'x' * 20}B{'y' * 59}' …"


def test_one_long_word_is_cut_by_its_characters() -> None:
    """What is left of it is more than a dot."""
    assert lies(Line(name="roles", value="x" * 200, was="")) == [
        f"roles is '{'x' * 80}' …, which an honest platform does not send"
    ]


def test_signatures_that_look_the_same_are_said_to_differ() -> None:
    """Only their first letters are shown."""
    (lie,) = lies(Line(name="oauth_signature", value="IEfVaaaaaaaa=", was="IEfVbbbbbbbb="))
    assert lie == "oauth_signature is 'IEfV••••••••=', another signature than an honest platform sends"


def test_a_token_that_is_taken_apart_is_no_lie_of_its_own() -> None:
    """Its header and claims say what it is; one in which nothing is marked differs in its signature alone."""
    token = Line(name="id_token", value=JWT, was=f"{HEADER}.e30.{CANARY}")

    assert lies(token, token=LEG.token) == ["claim iat is left out, in place of '1'"]
    unmarked = TokenParts(header=(), claims=(), signature="It does not fit.")
    (lie,) = lies(replace(token, was=f"{JWT[:-4]}abcd"), token=unmarked)
    assert "another signature" in lie


@pytest.mark.parametrize(
    "line",
    [
        Line(name="Authorization", value=CANARY),
        Line(name="x-api-key", value=CANARY),
        Line(name="Cookie", value=f"a={CANARY}"),
        Line(name="set-cookie", value=f"a={CANARY}; Path=/", was=""),
        Line(name="client_secret", value="x", was=CANARY),
        Line(name="oauth_signature", value=CANARY),
        Line(name="id_token", value=JWT),
        Line(name="code", value=CANARY),
    ],
    ids=lambda line: line.name,
)
def test_a_header_or_parameter_is_masked_by_its_name(line: Line) -> None:
    """Its value need not look like a secret."""
    (told,) = cleared((line,))

    assert CANARY not in f"{told.value}{told.was}"
    assert told.name == line.name


def test_what_the_catalogue_has_written_is_no_secret() -> None:
    """The key of a lie is told whole, so that lies can be told apart; a secret that is known is masked there, too."""
    lies = ("header.hmac_with(secret='text:chosen')", "key_set.with_secret(secret='text:hush')")
    honest = make_result("a/b").scenario
    attempt = replace(honest.attempt, mutations=tuple(bind(lie, where="test") for lie in lies))
    scenario = replace(honest, attempt=attempt)
    entry = entry_of(make_result("a/b", "failed", scenario=scenario))

    assert entry.mutations == lies
    assert all(lie in entry.sent for lie in lies)
    known = entry_of(make_result("a/b", "failed", scenario=scenario, known=frozenset({"text:chosen"})))
    assert "chosen" not in repr((known.mutations, known.sent))


def test_what_holds_no_secret_stays_as_it_is() -> None:
    """Not even a copy is made."""
    assert cleared(LEG) is LEG


def test_a_lone_surrogate_becomes_something_that_a_file_can_hold() -> None:
    """A tool may say one in JSON."""
    assert cleared("before \ud800 after") == "before ? after"


@every_format
def test_a_report_can_be_written_whatever_a_tool_says(name: str) -> None:
    """Each format is UTF-8 in the end."""
    assert formats()[name](leaky_report("\ud800\x00\x1b[31m]]>\u2028 | `` <b>")).encode()


def all_values() -> Dossier:
    """A dossier in which no field has its default."""
    entry = make_entry(
        "area/one",
        "failed",
        timeline=(LEG, Leg(title="t", asker="tool")),
        steps=("«first»: a launch",),
        recipe="r.json",
        serviced=True,
        faults=("class.create=empty",),
        findings=(Finding(id="flaky", text="first this, then that"),),
        cause="no-recovery",
    )
    report = make_report(
        make_result("area/two", "skipped", observation=None),
        only=("area/*",),
        strict=True,
        stopped="lost",
        untried=3,
        complete=False,
        waivers=("w",),
        findings=(Finding(id="no-probe", text="none"),),
        chapters=(Chapter(id="order", title="Order", lines=("a",), data={"a": [1, None, {"b": "c"}]}),),
    )
    told = dossier_of(report)
    return replace(told, results=(entry, *told.results))


@pytest.mark.parametrize("dossier", [all_values(), make_dossier(), make_dossier(make_entry())])
def test_a_json_report_is_read_as_it_was_written(dossier: Dossier) -> None:
    """Nothing is lost, and written again it is the same text."""
    text = render(dossier)
    read = read_dossier(text, where="r.json")

    assert render(read) == text
    assert json.loads(text).keys() == {field.metadata.get("key", field.name) for field in fields(Dossier)}


@every_format
def test_a_format_does_not_know_whether_a_report_was_read(name: str) -> None:
    """A kept report is rendered as it would have been at the end of its run."""
    dossier = all_values()

    assert formats()[name](read_dossier(render(dossier), where="r.json")) == formats()[name](dossier)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON report"),
        ("{", "no JSON report"),
        ("[" * 100_000, "no JSON report"),
        ("[]", '"schema" is not'),
        ('{"schema": "lti-conformance-report/2"}', '"schema" is not "lti-conformance-report/1"'),
        ('{"schema": "lti-conformance-report/1"}', "tool: missing, expected a string"),
        ('{"schema": "lti-conformance-report/1", "tool": "\\ud800"}', "no JSON report"),
        ('{"schema": "lti-conformance-report/1", "duration_s": NaN}', "NaN is no number of JSON"),
        (render(make_dossier(make_entry("a/b"), make_entry("a/b"))), "'a/b' stands there twice"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(text: str, problem: str) -> None:
    """It names the file and what is wrong."""
    with pytest.raises(UsageError, match="^r.json: ") as refused:
        read_dossier(text, where="r.json")
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_member_that_does_not_fit_is_named() -> None:
    """By its place in the report."""
    document = json.loads(render(make_dossier(make_entry())))
    document["results"][0]["status"] = "great"

    with pytest.raises(UsageError, match=r"results\[0\]\.status"):
        read_dossier(json.dumps(document), where="r.json")


def test_the_start_is_told_in_utc() -> None:
    """To the second."""
    at = datetime.datetime(2027, 3, 1, 12, 30, 15, 999, tzinfo=datetime.UTC)
    assert dossier_of(make_report(started=at)).started == "2027-03-01T12:30:15Z"


@every_format
def test_an_earlier_report_is_known_by_how_it_begins(name: str) -> None:
    """Of any run, also an empty one; and no other file of a project is taken for one."""
    for dossier in (all_values(), make_dossier(), make_dossier(make_entry()), leaky_report("x")):
        assert is_report(formats()[name](dossier)[:65536])
    for other in (
        "",
        "print('lti-conformance')",
        '{"schemaVersion": 1}',
        "<!doctype html><title>x</title>",
        "[tool]\n",
    ):
        assert not is_report(other)
