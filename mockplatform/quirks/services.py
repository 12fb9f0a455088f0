"""Quirks that no stage of a launch shows: those of services, custom variables and registration, as data."""

from __future__ import annotations

from mockplatform.authorization import HINT_LIFETIME_S
from mockplatform.dialects.quirk import declared

DECLARED = (
    declared(
        "login.hint_reuse",
        "Whether a login that has been answered is answered again.",
        "SEC 5.1.1.2",
        neutral="refuse",
        choices=("refuse", "allow"),
    ),
    declared(
        "login.hint_lifetime_s",
        "For how many seconds a login waits for the tool's authentication request.",
        "SEC 5.1.1.2",
        neutral=HINT_LIFETIME_S,
    ),
    declared(
        "custom.unknown",
        "What becomes of a custom parameter whose variable the platform does not know.",
        "CORE B",
        neutral="literal",
        choices=("literal", "empty", "omit"),
    ),
    declared(
        "services.media_types",
        "Whether a body must come under exactly the media type of its service.",
        "AGS 3.4.2",
        neutral="strict",
        choices=("strict", "lenient"),
    ),
    declared(
        "services.error_body",
        "What a refusal of a service says: JSON with the reason, a page, or nothing.",
        "RFC 9110 15.5",
        neutral="json",
        choices=("json", "html", "empty"),
    ),
    declared(
        "token.audience",
        "The audience that a client assertion has to name; empty: the URL of the token endpoint.",
        "SEC 4.1.1",
        neutral="",
    ),
    declared(
        "token.audience_match",
        "Whether that audience may stand among others, or must be the only one, letter by letter.",
        "SEC 4.1.1",
        neutral="contains",
        choices=("contains", "exact"),
    ),
    declared(
        "token.scopes",
        "What becomes of a request for more scopes than the tool may have.",
        "RFC 6749 3.3",
        neutral="subset",
        choices=("subset", "refuse"),
    ),
    declared(
        "token.format",
        "Whether access tokens are opaque or JWTs, which is none of the tool's business.",
        "RFC 6749 1.4",
        neutral="opaque",
        choices=("opaque", "jwt"),
    ),
    declared("token.expires_in", "For how many seconds an access token is good.", "RFC 6749 5.1", neutral=3600),
    declared(
        "token.type",
        "How the type of access tokens is spelt; its case means nothing.",
        "RFC 6749 5.1",
        neutral="Bearer",
        choices=("Bearer", "bearer"),
    ),
    declared("ags.page_size", "How many line items or results a page has at most; 0: all.", "AGS 3.2.4", neutral=0),
    declared(
        "ags.line_item_query",
        "A query that URLs of line items have, before which `/scores` and `/results` belong.",
        "AGS 3.4.1",
        neutral="",
    ),
    declared(
        "ags.members_only", "Whether a score is refused for somebody who is not enrolled.", "AGS 3.4.5", neutral=False
    ),
    declared(
        "ags.old_score",
        "What becomes of a score older than the last one: it is refused as a conflict, or dropped without a word.",
        "AGS 3.4.9",
        neutral="conflict",
        choices=("conflict", "ignore"),
    ),
    declared("nrps.page_size", "How many members a page has at most.", "NRPS 2.4.2", neutral=100),
    declared("groups.page_size", "How many groups a page has at most.", "GROUPS 3", neutral=100),
    declared(
        "nrps.message_as_object",
        "Whether the message of a member is a bare object, not a list of them.",
        "NRPS 3.2",
        neutral=False,
        breaks="`message` is an array (NRPS 3.2)",
    ),
    declared(
        "deep_linking.audience",
        "The audience that a deep linking response has to name; empty: the issuer of the platform.",
        "DL 4.5",
        neutral="",
    ),
    declared(
        "registration.token",
        "Whether a tool that registers itself has to send the token that it was given.",
        "DYNREG 3.4",
        neutral="required",
        choices=("required", "optional"),
    ),
    declared(
        "registration.messages_as_strings",
        "Whether the configuration lists the messages that are supported as bare texts, not as objects.",
        "DYNREG 3.6",
        neutral=False,
        breaks="`messages_supported` is an array of objects (DYNREG 3.6)",
    ),
)
