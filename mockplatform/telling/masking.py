"""Secrets of what was said on the wire made unreadable, with their shape kept: length, parts and first letters."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mockplatform.model import Exchange, Params

__all__ = [
    "TOKEN_LIKE",
    "FoundToken",
    "masked",
    "masked_exchange",
    "masked_headers",
    "masked_params",
    "masked_text",
    "tokens_in",
]

_DOT: Final = "•"
_KEPT: Final = 4
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+")
_SECRET: Final = (
    "JWT",
    "access_token",
    "api_key",
    "client_assertion",
    "client_secret",
    "consumer_secret",
    "id_token",
    "oauth_signature",
    "oauth_token_secret",
    "password",
    "refresh_token",
    "registration_access_token",
    "registration_token",
    "shared_secret",
)
"""Parameters and JSON members whose value opens something for whoever has it."""
_NAMES: Final = "|".join(_SECRET)
_NAMED: Final = rf"(?P<before>(?:^|[?&\s])(?:{_NAMES})=)"
_IN_FORM: Final = re.compile(rf"{_NAMED}(?P<secret>[^&\s]+)")
_IN_PROSE: Final = re.compile(rf"{_NAMED}(?P<secret>(?:[^&\s\"']|[\"'](?!\s|/?>))++)")
"""An address in the attribute of a tag that stands in a text ends with the quotes that end the tag, too."""
_IN_DOCUMENT: Final = re.compile(rf"{_NAMED}(?P<secret>[^&\s\"<>]+)")
"""An address inside of JSON or a page ends where its text or attribute does."""
_IN_JSON: Final = re.compile(rf'(?P<before>"(?:{_NAMES})"\s*:\s*")(?P<secret>(?:[^"\\]|\\.)*)')
_IN_HTML: Final = re.compile(rf'(?P<before>name="(?:{_NAMES})"\s+value=")(?P<secret>[^"]*)')
TOKEN_LIKE: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*?eyJ)(?P<first>[A-Za-z0-9_-]++)"
    r"(?=\.(?P<claims>[A-Za-z0-9_-]*+)\.(?P<signature>[A-Za-z0-9_-]*+))"
)
"""What may be a JWT, whatever it is called: its header is a JSON object, which begins so in Base64url, perhaps with
something written right before it. Looked for once in each run of such characters, so that no text takes long."""
_HEADER_BEGINS: Final = re.compile(rb'\{"(?:[^"\\\x00-\x1f]|\\.)++"[ \t\r\n]*+:')
_SHORTEST_HEADER: Final = len("eyJhbGciOiIifQ")
"""As long as `{"alg":""}` is in Base64url."""
_ENOUGH: Final = 64
"""As many characters of a header show its first name; that no more are read keeps a text of beginnings short work."""
_TAG: Final = re.compile(r"<[A-Za-z][^<>\"']*+[\"']")
_DOCUMENT: Final = ("{", "[", "<", '"')
"""How JSON and pages begin."""
_BEARER: Final = re.compile(r"(?P<before>\b[Bb]earer )(?P<secret>[A-Za-z0-9._~+/-]{8,}=*)")

_IN_ADDRESS: Final = re.compile(
    r"(?P<before>\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'<>]{0,200}:)(?P<secret>[^\s/@\"'<>]{1,400})(?=@)"
)
"""A password in the address of a database or a service (RFC 3986, section 3.2.1)."""
_QUOTED: Final = re.compile(rf'(?P<before>\b(?:{_NAMES})=")(?P<secret>[^"]*)')
"""As in the header of a request that is signed by OAuth 1.0 (RFC 5849, section 3.5.1)."""
_BASIC: Final = re.compile(r"(?P<before>\b[Bb]asic )(?P<secret>[A-Za-z0-9+/]{8,}=*)")
_COOKIES: Final = re.compile(
    r"(?P<before>\b(?P<name>[Ss]et-[Cc]ookie|[Cc]ookie): ?)(?P<secret>[^\s=;]{1,200}=[^\r\n]+)"
)
"""A header that stands in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundToken:
    """A JWT in a text, taken apart."""

    header: str
    claims: str
    signature: str
    signature_at: int
    """Where in the text its signature begins."""


def tokens_in(text: str) -> Iterator[FoundToken]:
    """The JWTs in a text, none of which begins inside of another."""
    end = 0
    for found in TOKEN_LIKE.finditer(text):
        header = _header_in(found["first"]) if found.start() >= end else ""
        if header:
            end = found.end("signature")
            at = found.start("signature")
            yield FoundToken(header=header, claims=found["claims"], signature=found["signature"], signature_at=at)


