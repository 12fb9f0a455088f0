"""The steps of a deep linking request: somebody comes to pick things that the course shall link to (DL 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeGuard

from conformance.sample_tool import message
from conformance.sample_tool.forms import origin
from conformance.sample_tool.message import CLAIM
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import invalid

__all__ = [
    "SETTINGS",
    "accept_types",
    "asked",
    "noticed",
    "return_url",
    "roles",
    "settings",
    "settings_of",
    "subject",
    "target_link",
    "targets",
]

SETTINGS: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"


def noticed(launch: Launch) -> Launch:
    """The message type alone tells what a launch is for (DL 4.4.2)."""
    picks = launch.claims.get(CLAIM + "message_type") == "LtiDeepLinkingRequest"
    return replace(launch, message="deep_linking") if picks else launch


def asked(launch: Launch) -> bool:
    """Whether a launch has turned out to be a deep linking request."""
    return launch.message == "deep_linking"


def target_link(launch: Launch) -> Launch:
    """What there is to open may go without saying (DL 2.1, and what the certification suite sends)."""
    return message.target_link(launch) if CLAIM + "target_link_uri" in launch.claims else launch


def subject(launch: Launch) -> Launch:
    """Whoever picks may stay unnamed (DL 4.4.5)."""
    return message.subject(launch) if "sub" in launch.claims else launch


def roles(launch: Launch) -> Launch:
    """Roles may be left out (DL 4.4.9)."""
    return message.roles(launch) if CLAIM + "roles" in launch.claims else launch


def settings(launch: Launch) -> Launch:
    """The message says what the platform would like to have (DL 4.4.1)."""
    value = launch.claims.get(SETTINGS)
    if value is None:
        raise invalid("MissingClaim", ref="DL 4.4.1", about="deep_linking_settings")
    if not isinstance(value, dict):
        raise invalid("InvalidClaim", ref="DL 4.4.1", about="deep_linking_settings")
    return launch


def return_url(launch: Launch) -> Launch:
    """What was picked can be sent somewhere: to a web address, for a browser runs any other (DL 4.4.1)."""
    value = settings_of(launch).get("deep_link_return_url")
    if value is None or value == "":
        raise invalid("MissingClaim", ref="DL 4.4.1", about="deep_link_return_url")
    if not isinstance(value, str) or not origin(value):
        raise invalid("InvalidClaim", ref="DL 4.4.1", about="deep_link_return_url")
    return replace(launch, deep_link_return_url=value)


def accept_types(launch: Launch) -> Launch:
    """The kinds of things that may be picked, among them some that this tool has never heard of (DL 4.4.1)."""
    return replace(launch, accept_types=_texts(launch, "accept_types"))


def targets(launch: Launch) -> Launch:
    """The ways in which the platform could show what is picked (DL 4.4.1)."""
    _texts(launch, "accept_presentation_document_targets")
    return launch


def settings_of(launch: Launch) -> Mapping[str, Any]:
    """The settings of a request; none when they are no object."""
    return message.member(launch.claims, SETTINGS)


def _texts(launch: Launch, name: str) -> tuple[str, ...]:
    value = settings_of(launch).get(name)
    if value is None:
        raise invalid("MissingClaim", ref="DL 4.4.1", about=name)
    if not _are_texts(value):
        raise invalid("InvalidClaim", ref="DL 4.4.1", about=name)
    return tuple(value)


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
