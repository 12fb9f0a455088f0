"""What of a text is masked, what is not, and that masking never fails."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable

import pytest

from mockplatform.telling import masking
from mockplatform.telling.masking import is_readable, looks_secret, masked_headers, masked_named, masked_text

CANARY = "Q7zK3vP9mXw2LbT5nR8d"
HEADER = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').decode().rstrip("=")


def basic(user: str) -> str:
    return base64.b64encode(f"{user}:{CANARY}".encode()).decode()


SECRETS = {
    "code in capitals": f"/cb?CODE={CANARY}&a=1",
    "code with a capital": f"/cb?Code={CANARY}",
    "code in camel case": f"/cb?authCode={CANARY}",
    "code as a list": f"/cb?code[]={CANARY}",
    "code as an encoded list": f"/cb?code%5B%5D={CANARY}",
    "DSN of Go": f"could not open root:{CANARY}@tcp(127.0.0.1:3306)/db",
    "DSN of Go by a socket": f"root:p@{CANARY}@unix(/run/mysqld.sock)/db",
    "settings of a connection": f"Server=x;Uid=y;Pwd={CANARY};Encrypt=yes",
    "parameter of a meeting": f"https://zoom.example/j/12345?pwd={CANARY}",
    "settings": f"DB_PASS={CANARY}",
    "form": f"user=me&pass={CANARY}",
    "JSON": json.dumps({"pass": CANARY}),
    "XML": f"<password>{CANARY}</password>",
    "XML of a service": f"<w:AccessToken>{CANARY}</w:AccessToken>",
    "XML as it is": f"<token><![CDATA[{CANARY}]]></token>",
    "field of the type": f'<input type="password" value="{CANARY}" name="pw">',
    "field of the type without quotes": f"<input value={CANARY} type=password>",
    "field of many lines": f'<textarea rows="2" name="client_secret">{CANARY}</textarea>',
    "part of a form": f'Content-Disposition: form-data; name="password"\r\n\r\n{CANARY}\r\n--x',
    "part of a form with a type": f'form-data; name="api_key"\r\nContent-Type: text/plain\r\n\r\n{CANARY}',
    "object in JSON": json.dumps({"password": {"value": CANARY}}),
    "field of Rails": f"user[password]={CANARY}&a=1",
    "field of Rails as it is sent": f"user%5Bpassword%5D={CANARY}&a=1",
    "list of a form": f"client_secret[0]={CANARY}",
    "RSA key": json.dumps({"kty": "RSA", "n": "abc", "e": "AQAB", "d": CANARY, "p": CANARY, "dq": CANARY}),
    "symmetric key in JSON": json.dumps({"keys": json.dumps({"k": CANARY, "kty": "oct"})}),
    "key that was cut": f'{{"kty": "EC", "crv": "P-256", "d": "{CANARY}',
    "Digest": f'Authorization: Digest username="a", response="{CANARY}", qop=auth',
    "Basic in UTF-8": f"Authorization: Basic {basic('jürgen')}",
    "token with dots encoded twice": f"told {HEADER}%252EeyJzdWIiOiJ4In0%252E{CANARY}",
    "token with escaped dots": f"told {HEADER}\\u002eeyJzdWIiOiJ4In0\\u002e{CANARY}",
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_masked_however_it_is_written(text: str) -> None:
    """By its name in forms, settings, addresses, XML, pages and JSON; masked once more it stays the same."""
    shown = masked_text(text)

    assert CANARY not in shown
    assert basic("jürgen") not in shown
    assert masked_text(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:12345@h/db", "postgresql://u:•••••@h/db"),
        ("Server=x;Pwd=hunter2", "Server=x;Pwd=•••••••"),
        ("<password>hunter2</password>", "<password>•••••••</password>"),
        ("user[password]=hunter2&a=1", "user[password]=•••••••&a=1"),
        ('{"password": {"value": "hunter2"}, "n": 1}', '{"password": {"value": "•••••••"}, "n": 1}'),
        ('{"kty": "RSA", "n": "abcdefgh", "d": "abcd"}', '{"kty": "RSA", "n": "abcdefgh", "d": "••••"}'),
        (
            'name="password"; form-data; name="password"\n\nword\n--x',
            'name="password"; form-data; name="password"\n\n••••\n--x',
        ),
        ("<textarea name=client_secret>word</textarea>", "<textarea name=client_secret>••••</textarea>"),
    ],
)
def test_short_passwords_are_masked_and_nothing_around_them(text: str, shown: str) -> None:
    """A name that says so is enough, whatever the value looks like."""
    assert masked_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("Welcome! Basic ayarları", "Basic tanımlar", "basic \u212aelvin00", "Basic ſtrategies", "BASİC AYARLARI12"),
        *("Basic Outcomes", "Basic Operation of OpenLearning", "basic azpchanged", "Basic Otherwise", "Basic Optional"),
        *("Bearer \u212aelvin is a unit", "Bearer ſtrategies are told", "ſet-cooKie: missing", "İ token: eksik"),
        *("pyjwt=2.8.0", "PyJWT==2.8.0", "jwt: 2.8.0", '"jwt": "^9.0.2"', "jwt=>=2.8,<3", '{"jwt": "~2.0.0-rc1"}'),
        *("password=None", "def login(user, password=None):", "password=required", "secret='...'", "password=''"),
        *("password=<redacted>", "?password=null&a=1", "{'password': None}", '{"password": "required"}'),
        *("(http://localhost:8000)me@x.y", "http://h:8000;a@b", "https://h:8443,a@b"),
        *("cookie: SameSite=None", "Cookie: SameSite=Lax; Secure", "cookie: samesite=strict; HttpOnly"),
        *("test_token: time/expiry-in-the-year-9999", "auth_token: /app/settings.py:12"),
        *("PWD=/home/tool/a1b2c3d4", "OLDPWD=/srv/a1b2c3d4", "pass=12", '{"pass": 12, "fail": 1}', "bypass=a1b2c3d4e5"),
        *("pass: 12 of 14", "<th>pass</th><td>12</td>", "compass=north-1234", "tests pass=true"),
        *("<token>expired</token>", "<label for=password>Password</label>", "<token_type>bearer</token_type>"),
        *('<textarea name="note">a1b2c3d4e5</textarea>', '<input type="text" value="a1b2c3d4e5">'),
        *('form-data; name="note"\r\n\r\na1b2c3d4e5', 'say "password"\n\nand more', '{"password": {"type": "string"}}'),
        *('{"kty": "RSA", "n": "a1b2c3d4e5", "e": "AQAB", "kid": "k"}', '{"k": "a1b2c3d4e5", "d": "a1b2c3d4e5"}'),
        *(
            'response="the tool did not answer in time"',
            'response="unauthorized_client"',
            "root:x@tcp",
            "a:b@c (tcp)",
            "users[name]=a1b2c3d4e5",
        ),
    ],
)
def test_harmless_texts_stay(text: str) -> None:
    """Words in any alphabet, versions, what stands for nothing, ports, attributes of cookies and numbers."""
    assert masked_text(text) == text


READABLE = (
    *("1019", "42P01", "AADSTS50011", "0x80070005", "html", "BIO-2201A", "lti1p3-1006", "E1006a", "OAuthErr", "csrf"),
    *("jwks", "JWKSHTTP500", "tokenExpired1006", "InvalidDeploymentIdentifierReceivedFromPlatform", "PKIX01", "nbf"),
    *("notAuthenticatedBecauseTheTokenHasExpiredForUser", "INVALID_USER_EMAIL", "HTTP_401_UNAUTHORIZED", "en-GB"),
    *("DeploymentNotRegistered", "eduPersonPrincipalName", "auth/id-token-expired", "401_jwt_kid_not_found"),
    *("lti-launch-failed-1006", "deployment.not.registered", "urn:lti:error:nonce-reused", "token+has+expired+2026"),
    *("issuer_not_registered", "JWKSUnreachableByTool", "xmlhttprequesterror", "launch%20not%20possible", "SW1A 1AA"),
    *("missing_required_claim_deployment_id", "KeySetUnreachableTimeout", "BAD_REQUEST_SIGNATURE", "SplxlOBeZQ", ""),
)
"""Codes of errors, and what is too short for an authorization code."""
UNREADABLE = (
    *(CANARY, "SplxlOBeZQQYbYS6WxSbIA", "deadbeefcafebabe", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "1234567890123456"),
    *(
        "4/0AX4XfWhQ7zK3vP9mXw2LbT5nR8d",
        "BCDF-GHJK-LMNP-QRST",
        "GHQW-XKJA-PZOT-IBVC",
        "QwErTyUiOpAsDfGh",
        "qxzjvkwpmrhdtbgf",
    ),
    *(
        "i1WsRn1uB1wVJgqZkcdr",
        "canary-0f9e8d7c6b5a4f3e2d1c",
        "AB2C-D4EF-GH6I-J8KL",
        "abcd••••••••••••••••",
        "zKqWpLxVbNmTgRhY",
    ),
)
"""Authorization codes as servers make them."""


@pytest.mark.parametrize("code", READABLE)
def test_the_code_of_an_error_is_readable(code: str) -> None:
    """It is short, or made of words, with numbers among them."""
    assert is_readable(code)
    assert masked_text(f"https://tool.example/e?code={code}&a=1") == f"https://tool.example/e?code={code}&a=1"
    assert masked_named("code", code) == code


@pytest.mark.parametrize("code", UNREADABLE)
def test_an_authorization_code_is_not_readable(code: str) -> None:
    """It is long, and made by chance."""
    assert not is_readable(code)
    assert code.replace("•", "") in code
    assert masked_named("code", code) == masked_text(f"?code={code}").removeprefix("?code=")
    assert code not in masked_text(f"?code={code}") or "•" in code


@pytest.mark.parametrize(
    ("alphabet", "length", "most"),
    [
        (string.hexdigits[:16], 16, 0),
        (string.ascii_letters + string.digits + "-_", 22, 0),
        (string.ascii_letters, 22, 2),
        (string.ascii_letters, 16, 20),
        (string.ascii_lowercase, 16, 40),
        (string.ascii_uppercase, 16, 40),
        (string.digits, 16, 0),
    ],
)
def test_what_chance_makes_is_seldom_readable(alphabet: str, length: int, most: int) -> None:
    """Of two thousand codes a few are taken for words, and the fewer the longer they are."""
    chance = random.Random(1)
    codes = ("".join(chance.choices(alphabet, k=length)) for _ in range(2000))

    assert sum(map(is_readable, codes)) <= most


def test_a_path_of_words_looks_like_no_secret() -> None:
    """The id of a scenario and the name of a file have digits and are none; Base64 with a slash is one."""
    assert not looks_secret("time/expiry-in-the-year-9999")
    assert looks_secret("4/0AX4XfWhQ7zK3vP9mXw2LbT5nR8d")


@pytest.mark.parametrize(
    "told",
    [
        lambda: masked_text("a1b2c3d4e5"),
        lambda: masked_headers((("x-note", "a1b2c3d4e5"),))[0][1],
        lambda: masking.masked_params((("password", "a1b2c3d4e5"),))[0][1],
        lambda: masked_named("password", "a1b2c3d4e5"),
    ],
)
def test_a_text_that_cannot_be_masked_is_not_shown(told: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of masking ends no run and shows no secret: it is told in place of the text."""

    def fail(*_: object, **__: object) -> str:
        raise ValueError("a1b2c3d4e5")

    monkeypatch.setattr(masking, "without_secrets", fail)
    monkeypatch.setattr(masking, "masked_as", fail)

    assert told() == "(not shown, since masking it failed with ValueError: please report it)"


