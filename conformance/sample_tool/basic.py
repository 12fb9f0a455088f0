"""The steps of an LTI 1.1 launch: one form, signed by OAuth with a secret that both sides share (RFC 5849)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from conformance.sample_tool import backend
from conformance.sample_tool.consumers import find_consumer, spend_nonce
from conformance.sample_tool.forms import Fields, only, origin
from conformance.sample_tool.message import CLAIM, is_privileged
from conformance.sample_tool.model import Launch
from conformance.sample_tool.oauth import base_string, hmac_sha1
from conformance.sample_tool.refusal import failed, invalid, security

__all__ = [
    "REQUIRED",
    "WINDOW_S",
    "claims",
    "claims_of",
    "consumer",
    "consumer_key",
    "custom_name",
    "expected_signature",
    "message_type",
    "nonce",
    "oauth_version",
    "pairs_of",
    "parameters",
    "resource_link",
    "roles",
    "sent",
    "signature",
    "signature_method",
    "timestamp",
    "version",
    "way_back",
]

WINDOW_S: Final = 300
REQUIRED: Final = ("oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_signature")
POSITIVE_INTEGER = re.compile(r"[1-9][0-9]{0,15}")
PERSONAL: Final[Mapping[str, str]] = {
    "user_id": "sub",
    "lis_person_contact_email_primary": "email",
    "lis_person_name_full": "name",
    "lis_person_name_given": "given_name",
    "lis_person_name_family": "family_name",
}


def parameters(launch: Launch) -> Launch:
    """Each parameter of the signature is there, once (RFC 5849 3.1)."""
    for name in REQUIRED:
        if only(launch.form, name) is None:
            raise invalid("MissingParameter", ref="RFC 5849 3.1", about=name)
    return launch


def consumer_key(launch: Launch) -> Launch:
    """The launch says who has signed it (LTI11 4.2)."""
    if only(launch.form, "oauth_consumer_key") is None:
        raise invalid("MissingParameter", code=1020, ref="LTI11 4.2", about="oauth_consumer_key")
    return launch


def oauth_version(launch: Launch) -> Launch:
    """The version of OAuth may be left out; if it is there, it is 1.0 (RFC 5849 3.2)."""
    if launch.form.get("oauth_version", ("1.0",)) != ("1.0",):
        raise invalid("InvalidClaim", ref="RFC 5849 3.2", about="oauth_version")
    return launch


def signature_method(launch: Launch) -> Launch:
    """The tool, not the launch, decides how a signature is verified (LTI11 4.2)."""
    if only(launch.form, "oauth_signature_method") != "HMAC-SHA1":
        raise security("AlgorithmNotAllowed", ref="LTI11 4.2")
    return launch


def consumer(launch: Launch) -> Launch:
    """The consumer key is one that the tool has given out."""
    tool, key = launch.tool, only(launch.form, "oauth_consumer_key") or ""
    found = backend.read(tool.faults, "credentials.read", find_consumer, tool.store, key)
    if found is None:
        raise invalid("RegistrationNotFound", code=1002)
    if not found.secret:
        # Everybody could sign with it.
        raise failed(code=1003)
    return replace(launch, integration=found)


def timestamp(launch: Launch) -> Launch:
    """The launch was signed just now, as far as clocks agree (RFC 5849 3.3)."""
    moment = only(launch.form, "oauth_timestamp") or ""
    if not POSITIVE_INTEGER.fullmatch(moment):
        raise invalid("InvalidClaim", ref="RFC 5849 3.3", about="oauth_timestamp")
    if abs(launch.now - int(moment)) > WINDOW_S:
        raise security("TokenExpired", ref="RFC 5849 3.3")
    return launch


def signature(launch: Launch) -> Launch:
    """The signature is good: from here on, and not before, the form may be believed (RFC 5849 3.2)."""
    given = only(launch.form, "oauth_signature") or ""
    if not hmac.compare_digest(expected_signature(launch).encode(), given.encode()):
        raise security("SignatureInvalid", ref="RFC 5849 3.2")
    return launch


def nonce(launch: Launch) -> Launch:
    """The launch has not been here before (RFC 5849 3.3)."""
    value, key = only(launch.form, "oauth_nonce") or "", launch.integration.client_id
    # A timestamp may lie ahead by the window, and counts for another one.
    expires = launch.now + 2 * WINDOW_S
    if not spend_nonce(launch.tool.store, value, key=key, now=launch.now, expires=expires):
        raise security("NonceReused", ref="RFC 5849 3.3")
    return launch


def way_back(launch: Launch) -> Launch:
    """Whoever has proved to be the platform may say where the person goes after a refusal (LTI11 3)."""
    url = only(launch.form, "launch_presentation_return_url")
    return replace(launch, return_url=url) if url is not None and origin(url) else launch


def message_type(launch: Launch) -> Launch:
    """The message is a launch of a resource link (LTI11 3)."""
    return _exactly(launch, "lti_message_type", "basic-lti-launch-request")


def version(launch: Launch) -> Launch:
    """The message is of LTI 1.0 or 1.1, which share one value (LTI11 3)."""
    return _exactly(launch, "lti_version", "LTI-1p0")


def resource_link(launch: Launch) -> Launch:
    """The message says through which link the person came (LTI11 3)."""
    if only(launch.form, "resource_link_id") is None:
        raise invalid("MissingParameter", ref="LTI11 3", about="resource_link_id")
    return launch


def claims(launch: Launch) -> Launch:
    """The message in the words of LTI 1.3, in which the rest of the tool thinks; a consumer key has one deployment."""
    integration = launch.integration
    names = {attribute: custom_name(field) for attribute, field in integration.attributes.items()}
    return replace(
        launch,
        claims=claims_of(launch.form),
        integration=replace(integration, attributes=names),
        deployment_id=integration.client_id,
    )


def roles(launch: Launch) -> Launch:
    """The roles in their list, which may be empty, and whether one of them is a teacher's (LTI11 A.2)."""
    listed = sent(launch.form).get("roles", "").split(",")
    found = tuple(role.strip() for role in listed if role.strip())
    return replace(launch, roles=found, privileged=any(map(is_privileged, found)))