def _header_in(first: str) -> str:
    """The header with which a text ends; empty if it has none."""
    at = first.find("eyJ")
    while 0 <= at <= len(first) - _SHORTEST_HEADER:
        beginning = first[at : at + _ENOUGH]
        whole = beginning[: len(beginning) // 4 * 4]
        if _HEADER_BEGINS.match(base64.urlsafe_b64decode(whole)):
            return first[at:]
        at = first.find("eyJ", at + 1)
    return ""


def masked(secret: str) -> str:
    """A secret as dots; of a JWT header and claims stay, since only its signature is worth something."""
    if _JWT.fullmatch(secret):
        head, _, signature = secret.rpartition(".")
        return f"{head}.{_dotted(signature)}"
    return _dotted(secret)


def _dotted(secret: str) -> str:
    kept = secret[:_KEPT] if len(secret) > 2 * _KEPT else ""
    return kept + re.sub(r"[^\s=]", _DOT, secret[len(kept) :])


def masked_params(params: Params) -> Params:
    """Parameters of a form or an address, the secrets among them masked."""
    return tuple((name, masked(value) if name in _SECRET else value) for name, value in params)


def masked_headers(headers: Params) -> Params:
    """Headers, those masked that prove who somebody is."""
    return tuple((name, _header(name.lower())(value)) for name, value in headers)


def masked_text(text: str) -> str:
    """A body or an address, whatever it is: forms, JSON and pages are looked through for secrets by their names."""
    for pattern in (_named(text), _IN_JSON, _IN_HTML, _QUOTED, _BEARER):
        text = pattern.sub(lambda found: found["before"] + masked(found["secret"]), text)
    for pattern, told in _TOLD.items():
        text = pattern.sub(told, text)
    return _without_signatures(text)


def _basic(found: re.Match[str]) -> str:
    """What may be a word of prose is a secret if it decodes to a name and a password (RFC 7617, section 2)."""
    padded = found["secret"] + "=" * (-len(found["secret"]) % 4)
    with contextlib.suppress(ValueError):
        if b":" in base64.b64decode(padded, validate=True):
            return found["before"] + _dotted(found["secret"])
    return found[0]


def _address(found: re.Match[str]) -> str:
    return found["before"] + _DOT * len(found["secret"])


def _cookie_header(found: re.Match[str]) -> str:
    return found["before"] + _header(found["name"].lower())(found["secret"])


_TOLD: Final[Mapping[re.Pattern[str], Callable[[re.Match[str]], str]]] = {
    _BASIC: _basic,
    _IN_ADDRESS: _address,
    _COOKIES: _cookie_header,
}


def _named(text: str) -> re.Pattern[str]:
    """Where the values of parameters end depends on what a text is."""
    if text.lstrip().startswith(_DOCUMENT):
        return _IN_DOCUMENT
    return _IN_PROSE if _TAG.search(text) else _IN_FORM


def _without_signatures(text: str) -> str:
    pieces, at = [], 0
    for token in tokens_in(text):
        pieces += [text[at : token.signature_at], _dotted(token.signature)]
        at = token.signature_at + len(token.signature)
    return "".join((*pieces, text[at:]))


def masked_exchange(exchange: Exchange) -> Exchange:
    """An exchange that can be shown to anybody."""
    return replace(
        exchange,
        url=masked_text(exchange.url),
        request_headers=masked_headers(exchange.request_headers),
        request_body=masked_text(exchange.request_body),
        response_headers=masked_headers(exchange.response_headers),
        response_body=masked_text(exchange.response_body),
    )


def _authorization(value: str) -> str:
    scheme, blank, credentials = value.partition(" ")
    return f"{scheme} {masked(credentials)}" if blank else masked(value)


def _cookies(value: str) -> str:
    return ";".join(_cookie(pair) for pair in value.split(";"))


def _cookie(pair: str) -> str:
    name, equals, secret = pair.partition("=")
    return f"{name}{equals}{masked(secret)}" if equals else masked(name)


def _set_cookie(value: str) -> str:
    pair, semicolon, attributes = value.partition(";")
    return f"{_cookie(pair)}{semicolon}{attributes}"


_HEADERS: Mapping[str, Callable[[str], str]] = {
    "cookie": _cookies,
    "set-cookie": _set_cookie,
    "www-authenticate": masked_text,
}
_PROVING: Final = re.compile(r"authori[sz]ation|api-?_?key|token|secret|passw|credential|cookie|session|assertion")
"""What occurs in the names of headers that prove who somebody is, also in those that are nobody's standard."""


def _header(name: str) -> Callable[[str], str]:
    return _HEADERS.get(name) or (_authorization if _PROVING.search(name) else masked_text)
