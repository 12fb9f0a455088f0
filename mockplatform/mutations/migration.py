"""The claim that ties an LTI 1.3 launch to the same tool's LTI 1.1 launches, right and wrong (LTI 1.3 Migration Guide).

Its signature is over values of this token, as they are when the mutation comes to it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace

from mockplatform.claims import claim_name
from mockplatform.keys import b64url
from mockplatform.model import IdToken
from mockplatform.mutation import Context, NotApplicableError, claims_of, mutation
from mockplatform.oauth.oauth1 import migration_signature

_SIGNATURE = "oauth_consumer_key_sign"


def _key(context: Context) -> str:
    key = context.launch.registration.consumer_key
    if not key:
        raise NotApplicableError("the registration has no LTI 1.1 consumer key")
    return key


def _signed_values(token: IdToken, context: Context, key: str) -> dict[str, str]:
    """What is signed, in its order."""
    claims = claims_of(token)
    audience = claims["aud"]
    return {
        "consumer_key": key,
        "deployment_id": str(claims[claim_name("deployment_id")]),
        "issuer": str(claims["iss"]),
        "client_id": audience if isinstance(audience, str) else context.launch.registration.client_id,
        "exp": str(claims["exp"]),
        "nonce": str(claims["nonce"]),
    }


def _signature(values: Mapping[str, str], context: Context, secret: str | None = None) -> str:
    """The signature of such values, with the registered secret unless another is given."""
    known = context.launch.registration.consumer_secret
    if not known:
        raise NotApplicableError("the registration has no LTI 1.1 consumer secret")
    return migration_signature(
        known if secret is None else secret,
        consumer_key=values["consumer_key"],
        deployment_id=values["deployment_id"],
        issuer=values["issuer"],
        client_id=values["client_id"],
        exp=values["exp"],
        nonce=values["nonce"],
    )


def _carrying(token: IdToken, context: Context, **members: str) -> IdToken:
    """The token with the right claim, but for these members."""
    honest = {
        "user_id": context.launch.person.legacy_id,
        "oauth_consumer_key": _key(context),
        _SIGNATURE: _signature(_signed_values(token, context, _key(context)), context),
    }
    return replace(token, claims=claims_of(token) | {claim_name("lti1p1"): honest | members})


@mutation("MIGR")
def claim(token: IdToken, context: Context) -> IdToken:
    """The token names the person's LTI 1.1 id and the consumer key, with the right signature (honest)."""
    return _carrying(token, context)


@mutation("MIGR")
def without(token: IdToken, context: Context, *, name: str) -> IdToken:
    """The claim lacks a member: `user_id`, `oauth_consumer_key` or `oauth_consumer_key_sign`."""
    claims = claims_of(_carrying(token, context))
    members = claims[claim_name("lti1p1")]
    if name not in members:
        raise NotApplicableError(f"the claim has no member {name}")
    kept = {known: value for known, value in members.items() if known != name}
    return replace(token, claims=claims | {claim_name("lti1p1"): kept})


@mutation("MIGR")
def of_user(token: IdToken, context: Context, *, user_id: str = "legacy-somebody-else") -> IdToken:
    """The claim names the LTI 1.1 id of somebody else, which its signature does not cover."""
    return _carrying(token, context, user_id=user_id)


@mutation("MIGR")
def unknown_key(token: IdToken, context: Context, *, key: str = "unknown-consumer-key") -> IdToken:
    """The claim names a consumer key that the tool does not know, and is signed over that."""
    values = _signed_values(token, context, key)
    return _carrying(token, context, oauth_consumer_key=key, **{_SIGNATURE: _signature(values, context)})


@mutation("MIGR")
def wrong_secret(token: IdToken, context: Context, *, value: str = "not-the-secret") -> IdToken:
    """The claim is signed with another secret than the consumer key's."""
    values = _signed_values(token, context, _key(context))
    return _carrying(token, context, **{_SIGNATURE: _signature(values, context, value)})


@mutation("MIGR")
def wrong_order(token: IdToken, context: Context) -> IdToken:
    """The signature is over the right values with the deployment before the consumer key."""
    values = _signed_values(token, context, _key(context))
    swapped = values | {"consumer_key": values["deployment_id"], "deployment_id": values["consumer_key"]}
    return _carrying(token, context, **{_SIGNATURE: _signature(swapped, context)})


@mutation("MIGR")
def signed_for(token: IdToken, context: Context, *, part: str, value: str) -> IdToken:
    """The signature is that of a token with another `exp`, `nonce`, `deployment_id`, `client_id` or `issuer`."""
    values = _signed_values(token, context, _key(context))
    if part not in values:
        raise NotApplicableError(f"the signature does not cover {part}")
    return _carrying(token, context, **{_SIGNATURE: _signature(values | {part: value}, context)})


@mutation("MIGR")
def written_as(token: IdToken, context: Context, *, form: str) -> IdToken:
    """The right signature is written another way than in base64: as `hex`, or in the alphabet of `base64url`."""
    raw = base64.b64decode(_signature(_signed_values(token, context, _key(context)), context))
    forms = {"hex": raw.hex(), "base64url": b64url(raw)}
    if form not in forms:
        raise NotApplicableError(f"there is no form {form} of a signature")
    return _carrying(token, context, **{_SIGNATURE: forms[form]})