PARTS = (
    *(
        "pwd=",
        "pass=",
        "password]=",
        "password[",
        "password%5D=",
        "token>",
        "<token>",
        "<token>a<",
        "<textarea ",
        "<textarea a='",
    ),
    *(
        'form-data; name="',
        'form-data; name="token"\n',
        "a:b@tcp",
        "a:",
        ":a@tcp(",
        '{"kty',
        '{"kty":"',
        'response="',
        "kty{ ",
    ),
    *(
        '"token": {"value": "',
        "Code=",
        "code[]=",
        "\\u002e",
        "%252E",
        "eyJhbGciOiJub25lIn0\\u002e",
        "Basic ı",
        "password=None",
    ),
)


@pytest.mark.parametrize("part", PARTS)
def test_a_long_text_of_beginnings_ends(part: str) -> None:
    """A megabyte of what may begin a secret is read through, and a secret behind it is masked."""
    text = part * (1_000_000 // len(part))

    assert CANARY not in masked_text(
        f'@tcp( form-data; name= <textarea kty response=" {text}\n "\'> client_secret={CANARY}'
    )


@pytest.mark.parametrize("header", ["cookie", "set-cookie"])
def test_a_token_that_is_a_cookie_shows_no_claims(header: str) -> None:
    """What a tool keeps in its own session is nobody else's to read."""
    claims = "eyJlbWFpbCI6ImFAeC55In0"
    token = f"eyJhbGciOiJIUzI1NiJ9.{claims}.fXM-abcdefghijklmnopqrstuvwxyz0123456789"

    ((name, told),) = masked_headers(((header, f"session={token}"),))

    assert (name, told.startswith("session=eyJh"), claims in told) == (header, True, False)
    assert claims not in masked_text(f"{header.title()}: session={token}")
