"""What the tool keeps for LTI 1.1: consumer keys, which stand among the registrations, and nonces that were used."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from conformance.sample_tool.model import Integration
from conformance.sample_tool.store import Store, integration_of
from conformance.sample_tool.tables import credentials, nonces

__all__ = ["find_consumer", "spend_nonce"]

CONSUMER = select(credentials).where(credentials.c.issuer == "", credentials.c.client_id == bindparam("key"))
FORGET_NONCES = delete(nonces).where(nonces.c.expires < bindparam("now"))
ADD_NONCE = insert(nonces)


def find_consumer(store: Store, key: str) -> Integration | None:
    """The registration of a consumer key, compared exactly."""
    row = store.one(CONSUMER, key=key)
    return integration_of(row) if row else None


def spend_nonce(store: Store, nonce: str, *, key: str, now: float, expires: float) -> bool:
    """Whether a consumer key uses a nonce for the first time; it is remembered until it expires."""
    store.run(FORGET_NONCES, now=now)
    try:
        # The table takes it once: of two posts at the same moment only one can win.
        store.run(ADD_NONCE, consumer_key=key, nonce=nonce, expires=expires)
    except IntegrityError:
        return False
    return True
