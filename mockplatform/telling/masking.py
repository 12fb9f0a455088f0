"""Secrets of what was said on the wire made unreadable, with their shape kept: length, parts and first letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from mockplatform.model import Exchange, Params

__all__ = ["masked", "masked_exchange", "masked_headers", "masked_params", "masked_text"]

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
    "password",
    "refresh_token",
    "registration_access_token",
    "registration_token",
)
"""Parameters and JSON members whose value opens something for whoever has it."""
_NAMES: Final = "|".join(_SECRET)
_NAMED: Final = rf"(?P<before>(?:^|[?&\s])(?:{_NAMES})=)"
_IN_FORM: Final = re.compile(rf"{_NAMED}(?P<secret>[^&\s]+)")
_IN_DOCUMENT: Final = re.compile(rf"{_NAMED}(?P<secret>[^&\s\"<>]+)")
"""An address inside of JSON or a page ends where its text or attribute does."""
_IN_JSON: Final = re.compile(rf'(?P<before>"(?:{_NAMES})"\s*:\s*")(?P<secret>(?:[^"\\]|\\.)*)')
_IN_HTML: Final = re.compile(rf'(?P<before>name="(?:{_NAMES})"\s+value=")(?P<secret>[^"]*)')
_ANYWHERE: Final = re.compile(
    r"(?P<before>(?<![A-Za-z0-9_-]))(?=[A-Za-z0-9_-]*?eyJ)"
    r"(?P<secret>[A-Za-z0-9_-]++\.[A-Za-z0-9_-]*+\.[A-Za-z0-9_-]++)"
)
"""A JWT, whatever it is called: its header is a JSON object, which begins so in Base64url, perhaps with something
written right before it. Looked for once in each run of such characters, so that no text takes long."""
_DOCUMENT: Final = ("{", "[", "<", '"')
"""How JSON and pages begin."""
_BEARER: Final = re.compile(r"(?P<before>\b[Bb]earer )(?P<secret>[A-Za-z0-9._~+/-]{8,}=*)")


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
    named = _IN_DOCUMENT if text.lstrip().startswith(_DOCUMENT) else _IN_FORM
    for pattern in (named, _IN_JSON, _IN_HTML, _BEARER, _ANYWHERE):
        text = pattern.sub(lambda found: found["before"] + masked(found["secret"]), text)
    return text


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
