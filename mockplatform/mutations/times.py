"""Times that are told in odd ways, or lie at the edge of what is allowed (SEC 5.1.3, steps 7 and 8)."""

from __future__ import annotations

from dataclasses import replace

from mockplatform.model import IdToken
from mockplatform.mutation import NotApplicableError, claims_of, mutation


def _issued(token: IdToken) -> int:
    issued = claims_of(token).get("iat")
    if not isinstance(issued, int):
        raise NotApplicableError("the claim iat is no whole number")
    return issued


@mutation("SEC 5.1.2")
def expires_after(token: IdToken, *, by_s: int = 4) -> IdToken:
    """The token is good for these few seconds after its issue, so it has just expired when it is sent."""
    return replace(token, claims=claims_of(token) | {"exp": _issued(token) + by_s})


@mutation("SEC 5.1.3 step 8")
def issued_long_ago(token: IdToken, *, by_s: int = 315_360_000) -> IdToken:
    """The token was issued this many seconds ago, ten years unless told otherwise, and has not expired."""
    return replace(token, claims=claims_of(token) | {"iat": _issued(token) - by_s})


@mutation("RFC 7519 4.1.5")
def not_before_as_text(token: IdToken, *, by_s: int = 3600) -> IdToken:
    """The moment from which on the token is good lies ahead and is written as text."""
    return replace(token, claims=claims_of(token) | {"nbf": str(_issued(token) + by_s)})


@mutation("RFC 7519 4.1.5")
def not_before(token: IdToken, *, by_s: int = 60) -> IdToken:
    """The token is good since this many seconds before its issue (honest)."""
    return replace(token, claims=claims_of(token) | {"nbf": _issued(token) - by_s})
