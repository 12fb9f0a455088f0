"""Flaws of the signature of LTI 1.1: whether there is one, by which method it is made, and with whose secret."""

from __future__ import annotations

import base64
import dataclasses
import hmac
from collections.abc import Callable
from typing import Final

from sqlalchemy import bindparam, func, select

from conformance.sample_tool import basic, oauth
from conformance.sample_tool.consumers import find_consumer
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Change, Flaw, drop, replace
from conformance.sample_tool.forms import first, only
from conformance.sample_tool.model import Integration, Launch
from conformance.sample_tool.refusal import Refusal, failed, security
from conformance.sample_tool.store import integration_of
from conformance.sample_tool.tables import credentials

__all__ = ["FLAWS", "if_given"]

DIGESTS = {"HMAC-SHA1": "sha1"}
LAST_CONSUMER = select(credentials).where(credentials.c.issuer == "").order_by(credentials.c.client_id.desc()).limit(1)
SIMILAR_KEY = select(credentials).where(
    credentials.c.issuer == "", func.lower(credentials.c.client_id) == bindparam("key")
)


def if_given(name: str, step: Callable[[Launch], Launch]) -> tuple[Change, ...]:
    """A parameter that nobody misses, and a step that looks at it only when it is there."""

    def parameters(launch: Launch) -> Launch:
        basic.parameters(dataclasses.replace(launch, form={**launch.form, name: ("there",)}))
        return launch

    def lenient(launch: Launch) -> Launch:
        return step(launch) if first(launch.form, name) else launch

    return replace(basic.parameters, by=parameters), replace(step, by=lenient)


def or_signed_by(make: Callable[[Launch], str]) -> Change:
    """A signature that may also be made in another way."""

    def signature(launch: Launch) -> Launch:
        return launch if make(launch) == only(launch.form, "oauth_signature") else basic.signature(launch)

    return replace(basic.signature, by=signature)


def secret_alone(launch: Launch) -> str:
    """Signs with the secret and leaves out the ampersand."""
    text = oauth.base_string(launch.method, launch.url, basic.pairs_of(launch))
    digest = hmac.digest(oauth.encoded(launch.integration.secret).encode(), text.encode(), "sha1")
    return base64.b64encode(digest).decode()


def empty_secret(launch: Launch) -> str:
    """Signs with nothing."""
    return basic.expected_signature(
        dataclasses.replace(launch, integration=dataclasses.replace(launch.integration, secret=""))
    )


def plaintext(launch: Launch) -> str:
    """Takes the secret itself for a signature."""
    return f"{oauth.encoded(launch.integration.secret)}&"


def method_or_plaintext(launch: Launch) -> Launch:
    """Lets the launch choose not to be signed at all."""
    return launch if only(launch.form, "oauth_signature_method") == "PLAINTEXT" else basic.signature_method(launch)


def method_looked_up(launch: Launch) -> Launch:
    """Looks the digest up by the name that the launch gives."""
    _ = DIGESTS[only(launch.form, "oauth_signature_method") or ""]
    return launch


def consumer_in_any_case(launch: Launch) -> Launch:
    """Finds a consumer key as its database compares texts."""
    row = launch.tool.store.one(SIMILAR_KEY, key=(only(launch.form, "oauth_consumer_key") or "").lower())
    return dataclasses.replace(launch, integration=integration_of(row)) if row else basic.consumer(launch)


def consumer_if_known(launch: Launch) -> Launch:
    """Takes the registration that it has when the key is not known."""
    key = only(launch.form, "oauth_consumer_key") or ""
    row = launch.tool.store.one(LAST_CONSUMER)
    if row is None or find_consumer(launch.tool.store, key) is not None:
        return basic.consumer(launch)
    return dataclasses.replace(launch, integration=integration_of(row))


