"""Right values in the wrong dress: in a list, in an object, with blanks, with letters that do not belong there.

A claim is named as in `claims.value`. What a comparison of texts turns down, a test for membership may let through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockplatform.claims import claim_name
from mockplatform.model import IdToken
from mockplatform.mutation import NotApplicableError, claims_of, mutation
from mockplatform.mutations.claims import value as with_value


def _current(token: IdToken, claim: str) -> Any:
    """The value of a claim, or of a member of one."""
    claims = claims_of(token)
    head, _, member = (claim, "", "") if "://" in claim else claim.partition(".")
    found = claims.get(claim_name(head))
    if member:
        found = found.get(member) if isinstance(found, Mapping) else None
    if found is None:
        raise NotApplicableError(f"the token has no claim {claim}")
    return found


def _text(token: IdToken, claim: str) -> str:
    found = _current(token, claim)
    if not isinstance(found, str):
        raise NotApplicableError(f"the claim {claim} is no text")
    return found


def _changed(token: IdToken, claim: str, value: Any) -> IdToken:
    changed: IdToken = with_value(token, claim=claim, value=value)
    return changed


@mutation("SEC 5.1.2")
def in_list(token: IdToken, *, claim: str) -> IdToken:
    """The right value stands in a list, as its only entry."""
    return _changed(token, claim, [_current(token, claim)])


@mutation("SEC 5.1.2")
def beside(token: IdToken, *, claim: str, other: Any) -> IdToken:
    """The right value stands in a list with another one behind it."""
    return _changed(token, claim, [_current(token, claim), other])


@mutation("SEC 5.1.2")
def as_member(token: IdToken, *, claim: str) -> IdToken:
    """An object stands where the value should, and has a member that is named like the right value."""
    return _changed(token, claim, {_text(token, claim): True})


@mutation("SEC 5.1.2")
def padded(token: IdToken, *, claim: str, before: str = "", after: str = " ") -> IdToken:
    """The right text has blanks, or other characters that nobody sees, around it."""
    return _changed(token, claim, f"{before}{_text(token, claim)}{after}")


@mutation("SEC 5.1.2")
def not_ascii(token: IdToken, *, claim: str) -> IdToken:
    """An id, which the standard keeps to ASCII, goes on in letters of other scripts."""
    return _changed(token, claim, f"{_text(token, claim)}-ü-ключ-値")
