"""Lies with a place or a value to choose: one character, one bit, one field. Generated launches choose it.

A claim is named as in `claims.value`; a place beyond the end counts on from the beginning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockplatform.claims import claim_name
from mockplatform.keys import b64url, from_b64url
from mockplatform.model import AuthResponse, IdToken, KeySet, SignedToken
from mockplatform.mutation import NotApplicableError, claims_of, header_of, mutation

_WIDE = 0xFEE0
"""How far the full-width form of a visible ASCII character is from it."""


def _changed(text: str, place: int, by: str) -> str:
    """The text with one character replaced by this one, or by yet another where this one stands already."""
    if not text:
        raise NotApplicableError("there is no character to replace")
    index = place % len(text)
    if text[index] == by:
        # A tool chooses its states and nonces by chance, and with one seed the same launches have to be possible.
        by = "-" if by == "_" else "_"
    return text[:index] + by + text[index + 1 :]


def _text(token: IdToken, claim: str) -> str:
    found = claims_of(token).get(claim_name(claim))
    if not isinstance(found, str):
        raise NotApplicableError(f"the claim {claim} is no text")
    return found


def _signature(token: SignedToken) -> tuple[str, bytes]:
    """What is signed, and the signature."""
    signed, _, signature = token.text.rpartition(".")
    try:
        raw = from_b64url(signature)
    except ValueError as error:
        raise NotApplicableError(f"the signature is no base64url: {error}") from None
    return signed, raw


@mutation("SEC 5.1.3")
def other_character(token: IdToken, *, claim: str = "nonce", place: int = 0, by: str = "_") -> IdToken:
    """One character of a claim is another one."""
    return replace(token, claims=claims_of(token) | {claim_name(claim): _changed(_text(token, claim), place, by)})


@mutation("SEC 5.1.3")
def wide_character(token: IdToken, *, claim: str = "deployment_id", place: int = 0) -> IdToken:
    """One character of a claim has its full-width form, which looks alike and is not the same."""
    text = _text(token, claim)
    found = text[place % len(text)] if text else ""
    if not "!" <= found <= "~":
        raise NotApplicableError("there is no character with a full-width form")
    wide = chr(ord(found) + _WIDE)
    return replace(token, claims=claims_of(token) | {claim_name(claim): _changed(text, place, wide)})


@mutation("RFC 8259 4")
def members_moved(token: IdToken, *, by: int = 1) -> IdToken:
    """The members of header and payload stand in another order (honest)."""
    header, claims = list(header_of(token).items()), list(claims_of(token).items())
    at, there = by % len(header), by % len(claims)
    return replace(
        token,
        header=dict(header[at:] + header[:at]),
        claims=dict(claims[there:] + claims[:there]),
    )


@mutation("RFC 7519 4")
def member_twice(token: IdToken, *, claim: str = "context", member: str = "id", first: Any = "another") -> IdToken:
    """A member of a claim comes twice: first with the given value, then with the honest one."""
    claims = claims_of(token)
    inner = claims.pop(claim_name(claim), None)
    if not isinstance(inner, Mapping) or not inner:
        raise NotApplicableError(f"the claim {claim} is no object with members")
    twice = f"{{{json.dumps(member)}:{json.dumps(first)},{json.dumps(inner)[1:]}"
    rest = json.dumps(claims)[1:]
    return replace(token, claims=f"{{{json.dumps(claim_name(claim))}:{twice},{rest}".encode())


@mutation("SEC 5.1.3 step 1")
def signature_bit(token: SignedToken, *, number: int = 0) -> SignedToken:
    """One bit of the signature is flipped: this one, counted from its end."""
    signed, raw = _signature(token)
    if not raw:
        raise NotApplicableError("the signature is empty")
    flipped = int.from_bytes(raw) ^ 1 << number % (8 * len(raw))
    return SignedToken(text=f"{signed}.{b64url(flipped.to_bytes(len(raw)))}")


@mutation("SEC 5.1.3 step 1")
def signature_bytes(token: SignedToken, *, hexadecimal: str = "00") -> SignedToken:
    """The signature is these bytes."""
    signed, _ = _signature(token)
    try:
        return SignedToken(text=f"{signed}.{b64url(bytes.fromhex(hexadecimal))}")
    except ValueError as error:
        raise NotApplicableError(f"these are no bytes: {error}") from None


@mutation("SEC 5.1.1.3")
def field(response: AuthResponse, *, name: str = "state", value: str = "another") -> AuthResponse:
    """A form field has another value, or one that nobody knows comes along (honest then)."""
    return replace(response, fields=tuple((dict(response.fields) | {name: value}).items()))


@mutation("SEC 5.1.1.4")
def state_character(response: AuthResponse, *, place: int = 0, by: str = "_") -> AuthResponse:
    """One character of the state is another one."""
    state = _changed(dict(response.fields).get("state", ""), place, by)
    return replace(response, fields=tuple((dict(response.fields) | {"state": state}).items()))


@mutation("RFC 7517 5")
def key_beside(keys: KeySet, *, key: Any = None) -> KeySet:
    """A malformed key, or one of an unknown type, stands before the good one (honest)."""
    stranger = {"kty": "FOO", "kid": "foo"} if key is None else key
    return replace(keys, keys=(stranger, *keys.keys))
