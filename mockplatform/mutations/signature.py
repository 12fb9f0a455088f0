"""Lies about the signature, and about the shape of the signed token (RFC 7515)."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from typing import Any

from mockplatform.keys import b64url, from_b64url, members_of
from mockplatform.model import IdToken, SignedToken
from mockplatform.mutation import NotApplicableError, mutation

_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def _parts(token: SignedToken) -> tuple[str, str, str]:
    parts = token.text.split(".")
    if len(parts) != 3:
        raise NotApplicableError("the token has not three segments")
    header, payload, signature = parts
    return header, payload, signature


def _decoded(part: str) -> bytes:
    try:
        return from_b64url(part)
    except ValueError as error:
        raise NotApplicableError(f"a segment is no base64url: {error}") from None


def _members(part: str) -> dict[str, Any]:
    value = members_of(part)
    if value is None:
        raise NotApplicableError("there is no JSON object in which a member could change")
    return value


def _joined(*parts: str) -> SignedToken:
    return SignedToken(text=".".join(parts))


@mutation("SEC 5.1.3 step 1")
def by_foreign_key(token: IdToken) -> IdToken:
    """A key that the platform never published signed, under the platform's own kid."""
    return replace(token, key="foreign")


@mutation("SEC 6.3")
def by_other_listed_key(token: IdToken) -> IdToken:
    """The platform's next key signed, under the kid of the one before it."""
    return replace(token, key="rotated")


@mutation("SEC 5.1.3 step 1")
def flipped_bit(token: SignedToken) -> SignedToken:
    """One bit of the signature is flipped."""
    header, payload, signature = _parts(token)
    raw = bytearray(_decoded(signature))
    if not raw:
        raise NotApplicableError("the signature is empty")
    raw[len(raw) // 2] ^= 1
    return _joined(header, payload, b64url(bytes(raw)))


@mutation("RFC 7515 5.2")
def truncated(token: SignedToken, *, by: int = 1) -> SignedToken:
    """The last bytes of the signature are missing."""
    header, payload, signature = _parts(token)
    return _joined(header, payload, b64url(_decoded(signature)[:-by]))


@mutation("RFC 7515 5.2")
def extended(token: SignedToken) -> SignedToken:
    """The signature has a byte too many."""
    header, payload, signature = _parts(token)
    return _joined(header, payload, b64url(_decoded(signature) + b"\0"))


@mutation("RFC 7515 5.2")
def empty(token: SignedToken) -> SignedToken:
    """The signature is empty although the header says RS256."""
    header, payload, _ = _parts(token)
    return _joined(header, payload, "")


@mutation("RFC 7515 5.2")
def zeros(token: SignedToken) -> SignedToken:
    """The signature is nothing but zero bytes of the right length."""
    header, payload, signature = _parts(token)
    return _joined(header, payload, b64url(bytes(len(_decoded(signature)))))


@mutation("RFC 7515 5.2")
def payload_changed(token: SignedToken, *, claim: str = "sub", value: str = "somebody-else") -> SignedToken:
    """A claim was changed after the token was signed."""
    header, payload, signature = _parts(token)
    claims = _members(payload) | {claim: value}
    return _joined(header, b64url(json.dumps(claims).encode()), signature)


@mutation("RFC 7515 5.2")
def header_changed(token: SignedToken) -> SignedToken:
    """A member was added to the header after the token was signed."""
    header, payload, signature = _parts(token)
    members = _members(header) | {"added": True}
    return _joined(b64url(json.dumps(members).encode()), payload, signature)


@mutation("RFC 7515 2")
def padded(token: SignedToken) -> SignedToken:
    """The signature carries the `=` padding that base64url leaves out."""
    return SignedToken(text=token.text + "==")


@mutation("RFC 7515 2")
def other_alphabet(token: SignedToken) -> SignedToken:
    """The signature is written with `+` and `/`, where base64url has `-` and `_`."""
    header, payload, signature = _parts(token)
    other = signature.translate(str.maketrans("-_", "+/"))
    if other == signature:
        raise NotApplicableError("the signature has none of the letters in which the alphabets differ")
    return _joined(header, payload, other)


@mutation("RFC 7515 2")
def with_space(token: SignedToken, *, space: str = " ") -> SignedToken:
    """A blank, or other white space, stands inside the signature."""
    header, payload, signature = _parts(token)
    return _joined(header, payload, f"{signature[:20]}{space}{signature[20:]}")


@mutation("RFC 7515 2")
def stray_bits(token: SignedToken) -> SignedToken:
    """Bits of the last letter that carry no data are set, so that another text stands for the same signature."""
    unused = {2: 0b1111, 3: 0b11}.get(len(token.text.rpartition(".")[2]) % 4)
    number = _LETTERS.find(token.text[-1:])
    if unused is None or number < 0:
        raise NotApplicableError("the last letter of the token has no bits to spare")
    return SignedToken(text=token.text[:-1] + _LETTERS[number ^ unused])


@mutation("RFC 7515 3.1")
def wrapped(token: SignedToken, *, before: str = "", after: str = "") -> SignedToken:
    """Something stands before or behind the whole token: a blank, or the word of an HTTP header."""
    return SignedToken(text=f"{before}{token.text}{after}")


@mutation("RFC 7515 3.1")
def segments(token: SignedToken, *, count: int) -> SignedToken:
    """The token has another number of segments than three."""
    parts = [*_parts(token), *["AAAA"] * (count - 3)]
    return _joined(*parts[:count])


@mutation("RFC 7515 7.2")
def json_serialization(token: SignedToken) -> SignedToken:
    """The token comes in the JSON serialization instead of the compact one."""
    header, payload, signature = _parts(token)
    return SignedToken(text=json.dumps({"protected": header, "payload": payload, "signature": signature}))


@mutation("RFC 7515 3.1")
def garbage(token: SignedToken, *, text: str = "not-a-token") -> SignedToken:
    """The token is some text that is no JWT at all."""
    return replace(token, text=text)
