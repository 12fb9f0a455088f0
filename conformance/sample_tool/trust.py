"""The steps that decide whether a signed token was meant for this tool, now, and once (SEC 5.1.3)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeGuard

from conformance.sample_tool.forms import origin
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import invalid, security

__all__ = ["audience", "azp", "expiry", "is_number", "issued_at", "issuer", "nonce", "not_before", "way_back"]

LEEWAY_S = 60
AHEAD_S = 300
END_OF_YEAR_9999 = 253_402_300_799


def issuer(launch: Launch) -> Launch:
    """The token comes from the platform that the login was for (SEC 5.1.3-2)."""
    if launch.claims.get("iss") != launch.integration.issuer:
        raise security("IssuerMismatch", ref="SEC 5.1.3-2")
    return launch


def audience(launch: Launch) -> Launch:
    """The token is meant for this tool and for nobody else (SEC 5.1.3-3)."""
    named = launch.claims.get("aud")
    audiences = named if isinstance(named, list) else [named]
    if not audiences or any(one != launch.integration.client_id for one in audiences):
        raise security("AudienceMismatch", ref="SEC 5.1.3-3")
    return launch


def azp(launch: Launch) -> Launch:
    """If somebody is named as the authorised party, it is this tool (SEC 5.1.3-5)."""
    if launch.claims.get("azp", launch.integration.client_id) != launch.integration.client_id:
        raise security("AudienceMismatch", ref="SEC 5.1.3-5")
    return launch


def expiry(launch: Launch) -> Launch:
    """The token has not expired (SEC 5.1.3-7)."""
    expires = launch.claims.get("exp")
    if not is_number(expires) or launch.now >= expires + LEEWAY_S:
        raise security("TokenExpired", ref="SEC 5.1.3-7")
    if expires > END_OF_YEAR_9999:
        # Milliseconds: a token that would never expire.
        raise invalid("InvalidClaim", ref="SEC 5.1.3-7", about="exp")
    return replace(launch, expires=expires)


def issued_at(launch: Launch) -> Launch:
    """The token says when it was made: not in the future, and before it expires (SEC 5.1.3-8)."""
    issued = launch.claims.get("iat")
    if issued is None:
        raise invalid("MissingClaim", ref="SEC 5.1.3-8", about="iat")
    if not is_number(issued):
        raise invalid("InvalidClaim", ref="SEC 5.1.3-8", about="iat")
    if issued > launch.now + AHEAD_S or launch.expires <= issued:
        raise security("TokenExpired", ref="SEC 5.1.3-8")
    return launch


def not_before(launch: Launch) -> Launch:
    """If the token says from when on it counts, that time has come (RFC 7519 4.1.5)."""
    begins = launch.claims.get("nbf", launch.now)
    if not is_number(begins) or begins > launch.now + LEEWAY_S:
        raise security("TokenExpired", ref="SEC 5.1.3-7")
    return launch


def nonce(launch: Launch) -> Launch:
    """The token answers this login, and only once (SEC 5.1.3-9)."""
    value, store = launch.claims.get("nonce"), launch.tool.store
    if not isinstance(value, str) or not value:
        raise security("NonceMissing", ref="SEC 5.1.3-9")
    # Spent first and explained afterwards: of two posts at the same moment only one can win.
    if store.spend_nonce(value, state=launch.login.state):
        return launch
    issued = store.find_login_by_nonce(value)
    raise security("NonceReused" if issued and issued.spent else "NonceNotFound", ref="SEC 5.1.3-9")


def way_back(launch: Launch) -> Launch:
    """An authenticated platform may say where to send the person after a refusal (CORE 5.4.4)."""
    presentation = launch.claims.get("https://purl.imsglobal.org/spec/lti/claim/launch_presentation")
    url = presentation.get("return_url") if isinstance(presentation, dict) else None
    return replace(launch, return_url=url) if isinstance(url, str) and origin(url) else launch


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a number: true is none, and neither is one beyond every float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf
