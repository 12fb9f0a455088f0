"""Lies in the JSON text of the payload, which no dictionary can express (RFC 7519, section 7.2; RFC 8259)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from mockplatform.claims import claim_name
from mockplatform.keys import encode_json
from mockplatform.model import IdToken
from mockplatform.mutation import NotApplicableError, claims_of, mutation


@mutation("RFC 8725 3.10")
def nested(token: IdToken, *, depth: int) -> IdToken:
    """A claim that nobody knows is nested this many arrays deep (honest while shallow)."""
    text = json.dumps(claims_of(token), separators=(",", ":"))
    deep = f'"https://vendor.example/claim/deep":{"[" * depth}{"]" * depth}'
    return replace(token, claims=f"{{{deep},{text[1:]}".encode())


@mutation("RFC 8259 6")
def expiry(token: IdToken, *, text: str) -> IdToken:
    """The expiry is this text of JSON or of what some readers take for it, such as `1e400` or `NaN`."""
    claims = claims_of(token)
    claims.pop("exp", None)
    rest = json.dumps(claims, separators=(",", ":"))
    return replace(token, claims=f'{{"exp":{text},{rest[1:]}'.encode())


@mutation("RFC 7519 4")
def duplicate(token: IdToken, *, claim: str, first: Any) -> IdToken:
    """A claim comes twice: first with the given value, then with the honest one."""
    text = json.dumps(claims_of(token), separators=(",", ":"))
    return replace(token, claims=f"{{{json.dumps(claim_name(claim))}:{json.dumps(first)},{text[1:]}".encode())


@mutation("RFC 7519 7.2")
def text(token: IdToken, *, text: str) -> IdToken:
    """The payload is this text instead of a JSON object."""
    return replace(token, claims=text.encode("utf-8", "surrogatepass"))


@mutation("RFC 7519 7.2")
def not_utf8(token: IdToken) -> IdToken:
    """A claim that nobody knows holds a byte that UTF-8 never has."""
    text = encode_json(claims_of(token))
    return replace(token, claims=b'{"https://vendor.example/claim/bytes":"\xff",' + text[1:])


@mutation("RFC 7519 7.2")
def followed_by(token: IdToken, *, text: str) -> IdToken:
    """Behind the JSON object of the payload stands something more."""
    return replace(token, claims=encode_json(claims_of(token)) + text.encode("utf-8", "surrogatepass"))


@mutation("RFC 8725 3.7")
def encoded(token: IdToken, *, encoding: str) -> IdToken:
    """The payload is honest JSON in another encoding than UTF-8."""
    text = json.dumps(claims_of(token), separators=(",", ":"), ensure_ascii=False)
    try:
        return replace(token, claims=text.encode(encoding))
    except (LookupError, UnicodeEncodeError) as error:
        raise NotApplicableError(f"the claims cannot be written in {encoding}: {error}") from None
