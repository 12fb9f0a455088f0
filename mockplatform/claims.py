"""Names of LTI claims, roles and message types (LTI Core 1.3, sections 5.3, 5.4 and appendix A; Deep Linking 2.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "CLAIM_PREFIX",
    "CONTEXT_ROLE",
    "DEEP_LINKING_PREFIX",
    "DEEP_LINKING_REQUEST",
    "INSTITUTION_ROLE",
    "INSTRUCTOR",
    "LEARNER",
    "RESOURCE_LINK_REQUEST",
    "SHORT_NAMES",
    "VERSION",
    "claim_name",
]

CLAIM_PREFIX: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING_PREFIX: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
CONTEXT_ROLE: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTITUTION_ROLE: Final = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"

INSTRUCTOR: Final = CONTEXT_ROLE + "Instructor"
LEARNER: Final = CONTEXT_ROLE + "Learner"

RESOURCE_LINK_REQUEST: Final = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST: Final = "LtiDeepLinkingRequest"
VERSION: Final = "1.3.0"

SHORT_NAMES: Final[Mapping[str, str]] = {
    name: CLAIM_PREFIX + name
    for name in (
        "message_type",
        "version",
        "deployment_id",
        "target_link_uri",
        "resource_link",
        "roles",
        "context",
        "tool_platform",
        "launch_presentation",
        "custom",
        "lis",
        "role_scope_mentor",
        "lti1p1",
    )
} | {"deep_linking_settings": DEEP_LINKING_PREFIX + "deep_linking_settings"}


def claim_name(name: str) -> str:
    """The claim's full name: `version` for the claim that LTI prefixes, any other name unchanged."""
    return SHORT_NAMES.get(name, name)
