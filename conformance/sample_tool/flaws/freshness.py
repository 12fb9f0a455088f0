"""Flaws of trust: issuer, audience, time and nonce."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from conformance.sample_tool import protocol, trust
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, replace
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import security

__all__ = ["FLAWS"]

HOUR_S = 3600


def similar_issuer(launch: Launch) -> Launch:
    """Compares issuers without case and without a slash at the end."""
    sent, known = launch.claims.get("iss"), launch.integration.issuer
    if isinstance(sent, str) and sent.rstrip("/").lower() == known.rstrip("/").lower():
        return launch
    return trust.issuer(launch)


def audience_among_others(launch: Launch) -> Launch:
    """Is content to be one of several audiences."""
    named = launch.claims.get("aud")
    among = isinstance(named, list) and launch.integration.client_id in named
    return launch if among else trust.audience(launch)


def audience_as_text(launch: Launch) -> Launch:
    """Refuses a list, even one with the right and only entry."""
    if isinstance(launch.claims.get("aud"), list):
        raise security("AudienceMismatch", ref="SEC 5.1.3-3")
    return trust.audience(launch)


def expiry_if_given(launch: Launch) -> Launch:
    """Looks at the expiry only when there is one."""
    return trust.expiry(launch) if "exp" in launch.claims else launch


def expiry_of_any_type(launch: Launch) -> Launch:
    """Turns text into a number before it looks."""
    return _expiring(launch, _as_number(launch.claims.get("exp")))


def expiry_in_whole_seconds(launch: Launch) -> Launch:
    """Refuses a time with a fraction."""
    if isinstance(launch.claims.get("exp"), float):
        raise security("TokenExpired", ref="SEC 5.1.3-7")
    return trust.expiry(launch)


def expiry_with_hour(launch: Launch) -> Launch:
    """Adds an hour to the expiry, to be on the safe side."""
    expires = launch.claims.get("exp")
    if not trust.is_number(expires) or expires > trust.END_OF_YEAR_9999:
        return trust.expiry(launch)
    return _expiring(launch, expires + HOUR_S)


def nonce_kept(launch: Launch) -> Launch:
    """Knows the nonce, but never marks it as spent."""
    value = launch.claims.get("nonce")
    issued = launch.tool.store.find_login_by_nonce(value) if isinstance(value, str) else None
    return launch if issued and issued.state == launch.login.state else trust.nonce(launch)


def nonce_of_any_login(launch: Launch) -> Launch:
    """Takes the nonce of whichever login."""
    value = launch.claims.get("nonce")
    issued = launch.tool.store.find_login_by_nonce(value) if isinstance(value, str) else None
    return trust.nonce(dataclasses.replace(launch, login=issued) if issued else launch)


def nonce_if_given(launch: Launch) -> Launch:
    """Looks at the nonce only when there is one."""
    return trust.nonce(launch) if launch.claims.get("nonce") else launch


def nonce_if_issued(launch: Launch) -> Launch:
    """Refuses only a nonce that it has seen before, and takes any other."""
    value = launch.claims.get("nonce")
    issued = launch.tool.store.find_login_by_nonce(value) if isinstance(value, str) else None
    return launch if isinstance(value, str) and value and issued is None else trust.nonce(launch)


def spent_before_verified(launch: Launch) -> Launch:
    """Spends the nonce of a token that nobody has verified."""
    trust.nonce(dataclasses.replace(launch, claims=protocol.token_of(launch).payload))
    return launch


def _as_number(value: object) -> object:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _expiring(launch: Launch, expires: Any) -> Launch:
    """The launch after its expiry was checked as if it were this one."""
    checked = trust.expiry(dataclasses.replace(launch, claims={**launch.claims, "exp": expires}))
    return dataclasses.replace(checked, claims=launch.claims)


FLAWS: Final = (
    Flaw(
        name="issuer-unchecked",
        why="A token of any issuer is accepted as long as the signature is good.",
        profile="core",
        changes=(drop(trust.issuer),),
    ),
    Flaw(
        name="issuer-normalised",
        why="Issuers are compared as if they were addresses; they are names and must be equal.",
        profile="core",
        changes=(replace(trust.issuer, by=similar_issuer),),
    ),
    Flaw(
        name="audience-unchecked",
        why="A token that was made for another tool is accepted.",
        profile="core",
        changes=(drop(trust.audience),),
    ),
    Flaw(
        name="audience-any-member",
        why="To be one of the audiences is enough, though the tool does not trust the others.",
        profile="core",
        changes=(replace(trust.audience, by=audience_among_others),),
    ),
    Flaw(
        name="one-element-audience-refused",
        why="The audience is compared as text, but it may also be a list.",
        profile="core",
        changes=(replace(trust.audience, by=audience_as_text),),
    ),
    Flaw(
        name="azp-unchecked",
        why="A token that another party was authorised to use is accepted.",
        profile="core",
        changes=(drop(trust.azp),),
    ),
    Flaw(name="expiry-unchecked", why="A token is good for ever.", profile="core", changes=(drop(trust.expiry),)),
    Flaw(
        name="expiry-missing-accepted",
        why="A token that does not say when it expires never does.",
        profile="core",
        changes=(replace(trust.expiry, by=expiry_if_given),),
    ),
    Flaw(
        name="expiry-strings-accepted",
        why="An expiry that is text is turned into a number.",
        profile="core",
        changes=(replace(trust.expiry, by=expiry_of_any_type),),
    ),
    Flaw(
        name="fractional-expiry-refused",
        why="Times are read as whole numbers, though fractions of a second are allowed.",
        profile="core",
        changes=(replace(trust.expiry, by=expiry_in_whole_seconds),),
    ),
    Flaw(
        name="endless-leeway",
        why="An hour is allowed for clocks that differ, which is an hour for a stolen token.",
        profile="core",
        changes=(replace(trust.expiry, by=expiry_with_hour),),
    ),
    Flaw(
        name="iat-unchecked",
        why="A token without a date, or made in the future, is accepted.",
        profile="core",
        changes=(drop(trust.issued_at),),
    ),
    Flaw(
        name="nbf-unchecked",
        why="A token that does not count yet is accepted.",
        profile="core",
        changes=(drop(trust.not_before),),
    ),
    Flaw(
        name="nonce-unchecked",
        why="The nonce is sent, and never looked at again.",
        profile="core",
        changes=(drop(trust.nonce),),
    ),
    Flaw(
        name="nonce-never-consumed",
        why="A nonce is known but never spent, so a launch can be sent again and again.",
        profile="core",
        changes=(replace(trust.nonce, by=nonce_kept),),
    ),
    Flaw(
        name="nonce-never-issued-accepted",
        why="Only a nonce that was seen before is refused, so an attacker makes up a new one.",
        profile="core",
        changes=(replace(trust.nonce, by=nonce_if_issued),),
    ),
    Flaw(
        name="nonce-burnt-early",
        why="A forged token spends the nonce, and then the real one is refused.",
        profile="ltix",
        changes=(insert(spent_before_verified, before=protocol.signature), drop(trust.nonce)),
    ),
    Flaw(
        name="nonce-not-bound",
        why="The nonce of somebody else's login is as good as one's own.",
        profile="core",
        changes=(replace(trust.nonce, by=nonce_of_any_login),),
    ),
    Flaw(
        name="nonce-missing-accepted",
        why="A token without a nonce cannot be a replay, thinks the tool.",
        profile="core",
        changes=(replace(trust.nonce, by=nonce_if_given),),
    ),
)
