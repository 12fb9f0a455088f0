"""What a running platform is made of, said so that another process can make the same one."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mockplatform.fetching import fetcher
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.records import Settings
from mockplatform.store import MemoryStore, Store
from mockplatform.tenants import Filling, Tenants

if TYPE_CHECKING:
    import ssl

    from mockplatform.tls import CertificateAuthority

__all__ = ["Plan", "context_of", "open_store", "tenants_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a platform is made.

    Args:
        store: the URL of a database; empty: memory.
        certificate, key: of the test CA, as PEM; empty: plain http.
    """

    url: str
    issuer: str
    host: str
    settings: Settings
    filling: Filling
    store: str = ""
    allow_remote: bool = False
    certificate: str = ""
    key: str = field(default="", repr=False)


def open_store(plan: Plan) -> Store:
    """Where the platform keeps everything.

    Raises:
        UsageError: the database cannot be used.
    """
    if not plan.store:
        return MemoryStore()
    from mockplatform.stores.sql import SqlStore

    return SqlStore(plan.store)


def tenants_of(plan: Plan, store: Store) -> Tenants:
    """The platform, in front of its tenants; what the store has of it already stays."""
    from mockplatform.stores.kept_keys import kept_in

    keys = KeyRing(kept_in(store) if plan.store else None)
    keys.kid("platform")  # made here, so that whoever can connect gets a signature at once
    settings, filling = plan.settings, plan.filling
    first = Platform(
        url=plan.url,
        issuer=plan.issuer,
        clock=time.time,
        new_id=lambda: secrets.token_urlsafe(18),
        keys=keys,
        registrations=filling.issued_by(plan.issuer),
        people=filling.people,
        courses=filling.courses,
        on_problem=settings.on_problem,
        services=settings.services,
        flavour=settings.flavour,
        quirks=settings.quirks,
        store=store,
        fetch=fetcher(allow_remote=plan.allow_remote),
    )
    return Tenants(first, filling)


def context_of(plan: Plan) -> ssl.SSLContext | None:
    """What its server speaks TLS with, if it does."""
    if not plan.certificate:
        return None
    import datetime

    from mockplatform.tls import server_context

    return server_context(_authority(plan), plan.host, datetime.datetime.now(datetime.UTC))


def _authority(plan: Plan) -> CertificateAuthority:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from mockplatform.tls import CertificateAuthority

    key = serialization.load_pem_private_key(plan.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return CertificateAuthority(key=key, certificate=x509.load_pem_x509_certificate(plan.certificate.encode()))
