"""Secrets of what was said on the wire made unreadable, with their shape kept: length, parts and first letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from mockplatform.model import Exchange, Params
from mockplatform.telling.secrets.dots import as_authorization, as_cookies, as_set_cookie, dotted, masked, masked_as
from mockplatform.telling.secrets.everywhere import without_secrets
from mockplatform.telling.secrets.looks import is_readable, looks_secret
from mockplatform.telling.secrets.names import Kind, kind_of
from mockplatform.telling.tokens import TOKEN_LIKE, FoundToken, tokens_in

__all__ = [
    "TOKEN_LIKE",
    "FoundToken",
    "dotted",
    "is_readable",
    "kind_of",
    "looks_secret",
    "masked",
    "masked_exchange",
    "masked_headers",
    "masked_named",
    "masked_params",
    "masked_text",
    "tokens_in",
]


def masked_params(params: Params) -> Params:
    """Parameters of a form or an address, the secrets among them masked."""
    return tuple((name, _param(name, value)) for name, value in params)


def _param(name: str, value: str) -> str:
    kind = kind_of(name)
    return _safe(_masker(kind), value) if kind in ("secret", "token", "code") else value


def masked_headers(headers: Params) -> Params:
    """Headers, those masked that prove who somebody is."""
    return tuple((name, _safe(_header(name.lower()), value)) for name, value in headers)


def masked_named(name: str, value: str) -> str:
    """A value that is a parameter, a header, a claim or a member: nobody knows which."""
    known = _HEADERS.get(name.lower())
    return _safe(known or _masker(kind_of(name)), value)


def _masker(kind: Kind) -> Callable[[str], str]:
    return lambda value: masked_as(kind, value)


def masked_text(text: str) -> str:
    """A body or an address, whatever it is: forms, JSON and pages are looked through for secrets by their names."""
    return _safe(without_secrets, text)


def _safe(told: Callable[[str], str], text: str) -> str:
    """The text as it is told; if that fails, so, since a defect of masking ends no run and shows no secret."""
    try:
        return told(text)
    except Exception as error:  # noqa: BLE001
        return f"(not shown, since masking it failed with {type(error).__name__}: please report it)"


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


_HEADERS: Mapping[str, Callable[[str], str]] = {
    "authorization": as_authorization,
    "cookie": as_cookies,
    "set-cookie": as_set_cookie,
    "www-authenticate": masked_text,
}
_PROVING: Final = re.compile(r"authori[sz]ation|api-?_?key|token|secret|passw|credential|cookie|session|assertion")
"""What occurs in the names of headers that prove who somebody is, also in those that are nobody's standard."""


def _header(name: str) -> Callable[[str], str]:
    return _HEADERS.get(name) or (as_authorization if kind_of(name) or _PROVING.search(name) else masked_text)