def expected_signature(launch: Launch) -> str:
    """The signature that the request as it came ought to have."""
    return hmac_sha1(base_string(launch.method, launch.url, pairs_of(launch)), launch.integration.secret)


def pairs_of(launch: Launch) -> Iterator[tuple[str, str]]:
    """All parameters of the request, those of its address included (RFC 5849 3.4.1.3.1)."""
    fields = (*launch.query.items(), *launch.form.items())
    return ((name, value) for name, values in fields for value in values)


def claims_of(form: Fields) -> dict[str, Any]:
    """The message of a form as claims; what is not in the form is not in them either."""
    given = sent(form)
    custom = {name.removeprefix("custom_"): value for name, value in given.items() if name.startswith("custom_")}
    return {
        **{claim: given[name] for name, claim in PERSONAL.items() if name in given},
        CLAIM + "context": _members(given, "context_"),
        CLAIM + "resource_link": _members(given, "resource_link_"),
        CLAIM + "launch_presentation": _members(given, "launch_presentation_"),
        CLAIM + "custom": custom,
    }


def custom_name(field: str) -> str:
    """The name that a custom field has in LTI 1.1, without its prefix: small letters, digits and `_`."""
    return re.sub(r"[^a-z0-9]", "_", field.lower())


def sent(form: Fields) -> Mapping[str, str]:
    """What the form says once; what it says twice, it does not say."""
    return {name: values[0] for name, values in form.items() if len(values) == 1}


def _exactly(launch: Launch, name: str, value: str) -> Launch:
    found = only(launch.form, name)
    if found is None:
        raise invalid("MissingParameter", ref="LTI11 3", about=name)
    if found != value:
        raise invalid("InvalidClaim", ref="LTI11 3", about=name)
    return launch


def _members(given: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}
