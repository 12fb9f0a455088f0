"""The steps that read the LTI message of an authenticated token (CORE 5.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from conformance.sample_tool.forms import origin
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import invalid

__all__ = [
    "CLAIM",
    "MESSAGE_TYPES",
    "attribute_names",
    "deployment",
    "is_privileged",
    "member",
    "message_type",
    "privilege",
    "resource_link",
    "roles",
    "subject",
    "target_link",
    "version",
]

CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim/"
MESSAGE_TYPES: Final = ("LtiResourceLinkRequest", "LtiDeepLinkingRequest")
VOCABULARY: Final = "http://purl.imsglobal.org/vocab/lis/v2/"
PRIVILEGED = re.compile(
    rf"{re.escape(VOCABULARY)}membership(#Instructor|/Instructor#\w+)"
    r"|(Instructor|TeachingAssistant)"
    r"|urn:lti:role:ims/lis/(Instructor|TeachingAssistant)(/\w+)?"
)
ATTRIBUTE_CODES: Final[Mapping[str, int]] = {"email": 1004, "course_id": 1005, "person_id": 1018}


def version(launch: Launch) -> Launch:
    """The message is of LTI 1.3.0 (CORE 5.3.2)."""
    value = launch.claims.get(CLAIM + "version")
    if value is None:
        raise invalid("MissingClaim", code=1021, ref="CORE 5.3.2", about="version")
    if value != "1.3.0":
        raise invalid("InvalidClaim", code=1021, ref="CORE 5.3.2", about="version")
    return launch


def message_type(launch: Launch) -> Launch:
    """The message is of a type that this tool knows (CORE 5.3.1, DL 4.4.2)."""
    value = launch.claims.get(CLAIM + "message_type")
    if value is None:
        raise invalid("MissingClaim", ref="CORE 5.3.1", about="message_type")
    if value not in MESSAGE_TYPES:
        raise invalid("InvalidClaim", ref="CORE 5.3.1", about="message_type")
    return launch


def deployment(launch: Launch) -> Launch:
    """The message comes from a deployment that belongs to the registration (CORE 5.3.3)."""
    value = launch.claims.get(CLAIM + "deployment_id")
    if not isinstance(value, str) or not value:
        raise invalid("MissingClaim", ref="CORE 5.3.3", about="deployment_id")
    if value not in launch.integration.deployment_ids:
        raise invalid("DeploymentNotFound", code=1002)
    return replace(launch, deployment_id=value)


def target_link(launch: Launch) -> Launch:
    """The message says what to open, and that is the tool's own (CORE 5.3.4)."""
    value = launch.claims.get(CLAIM + "target_link_uri")
    if value is None:
        raise invalid("MissingClaim", ref="CORE 5.3.4", about="target_link_uri")
    if origin(value) != origin(launch.base_url):
        raise invalid("InvalidClaim", ref="CORE 5.3.4", about="target_link_uri")
    return launch


def resource_link(launch: Launch) -> Launch:
    """The message says through which link the person came (CORE 5.3.5)."""
    value = member(launch.claims, CLAIM + "resource_link").get("id")
    if not isinstance(value, str) or not value:
        raise invalid("MissingClaim", ref="CORE 5.3.5", about="resource_link")
    return launch


def subject(launch: Launch) -> Launch:
    """The message says who the person is, in text that can be kept (CORE 5.3.6)."""
    value = launch.claims.get("sub")
    code = 1022 if launch.tool.policy == "class" else 1001
    if value is None or value == "":
        raise invalid("MissingClaim", code=code, ref="CORE 5.3.6", about="sub")
    if not isinstance(value, str) or re.search(r"[\x00-\x1f\x7f-\x9f]", value):
        raise invalid("InvalidClaim", code=code, ref="CORE 5.3.6", about="sub")
    return launch


def roles(launch: Launch) -> Launch:
    """The message lists the person's roles; the list may be empty (CORE 5.3.7)."""
    value = launch.claims.get(CLAIM + "roles")
    if value is None:
        raise invalid("MissingClaim", code=1024, ref="CORE 5.3.7", about="roles")
    if not isinstance(value, list) or not all(isinstance(role, str) for role in value):
        raise invalid("InvalidClaim", code=1024, ref="CORE 5.3.7", about="roles")
    return replace(launch, roles=tuple(value))


def privilege(launch: Launch) -> Launch:
    """Who teaches this course may create and change its class (CORE A.2.3)."""
    return replace(launch, privileged=any(is_privileged(role) for role in launch.roles))


def attribute_names(launch: Launch) -> Launch:
    """Each custom field that the registration names is there, whatever it holds (CORE 5.4.6)."""
    custom = member(launch.claims, CLAIM + "custom")
    for attribute, code in ATTRIBUTE_CODES.items():
        field = launch.integration.attributes.get(attribute)
        if field is not None and field not in custom:
            raise invalid("MissingClaim", code=code, ref="CORE 5.4.6", about=f"custom.{field}")
    return launch


def is_privileged(role: str) -> bool:
    """Whether a role is a teaching role in the course itself, not elsewhere in the institution."""
    return PRIVILEGED.fullmatch(role) is not None


def member(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A claim that should be an object; an empty one when it is not."""
    value = claims.get(name)
    return value if isinstance(value, dict) else {}
