"""The tool's database: its tables, and how it is opened."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    CursorResult,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    make_url,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

__all__ = [
    "METADATA",
    "LostWriteError",
    "accounts",
    "classes",
    "course_links",
    "credentials",
    "deferred_classes",
    "enrolments",
    "kept",
    "logins",
    "meeting_defaults",
    "nonces",
    "open_engine",
    "sessions",
    "zoom_authorisations",
]

PATIENCE_S = 1.0

METADATA = MetaData()

credentials = Table(
    "lti_credentials",
    METADATA,
    Column("issuer", String, primary_key=True),
    Column("client_id", String, primary_key=True),
    Column("auth_url", String, nullable=False),
    Column("jwks_url", String, nullable=False),
    Column("deployment_ids", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("secret", String, nullable=False, default=""),
    Column("token_url", String, nullable=False, default=""),
    Column("audience", String, nullable=False, default=""),
)

logins = Table(
    "logins",
    METADATA,
    Column("state", String, primary_key=True),
    Column("nonce", String, nullable=False, unique=True),
    Column("issuer", String, nullable=False),
    Column("client_id", String, nullable=False),
    Column("spent", Boolean, nullable=False, default=False),
    Column("expires", Float, nullable=False, index=True),
)

nonces = Table(
    "nonces",
    METADATA,
    Column("consumer_key", String, primary_key=True),
    Column("nonce", String, primary_key=True),
    Column("expires", Float, nullable=False, index=True),
)

accounts = Table(
    "accounts",
    METADATA,
    Column("issuer", String, primary_key=True),
    Column("client_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("account", String, nullable=False),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("person", JSON, nullable=False),
    Column("offer", JSON, nullable=False),
    Column("expires", Float, nullable=False),
)

zoom_authorisations = Table(
    "zoom_authorisations",
    METADATA,
    Column("email", String, primary_key=True),
    Column("refresh", String, nullable=False),
    Column("access", String),
)

meeting_defaults = Table(
    "meeting_defaults", METADATA, Column("issuer", String, primary_key=True), Column("settings", JSON, nullable=False)
)

classes = Table(
    "classes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("title", String, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("meeting_id", String),
)

course_links = Table(
    "course_links",
    METADATA,
    Column("issuer", String, primary_key=True),
    Column("deployment_id", String, primary_key=True),
    Column("context_id", String, primary_key=True),
    Column("class_id", ForeignKey("classes.id"), nullable=False),
)

enrolments = Table(
    "enrolments",
    METADATA,
    Column("class_id", ForeignKey("classes.id"), primary_key=True),
    Column("person_id", String, primary_key=True),
)

deferred_classes = Table(
    "deferred_classes",
    METADATA,
    Column("email", String, primary_key=True),
    Column("issuer", String, primary_key=True),
    Column("deployment_id", String, primary_key=True),
    Column("context_id", String, primary_key=True),
    Column("title", String, nullable=False),
)


class LostWriteError(SQLAlchemyError):
    """A change succeeded and had no effect."""


def kept(change: CursorResult[Any], rows: int) -> None:
    """Nothing, if a change touched so many rows."""
    if change.rowcount != rows:
        raise LostWriteError(f"{change.rowcount} rows were changed in place of {rows}")


def open_engine(database_url: str) -> Engine:
    """An engine that waits for nothing longer than `PATIENCE_S`, and notices when a connection has been cut.

    A database in memory has one connection for all threads; `postgresql://` is spoken with psycopg.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql":
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        options = {"options": f"-c statement_timeout={PATIENCE_S * 1000:.0f}", "connect_timeout": 2}
        return create_engine(url, pool_pre_ping=True, pool_timeout=PATIENCE_S, connect_args=options)
    if url.database in {None, "", ":memory:"}:
        return create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    return create_engine(url, pool_timeout=PATIENCE_S, connect_args={"timeout": PATIENCE_S})
