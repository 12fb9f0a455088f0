"""The truth about an LTI 1.1 launch: one signed form, as pure functions (LTI 1.1, sections 3 and 4.2).

Nothing here lies or looks at a clock: mutations spoil the values afterwards, the time and the nonce are arguments.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final

from mockplatform.errors import UsageError
from mockplatform.flow import custom_fields
from mockplatform.model import BasicLaunch, Launch, SignedLaunch
from mockplatform.oauth import oauth1
from mockplatform.variables import Unknown

__all__ = ["MESSAGE_TYPE", "VERSION", "basic_launch", "check_message", "nonce", "signed"]

MESSAGE_TYPE: Final = "basic-lti-launch-request"
VERSION: Final = "LTI-1p0"

_NONCE_LENGTH = 24
"""Many checkers want 20 to 30 letters and digits."""
_LIS: Final = "http://purl.imsglobal.org/vocab/lis/v2/"
_ROLE_FORMS: Final = (
    (re.compile(rf"{_LIS}membership#(\w+)"), r"\1"),
    (re.compile(rf"{_LIS}membership/(\w+)#(\w+)"), r"urn:lti:role:ims/lis/\1/\2"),
    (re.compile(rf"{_LIS}institution/person#(\w+)"), r"urn:lti:instrole:ims/lis/\1"),
    (re.compile(rf"{_LIS}system/person#(\w+)"), r"urn:lti:sysrole:ims/lis/\1"),
)


def check_message(message: str) -> None:
    """Make sure that LTI 1.1 has such a message here: the launch of a link is its only one (LTI 1.1, section 3).

    Raises:
        UsageError: it has none.
    """
    if message != "resource_link":
        raise UsageError(f"message {message!r}: LTI 1.1 has none such here; launch a resource_link, or by LTI 1.3")


def basic_launch(
    launch: Launch,
    *,
    now_s: float,
    nonce: str,
    services: Mapping[str, str] | None = None,
    unknown: Unknown = "literal",
) -> BasicLaunch:
    """The honest launch of a resource link, not yet signed.

    Args:
        services: parameters that say where services are, such as `lis_outcome_service_url`.
        unknown: what becomes of substitution variables that the platform does not know.
    """
    registration = launch.registration
    params = {
        **_message(launch),
        **_person(launch),
        **(services or {}),
        **{oauth1.custom_name(name): value for name, value in custom_fields(launch, unknown=unknown).items()},
        "oauth_consumer_key": registration.consumer_key,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(now_s)),
        "oauth_nonce": nonce,
        "oauth_version": "1.0",
        "oauth_callback": "about:blank",
    }
    return BasicLaunch(
        url=registration.lti11_launch_url, params=tuple(params.items()), secret=registration.consumer_secret
    )


def _message(launch: Launch) -> Mapping[str, str]:
    return {
        "lti_message_type": MESSAGE_TYPE,
        "lti_version": VERSION,
        "resource_link_id": launch.resource_link.id,
        "resource_link_title": launch.resource_link.title,
        "context_id": launch.course.id,
        "context_type": "CourseSection",
        "context_label": launch.course.label,
        "context_title": launch.course.title,
        "launch_presentation_locale": launch.person.locale,
        "launch_presentation_document_target": launch.document_target,
        "launch_presentation_return_url": launch.return_url,
        "tool_consumer_info_product_family_code": "mockplatform",
        "tool_consumer_info_version": "1",
        "tool_consumer_instance_guid": launch.platform_guid,
        "tool_consumer_instance_name": "mockplatform",
    }


def _person(launch: Launch) -> Mapping[str, str]:
    person = launch.person
    return {
        "user_id": person.legacy_id,
        "roles": _roles(launch.roles),
        "lis_person_name_given": person.given_name,
        "lis_person_name_family": person.family_name,
        "lis_person_name_full": person.name,
        "lis_person_contact_email_primary": person.email,
    }


def _roles(roles: Sequence[str]) -> str:
    """Roles of LTI 1.3 as LTI 1.1 spells them: `Instructor` in the context, URNs elsewhere (LTI 1.1, appendix A.2)."""
    return ",".join(_role(role) for role in roles)


def _role(role: str) -> str:
    spelt = (found.expand(form) for pattern, form in _ROLE_FORMS if (found := pattern.fullmatch(role)))
    return next(spelt, role)


def nonce(opaque: str) -> str:
    """A nonce of 24 letters and digits, made of an opaque id of any form."""
    return hashlib.sha256(opaque.encode()).hexdigest()[:_NONCE_LENGTH]


def signed(launch: BasicLaunch) -> SignedLaunch:
    """The form with its signature, made as the launch says even where that is a lie."""
    base = oauth1.base_string(launch.signed_method or launch.method, launch.signed_url or launch.url, launch.params)
    signature = oauth1.signature(
        base, secret=launch.secret, token_secret=launch.token_secret, method=launch.signature_method
    )
    return SignedLaunch(url=launch.url, fields=(*launch.params, ("oauth_signature", signature)), method=launch.method)