def consumer_without_secret(launch: Launch) -> Launch:
    """Goes on with an empty secret when it finds none."""
    key = only(launch.form, "oauth_consumer_key") or ""
    if find_consumer(launch.tool.store, key) is not None:
        return basic.consumer(launch)
    nobody = Integration(issuer="", client_id=key, auth_url="", jwks_url="", deployment_ids=())
    return dataclasses.replace(launch, integration=nobody)


def consumer_or_bad_signature(launch: Launch) -> Launch:
    """Says of an unknown key that its signature is bad."""
    try:
        return basic.consumer(launch)
    except Refusal as refusal:
        if refusal.reason.code != 1002:
            raise
        raise security("SignatureInvalid", ref="RFC 5849 3.2") from None


def consumer_key_or_outage(launch: Launch) -> Launch:
    """Takes the store's complaint about an empty key for an outage."""
    try:
        return basic.consumer_key(launch)
    except Refusal:
        raise failed(code=1003) from None


FLAWS: Final = (
    Flaw(
        name="oauth-signature-unchecked",
        why="The form is read, but its signature is never computed anew.",
        profile="core",
        changes=(drop(basic.signature),),
    ),
    Flaw(
        name="oauth-signature-if-given",
        why="A form without a signature has nothing to verify, so it is believed.",
        profile="core",
        changes=if_given("oauth_signature", basic.signature),
    ),
    Flaw(
        name="oauth-secret-without-ampersand",
        why="The tool also takes signatures by the secret alone, because some library once made them.",
        profile="core",
        changes=(or_signed_by(secret_alone),),
    ),
    Flaw(
        name="oauth-empty-secret-accepted",
        why="While a school's secret is being set up it is empty, and the tool takes signatures by that for good.",
        profile="core",
        changes=(or_signed_by(empty_secret),),
    ),
    Flaw(
        name="oauth-plaintext-accepted",
        why="The launch may choose to carry the secret instead of a signature.",
        profile="core",
        changes=(replace(basic.signature_method, by=method_or_plaintext), or_signed_by(plaintext)),
    ),
    Flaw(
        name="oauth-method-unchecked",
        why="Whatever method the launch names, it is verified by HMAC-SHA1.",
        profile="core",
        changes=(drop(basic.signature_method),),
    ),
    Flaw(
        name="oauth-method-if-given",
        why="A launch that names no method is verified by the usual one.",
        profile="core",
        changes=if_given("oauth_signature_method", basic.signature_method),
    ),
    Flaw(
        name="oauth-unknown-method-crashes",
        why="The digest is looked up by the name that the launch gives, and some names have none.",
        profile="class",
        changes=unexpected(replace(basic.signature_method, by=method_looked_up)),
    ),
    Flaw(
        name="oauth-version-unchecked",
        why="The version of OAuth is not looked at.",
        profile="core",
        changes=(drop(basic.oauth_version),),
    ),
    Flaw(
        name="consumer-key-ignored",
        why="A tool with one customer has one secret, and never looks at whose key it is.",
        profile="core",
        changes=(drop(basic.consumer_key), replace(basic.consumer, by=consumer_if_known)),
    ),
    Flaw(
        name="consumer-key-case-insensitive",
        why="The database compares keys without case, so one school may get the secret of another.",
        profile="core",
        changes=(replace(basic.consumer, by=consumer_in_any_case),),
    ),
    Flaw(
        name="unknown-consumer-has-empty-secret",
        why="A lookup that finds no secret brings back an empty one, and everybody can sign with that.",
        profile="core",
        changes=(replace(basic.consumer, by=consumer_without_secret),),
    ),
    Flaw(
        name="unknown-consumer-as-bad-signature",
        why="A key that is not known is told as a signature that is bad, and the secret is looked for in vain.",
        profile="class",
        changes=(replace(basic.consumer, by=consumer_or_bad_signature),),
    ),
    Flaw(
        name="absent-consumer-key-as-outage",
        why="The store refuses to look for nothing, which is told as an outage of the store.",
        profile="class",
        changes=(replace(basic.consumer_key, by=consumer_key_or_outage),),
    ),
)
