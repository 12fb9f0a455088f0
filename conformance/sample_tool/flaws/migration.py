"""Flaws of accounts: whose one is, and what is believed of somebody who says that they were here by LTI 1.1."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, select

from conformance.sample_tool import accounts
from conformance.sample_tool.consumers import find_consumer
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Change, Flaw, drop, insert, replace
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Integration, Launch
from conformance.sample_tool.store import integration_of
from conformance.sample_tool.tables import accounts as table
from conformance.sample_tool.tables import credentials

__all__ = ["FLAWS"]

DIGEST_BYTES = 32
CONSUMERS = select(credentials).where(credentials.c.issuer == "")
FORGET_OLD = delete(table).where(
    table.c.client_id == bindparam("key"), table.c.person_id == bindparam("person"), table.c.issuer == ""
)


def believed_if(proved: Callable[[Launch, Mapping[str, Any]], bool]) -> Change:
    """A claim that is also believed for another reason than its signature."""

    def former_self(launch: Launch) -> Launch:
        claim = _claim(launch)
        key, user = claim.get("oauth_consumer_key"), claim.get("user_id", launch.claims.get("sub"))
        if isinstance(key, str) and find_consumer(launch.tool.store, key) and proved(launch, claim):
            return dataclasses.replace(launch, former=accounts.identity("", key, user))
        return accounts.former_self(launch)

    return replace(accounts.former_self, by=former_self)


def looks_signed(_launch: Launch, claim: Mapping[str, Any]) -> bool:
    """Asks only whether the signature could be one."""
    try:
        return len(base64.b64decode(str(claim.get("oauth_consumer_key_sign")), validate=True)) == DIGEST_BYTES
    except binascii.Error:
        return False


def signed_in_hex(launch: Launch, claim: Mapping[str, Any]) -> bool:
    """Tries another spelling of the signature."""
    key = str(claim.get("oauth_consumer_key"))
    consumer = find_consumer(launch.tool.store, key)
    expected = accounts.migration_signature(launch, key, consumer.secret if consumer else "")
    return claim.get("oauth_consumer_key_sign") == base64.b64decode(expected).hex()


def former_self_of_any_key(launch: Launch) -> Launch:
    """Tries the secrets of all keys and takes the one that fits for the one that was named."""
    claim = _claim(launch)
    key, signed = str(claim.get("oauth_consumer_key")), claim.get("oauth_consumer_key_sign")
    user = claim.get("user_id", launch.claims.get("sub"))
    for consumer in _consumers(launch):
        if accounts.migration_signature(launch, key, consumer.secret) == signed:
            return dataclasses.replace(launch, former=accounts.identity("", consumer.client_id, user))
    return accounts.former_self(launch)


def former_self_by_name(launch: Launch) -> Launch:
    """Passes over a claim that does not name the old id."""
    return accounts.former_self(launch) if "user_id" in _claim(launch) else launch


def claim_is_there(launch: Launch) -> Launch:
    """Reads the claim as the object that it ought to be."""
    claim = launch.claims.get(CLAIM + "lti1p1")
    if claim is not None:
        claim.get("user_id")
    return launch


def account_for_now(launch: Launch) -> Launch:
    """Uses the old account for this one launch."""
    if launch.former is None:
        return accounts.account(launch)
    store, fresh = launch.tool.store, launch.tool.token()
    return dataclasses.replace(launch, account=accounts.account_of(store, launch.former, otherwise=fresh))


def account_taken_away(launch: Launch) -> Launch:
    """Moves the old account, so that it is no longer where it was."""
    found, former = accounts.account(launch), launch.former
    if former is not None:
        launch.tool.store.run(FORGET_OLD, key=former.client_id, person=former.person_id)
    return found


def account_by_address(launch: Launch) -> Launch:
    """Knows people by their address."""
    who, store = accounts.identity("", "", launch.claims.get("email")), launch.tool.store
    if who is None:
        return launch
    return dataclasses.replace(launch, account=accounts.account_of(store, who, otherwise=launch.tool.token()))


def account_by_id_alone(launch: Launch) -> Launch:
    """Knows people by their id, whichever platform has given it to them."""
    nowhere = dataclasses.replace(launch.integration, issuer="", client_id="")
    former = launch.former and dataclasses.replace(launch.former, client_id="")
    found = accounts.account(dataclasses.replace(launch, integration=nowhere, former=former))
    return dataclasses.replace(launch, account=found.account)


def _claim(launch: Launch) -> Mapping[str, Any]:
    return member(launch.claims, CLAIM + "lti1p1")


def _consumers(launch: Launch) -> Iterator[Integration]:
    with launch.tool.store.transaction() as connection:
        rows = connection.execute(CONSUMERS).mappings().all()
    return (integration_of(dict(row)) for row in rows)


FLAWS: Final = (
    Flaw(
        name="migration-left-out",
        why="The claim is not read, and on the day of the change everybody begins anew.",
        profile="core",
        changes=(drop(accounts.former_self),),
    ),
    Flaw(
        name="migration-for-one-launch",
        why="The old account is found as long as the claim is sent, but it is not kept.",
        profile="core",
        changes=(replace(accounts.account, by=account_for_now),),
    ),
    Flaw(
        name="migration-takes-the-account-away",
        why="The account is moved to the new id, and old links lead to an empty one.",
        profile="core",
        changes=(replace(accounts.account, by=account_taken_away),),
    ),
    Flaw(
        name="migration-needs-the-old-id",
        why="A claim without a user id is passed over, though it says that the id is the same.",
        profile="core",
        changes=(replace(accounts.former_self, by=former_self_by_name),),
    ),
    Flaw(
        name="migration-unsigned",
        why="The claim is believed without a look at its signature, and hands over any account.",
        profile="core",
        changes=(believed_if(lambda _launch, _claim: True),),
    ),
    Flaw(
        name="migration-signature-by-its-look",
        why="The signature is decoded and its length is right, and that is all that was asked.",
        profile="core",
        changes=(believed_if(looks_signed),),
    ),
    Flaw(
        name="migration-signature-in-hex",
        why="The signature is also taken in a spelling that the guide does not know.",
        profile="core",
        changes=(believed_if(signed_in_hex),),
    ),
    Flaw(
        name="migration-by-any-key",
        why="The secrets of all keys are tried, and it does not matter which key the claim names.",
        profile="core",
        changes=(replace(accounts.former_self, by=former_self_of_any_key),),
    ),
    Flaw(
        name="migration-claim-crashes",
        why="The claim is read as an object before anybody asks whether it is one.",
        profile="class",
        changes=unexpected(insert(claim_is_there, before=accounts.former_self)),
    ),
    Flaw(
        name="account-by-address",
        why="People are found by their address, which is passed on, shared and chosen freely.",
        profile="core",
        changes=(replace(accounts.account, by=account_by_address),),
    ),
    Flaw(
        name="account-by-id-alone",
        why="Two platforms have given the same id, and the tool takes two people for one.",
        profile="core",
        changes=(replace(accounts.account, by=account_by_id_alone),),
    ),
)
