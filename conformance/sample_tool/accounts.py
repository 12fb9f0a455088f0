"""Accounts: one for each person of a platform, kept when the platform moves on from LTI 1.1 (migration guide)."""

from __future__ import annotations

import base64
import hmac
from dataclasses import asdict, replace

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from conformance.sample_tool import backend
from conformance.sample_tool.consumers import find_consumer
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Identity, Launch
from conformance.sample_tool.store import Store
from conformance.sample_tool.tables import accounts

__all__ = ["account", "account_of", "former_self", "identity", "migration_signature"]

IS_PERSON = (
    accounts.c.issuer == bindparam("its_issuer"),
    accounts.c.client_id == bindparam("its_client_id"),
    accounts.c.person_id == bindparam("its_person_id"),
)
ACCOUNT, ADD_ACCOUNT = select(accounts.c.account).where(*IS_PERSON), insert(accounts)
CHANGE_ACCOUNT = update(accounts).where(*IS_PERSON).values(account=bindparam("new"))


def former_self(launch: Launch) -> Launch:
    """Who the person was in LTI 1.1: believed if it is signed with the secret that both sides had then."""
    claim = member(launch.claims, CLAIM + "lti1p1")
    key, signed = claim.get("oauth_consumer_key"), claim.get("oauth_consumer_key_sign")
    if not isinstance(key, str) or not isinstance(signed, str):
        return launch
    tool = launch.tool
    consumer = backend.read(tool.faults, "credentials.read", find_consumer, tool.store, key)
    if consumer is None or not consumer.secret:
        return launch
    if not hmac.compare_digest(migration_signature(launch, key, consumer.secret).encode(), signed.encode()):
        return launch
    return replace(launch, former=identity("", key, claim.get("user_id", launch.claims.get("sub"))))


def account(launch: Launch) -> Launch:
    """The person's account; it stays the same once it was taken over from LTI 1.1."""
    integration, store = launch.integration, launch.tool.store
    who = identity(integration.issuer, integration.client_id, launch.claims.get("sub"))
    if who is None:
        return launch
    if launch.former is None:
        return replace(launch, account=account_of(store, who, otherwise=launch.tool.token()))
    known = account_of(store, launch.former, otherwise=launch.tool.token())
    if account_of(store, who, otherwise=known) != known:
        store.run(CHANGE_ACCOUNT, **_its(who), new=known)
    return replace(launch, account=known)


def identity(issuer: str, client_id: str, person_id: object) -> Identity | None:
    """A person of a platform, if the platform has said who it is."""
    if not isinstance(person_id, str) or not person_id:
        return None
    return Identity(issuer=issuer, client_id=client_id, person_id=person_id)


def migration_signature(launch: Launch, key: str, secret: str) -> str:
    """The proof that a platform knows a consumer key's secret: it is good for this very token."""
    integration, claims = launch.integration, launch.claims
    parts = (
        key,
        launch.deployment_id,
        integration.issuer,
        integration.client_id,
        claims.get("exp"),
        claims.get("nonce"),
    )
    digest = hmac.digest(secret.encode(), "&".join(map(str, parts)).encode(), "sha256")
    return base64.b64encode(digest).decode()


def account_of(store: Store, who: Identity, *, otherwise: str) -> str:
    """The account of a person; one who has none yet gets the other."""
    found = store.one(ACCOUNT, **_its(who))
    if found is not None:
        return str(found["account"])
    try:
        store.run(ADD_ACCOUNT, **asdict(who), account=otherwise)
    except IntegrityError:
        # The person was launched twice at the same moment.
        return account_of(store, who, otherwise=otherwise)
    return otherwise


def _its(who: Identity) -> dict[str, str]:
    return {f"its_{name}": value for name, value in asdict(who).items()}
