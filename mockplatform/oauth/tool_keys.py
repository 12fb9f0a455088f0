"""JWTs that a tool has signed, checked with the keys that it publishes (SEC 5.4, 6.3; RFC 7515, section 5.2).

    claims = await verified(platform, registration, text, what="client_assertion")

A key set that was fetched is kept for a while. It is fetched anew as soon as a token names a key that is not in it, or
has a signature that does not fit, so that a tool may change its keys at any time (SEC 6.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockplatform.model import Registration
from mockplatform.oauth.jws import TokenFormError, TokenParts, key_problem, signature_fits, taken_apart
from mockplatform.records import KeptKeys
from mockplatform.strict_json import strict_json

if TYPE_CHECKING:
    from mockplatform.tenant import Tenant

__all__ = ["ToolTokenError", "unverified", "verified"]

_KEPT_S = 300.0
_SHOWN_KIDS = 5
_SHOWN_LETTERS = 80


class ToolTokenError(Exception):
    """A JWT of a tool is not to be believed.

    Args:
        problem: what is wrong with it and what the tool's developer has to mend.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def unverified(text: str, *, what: str) -> Mapping[str, Any]:
    """The claims of a JWT that nobody has checked yet, to find out whose keys have to check it.

    Args:
        what: how its sender calls it, such as `client_assertion`.

    Raises:
        ToolTokenError: it is no signed JWT.
    """
    return _taken_apart(text, what).claims


async def verified(platform: Tenant, registration: Registration, text: str, *, what: str) -> Mapping[str, Any]:
    """The claims of a JWT whose signature was made with a key of the tool; what they say is not looked at.

    Args:
        what: how its sender calls it, such as `client_assertion`; problems begin with it.

    Raises:
        ToolTokenError: it is no signed JWT, its key is unknown or may not sign it, or its signature does not fit.
    """
    parts = _taken_apart(text, what)
    if registration.jwks:
        problem = _problem(parts, registration.jwks, "the key set in the tool's registration")
    elif registration.jwks_url:
        problem = await _problem_with_fetched(platform, parts, registration.jwks_url)
    else:
        problem = (
            f"the registration of {registration.client_id} has no keys to check it with;"
            " give the platform jwks_url or jwks (SEC 6.3)"
        )
    if problem:
        raise ToolTokenError(f"{what}: {problem}")
    return parts.claims


def _taken_apart(text: str, what: str) -> TokenParts:
    try:
        return taken_apart(text)
    except TokenFormError as error:
        raise ToolTokenError(f"{what}: {error}") from error


async def _problem_with_fetched(platform: Tenant, parts: TokenParts, url: str) -> str:
    kept = platform.state.tool_keys.get(url)
    now_s = platform.clock()
    where = f"the key set at {url}"
    # A clock that was put back makes old what was fetched later.
    if kept is not None and 0 <= now_s - kept.fetched_s < _KEPT_S and not _problem(parts, kept.jwks, where):
        return ""
    try:
        jwks = await _fetched(platform, url)
    except ToolTokenError as error:
        return error.problem
    platform.state.tool_keys.put(url, KeptKeys(jwks=jwks, fetched_s=now_s))
    return _problem(parts, jwks, where)


async def _fetched(platform: Tenant, url: str) -> Mapping[str, Any]:
    """The key set of a tool (SEC 6.3).

    Raises:
        ToolTokenError: there is none, or what is there is none.
    """
    if platform.fetch is None:
        raise ToolTokenError(f"this platform fetches nothing, so it cannot know the keys at {url}; register jwks")
    try:
        status, body = await platform.fetch(url)
    except ConnectionError as error:
        raise ToolTokenError(f"the key set at {url} cannot be fetched: {error} (SEC 6.3)") from error
    if status != 200:
        raise ToolTokenError(f"the key set at {url} answers {status}, expected 200 without any login (SEC 6.3)")
    try:
        jwks = strict_json(body)
    except ValueError:
        jwks = None
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise ToolTokenError(f"{url} is no JWK Set: expected a JSON object with an array keys (RFC 7517, section 5)")
    return jwks


def _problem(parts: TokenParts, jwks: Mapping[str, Any], where: str) -> str:
    """Why no key of the set has made the signature; empty if one has."""
    keys = [key for key in jwks.get("keys") or () if isinstance(key, dict)]
    named = [key for key in keys if key.get("kid") == parts.kid]
    if not named:
        return (
            f"its header names the key {parts.kid!r}, {where} has {_kids(keys)};"
            " publish the key that signs under its kid (SEC 6.3)"
        )
    refused = [problem for key in named if (problem := key_problem(parts.algorithm, key))]
    usable = [key for key in named if not key_problem(parts.algorithm, key)]
    if not usable:
        return f"the key {parts.kid!r} of {where} {refused[0]}"
    if any(signature_fits(parts, key) for key in usable):
        return ""
    return (
        f"its signature does not fit the key {parts.kid!r} of {where};"
        " sign with the private key of that kid, and give a new key a new kid (SEC 6.3, 6.4)"
    )


def _kids(keys: list[dict[str, Any]]) -> str:
    kids = [repr(key["kid"])[:_SHOWN_LETTERS] if "kid" in key else "one without kid" for key in keys]
    more = f" and {len(kids) - _SHOWN_KIDS} more" if len(kids) > _SHOWN_KIDS else ""
    return (", ".join(kids[:_SHOWN_KIDS]) + more) or "no keys"
