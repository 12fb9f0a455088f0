"""The tables of the tool's database."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, MetaData, String, Table

__all__ = [
    "METADATA",
    "classes",
    "course_links",
    "credentials",
    "deferred_classes",
    "enrolments",
    "logins",
    "meeting_defaults",
    "sessions",
    "zoom_authorisations",
]

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

sessions = Table(
    "sessions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("person", JSON, nullable=False),
    Column("expires", Float, nullable=False),
)

zoom_authorisations = Table("zoom_authorisations", METADATA, Column("email", String, primary_key=True))

meeting_defaults = Table(
    "meeting_defaults", METADATA, Column("issuer", String, primary_key=True), Column("settings", JSON, nullable=False)
)

classes = Table(
    "classes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("title", String, nullable=False),
    Column("settings", JSON, nullable=False),
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
