"""The statements of the tool's store."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select, update

from conformance.sample_tool.tables import (
    classes,
    course_links,
    credentials,
    deferred_classes,
    enrolments,
    logins,
    meeting_defaults,
    sessions,
    zoom_authorisations,
)

__all__ = [
    "ADD_CLASS",
    "ADD_DEFAULTS",
    "ADD_DEFERRED",
    "ADD_ENROLMENT",
    "ADD_LINK",
    "ADD_LOGIN",
    "ADD_REGISTRATION",
    "ADD_SESSION",
    "ADD_ZOOM",
    "CLASS_TITLE",
    "DEFAULTS",
    "DEFERRED",
    "DEFERRED_FOR_ME",
    "END_DEFERRED",
    "END_SESSION",
    "END_ZOOM",
    "ENROLMENT",
    "FORGET_LOGINS",
    "FORGET_REGISTRATION",
    "FORGET_REGISTRATIONS",
    "KEEP_TOKENS",
    "LINK",
    "LOGIN_BY_NONCE",
    "LOGIN_BY_STATE",
    "OFFER",
    "OF_ISSUER",
    "REGISTRATION",
    "SESSION",
    "SPEND_NONCE",
    "ZOOM",
]

# Built once: SQLAlchemy finds the compiled text of a statement by its object.
# A consumer key has no issuer: a login without one must not find it.
WITH_ISSUER = credentials.c.issuer != ""
OF_ISSUER = select(credentials).where(credentials.c.issuer == bindparam("issuer"), WITH_ISSUER).limit(2)
REGISTRATION = select(credentials).where(
    credentials.c.issuer == bindparam("issuer"), credentials.c.client_id == bindparam("client_id"), WITH_ISSUER
)
ADD_REGISTRATION, FORGET_REGISTRATIONS = insert(credentials), delete(credentials)
FORGET_REGISTRATION = delete(credentials).where(
    credentials.c.issuer == bindparam("issuer"), credentials.c.client_id == bindparam("client_id")
)

LOGIN_FIELDS = select(logins.c.state, logins.c.nonce, logins.c.issuer, logins.c.client_id, logins.c.spent)
ADD_LOGIN = insert(logins)
FORGET_LOGINS = delete(logins).where(logins.c.expires < bindparam("now"))
LOGIN_BY_STATE = LOGIN_FIELDS.where(logins.c.state == bindparam("state"), logins.c.expires > bindparam("now"))
LOGIN_BY_NONCE = LOGIN_FIELDS.where(logins.c.nonce == bindparam("nonce"))
SPEND_NONCE = (
    update(logins)
    .where(logins.c.nonce == bindparam("its_nonce"), logins.c.state == bindparam("its_state"), ~logins.c.spent)
    .values(spent=True)
)

ADD_SESSION = insert(sessions)
END_SESSION = delete(sessions).where(sessions.c.id == bindparam("id"))
LIVE = sessions.c.id == bindparam("id"), sessions.c.expires > bindparam("now")
SESSION, OFFER = select(sessions.c.person).where(*LIVE), select(sessions.c.offer).where(*LIVE)

ZOOM = select(zoom_authorisations).where(zoom_authorisations.c.email == bindparam("email"))
ADD_ZOOM = insert(zoom_authorisations)
KEEP_TOKENS = (
    update(zoom_authorisations)
    .where(zoom_authorisations.c.email == bindparam("its_email"))
    .values(access=bindparam("access"), refresh=bindparam("refresh"))
)
END_ZOOM = delete(zoom_authorisations).where(zoom_authorisations.c.email == bindparam("email"))

ADD_DEFAULTS = insert(meeting_defaults)
DEFAULTS = select(meeting_defaults.c.settings).where(meeting_defaults.c.issuer == bindparam("issuer"))
LINK = select(course_links.c.class_id).where(
    course_links.c.issuer == bindparam("issuer"),
    course_links.c.deployment_id == bindparam("deployment_id"),
    course_links.c.context_id == bindparam("context_id"),
)
ADD_CLASS, ADD_LINK = insert(classes).returning(classes.c.id), insert(course_links)
CLASS_TITLE = select(classes.c.title).where(classes.c.id == bindparam("id"))
ENROLMENT = select(enrolments.c.class_id).where(
    enrolments.c.class_id == bindparam("class_id"), enrolments.c.person_id == bindparam("person_id")
)
ADD_ENROLMENT = insert(enrolments).execution_options(preserve_rowcount=True)
DEFERRED = select(deferred_classes).where(deferred_classes.c.email == bindparam("email"))
# Of two launches at the same moment the second finds nothing left to create.
DEFERRED_FOR_ME = DEFERRED.with_for_update()
ADD_DEFERRED = insert(deferred_classes)
END_DEFERRED = delete(deferred_classes).where(deferred_classes.c.email == bindparam("email"))
